"""Is the candidate's p95 or p99 worse than tolerated? At looks planned beforehand, which share the alpha.

Each side's quantile is bounded by its order statistics, whatever its distribution: the k-th of n values lies above the
q-quantile only where fewer than k lie below it, which is binomial (David & Nagaraja 2003, "Order Statistics", section
7.1). The sides share a look's alpha. A test on pooled ranks would need fewer values, but takes every difference in
shape for one in the tail; this one is about the quantile and nothing else. Rank tests on the middle are blind to tails.

The bounds hold for independent values; a stall that hits many requests at once makes them too narrow. For looks that
nobody planned, count the answers beyond a threshold that was fixed before (`beyond`) and give them to error_rates.py or
rates.py: "p95 is above 500 ms" and "more than 5 % are slower than 500 ms" are the same.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from model_promotion.core.health import Health, Reading
from model_promotion.evidence.health.rates import Counts


@dataclass(frozen=True)
class QuantileRule:
    """Which quantile, how many times the champion's it may be, and how sure over how many planned looks.

    Raises:
        ValueError: a number that makes no sense.
    """

    quantile: float = 0.95
    tolerance: float = 1.2
    alpha: float = 0.01
    looks: int = 1

    def __post_init__(self) -> None:
        if not (0 < self.quantile < 1 and 0 < self.alpha < 1 / 2 and self.looks >= 1 and self.tolerance > 0):
            raise ValueError("quantile lies between 0 and 1, alpha below 0.5, looks and tolerance are greater than 0")

    @property
    def name(self) -> str:
        """As people call it: p95, p99.9."""
        return f"p{self.quantile * 100:g}"

    def level(self, sides: int) -> float:
        """What is left for one bound of one look."""
        return self.alpha / (self.looks * sides)

    def least(self, sides: int) -> int:
        """The fewest values of one side that have an upper bound at all, so that anything can pass."""
        return math.ceil(math.log(self.level(sides)) / math.log(self.quantile))


def bounds(values: np.ndarray, quantile: float, alpha: float) -> tuple[float, float]:
    """The two one-sided bounds of a quantile, each wrong at most alpha of the time; infinite where there is none.

    Args:
        values: an unbounded one, such as a request that was never answered, is infinite.
        quantile: between 0 and 1.
        alpha: of each bound.

    Raises:
        ValueError: a value is NaN.
    """
    if np.isnan(values).any():
        raise ValueError("a value is not a number")
    ordered = np.sort(values)
    below = int(stats.binom.ppf(alpha, ordered.size, quantile)) if ordered.size else 0
    above = int(stats.binom.ppf(1 - alpha, ordered.size, quantile)) if ordered.size else 0
    low = float(ordered[below - 1]) if below > 0 else -math.inf
    return low, float(ordered[above]) if above < ordered.size else math.inf


def compared(champion: np.ndarray, candidate: np.ndarray, rule: QuantileRule) -> Reading:
    """Is the candidate's quantile more than so many times the champion's?"""
    level, least = rule.level(sides=2), rule.least(sides=2)
    facts = {"champion_n": champion.size, "candidate_n": candidate.size, "least": least, "tolerance": rule.tolerance}
    if not min(champion.size, candidate.size):
        return Reading(rule.name, Health.INCONCLUSIVE, "nothing was measured of one of the two", facts)
    (low_a, high_a), (low_b, high_b) = (bounds(one, rule.quantile, level) for one in (champion, candidate))
    points = [_point(one, rule.quantile) for one in (champion, candidate)]
    facts |= {"champion": points[0], "candidate": points[1], "champion_low": low_a, "champion_high": high_a}
    facts |= {"candidate_low": low_b, "candidate_high": high_b, "alpha_of_look": rule.alpha / rule.looks}
    verdict = Health.INCONCLUSIVE
    if low_b > rule.tolerance * high_a:
        verdict = Health.FAIL
    elif high_b <= rule.tolerance * low_a and high_b < math.inf:
        verdict = Health.PASS
    said = f"{points[0]:.4g} -> {points[1]:.4g} (n={candidate.size:,}), surely between {low_b:.4g} and {high_b:.4g}"
    allowed = f"{rule.tolerance:g} times the champion's {low_a:.4g} to {high_a:.4g} is allowed"
    return Reading(rule.name, verdict, f"{said}, {allowed}{_few(facts)}", facts)


def limited(values: np.ndarray, limit: float, rule: QuantileRule) -> Reading:
    """Does a quantile lie above a limit, such as p95 above 500 ms?"""
    facts = {"candidate_n": values.size, "least": rule.least(sides=1), "limit": limit}
    if not values.size:
        return Reading(rule.name, Health.INCONCLUSIVE, "nothing was measured", facts)
    low, high = bounds(values, rule.quantile, rule.level(sides=1))
    point = _point(values, rule.quantile)
    facts |= {"candidate": point, "candidate_low": low, "candidate_high": high}
    verdict = Health.FAIL if low > limit else Health.PASS if high <= limit else Health.INCONCLUSIVE
    said = f"{point:.4g} (n={values.size:,}), surely between {low:.4g} and {high:.4g}, up to {limit:.4g} is allowed"
    return Reading(rule.name, verdict, f"{said}{_few(facts)}", facts)


def beyond(values: np.ndarray, threshold: float) -> Counts:
    """How many values lie above a threshold that was fixed before any of them was seen.

    Raises:
        ValueError: a value is NaN.
    """
    if np.isnan(values).any():
        raise ValueError("a value is not a number")
    return Counts(int((values > threshold).sum()), values.size)


def _point(values: np.ndarray, quantile: float) -> float:
    return float(np.quantile(values, quantile, method="higher"))


def _few(facts: "dict[str, int] | dict[str, float]") -> str:
    fewest = min(facts[name] for name in ("champion_n", "candidate_n") if name in facts)
    return "" if fewest >= facts["least"] else f"; fewer than {facts['least']:,} values cannot pass"
