"""Did the mean of a per-row quantity change? MAE, MSE, log loss, Brier score, cost, from the power sums of d.

d = candidate's value - champion's on the same row. The bounds are those of the paired t, as spread.py says. Where d is
too skewed for that, and the reach of one row is known, the empirical Bernstein bound holds for any distribution within
that reach (Maurer & Pontil 2009, "Empirical Bernstein bounds and sample variance penalization", theorem 4).
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from model_promotion.core.gate import MIN_UNITS, Bounds, Measured
from model_promotion.core.units import ROWS, too_few_rows
from model_promotion.evidence.spread import Spread, most_unseen, nothing_known

PAIRED_T = "paired t with Hall's correction for skewness"
BERNSTEIN = "empirical Bernstein bounds"
ALL_EQUAL = "rule of three, as the difference is the same on every row"
_ROUNDING = 1e-12
"""A variance below this share of the mean square is what rounding left of a constant."""


@dataclass(frozen=True)
class Powers:
    """n rows, and the sums of d, d ** 2 and d ** 3 over them. Additive."""

    n: int
    d: float
    d2: float
    d3: float

    def __add__(self, other: "Powers") -> "Powers":
        return Powers(self.n + other.n, self.d + other.d, self.d2 + other.d2, self.d3 + other.d3)

    @classmethod
    def of(cls, d: np.ndarray, counts: np.ndarray | None = None) -> "Powers":
        """The power sums of an array of differences, each of them there so many times."""
        counts = np.ones(np.shape(d)) if counts is None else counts
        return cls(round(float(counts.sum())), *(float((counts * d**power).sum()) for power in (1, 2, 3)))

    @property
    def mean(self) -> float:
        """The mean of d."""
        return self.d / self.n if self.n else math.nan

    @property
    def variance(self) -> float:
        """The variance of d, with n - 1; exactly 0 where d is constant but for rounding."""
        if self.n <= 1:
            return math.nan
        left = self.d2 / self.n - self.mean**2
        return left * self.n / (self.n - 1) if left > _ROUNDING * self.d2 / self.n else 0.0

    @property
    def third(self) -> float:
        """The third central moment of d."""
        return self.d3 / self.n - 3 * self.mean * self.d2 / self.n + 2 * self.mean**3

    @property
    def spread(self) -> Spread:
        """That of the mean of d."""
        se = math.sqrt(self.variance / self.n)
        skew = self.third / (se**3 * self.n**2) if se > 0 else math.nan
        return Spread(se, skew, self.n - 1)


def paired_mean(powers: Powers, reach: float = math.inf) -> Measured:
    """The mean of d, in its unit.

    Args:
        powers: the power sums of d.
        reach: how large |d| can become on one row, known beforehand and not taken from these rows: 1 for a Brier score,
            -log(clip) for a log loss with clipped probabilities. Without it, models that differ on no row, or on a few
            only, are not told apart from models that differ rarely and much.
    """
    if not all(map(math.isfinite, (powers.d, powers.d2, powers.d3))):
        return Measured(math.nan, powers.n, PAIRED_T, nothing_known, "a difference is not a finite number")
    if powers.n < MIN_UNITS:
        return Measured(powers.mean, powers.n, PAIRED_T, nothing_known, too_few_rows(powers.n))
    spread = powers.spread
    facts = {"se": spread.se, "skewness": spread.skew * math.sqrt(powers.n), "p": _p(powers, spread)}
    if spread.is_trusted:
        return Measured(powers.mean, powers.n, PAIRED_T, spread.bounds(powers.mean), facts=facts)
    return _bounded(powers, reach, facts)


def _bounded(powers: Powers, reach: float, facts: dict[str, float]) -> Measured:
    """What can still be said where a t cannot be trusted, if one row cannot do more than so much."""
    constant = not powers.variance
    method = ALL_EQUAL if constant else BERNSTEIN
    if not math.isfinite(reach):
        same = "the difference is the same on every row, and how large it can be is not known"
        few = same if constant else ROWS.hangs_on_few(powers.n, powers.spread.asked)
        return Measured(powers.mean, powers.n, method, nothing_known, few, facts)
    bounds = _all_equal(powers, reach) if constant else _bernstein(powers, reach)
    return Measured(powers.mean, powers.n, method, bounds, facts={**facts, "reach": reach})


def _all_equal(powers: Powers, reach: float) -> Bounds:
    def at(alpha: float) -> tuple[float, float]:
        unseen = most_unseen(powers.n, alpha)
        return powers.mean - unseen * (reach + powers.mean), powers.mean + unseen * (reach - powers.mean)

    return at


def _bernstein(powers: Powers, reach: float) -> Bounds:
    def at(alpha: float) -> tuple[float, float]:
        log = math.log(2 / alpha)
        half = math.sqrt(2 * powers.variance * log / powers.n) + 7 * 2 * reach * log / (3 * (powers.n - 1))
        return powers.mean - half, powers.mean + half

    return at


def _p(powers: Powers, spread: Spread) -> float:
    """The two-sided p of the paired t test, as scipy's ttest_rel gives it."""
    if not spread.se:
        return math.nan
    return float(2 * stats.t.sf(abs(powers.mean) / spread.se, spread.df))
