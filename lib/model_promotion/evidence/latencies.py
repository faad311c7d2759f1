"""What a load run says of each target: quantiles of latency, share of failures, each with its bounds.

The bounds of a quantile are two order statistics, whatever the distribution (David & Nagaraja, "Order Statistics",
2003, section 7.1); those of a share are Clopper's and Pearson's (1934). Both take requests to be independent. Those in
one pause of a server are not: the bounds then tell how sure this run is of itself, not what the next one will be.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from model_promotion.core.budget import Bounded, Kept, kept, worst
from model_promotion.core.load import Ending, LoadPolicy, LoadRun, Sample

ALPHA = 0.05
QUANTILES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
LATE_SHARE = 0.99
BINS_PER_DECADE = 10


@dataclass(frozen=True)
class Loaded:
    """One target under load: what was sent and what became of it, after the warm-up.

    Latencies are of the answers, and of what was not answered in time, which took at least that long. `failed_pct` is
    of everything else than answers. `histogram` has pairs of an upper edge in ms and how many were below it.
    """

    name: str
    sent: int
    endings: Mapping[Ending, int]
    sent_per_s: float
    answered_per_s: float
    quantiles: Mapping[str, Bounded]
    failed_pct: Bounded | None
    histogram: tuple[tuple[float, int], ...]

    def held_against(self, policy: LoadPolicy) -> dict[str, Kept]:
        """Each part of the budget, by its name in the policy."""
        held = {name: kept(self.quantiles.get(name), getattr(policy, name)) for name in ("p95_ms", "p99_ms")}
        return {**held, "max_error_pct": self._failures(policy.max_error_pct)}

    def _failures(self, most_pct: float) -> Kept:
        if most_pct > 0 or not self.sent:
            return kept(self.failed_pct, most_pct)
        # No bound of a share is ever 0: none at all means none that was seen.
        return Kept.YES if self.endings.get(Ending.ANSWERED) == self.sent else Kept.NO

    def kept(self, policy: LoadPolicy) -> Kept:
        """The whole budget."""
        return worst([*self.held_against(policy).values()])


def loaded(run: LoadRun) -> tuple[Loaded, ...]:
    """Every target of a run, in their order."""
    counted = [one for one in run.samples if one.due_s >= run.load.warm_up_s]
    places = range(len(run.load.targets))
    return tuple(_loaded(run, place, [one for one in counted if one.target == place]) for place in places)


def _loaded(run: LoadRun, place: int, samples: list[Sample]) -> Loaded:
    endings = Counter(one.ending for one in samples)
    answered = endings[Ending.ANSWERED]
    took = [one.took_s for one in samples if one.ending in (Ending.ANSWERED, Ending.TIMED_OUT)]
    took_ms = np.sort(np.array(took, dtype=float)) * 1000
    return Loaded(
        name=run.load.targets[place].name,
        sent=len(samples),
        endings=dict(endings),
        sent_per_s=len(samples) / run.load.test.duration_s,
        answered_per_s=answered / run.load.test.duration_s,
        quantiles={name: quantile(took_ms, share) for name, share in QUANTILES.items()} if len(took_ms) else {},
        failed_pct=share_pct(len(samples) - answered, len(samples)) if samples else None,
        histogram=histogram(took_ms),
    )


def late_ms(run: LoadRun) -> float:
    """By how much one request in a hundred left later than it was due, whatever the target; NaN when none was sent."""
    late = [one.late_s for one in run.samples if one.due_s >= run.load.warm_up_s]
    return float(np.quantile(late, LATE_SHARE)) * 1000 if late else math.nan


def quantile(ordered: np.ndarray, share: float, alpha: float = ALPHA) -> Bounded:
    """A quantile of values in ascending order, with two-sided bounds at alpha where there are enough of them.

    Of n values the one of rank l is above the quantile with the chance that a binomial of n and `share` is below l.
    """
    n = len(ordered)
    low, high = int(stats.binom.ppf(alpha / 2, n, share)), int(stats.binom.isf(alpha / 2, n, share)) + 1
    return Bounded(
        float(ordered[math.ceil(n * share) - 1]),
        float(ordered[low - 1]) if low >= 1 else None,
        float(ordered[high - 1]) if high <= n else None,
    )


def fewest(share: float, alpha: float = ALPHA) -> int:
    """How many values it takes for a quantile to have an upper bound."""
    return math.ceil(math.log(alpha / 2) / math.log(share))


def share_pct(found: int, n: int, alpha: float = ALPHA) -> Bounded:
    """A share in percent, with its exact two-sided bounds."""
    low = stats.beta.ppf(alpha / 2, found, n - found + 1) if found else 0.0
    high = stats.beta.isf(alpha / 2, found + 1, n - found) if found < n else 1.0
    return Bounded(100 * found / n, 100 * float(low), 100 * float(high))


def histogram(took_ms: np.ndarray) -> tuple[tuple[float, int], ...]:
    """How many were below each edge and not below the one before it; the edges grow by a tenth of a decade."""
    if not len(took_ms):
        return ()
    first, last = (math.floor(BINS_PER_DECADE * math.log10(max(value, 1e-3))) for value in (took_ms[0], took_ms[-1]))
    edges = 10 ** (np.arange(first, last + 2) / BINS_PER_DECADE)
    counts, _ = np.histogram(np.maximum(took_ms, edges[0]), np.append(edges[:-1], math.inf))
    return tuple((round(float(edge), 3), int(number)) for edge, number in zip(edges[1:], counts, strict=True))
