"""Does a share lie above a limit? Errors, answers slower than so many milliseconds, wrong answers where labels arrive.

Each bet raises the odds of an event at the limit by a factor r, which makes the likelihood ratio of s events in n
r ** s / (1 + (r - 1) * limit) ** n: falling in the limit for r > 1 and rising for r < 1. So the limits that are refuted
form an interval, and inverting the test gives bounds (Ville's inequality as in Robbins 1970, "Statistical methods
related to the law of the iterated logarithm", Annals of Mathematical Statistics 41). All of it holds however often one
looks, and also where the share moves, as long as it stays on its side of the limit.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import optimize

from model_promotion.evidence.health.wealth import ODDS, Wealth, total


@dataclass(frozen=True)
class Counts:
    """Of so many that were seen, how many were bad. Additive.

    Raises:
        ValueError: they are no counts.
    """

    bad: int = 0
    seen: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.bad <= self.seen:
            raise ValueError(f"{self.bad} of {self.seen} are no counts")

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.bad + other.bad, self.seen + other.seen)

    @property
    def rate(self) -> float:
        """The share that is bad; NaN of nothing."""
        return self.bad / self.seen if self.seen else math.nan

    @classmethod
    def resumed(cls, kept: Mapping[str, Any]) -> "Counts":
        """From what `jsonable` made of it."""
        return cls(int(kept["bad"]), int(kept["seen"]))


@dataclass(frozen=True)
class Limited:
    """What is known of a share beside a limit, which lies between 0 and 1.

    Raises:
        ValueError: it does not.
    """

    limit: float
    counts: Counts = Counts()
    wealth: Wealth = field(default_factory=Wealth)

    def __post_init__(self) -> None:
        if not 0 < self.limit < 1:
            raise ValueError(f"a share is limited between 0 and 1, not by {self.limit}")

    def after(self, counts: Counts) -> "Limited":
        """What is known once these have come, too. A look that brings nothing is no look."""
        if not counts.seen:
            return self
        wealth = self.wealth.after(factors(counts.bad, counts.seen, self.limit))
        return replace(self, counts=self.counts + counts, wealth=wealth)

    def is_beyond(self, alpha: float) -> bool:
        """Whether the share surely was above the limit, at the beginning or from some look on."""
        return self.wealth.is_won(alpha)

    @classmethod
    def resumed(cls, kept: Mapping[str, Any]) -> "Limited":
        """From what `jsonable` made of it."""
        return cls(float(kept["limit"]), Counts.resumed(kept["counts"]), Wealth.resumed(kept["wealth"]))


def factors(bad: "int | np.ndarray", seen: "int | np.ndarray", limit: float) -> np.ndarray:
    """The logarithm of each bet's likelihood ratio against "the share is at most the limit"; bets are the last axis."""
    won, lost = np.log(ODDS), np.log1p((ODDS - 1) * limit)
    return np.asarray(np.asarray(bad)[..., None] * won - np.asarray(seen)[..., None] * lost)


def low(counts: Counts, alpha: float) -> float:
    """The highest limit that these counts refute from above, however often one looked: a lower bound of the share."""
    return _bound(counts, alpha) if counts.bad else 0.0


def high(counts: Counts, alpha: float) -> float:
    """An upper bound of the share that holds however often one looks."""
    # The share of those that are not bad, from below: odds of r and of 1 / r change places.
    good = Counts(counts.seen - counts.bad, counts.seen)
    return 1 - low(good, alpha)


def _bound(counts: Counts, alpha: float) -> float:
    def beyond(logit: float) -> float:
        return float(total(factors(counts.bad, counts.seen, 1 / (1 + math.exp(-logit))))) + math.log(alpha)

    lowest, highest = -40.0, 30.0
    if beyond(lowest) <= 0:
        return 0.0
    return 1 / (1 + math.exp(-float(optimize.brentq(beyond, lowest, highest, xtol=1e-9))))
