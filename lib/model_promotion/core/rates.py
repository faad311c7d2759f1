"""Which rate is tried next, in search of the highest that an endpoint takes within its budget."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MOST_RUNS = 8
CLOSE = 1.1
"""Nearer than this, as a ratio, two rates are not told apart."""
LEAST_PER_S = 0.5


@dataclass(frozen=True)
class Tried:
    """A rate, and whether the budget was kept at it; None when the run said nothing."""

    rate_per_s: float
    kept: bool | None


def highest(tried: Sequence[Tried]) -> float | None:
    """The highest rate that kept the budget, below the lowest that did not; None when there is none."""
    missed = min((one.rate_per_s for one in tried if one.kept is False), default=math.inf)
    return max((one.rate_per_s for one in tried if one.kept and one.rate_per_s < missed), default=None)


def next_rate(tried: Sequence[Tried], most_per_s: float) -> float | None:
    """The rate to try after these; None when it is known closely enough, or enough was tried.

    Doubled until one misses the budget, halved until one keeps it, then the geometric middle.
    """
    if not tried or len(tried) >= MOST_RUNS or tried[-1].kept is None:
        return None
    kept, missed = highest(tried), min((one.rate_per_s for one in tried if one.kept is False), default=None)
    if missed is None:
        return None if kept is None or kept >= most_per_s else min(2 * kept, most_per_s)
    if kept is None:
        return missed / 2 if missed / 2 >= LEAST_PER_S else None
    return math.sqrt(kept * missed) if missed / kept > CLOSE else None


def search(first: Tried, most_per_s: float, keeps: Callable[[float], bool | None]) -> tuple[Tried, ...]:
    """Every rate that was tried, the first among them; `keeps` says of a rate whether the budget is kept at it."""
    tried = [first]
    while (rate := next_rate(tried, most_per_s)) is not None:
        tried.append(Tried(rate, keeps(rate)))
    return tuple(tried)
