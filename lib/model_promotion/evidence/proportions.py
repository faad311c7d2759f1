"""Did the share of right answers change? For anything that is right or wrong row by row, on the same rows.

The bounds invert the score test of Tango (1998, "Equivalence test and confidence interval for the difference in
proportions for the paired-sample design", Statistics in Medicine 17), which has a width where no row is discordant and
Wald's has none. Its wrong passes reach 6.1 % at alpha 5 % in the worst of exactly computed cases; moving the discordant
counts apart by CORRECTION brings them below 5 %.
"""

import math
from dataclasses import dataclass

from scipy import optimize, stats

from model_promotion.core.gate import MIN_UNITS, Measured
from model_promotion.core.units import too_few_rows

METHOD = "Tango's score bounds of paired proportions"
CORRECTION = 0.15
"""Rows by which each discordant count is moved to the unfavourable side."""


@dataclass(frozen=True)
class Discordance:
    """Of n rows, how many both models had right, and how many only one of them.

    Raises:
        ValueError: a count is negative, or they are more than n.
    """

    n: int
    both: int
    only_champion: int
    only_candidate: int

    def __post_init__(self) -> None:
        counts = (self.both, self.only_champion, self.only_candidate)
        if min(counts) < 0 or sum(counts) > self.n:
            raise ValueError(f"{counts} are no counts out of {self.n} rows")

    @property
    def discordant(self) -> int:
        """Rows that exactly one of the two had right."""
        return self.only_champion + self.only_candidate


def paired_proportions(table: Discordance) -> Measured:
    """The change of the share of right answers, candidate's - champion's, between -1 and 1."""
    facts = {"discordant": table.discordant, "mcnemar_p": mcnemar(table), "correction_rows": CORRECTION}
    if table.n:
        facts |= {"champion": (table.both + table.only_champion) / table.n}
        facts |= {"candidate": (table.both + table.only_candidate) / table.n}
    change = (table.only_candidate - table.only_champion) / table.n if table.n else math.nan
    if table.n < MIN_UNITS:
        return Measured(change, table.n, METHOD, lambda _alpha: (-1.0, 1.0), too_few_rows(table.n), facts)
    return Measured(change, table.n, METHOD, lambda alpha: tango(table, alpha, CORRECTION), facts=facts)


def mcnemar(table: Discordance) -> float:
    """The exact two-sided p of "both are right equally often" (McNemar 1947, binomial form)."""
    if not table.discordant:
        return 1.0
    return float(stats.binomtest(table.only_candidate, table.discordant).pvalue)


def tango(table: Discordance, alpha: float, correction: float = 0.0) -> tuple[float, float]:
    """The two one-sided score bounds at alpha; without a correction they are the published ones."""
    ours, theirs = table.only_candidate, table.only_champion
    low = _lower(_Score(table.n, ours - correction, theirs + correction), alpha)
    high = -_lower(_Score(table.n, theirs - correction, ours + correction), alpha)
    return low, high


@dataclass(frozen=True)
class _Score:
    """The score statistic of "the difference is delta"; gained and lost are the discordant counts."""

    n: int
    gained: float
    lost: float

    @property
    def root(self) -> float:
        """The difference that fits best: there the statistic is 0."""
        return (self.gained - self.lost) / self.n

    def at(self, delta: float) -> float:
        """Tango's z, with the share of lost rows at its maximum likelihood under that difference."""
        linear = -self.gained - self.lost + (2 * self.n - self.gained + self.lost) * delta
        constant = -self.lost * delta * (1 - delta)
        lost = (math.sqrt(max(linear**2 - 8 * self.n * constant, 0)) - linear) / (4 * self.n)
        # The correction may have moved a count of 0 below it; no share of rows is.
        variance = self.n * (2 * max(lost, -delta, 0.0) + delta * (1 - delta))
        above = self.gained - self.lost - self.n * delta
        return above / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, above)


def _lower(score: _Score, alpha: float) -> float:
    """Where the statistic equals the normal quantile; -1 where it stays below it."""
    quantile = float(stats.norm.isf(alpha))

    def missing(delta: float) -> float:
        return min(score.at(delta), 1e6) - quantile

    lowest = -1 + 1e-12
    if score.root <= lowest or missing(lowest) <= 0:
        return -1.0
    return float(optimize.brentq(missing, lowest, score.root, xtol=1e-13, rtol=1e-13))
