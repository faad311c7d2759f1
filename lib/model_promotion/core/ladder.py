"""The rules of a canary: in which steps traffic goes over to the candidate, and what the end of each step means.

Nothing is remembered between two steps: which one comes next follows from the share that stands on the endpoint, so
that a canary that was killed is taken up from there, on whatever machine.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from model_promotion.core.errors import BadCall
from model_promotion.core.health import Health, Look

ALL = 100
USUAL = (5, 25, 50)
_RUNG = re.compile(r"\d{1,2}", re.ASCII)


class Then(StrEnum):
    """What is done next."""

    WAIT = "wait"
    """Look again."""
    ON = "on"
    """Up to the next rung."""
    EXTEND = "extend"
    """The same time once more, on the same rung."""
    STOP = "stop"
    """Leave the traffic as it stands: somebody has to decide."""
    UNDO = "undo"
    """All back, routes first, then the alias."""


@dataclass(frozen=True)
class Ladder:
    """The candidate's shares of traffic in percent, each for `rung_s` seconds; 100 comes after the last one.

    Raises:
        ValueError: the shares do not rise from 1 to 99, or the time is not above 0.
    """

    rungs: tuple[int, ...] = USUAL
    rung_s: float = 600.0

    def __post_init__(self) -> None:
        rises = all(below < above for below, above in zip((0, *self.rungs), (*self.rungs, ALL), strict=True))
        if not self.rungs or not rises or not self.rung_s > 0:
            raise ValueError(f"rungs must rise from 1 to 99, each for some time: {self.rungs}, {self.rung_s:g} s")

    def left(self, stands: int) -> tuple[int, ...]:
        """From the rung that stands now on, as nobody knows whether it was judged, to 100 at the end."""
        return () if stands >= ALL else (*(rung for rung in self.rungs if rung >= stands), ALL)

    def time_s(self, *, extended: bool) -> float:
        """How long a rung lasts."""
        return self.rung_s * (2 if extended else 1)


def rungs(text: str) -> tuple[int, ...]:
    """The shares of `5,25,50`.

    Raises:
        BadCall: they are not whole percents that rise from 1 to 99.
    """
    parts = [part.strip().removesuffix("%") for part in text.split(",")]
    try:
        return Ladder(tuple(int(part) if _RUNG.fullmatch(part) else 0 for part in parts)).rungs
    except ValueError:
        raise BadCall(
            f"canary {text[:40]!r} is no list of percents that rise from 1 to 99", hint="for example --canary 5,25,50"
        ) from None


def after_look(look: Look) -> Then:
    """What a look means while the rung's time is not up: a failure is not waited with."""
    if look.verdict is Health.FAIL:
        return Then.UNDO
    return Then.STOP if look.needs_somebody else Then.WAIT


def at_end(verdict: Health, *, extended: bool) -> Then:
    """What the end of a rung means. That it could not be asked is no more than that it is not known."""
    match verdict:
        case Health.PASS:
            return Then.ON
        case Health.FAIL:
            return Then.UNDO
        case _:
            return Then.STOP if extended else Then.EXTEND


def part(resumed: int) -> float:
    """The part of alpha that a canary may spend which was taken up again so many times.

    A resumption begins its tests anew: what was seen before is not known any more, and a rung that stands is judged
    again. So that all of them together are wrong no more often than alpha, each has a part that was fixed beforehand:
    a half, a sixth, a twelfth, ..., 1 / ((k + 1) (k + 2)), which add up to 1 (alpha spending under a union
    bound). Who abandons a canary and begins another one begins another count.
    """
    return 1 / ((resumed + 1) * (resumed + 2))
