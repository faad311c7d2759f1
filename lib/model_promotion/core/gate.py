"""Is the candidate good enough? A bound decides, never a point value; what is not known is INCONCLUSIVE.

The gate is one of non-inferiority: the candidate passes when the one-sided lower bound of its gain lies above -margin
(CPMP/EWP/2158/99, ICH E9), or above min_gain where superiority is asked. Passing asks all metrics, which needs no
correction (the intersection-union test of Berger 1982); that any of them failed is declared after Holm (1979).
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from model_promotion.core.metrics import Direction
from model_promotion.core.units import LEAST, ROWS, Units, two_digits_up

ALPHA = 0.05
"""How often a bound may be wrong where nobody says otherwise."""
MIN_UNITS = LEAST
"""Fewer rows, or fewer units where rows cluster, are never passed."""
MOST_ROWS = 10**12
"""Nobody has more; where it would take more, no number of rows helps."""
MIN_OF_EACH_CLASS = 10

Bounds = Callable[[float], tuple[float, float]]
"""From alpha to the two one-sided bounds of a change, each of which alone is wrong at most alpha of the time."""


def check_alpha(alpha: float) -> None:
    """Raises ValueError for an alpha that no bound can be at: half the time is wrong by chance alone."""
    if not 0 < alpha < 1 / 2:
        raise ValueError(f"alpha must lie between 0 and 0.5, not at {alpha}")


class GateVerdict(StrEnum):
    """The answer of a gate. Only PASSED counts as passed."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Measured:
    """What the data say about candidate - champion, before anybody chose an alpha.

    `n` counts rows, of which `units` says what makes them independent. `too_few` says why nothing can be told, and is
    empty when it can.
    """

    change: float
    n: int
    method: str
    bounds: Bounds
    too_few: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    units: Units = ROWS


@dataclass(frozen=True)
class Estimate:
    """A change of a metric with two one-sided bounds, each at the alpha that it was judged at."""

    change: float
    low: float
    high: float
    method: str
    n: int
    low_alpha: float = ALPHA
    high_alpha: float = ALPHA
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_finite(self) -> bool:
        """Whether all three are numbers in their order; a zero width is not believed."""
        return all(map(math.isfinite, (self.change, self.low, self.high))) and self._in_order

    @property
    def _in_order(self) -> bool:
        return self.low <= self.change <= self.high and self.low < self.high


@dataclass(frozen=True)
class GateRule:
    """What one metric has to show, in its own unit: at most `margin` worse, or more than `min_gain` better.

    Raises:
        ValueError: a margin or a gain is negative or not a finite number.
    """

    direction: Direction
    margin: float = 0.0
    min_gain: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("margin", self.margin), ("min_gain", self.min_gain or 0.0)):
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be a finite number of at least 0, not {value}")

    @property
    def limit(self) -> float:
        """What the gain has to lie above."""
        return -self.margin if self.min_gain is None else self.min_gain

    def gain(self, change: float) -> float:
        """The change, so that more is better."""
        return change if self.direction is Direction.HIGHER else -change

    def gains(self, estimate: Estimate) -> tuple[float, float, float]:
        """Lower bound, value and upper bound of the gain."""
        low, high = sorted((self.gain(estimate.low), self.gain(estimate.high)))
        return low, self.gain(estimate.change), high


@dataclass(frozen=True)
class Level:
    """At which alpha a metric is passed, and at which it is failed.

    Raises:
        ValueError: an alpha outside ]0, 0.5[.
    """

    passing: float = ALPHA
    failing: float = ALPHA

    def __post_init__(self) -> None:
        check_alpha(self.passing)
        check_alpha(self.failing)


@dataclass(frozen=True)
class Judged:
    """One metric's verdict, and what it rests on.

    `rows_needed` is at how many rows this same change would pass with even odds; None where no number of rows helps.
    """

    metric: str
    verdict: GateVerdict
    estimate: Estimate
    rule: GateRule
    reason: str
    rows_needed: int | None = None
    units: Units = ROWS

    @property
    def room(self) -> float:
        """How far the lower bound of the gain lies above its limit; the worst of several has the least room."""
        return self.rule.gains(self.estimate)[0] - self.rule.limit


