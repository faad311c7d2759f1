"""How alerts go out: beside the work, each address for itself, within a time, and none of them twice.

An address that does not answer holds up neither the others nor a rollback: what goes there waits in a thread of its
own, and nobody waits for that longer than the policy says.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, field, replace
from functools import cached_property

from model_promotion.core.alert import FAILED, HELD_BACK, REPEATED, SENT, Alert, Sent
from model_promotion.core.alert_policy import AlertPolicy, Route, Severity
from model_promotion.core.errors import BadCall
from model_promotion.ports import Channel, Clock

PAUSE_S = 0.5
"""Before the second try; before each later one twice as long."""


@dataclass
class _Way:
    """One address: its channel, when which text went there, and what is under way."""

    route: Route
    channel: Channel | None
    told: dict[str, float] = field(default_factory=dict)
    counted: list[float] = field(default_factory=list)
    last: "Future[Sent] | None" = None


@dataclass(frozen=True)
class _Errand:
    """One alert on its way to one address, after the one before it there."""

    alert: Alert
    way: _Way
    asked: Sent
    until: float
    answer: "Future[Sent]" = field(default_factory=Future)
    before: "Future[Sent] | None" = None


class Delivery:
    """Sends alerts over every route that wants their severity."""

    def __init__(
        self, routes: Sequence[Route], connect: Callable[[str], Channel], policy: AlertPolicy, clock: Clock
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._routes = routes
        self._connect = connect
        self._known: list[_Errand] = []

    @cached_property
    def _ways(self) -> list[_Way]:
        """Connected when they are needed: most calls of a team with such a policy tell nobody."""
        return [_way(route, self._connect) for route in self._routes]

    def unusable(self) -> Sequence[Route]:
        """The routes that cannot be used, each with its problem."""
        return [way.route for way in self._ways if way.channel is None]

    def wanted(self, alert: Alert) -> bool:
        """Whether any route takes its severity."""
        return any(alert.severity in route.severities for route in self._routes)

    def tell(self, alert: Alert) -> None:
        """Begin to send it."""
        for way in self._ways:
            if alert.severity in way.route.severities:
                self._begin(alert, way)

    def settled(self) -> Sequence[Sent]:
        """What became of it all; what has not answered in time may still arrive."""
        until = self._clock.monotonic() + self._policy.timeout_s
        known, self._known = self._known, []
        return [self._answered(one.asked, one.answer, until - self._clock.monotonic()) for one in known]

    def _answered(self, asked: Sent, answer: "Future[Sent]", within_s: float) -> Sent:
        try:
            return answer.result(timeout=max(0.0, within_s))
        except TooLate:
            late = f"no answer within {self._policy.timeout_s:g} s; it may still arrive"
            return replace(asked, state=FAILED, why=late)

    def _begin(self, alert: Alert, way: _Way) -> None:
        asked = Sent(way.route.label, alert.severity, alert.title, SENT)
        now = self._clock.monotonic()
        errand = _Errand(alert, way, asked, now + self._policy.timeout_s, before=way.last)
        self._known.append(errand)
        if way.channel is None:
            errand.answer.set_result(replace(asked, state=FAILED, why=way.route.problem))
        elif instead := self._instead(alert, way, now):
            errand.answer.set_result(replace(asked, state=instead[0], why=instead[1]))
        else:
            way.last = errand.answer
            threading.Thread(target=self._send, args=(errand,), daemon=True, name="alert").start()

    def _instead(self, alert: Alert, way: _Way, now: float) -> tuple[str, str] | None:
        """Why it is not sent: the same went there just now, or enough did."""
        policy, key = self._policy, _key(alert)
        since = now - policy.window_s
        way.counted = [at for at in way.counted if at > since]
        if way.told.get(key, since) > since:
            return REPEATED, f"the same was sent there within {policy.window_s:g} s"
        if alert.severity is not Severity.CRITICAL:
            if len(way.counted) >= policy.most:
                return HELD_BACK, f"{policy.most} were sent there within {policy.window_s:g} s"
            way.counted.append(now)
        way.told[key] = now
        return None

    def _send(self, errand: _Errand) -> None:
        if errand.before:
            # In order, if that is possible: one that hangs must not keep a graver one from being tried at all.
            self._answered(errand.asked, errand.before, self._policy.timeout_s / 2)
        errand.answer.set_result(self._tried(errand))

    def _tried(self, errand: _Errand) -> Sent:
        policy, number, why = self._policy, 0, ""
        for number in range(1, policy.attempts + 1):
            why = _tried_once(errand)
            if not why:
                return replace(errand.asked, attempts=number)
            pause_s = PAUSE_S * 2 ** (number - 1)
            if number == policy.attempts or self._clock.monotonic() + pause_s >= errand.until:
                break
            self._clock.sleep(pause_s)
        # What did not arrive is no repetition.
        errand.way.told.pop(_key(errand.alert), None)
        return replace(errand.asked, state=FAILED, attempts=number, why=why)


def _way(route: Route, connect: Callable[[str], Channel]) -> _Way:
    if route.problem:
        return _Way(route, None)
    try:
        return _Way(route, connect(route.address))
    except BadCall as error:
        return _Way(replace(route, problem=f"{error}; {error.hint}" if error.hint else str(error)), None)


def _tried_once(errand: _Errand) -> str:
    try:
        return errand.way.channel.send(errand.alert) if errand.way.channel else ""
    except Exception as error:  # noqa: BLE001 - a service of somebody else's, which may not undo what was done
        return f"{type(error).__name__} while it was sent"


def _key(alert: Alert) -> str:
    return f"{alert.title}\n{alert.text}"
