"""The bound that every method here shares: Student's t, widened for skewness, and silent where even that is not enough.

A wrong pass is likeliest where the harm sits in few rows, because a sample that missed them looks both good and sure.
Three things keep the rate of wrong passes at alpha there (measured in docs/decisions.md):

- Student's t with the degrees of freedom of the units, not of the rows;
- the transformation of Hall (1992, "On the removal of skewness by transformation", JRSS B 54), which continues
  Johnson (1978, "Modified t tests and confidence intervals for asymmetrical populations", JASA 73), where it widens;
- no answer at all where the estimate itself is visibly skewed: Cochran's rule asks for n > 25 * skewness ** 2 rows
  (Sampling Techniques, 1977, section 2.15); 50 instead of 25 is what the simulations asked for.
"""

import math
from dataclasses import dataclass

from scipy import stats

from model_promotion.core.gate import Bounds

ROWS_PER_SQUARED_SKEWNESS = 50
MOST_SKEW = ROWS_PER_SQUARED_SKEWNESS**-0.5


@dataclass(frozen=True)
class Spread:
    """How far an estimate may lie from the truth.

    `se` is its standard error, `skew` the skewness of the estimate (that of the rows / sqrt(rows)), `df` the degrees of
    freedom, which is the number of independent units less one.
    """

    se: float
    skew: float
    df: int

    @property
    def is_trusted(self) -> bool:
        """Whether a bound from it keeps its alpha: it has a width, and the estimate is not visibly skewed."""
        return math.isfinite(self.se) and self.se > 0 and self.df > 0 and abs(self.skew) < MOST_SKEW

    @property
    def asked(self) -> float:
        """How many times as many units a trusted bound asks for, where they are as skewed as these."""
        return max(1.0, self.skew**2 * ROWS_PER_SQUARED_SKEWNESS)

    def bounds(self, change: float) -> Bounds:
        """The one-sided bounds of a change."""

        def at(alpha: float) -> tuple[float, float]:
            quantile = float(stats.t.isf(alpha, self.df))
            below, above = _widened(quantile, self.skew), _widened(quantile, -self.skew)
            return change - below * self.se, change + above * self.se

        return at


def nothing_known(_alpha: float) -> tuple[float, float]:
    """The bounds of a change of which nothing is known."""
    return -math.inf, math.inf


def most_unseen(units: int, alpha: float) -> float:
    """The largest share of units that may be different although none of these was: 1 - alpha ** (1 / units).

    The exact form of the rule of three (3 / units at alpha = 0.05), Hanley & Lippman-Hand (1983), JAMA 249.
    """
    return float(-math.expm1(math.log(alpha) / units))


def _widened(quantile: float, skew: float) -> float:
    """Hall's transformation, inverted, where it lies further out than the quantile; skew < 0 is a tail on that side."""
    if abs(skew) < 1e-9:  # noqa: PLR2004 - the limit of the formula, which divides by the skewness
        return quantile
    halls = 3 / skew * (math.cbrt(1 + skew * (quantile - skew / 6)) - 1)
    return max(quantile, halls)
