"""Did the data change? Distances between two tables of counts: are they more than chance, and more than small?

A fixed threshold alone fires on small samples without any drift, and a p alone fires on large ones for differences that
harm nobody. So a column has drifted only if a distance lies above its practical threshold, and above what chance
exceeds for any of the columns and statistics that were looked at in a share alpha of cases. For that each is held to
alpha / tests (Bonferroni), which is one bound that goes with its p; those of Holm's steps move with what else drifted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from model_promotion.core.gate import ALPHA, MIN_UNITS
from model_promotion.evidence import distances
from model_promotion.evidence.calibrate import Calibrated, calibrated, enough, permuted, portions
from model_promotion.evidence.folding import Column, fold, folded, summed

PRACTICAL: Mapping[str, float] = MappingProxyType(
    {"psi": 0.1, "jensen_shannon": 0.1, "wasserstein": 0.1, "ks": 0.1, "cramer_w": 0.1}
)
"""From where on a distance matters in practice. The first is Lewis (1994), the last Cohen's (1988) small effect."""
ORDERED_ONLY = frozenset({"wasserstein", "ks"})
BINS: Mapping[str, int] = MappingProxyType({"psi": 10, "cramer_w": 10, "jensen_shannon": 30})
"""Into how many bins of equal mass numbers are put; the others use all bins, of which permutations keep FINE."""
FINE = 100


@dataclass(frozen=True)
class DriftPolicy:
    """Which statistics decide, from where on each matters, how often chance may be called drift over all columns."""

    thresholds: Mapping[str, float] = field(default_factory=lambda: PRACTICAL)
    alpha: float = ALPHA
    seed: int = 0


@dataclass(frozen=True)
class Distance:
    """One statistic of one column.

    `p` is None where the value is below its threshold, so that no p could matter; `p_all` is corrected for all tests,
    and only known to be at most that where it `is_least`. `chance` is the bound that goes with it: what any of them
    exceeds by chance alone, at this size, in a share alpha of cases; None where it is more than what was drawn tells.
    """

    column: str
    statistic: str
    value: float
    threshold: float
    p: float | None = None
    p_all: float | None = None
    is_least: bool = False
    chance: float | None = None
    drifted: bool = False


@dataclass(frozen=True)
class Drift:
    """What drifted, and of which columns nothing can be told, because a side has too few rows."""

    distances: tuple[Distance, ...]
    too_few: tuple[str, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)

    @property
    def drifted(self) -> tuple[str, ...]:
        """The columns that have drifted, each once."""
        return tuple(dict.fromkeys(one.column for one in self.distances if one.drifted))


def drift(columns: Mapping[str, Column], policy: DriftPolicy = DriftPolicy()) -> Drift:
    """Every statistic of every column. A column with fewer than 30 rows on a side is named, and has never drifted."""
    told = {name: column for name, column in columns.items() if column.rows >= MIN_UNITS}
    asked = [
        Distance(name, statistic, value(statistic, column), policy.thresholds[statistic])
        for name, column in told.items()
        for statistic in _defined(column, policy)
    ]
    found = tuple(
        one
        for number, (name, column) in enumerate(told.items())
        for one in _tested(column, [each for each in asked if each.column == name], _How(policy, number, len(asked)))
    )
    facts = {
        "alpha": policy.alpha,
        "seed": policy.seed,
        "permutations": enough(len(asked), policy.alpha),
        "tests": len(asked),
    }
    too_few = tuple(name for name in columns if name not in told)
    return Drift(found, too_few, facts)


def value(statistic: str, column: Column) -> float:
    """One statistic of one column. What is missing is a bin of its own, but has no place in an order.

    Raises:
        KeyError: there is no such statistic.
    """
    return float(_computed(statistic, column, (np.asarray(column.reference), np.asarray(column.current))))


def _defined(column: Column, policy: DriftPolicy) -> tuple[str, ...]:
    return tuple(name for name in policy.thresholds if column.positions is not None or name not in ORDERED_ONLY)


def _computed(statistic: str, column: Column, counts: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The statistic of counts[..., bins] whose bins are those of the column."""
    known = {"psi": distances.psi, "jensen_shannon": distances.jensen_shannon, "cramer_w": distances.cramer_w}
    before, now = counts
    if statistic in known:
        starts = fold(column, BINS[statistic])
        return known[statistic](summed(before, starts), summed(now, starts))
    if statistic == "ks":
        return distances.ks(before[..., :-1], now[..., :-1])
    return {"wasserstein": distances.wasserstein}[statistic](before[..., :-1], now[..., :-1], column.positions)


@dataclass(frozen=True)
class _How:
    """The policy, which column it is, and how many tests there are of all columns."""

    policy: DriftPolicy
    number: int
    tests: int


def _tested(column: Column, asked: list[Distance], how: _How) -> list[Distance]:
    """With a p for each distance that is large enough to matter. The permutations of one column serve them all."""
    if not any(one.value >= one.threshold for one in asked):
        return asked
    large = [one.statistic for one in asked if one.value >= one.threshold]
    fine = folded(column, max(BINS.get(name, FINE) for name in large))
    found = _calibrated(fine, {name: value(name, fine) for name in large}, how)
    return [_told(one, found[one.statistic], how.tests) if one.statistic in found else one for one in asked]


def _told(one: Distance, found: Calibrated, tests: int) -> Distance:
    p_all = min(1.0, tests * found.p)
    return replace(one, p=found.p, p_all=p_all, is_least=found.is_least, chance=found.chance, drifted=found.is_rare)


def _calibrated(fine: Column, values: Mapping[str, float], how: _How) -> dict[str, Calibrated]:
    """Each value against permutations, of which no more are made than it takes to see that none of them is rare."""
    alpha, tests = how.policy.alpha, how.tests
    nulls: dict[str, list[np.ndarray]] = {name: [] for name in values}
    for portion, size in enumerate(portions(enough(tests, alpha), len(fine.reference))):
        dealt = permuted(fine.reference, fine.current, ((how.policy.seed, how.number, portion), size))
        for name, null in nulls.items():
            by_chance = _computed(name, fine, (dealt.reference, dealt.current))
            null.append(np.where(np.isnan(by_chance), np.inf, by_chance))
        found = {name: calibrated(values[name], np.concatenate(null), alpha, tests) for name, null in nulls.items()}
        if all(one.is_common for one in found.values()):
            break
    return found
