"""Who is told of what, as the table `[alerts]` of a policy says it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, ClassVar

from model_promotion.core.errors import BadCall
from model_promotion.core.strict import STRICT, above_zero


class Severity(StrEnum):
    """From what is good to know to what nobody may sleep through."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://\S+")
EXAMPLE = "an address is written as apprise has it, without spaces; or name an environment variable that holds it"


def alert_address(text: str) -> str:
    """An address, or the name of an environment variable that holds one. What is wrong with it never repeats it.

    Raises:
        BadCall: when it is neither.
    """
    if NAME.fullmatch(text) or ADDRESS.fullmatch(text):
        return text
    raise BadCall("the address of an alert is neither an address nor the name of a variable", hint=EXAMPLE)


def scheme_of(address: str) -> str:
    """What stands before `://`, which is no secret; empty where nothing does."""
    found = ADDRESS.fullmatch(address)
    return found[1].lower() if found else ""


@dataclass(frozen=True)
class AlertPolicy:
    """`[alerts]`: by severity the addresses, or environment variables that hold them, to which its alerts go.

    An alert is tried `attempts` times within `timeout_s`. The same text goes to the same address once in `window_s`,
    and at most `most` go there in that time; critical ones are not counted.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    critical: tuple[str, ...] = ()
    warning: tuple[str, ...] = ()
    info: tuple[str, ...] = ()
    attempts: int = 3
    timeout_s: float = 20.0
    window_s: float = 600.0
    most: int = 10

    def __post_init__(self) -> None:
        """What makes no sense is refused where it is written.

        Raises:
            ValueError: when a number does not, or an address is none.
        """
        above_zero(attempts=self.attempts, timeout_s=self.timeout_s, window_s=self.window_s, most=self.most)
        for address in (*self.critical, *self.warning, *self.info):
            try:
                alert_address(address)
            except BadCall as error:
                raise ValueError(f"{error} ({error.hint})") from error

    @property
    def routes(self) -> dict[str, frozenset[Severity]]:
        """By address the severities that go there."""
        by_severity = {severity: getattr(self, severity.value) for severity in Severity}
        named = dict.fromkeys(address for severity in reversed(Severity) for address in by_severity[severity])
        return {one: frozenset(sev for sev, to in by_severity.items() if one in to) for one in named}


@dataclass(frozen=True)
class Route:
    """One way out: its label is what may be printed of it, its address may be a secret as a whole.

    `problem` says why there is no address; `typed` whether the call itself named it.
    """

    label: str
    address: str = field(repr=False)
    severities: frozenset[Severity]
    typed: bool = False
    problem: str = ""


def routes_of(policy: AlertPolicy, typed: tuple[str, ...], environ: Mapping[str, str]) -> tuple[Route, ...]:
    """Every way out, each address once: those of the call take all severities."""
    named = [_routes(one, frozenset(Severity), environ, typed=True) for one in typed]
    named += [_routes(one, severities, environ) for one, severities in policy.routes.items()]
    found: dict[str, Route] = {}
    for route in (route for routes in named for route in routes):
        key = route.address or route.label
        before = found.get(key)
        found[key] = replace(before, severities=before.severities | route.severities) if before else route
    return _told_apart(found.values())


def _routes(
    said: str, severities: frozenset[Severity], environ: Mapping[str, str], *, typed: bool = False
) -> list[Route]:
    if scheme := scheme_of(said):
        return [Route(scheme, said, severities, typed)]
    held = environ.get(said, "").split()
    if held and all(map(scheme_of, held)):
        return [Route(said, address, severities, typed) for address in held]
    problem = f"the environment variable {said} {'holds no address' if held else 'is not set'}"
    return [Route(said, "", severities, typed, problem)]


def _told_apart(routes: Iterable[Route]) -> tuple[Route, ...]:
    seen: Counter[str] = Counter()
    told = []
    for route in routes:
        seen[route.label] += 1
        number = seen[route.label]
        told.append(replace(route, label=f"{route.label} ({number})") if number > 1 else route)
    return tuple(told)