def judge(metric: str, measured: Measured, rule: GateRule, level: Level = Level()) -> Judged:
    """One metric against its rule."""
    estimate = _estimated(measured, rule, level)
    low, _, high = rule.gains(estimate)
    if measured.too_few or not estimate.is_finite:
        reason = measured.too_few or "the change, or how sure it is, cannot be told from these rows"
        return Judged(metric, GateVerdict.INCONCLUSIVE, estimate, rule, reason, units=measured.units)
    if low > rule.limit:
        reason = f"the gain is at least {low:+.4g}, which is above {rule.limit:+.4g}"
        return Judged(metric, GateVerdict.PASSED, estimate, rule, reason)
    if high < rule.limit:
        reason = f"the gain is at most {high:+.4g}, which is below {rule.limit:+.4g}"
        return Judged(metric, GateVerdict.FAILED, estimate, rule, reason)
    rows = rows_needed(estimate, rule)
    told = measured.units.more(rows, estimate.n) if rows else ""
    told = f"it would take {told}" if told else "no number of rows would tell, if the change is this one"
    reason = f"the gain lies between {low:+.4g} and {high:+.4g}, and must be above {rule.limit:+.4g}: {told}"
    return Judged(metric, GateVerdict.INCONCLUSIVE, estimate, rule, reason, rows, measured.units)


@dataclass(frozen=True)
class Comparison:
    """All that is judged together: each metric's measurement and rule, one alpha, and of how many this one is the best.

    On the rows that it was chosen on the best of k candidates looks better than it is (the winner's curse), so there it
    is passed at alpha / k; on rows that had no part in the choice it counts as one, see `rescoring`.

    Raises:
        ValueError: no metric, an alpha outside ]0, 0.5[, or fewer than one candidate.
    """

    metrics: Mapping[str, tuple[Measured, GateRule]]
    alpha: float = ALPHA
    candidates: int = 1

    def __post_init__(self) -> None:
        check_alpha(self.alpha)
        if self.candidates < 1 or not self.metrics:
            raise ValueError("a comparison needs at least one candidate and one metric")

    @property
    def passing_alpha(self) -> float:
        """The alpha of the bound that passes."""
        return self.alpha / self.candidates


def judge_all(asked: Comparison) -> tuple[Judged, ...]:
    """Every metric's verdict: passed each at alpha / candidates, failed where Holm rejects over the metrics."""
    failing = _holm_levels(asked)
    return tuple(
        judge(metric, measured, rule, Level(asked.passing_alpha, failing[metric]))
        for metric, (measured, rule) in asked.metrics.items()
    )


def overall(judged: Iterable[Judged]) -> GateVerdict:
    """FAILED if any failed, PASSED if all of at least one passed, else INCONCLUSIVE."""
    verdicts = {one.verdict for one in judged}
    if GateVerdict.FAILED in verdicts:
        return GateVerdict.FAILED
    return GateVerdict.PASSED if verdicts == {GateVerdict.PASSED} else GateVerdict.INCONCLUSIVE


def rows_needed(estimate: Estimate, rule: GateRule) -> int | None:
    """At how many rows this gain would pass with even odds, rounded up to two digits; None if at none.

    A bound comes closer with the square root of the rows: n * (half width / distance of the gain to the limit) ** 2.
    """
    low, gain, _ = rule.gains(estimate)
    if not estimate.is_finite or gain <= rule.limit:
        return None
    needed = estimate.n * ((gain - low) / (gain - rule.limit)) ** 2
    return two_digits_up(needed) if needed <= MOST_ROWS else None


def _estimated(measured: Measured, rule: GateRule, level: Level) -> Estimate:
    """The bound that can pass is the lower one where higher is better, and the upper one where lower is."""
    higher = rule.direction is Direction.HIGHER
    at_low, at_high = (level.passing, level.failing) if higher else (level.failing, level.passing)
    low, high = measured.bounds(at_low)[0], measured.bounds(at_high)[1]
    return Estimate(measured.change, low, high, measured.method, measured.n, at_low, at_high, measured.facts)


def _holm_levels(asked: Comparison) -> dict[str, float]:
    """The alpha at which each metric may be declared failed: alpha / those that are not yet, in steps."""
    levels = dict.fromkeys(asked.metrics, asked.alpha / len(asked.metrics))
    failed: set[str] = set()
    while left := levels.keys() - failed:
        alpha = asked.alpha / len(left)
        levels.update(dict.fromkeys(left, alpha))
        found = {metric for metric in left if _fails(*asked.metrics[metric], Level(asked.passing_alpha, alpha))}
        if not found:
            break
        failed |= found
    return levels


def _fails(measured: Measured, rule: GateRule, level: Level) -> bool:
    return judge("", measured, rule, level).verdict is GateVerdict.FAILED
