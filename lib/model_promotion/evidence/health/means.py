"""Where does a mean lie, however often one looks? Latency clipped at the time-out, predictions, 0/1 answers.

The predictable plug-in empirical Bernstein confidence sequence of Waudby-Smith & Ramdas (2023, "Estimating means of
bounded random variables by betting", Journal of the Royal Statistical Society B 86, theorem 2). It needs to know
between what the values lie, and nothing else about them; the mean has to stay where it is. Where it moves, what is
bounded is its average, the earlier values weighing more. A few numbers are all that is kept.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from model_promotion.core.health import Health, Reading

MOST_BET = 0.5


@dataclass(frozen=True)
class Reach:
    """Between what the values lie, known beforehand and not taken from them.

    Raises:
        ValueError: there is nothing in between.
    """

    lowest: float = 0.0
    highest: float = 1.0

    def __post_init__(self) -> None:
        if not -math.inf < self.lowest < self.highest < math.inf:
            raise ValueError(f"values reach from {self.lowest} to {self.highest}: that is no range")

    def shares(self, values: np.ndarray) -> np.ndarray:
        """The values as shares of the range.

        Raises:
            ValueError: one lies outside, or is not a number.
        """
        shares = (np.asarray(values, dtype=float) - self.lowest) / (self.highest - self.lowest)
        if not np.all((shares >= 0) & (shares <= 1)):
            raise ValueError(f"a value lies outside {self.lowest:g} to {self.highest:g}, or is not a number")
        return shares

    def value(self, share: float) -> float:
        """The other way round."""
        return self.lowest + share * (self.highest - self.lowest)


@dataclass(frozen=True)
class Mean:
    """What is known of a mean; its two bounds miss it, at any time ever, with a chance of at most alpha.

    `total` and `squares` are the sums of the values, as shares of their range, and of their squared distances from the
    mean as it was known each time; `bets`, `weighted` and `spent` those of lambda, lambda * x and v * psi of the paper.
    """

    alpha: float
    reach: Reach = Reach()
    n: int = 0
    total: float = 0.0
    squares: float = 0.0
    bets: float = 0.0
    weighted: float = 0.0
    spent: float = 0.0

    @classmethod
    def resumed(cls, kept: Mapping[str, Any]) -> "Mean":
        """From what `jsonable` made of it."""
        numbers = {name: float(kept[name]) for name in ("total", "squares", "bets", "weighted", "spent")}
        return cls(float(kept["alpha"]), Reach(**kept["reach"]), int(kept["n"]), **numbers)

    @property
    def value(self) -> float:
        """The mean of all values so far; NaN of none."""
        return self.reach.value(self.total / self.n) if self.n else math.nan

    @property
    def bounds(self) -> tuple[float, float]:
        """Between what the mean lies."""
        if not self.n:
            return self.reach.lowest, self.reach.highest
        middle, half = self.weighted / self.bets, (math.log(2 / self.alpha) + self.spent) / self.bets
        return self.reach.value(max(middle - half, 0.0)), self.reach.value(min(middle + half, 1.0))

    def after(self, values: np.ndarray) -> "Mean":
        """What is known once these values have come, in their order.

        Raises:
            ValueError: one lies outside the reach.
        """
        x = self.reach.shares(values)
        if not x.size:
            return self
        t = self.n + np.arange(1, x.size + 1)
        totals = self.total + np.cumsum(x)
        means = (0.5 + totals) / (t + 1)
        squares = self.squares + np.cumsum((x - means) ** 2)
        # All that a bet on a value rests on was known before the value.
        before = np.concatenate([[(0.5 + self.total) / (self.n + 1)], means[:-1]])
        variance = (0.25 + np.concatenate([[self.squares], squares[:-1]])) / t
        bets = np.minimum(np.sqrt(2 * math.log(2 / self.alpha) / (variance * t * np.log1p(t))), MOST_BET)
        spent = (x - before) ** 2 * (-np.log1p(-bets) - bets)  # 4 (x - m)^2 psi, psi being a quarter of that
        return replace(
            self,
            n=int(t[-1]),
            total=float(totals[-1]),
            squares=float(squares[-1]),
            bets=self.bets + float(bets.sum()),
            weighted=self.weighted + float((bets * x).sum()),
            spent=self.spent + float(spent.sum()),
        )


@dataclass(frozen=True)
class MeanRule:
    """By how much the candidate's mean may be higher, in its unit; less is better. `least` values are needed."""

    margin: float
    least: int = 100


def difference(champion: Mean, candidate: Mean) -> tuple[float, float]:
    """Between what candidate's - champion's mean lies: both bounds hold unless one of the two means is missed."""
    (low_a, high_a), (low_b, high_b) = champion.bounds, candidate.bounds
    return low_b - high_a, high_b - low_a


def compared(source: str, champion: Mean, candidate: Mean, rule: MeanRule) -> Reading:
    """Is the candidate's mean higher by more than the margin? Wrong, at any time, at most the sum of both alphas."""
    low, high = difference(champion, candidate)
    facts = {"champion": champion.value, "candidate": candidate.value, "low": low, "high": high}
    facts |= {"champion_n": champion.n, "candidate_n": candidate.n}
    verdict = _verdict((low, high), min(champion.n, candidate.n), rule)
    if not min(champion.n, candidate.n):
        return Reading(source, verdict, "nothing was measured of one of the two", facts)
    said = f"{champion.value:.4g} -> {candidate.value:.4g} (n={candidate.n:,}), the change lies between {low:+.4g} and"
    return Reading(source, verdict, f"{said} {high:+.4g}, up to {rule.margin:+.4g} is allowed", facts)


def _verdict(bounds: tuple[float, float], n: int, rule: MeanRule) -> Health:
    low, high = bounds
    if low > rule.margin:
        return Health.FAIL
    return Health.PASS if n >= rule.least and high <= rule.margin else Health.INCONCLUSIVE
