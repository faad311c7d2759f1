"""How do candidate and champion do in service? The answers of one look, and what they say together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from model_promotion.core.say import count

MOST_ERRORS = 4
"""Looks in a row that may end in an error, as in Argo Rollouts; one more and somebody has to look."""


class Health(StrEnum):
    """What a source says of the candidate. Only PASS counts as passed, and no data are INCONCLUSIVE."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    """The source could not be asked."""


@dataclass(frozen=True)
class Reading:
    """What one source says: a verdict, one sentence with numbers, the facts behind it.

    What does not decide is told and not counted: drift of the inputs, or a measure that is only being tried out.
    """

    source: str
    verdict: Health
    sentence: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    decides: bool = True


@dataclass(frozen=True)
class Look:
    """All readings of one moment; `errors` is how many looks in a row, this one too, ended in an error."""

    readings: tuple[Reading, ...]
    verdict: Health
    errors: int = 0

    @property
    def needs_somebody(self) -> bool:
        """Whether so many looks in a row have failed that waiting for the next one is no answer any more."""
        return self.errors > MOST_ERRORS

    @property
    def sentence(self) -> str:
        """What the verdict rests on: the sentences of the readings that share it."""
        reasons = [f"{one.source}: {one.sentence}" for one in self.readings if _counts(one, self.verdict)]
        blind = f" ({count(self.errors, 'look')} in a row could not be made)" if self.errors > 1 else ""
        return ("; ".join(reasons) or "nothing was measured") + blind


# The worst decides; that something could not be asked is worse than that what was asked is not known yet.
WORST_FIRST = (Health.FAIL, Health.ERROR, Health.INCONCLUSIVE, Health.PASS)


def looked(readings: Iterable[Reading], errors_before: int = 0) -> Look:
    """The verdict of one look: the worst of the readings that decide, and INCONCLUSIVE where none does."""
    found = tuple(readings)
    given = {one.verdict for one in found if one.decides}
    verdict = next((each for each in WORST_FIRST if each in given), Health.INCONCLUSIVE)
    return Look(found, verdict, errors_before + 1 if verdict is Health.ERROR else 0)


def of_rung(looks: Sequence[Look]) -> Health:
    """The verdict of a rung after these looks: a failure whenever it came, else what the last look says.

    The statistics keep all that they have seen, so that an older look knows nothing that the last one does not.
    """
    if any(look.verdict is Health.FAIL for look in looks):
        return Health.FAIL
    return looks[-1].verdict if looks else Health.INCONCLUSIVE


def _counts(reading: Reading, verdict: Health) -> bool:
    return reading.decides and reading.verdict is verdict
