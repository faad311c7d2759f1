"""Who is told how a call ended: after the deed, and whatever becomes of it undoes nothing."""

from collections.abc import Sequence
from dataclasses import replace

from model_promotion.core import say
from model_promotion.core.alert import SENT, Alert, Sent, alert_of, alert_of_end
from model_promotion.core.errors import BadCall, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.jsonable import jsonable
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import ALERTING, LOOKING, Mode, Request
from model_promotion.flows.recording import whoever
from model_promotion.undisturbed import undisturbed
from model_promotion.world import World

WAYS_BACK = frozenset({Mode.ROLLBACK, Mode.RECOVER})
"""They go whether or not anybody can be told: a policy whose addresses cannot be used is a failed alert, no refusal."""
TOPIC = "Alert"


def ready(request: Request, world: World) -> None:
    """See to it that whoever is to be told can be told, before anything is asked or done.

    Raises:
        BadCall: when an address cannot be used.
    """
    if world.alerts is None or request.mode not in ALERTING | LOOKING:
        return
    for route in world.alerts.unusable():
        if route.typed or request.mode not in WAYS_BACK:
            raise BadCall(f"nobody can be told by {route.label}: {route.problem}", hint="mend --alert, or [alerts]")


def told(outcome: Outcome, request: Request, world: World) -> Outcome:
    """The outcome once it was told; what could not be is a warning of it, and where it went is among its facts."""
    sent, interrupted = _sent(alert_of(outcome, request), request, world)
    late = ("the interrupt came when all was done already; it was told",) if interrupted else ()
    facts = {**outcome.facts, "alerts": jsonable(sent)} if sent else outcome.facts
    return replace(outcome, facts=facts).warned(*(_failure(one) for one in sent if one.failed), *late)


def told_of_end(error: BaseException, request: Request, world: World) -> None:
    """Tell of a call that an error ends; the error stays what it is."""
    sent, _ = _sent(alert_of_end(*_ended(error), request), request, world)
    for one in sent:
        if one.failed:
            world.voice.tell(Event(Kind.WARNED, TOPIC, _failure(one)))


def tell_meanwhile(alert: Alert, world: World) -> None:
    """Begin to tell of what is going on; what became of it is asked when the call ends."""
    if world.alerts:
        world.alerts.tell(alert)


def tell_before_the_watch(outcome: Outcome, request: Request, world: World) -> None:
    """What is done is told before hours of watching: it ends as one call, and was long done by then."""
    alert = alert_of(outcome, request)
    if alert and outcome.done:
        _begin(alert, world)


def _begin(alert: Alert, world: World) -> None:
    if world.alerts and world.alerts.wanted(alert):
        world.alerts.tell(replace(alert, who=whoever(world).name))  # Asked only where somebody is told.


def _sent(alert: Alert | None, request: Request, world: World) -> tuple[Sequence[Sent], bool]:
    """What became of this alert and of all before it, and whether somebody pressed Ctrl-C meanwhile."""
    alerts = world.alerts
    if alerts is None or request.mode not in ALERTING:
        return (), False

    def send() -> Sequence[Sent]:
        if alert:
            _begin(alert, world)
        sent = alerts.settled()
        for one in sent:
            if one.state == SENT:
                world.voice.tell(Event(Kind.PASSED, TOPIC, f"{one.to} was told: {one.title}"))
        return sent

    return undisturbed(send)


def _failure(one: Sent) -> str:
    tries = f" after {say.count(one.attempts, 'attempt')}" if one.attempts else ""
    return f"the alert to {one.to} failed{tries}: {one.why}"


def _ended(error: BaseException) -> tuple[ExitCode, str]:
    if isinstance(error, PromotionError):
        return error.code, str(error)
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED, "interrupted; --history shows what stands"
    return ExitCode.DEFECT, f"a defect of this program: {type(error).__name__}; --history shows what stands"
