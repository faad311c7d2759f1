"""Did a metric change that is a function of sums? F1, precision, recall, macro-F1, RMSE, R2, weighted means.

The rows are hashed by their unit into at most K buckets, and the buckets are what is resampled (Efron 1979; clusters
after Davison & Hinkley 1997, section 3.8), so that rows of one unit stay together and 10^6 rows cost what K do. Each
bound is the wider one of two: the percentile of the resamples, expanded for few units (Hesterberg 2015, "What teachers
should know about the bootstrap", The American Statistician 69), and the t of the jackknife over the buckets as in
spread.py (Tukey 1958). Either alone passes too often somewhere: the percentile with few units and rare classes.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from model_promotion.core.gate import MIN_UNITS, Bounds, Measured
from model_promotion.core.units import ROWS, Units
from model_promotion.evidence.spread import Spread, most_unseen, nothing_known

METHOD = "bucket bootstrap and jackknife"
ALL_EQUAL = "rule of three, as both are the same in every bucket"
CHANCE = 1.3
"""The mean square of the rows in a bucket over the square of their mean, where rows fall into them one by one."""
FEWEST_BEYOND = 5
"""Fewer resamples beyond a bound do not say where it lies; the jackknife says it alone then."""
CHAMPION, CANDIDATE = 0, 1


@dataclass(frozen=True)
class Statistic:
    """A metric of sums: `of` takes [..., 1 + m] (column 0 the rows, then the m sums) and answers [...].

    `reach` is by how much the metric changes at most if the whole of the candidate's rows changed, in other words the
    number of rows times the most that one row can do. It is asked only where both models do the same everywhere.
    """

    of: Callable[[np.ndarray], np.ndarray]
    reach: float = math.inf


@dataclass(frozen=True)
class Draw:
    """Which random numbers, and how many times."""

    seed: int
    resamples: int = 2000


@dataclass(frozen=True)
class Buckets:
    """rows[K], sums[K, 2, m] of champion and candidate, and how many units (users, days; else rows) they hold at most.

    `weights[K]` is how much each bucket counts; None where that is its rows. `of` says what the units are.

    Raises:
        ValueError: the shapes do not fit each other.
    """

    rows: np.ndarray
    sums: np.ndarray
    units: int
    weights: np.ndarray | None = None
    of: Units = ROWS

    def __post_init__(self) -> None:
        if self.sums.shape[:2] != (len(self.rows), 2):
            raise ValueError(f"sums of shape {self.sums.shape} do not fit {len(self.rows)} buckets of two models")

    @property
    def table(self) -> np.ndarray:
        """[buckets that hold rows, 2, 1 + m], the rows in column 0."""
        rows = np.broadcast_to(np.asarray(self.rows, dtype=float)[:, None, None], (len(self.rows), 2, 1))
        return np.concatenate((rows, self.sums), axis=2)[np.asarray(self.rows) > 0]

    @property
    def shares(self) -> np.ndarray:
        """[buckets that hold rows], the share of all weight in each."""
        weights = np.asarray(self.rows if self.weights is None else self.weights, dtype=float)[self.rows > 0]
        return weights / weights.sum() if weights.sum() else np.full(len(weights), 1 / max(len(weights), 1))


def bootstrap(buckets: Buckets, statistics: Mapping[str, Statistic], draw: Draw) -> dict[str, Measured]:
    """Of each statistic candidate's - champion's; all are computed on the same resamples."""
    table, shares = buckets.table, buckets.shares
    there, worth = min(buckets.units, len(table)), _effective(shares)
    sample = _Sample(table, shares, min(there, worth), draw, buckets.of)
    if sample.units < MIN_UNITS or not np.isfinite(table).all():
        few = buckets.of.few(there, worth) if sample.units < MIN_UNITS else "a sum is no number"
        return {name: _untold(sample, statistic, few) for name, statistic in statistics.items()}
    resampled = _resampled(table, draw)
    return {name: _measured(sample, statistic, resampled) for name, statistic in statistics.items()}


@dataclass(frozen=True)
class _Sample:
    table: np.ndarray
    shares: np.ndarray
    units: int
    draw: Draw
    of: Units

    @property
    def rows(self) -> int:
        """All rows."""
        return int(self.table[:, CHAMPION, 0].sum())

    @property
    def unevenness(self) -> float:
        """The weight of the heaviest bucket over that of an average one."""
        return float(self.shares.max() / self.shares.mean())


def _untold(sample: _Sample, statistic: Statistic, few: str) -> Measured:
    """Both values where they are numbers, and that nothing is known of the change but that."""
    champion, candidate = map(float, statistic.of(sample.table.sum(axis=0)))
    both = {"champion": champion, "candidate": candidate}
    facts = {**both, "units": sample.units} if math.isfinite(candidate - champion) else {"units": sample.units}
    return Measured(candidate - champion, sample.rows, METHOD, nothing_known, few, facts)


def _effective(shares: np.ndarray) -> int:
    """How many buckets of the same weight say as much: (sum w) ** 2 / sum(w ** 2), Kish (1965), Survey Sampling.

    Buckets of rows that all weigh the same are as uneven as chance makes them; that much is taken for even.
    """
    if not len(shares):
        return 0
    even = 1 / len(shares)
    return int(len(shares) / max(1.0, float((shares**2).sum()) / even / CHANCE))


def _resampled(table: np.ndarray, draw: Draw) -> np.ndarray:
    """[resamples, 2, 1 + m]: how often each bucket was drawn, times its sums."""
    buckets = len(table)
    rng = np.random.default_rng(draw.seed)
    drawn = rng.integers(0, buckets, size=(draw.resamples, buckets)) + np.arange(draw.resamples)[:, None] * buckets
    weights = np.bincount(drawn.ravel(), minlength=draw.resamples * buckets).reshape(draw.resamples, buckets)
    return (weights.astype(float) @ table.reshape(buckets, -1)).reshape(-1, *table.shape[1:])


def _measured(sample: _Sample, statistic: Statistic, resampled: np.ndarray) -> Measured:
    total = sample.table.sum(axis=0)
    both, changes, left_out = (
        statistic.of(total),
        *(_change(statistic, sums) for sums in (resampled, total - sample.table)),
    )
    change, spread = float(both[CANDIDATE] - both[CHAMPION]), _jackknife(left_out, sample.units)
    facts = _facts(sample, spread, both)
    if not (math.isfinite(change) and np.isfinite(changes).all() and np.isfinite(left_out).all()):
        return Measured(change, sample.rows, METHOD, nothing_known, "it is not defined on these rows", facts)
    if spread.is_trusted:
        bounds = _wider(spread.bounds(change), _percentiles(changes, sample.units))
        return Measured(change, sample.rows, METHOD, bounds, facts=facts)
    untrusted = Measured(change, sample.rows, METHOD, nothing_known, facts=facts, units=sample.of)
    return _untrusted(untrusted, spread, statistic)


def _change(statistic: Statistic, sums: np.ndarray) -> np.ndarray:
    return statistic.of(sums[:, CANDIDATE]) - statistic.of(sums[:, CHAMPION])


def _facts(sample: _Sample, spread: Spread, both: np.ndarray) -> dict[str, Any]:
    return {
        "champion": float(both[CHAMPION]),
        "candidate": float(both[CANDIDATE]),
        "se": spread.se,
        "seed": sample.draw.seed,
        "resamples": sample.draw.resamples,
        "buckets": len(sample.table),
        "units": sample.units,
        "unevenness": sample.unevenness,
    }


def _jackknife(left_out: np.ndarray, units: int) -> Spread:
    """From the values without each bucket: how far each of them pulls, how uneven that is, and t with units - 1."""
    buckets = len(left_out)
    pulls = (buckets - 1) * (left_out.mean() - left_out)
    sd = float(pulls.std())
    if not sd > 1e-9 * float(np.abs(left_out).max()) * buckets:
        return Spread(0.0, 0.0, units - 1)
    skew = float((pulls**3).mean()) / sd**3 / math.sqrt(buckets)
    return Spread(sd / math.sqrt(buckets - 1), skew, units - 1)


def _percentiles(changes: np.ndarray, units: int) -> Bounds:
    """The bootstrap's sd is too small by sqrt((n - 1) / n) and its tails are normal ones: both are made good."""
    ordered = np.sort(changes)

    def at(alpha: float) -> tuple[float, float]:
        beyond = float(stats.norm.sf(math.sqrt(units / (units - 1)) * stats.t.isf(alpha, units - 1)))
        if beyond * len(ordered) < FEWEST_BEYOND:
            return math.inf, -math.inf
        return float(np.quantile(ordered, beyond)), float(np.quantile(ordered, 1 - beyond))

    return at


def _wider(one: Bounds, other: Bounds) -> Bounds:
    def at(alpha: float) -> tuple[float, float]:
        (low, high), (lower, higher) = one(alpha), other(alpha)
        return min(low, lower), max(high, higher)

    return at


def _untrusted(measured: Measured, spread: Spread, statistic: Statistic) -> Measured:
    """Where both did the same in every bucket, the rule of three; where few buckets carry it all, no answer."""
    change, n, facts = measured.change, measured.n, measured.facts
    if spread.se:
        few = measured.units.hangs_on_few(n, spread.asked)
        return Measured(change, n, METHOD, nothing_known, few, facts)
    if not math.isfinite(statistic.reach):
        few = "both are the same in every bucket, and how far one row reaches is not known"
        return Measured(change, n, ALL_EQUAL, nothing_known, few, facts)

    def at(alpha: float) -> tuple[float, float]:
        half = min(1.0, most_unseen(facts["units"], alpha) * facts["unevenness"]) * statistic.reach
        return change - half, change + half

    return Measured(change, n, ALL_EQUAL, at, facts={**facts, "reach": statistic.reach})
