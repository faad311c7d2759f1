"""Is a number within its budget, for sure? Asked of what was measured with its bounds."""

from dataclasses import dataclass
from enum import StrEnum

from model_promotion.core.finding import Verdict


@dataclass(frozen=True)
class Bounded:
    """A measured value and where the true one surely is; a bound is None where there was too little to tell it."""

    value: float
    low: float | None
    high: float | None

    def said(self, digits: str = ".1f") -> str:
        """The value with its bounds."""
        low, high = (format(bound, digits) if bound is not None else "?" for bound in (self.low, self.high))
        return f"{self.value:{digits}} [{low}, {high}]"


class Kept(StrEnum):
    """Whether a budget is kept."""

    YES = "within"
    NO = "over"
    UNSURE = "not surely within"
    UNKNOWN = "unknown"

    @property
    def verdict(self) -> Verdict:
        """The same for a finding: what is near the line either way is a warning."""
        verdicts = (Verdict.PASSED, Verdict.FAILED, Verdict.WARNED, Verdict.UNKNOWN)
        return dict(zip(Kept, verdicts, strict=True))[self]


def kept(measured: Bounded | None, most: float) -> Kept:
    """Whether this is surely at most so much."""
    if measured is None:
        return Kept.UNKNOWN
    if measured.low is not None and measured.low > most:
        return Kept.NO
    if measured.high is None:
        return Kept.UNKNOWN
    return Kept.YES if measured.high <= most else Kept.UNSURE


WORST_FIRST = (Kept.NO, Kept.UNKNOWN, Kept.UNSURE, Kept.YES)


def worst(all_of_them: "list[Kept]") -> Kept:
    """What several budgets come to."""
    return min(all_of_them, key=WORST_FIRST.index, default=Kept.UNKNOWN)
