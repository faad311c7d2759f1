"""The watch as it is coded, over 600 looks and many runs at once: its false alarms, and how soon it sees harm.

Its measures are those of one endpoint, of labels and of data beside it, with the limits of the defaults, and each has
the part of alpha that `Sureness.shared` gives it. Part of benchmarks/health.py.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.simulated import LOOKS, Row, generator
from model_promotion.core.watch_rules import DEFAULTS, ERROR_RATE, P95_MS, Limits, Severity, WatchPolicy
from model_promotion.evidence import drift as drifts
from model_promotion.evidence.folding import Column
from model_promotion.evidence.health import rates
from model_promotion.evidence.health.error_rates import DOUBT
from model_promotion.evidence.health.in_service import Sureness
from model_promotion.evidence.health.watching import SLOW
from model_promotion.evidence.health.wealth import bet, total
from model_promotion.flows.watches.data import MOST_TESTS

POLICY = WatchPolicy()
SURE = Sureness.shared(POLICY, LOOKS, 1)
PROBES, CALLS, LABELS = int(POLICY.look_s * POLICY.probes_per_s), 200, 50
WRONG = 0.1
REFERENCE, CURRENT, COLUMNS = 5000, 1000, 3
Draws = Callable[[int], np.ndarray]


@dataclass(frozen=True)
class Crossed:
    """Of each run the look at which a limit surely is crossed, and that at which two looks say so; infinite for never.

    `doubtful` is whether it is doubted at the end.
    """

    surely: np.ndarray
    twice: np.ndarray
    doubtful: np.ndarray


@dataclass(frozen=True)
class Halved:
    """A share held against a limit, as `watching.Halves` does it: how many answers a look brings, how many runs."""

    limit: float
    n: int
    runs: int
    planned: int = LOOKS

    def crossed(self, bad: Draws, alpha: float, looks: int = LOOKS) -> Crossed:
        """What each run comes to."""
        logs: list[np.ndarray | None] = [None, None]
        known, half = np.zeros((2, self.runs)), math.ceil(self.planned / 2)
        surely, twice = (np.full(self.runs, math.inf) for _ in range(2))
        for look in range(looks):
            turn, before = look % 2, look // 2
            grown = bet(logs[turn], rates.factors(bad(look), np.full(self.runs, self.n), self.limit), (before, half))
            logs[turn], known[turn] = grown, total(grown, before + 1, half)
            surely[(known.sum(axis=0) >= -math.log(alpha)) & np.isinf(surely)] = look + 1
            twice[(known.min(axis=0) >= -math.log(alpha) / 2) & np.isinf(twice)] = look + 1
        return Crossed(surely, twice, known.sum(axis=0) >= math.log(DOUBT))


@dataclass(frozen=True)
class Measured:
    """A measure of the watch: its limits, the share that each is held against, and how a share comes to be drawn.

    Labels of one look count as two, so they are drawn twice as often.
    """

    limits: Limits
    held: Callable[[float], float]
    n: int
    per_look: int = 1

    def acts(self, drawn: Callable[[float], Draws], runs: int) -> tuple[Mapping[Severity, np.ndarray], np.ndarray]:
        """By severity the look from which on each run is that grave, and whether the mildest limit is doubted."""
        found, looks = dict[Severity, np.ndarray](), LOOKS * self.per_look
        doubtful = np.zeros(runs, dtype=bool)
        for severity, limit in self.limits.gravest_first.items():
            halved = Halved(self.held(limit), self.n // self.per_look, runs, looks)
            crossed = halved.crossed(drawn(limit), SURE.alpha, looks)
            look = crossed.twice if severity is Severity.ROLLBACK else crossed.surely
            found[severity], doubtful = np.ceil(look / self.per_look), doubtful | crossed.doubtful
        return found, doubtful


MEASURES: Mapping[str, Measured] = {
    "error rate of own requests": Measured(DEFAULTS[ERROR_RATE], lambda limit: limit, PROBES),
    "p95 of own requests": Measured(DEFAULTS[P95_MS], lambda _limit: SLOW, PROBES),
    "error rate in service": Measured(DEFAULTS[ERROR_RATE], lambda limit: limit, CALLS),
    "accuracy, 90 % before": Measured(POLICY.accuracy_drop, lambda limit: WRONG + limit, LABELS, 2),
}


def false_alarms(runs: int) -> Iterator[Row]:
    """Each measure at its mildest limit, at that of the rollback, and all together; then a version that is well."""
    any_of, back_of = np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)
    for name, measured in MEASURES.items():
        seen = _watched(name, measured, (measured.held(_mildest(measured)), _mildest(measured)), runs)
        any_of |= seen.alarmed
        yield seen.row
        gravest = measured.limits.gravest_first[Severity.ROLLBACK]
        seen = _watched(f"{name}: the rollback", measured, (measured.held(gravest), gravest), runs)
        back_of |= seen.back
        title, _, back, _, naive = seen.row.cells  # That it alerts or doubts is right there.
        yield Row((title, "", back, "", naive), float(seen.back.mean()), runs, SURE.alpha)
    drifted = np.resize(_drift(max(1, runs // 10)), runs)  # Its tests take their time, so each run counts ten times.
    name = f"drift of {COLUMNS} columns ({runs // 10} runs)"
    yield Row((name, f"{drifted.mean():.4f}", "", "", ""), drifted.mean(), runs // 10, SURE.alpha)
    yield _together("**all of it at its limits**", any_of | drifted, back_of)
    well = [_watched(name, one, (WELL[name], _mildest(one)), runs) for name, one in MEASURES.items()]
    alarmed, back, doubtful = (
        np.logical_or.reduce([getattr(one, side) for one in well]) for side in ("alarmed", "back", "doubtful")
    )
    yield _together("**all of it as well as the version before**", alarmed | drifted, back, f"{doubtful.mean():.4f}")


def _mildest(measured: Measured) -> float:
    return min(measured.limits.gravest_first.values())


WELL = {
    "error rate of own requests": 0.01,
    "p95 of own requests": 0.03,
    "error rate in service": 0.01,
    "accuracy, 90 % before": WRONG,
}
"""Shares of a version that is as good as the one before it."""


@dataclass(frozen=True)
class _Watch:
    """What became of one measure in each run, and the line that tells it."""

    row: Row
    alarmed: np.ndarray
    back: np.ndarray
    doubtful: np.ndarray


def _watched(name: str, measured: Measured, at: tuple[float, float], runs: int) -> _Watch:
    share, mildest = at
    looks, n = LOOKS * measured.per_look, measured.n // measured.per_look
    drawn = generator(f"{name} {share}").binomial(n, share, (looks, runs))
    # Slower than 500 ms is at most what is slower than 200 ms: the worst case is that it is all of it.
    found, doubtful = measured.acts(lambda _limit: drawn.__getitem__, runs)
    alarmed = np.logical_or.reduce([np.isfinite(one) for one in found.values()])
    back = np.isfinite(found[Severity.ROLLBACK])
    seen = n * np.arange(1, looks + 1)[:, None]
    naive = (drawn.cumsum(axis=0) > measured.held(mildest) * seen)[math.ceil(POLICY.least / n) :].any(axis=0)
    cells = (name, f"{alarmed.mean():.4f}", f"{back.mean():.4f}", f"{doubtful.mean():.4f}", f"{naive.mean():.3f}")
    return _Watch(Row(cells, alarmed.mean(), runs, SURE.alpha), alarmed, back, doubtful)


def _together(name: str, alarmed: np.ndarray, back: np.ndarray, doubtful: str = "") -> Row:
    cells = (name, f"**{alarmed.mean():.4f}**", f"**{back.mean():.4f}**", doubtful, "")
    return Row(cells, float(alarmed.mean()), alarmed.size, POLICY.alpha)


def _drift(runs: int) -> np.ndarray:
    """Whether any of the tests that a watch makes, each on rows of its own, calls it drift."""
    rng, policy = generator("drift"), drifts.DriftPolicy(alpha=SURE.alpha / MOST_TESTS)
    shares = np.append(np.full(30, 1 / 30), 0.0)
    before = [rng.multinomial(REFERENCE, shares) for _ in range(COLUMNS)]
    found = np.zeros(runs, dtype=bool)
    for run in range(runs):
        for test in range(MOST_TESTS):
            now = (rng.multinomial(CURRENT, shares) for _ in before)
            columns = {
                f"c{at}": Column(then, one, ORDER) for at, (then, one) in enumerate(zip(before, now, strict=True))
            }
            found[run] |= bool(drifts.drift(columns, replace(policy, seed=run * MOST_TESTS + test)).drifted)
    return found


ORDER = np.arange(30.0) - 14.5


def until_acted(runs: int) -> Iterator[Row]:
    """Looks until an alert (2 %) and a rollback (5 %) for errors of own requests, from the first look, and late."""
    limits = DEFAULTS[ERROR_RATE].gravest_first
    for share in (0.03, 0.05, 0.07, 0.1, 0.2, 1.0):
        cells = [f"{share:.0%}"]
        for change in (0, LOOKS // 2):
            rng = generator(f"{share} {change}")
            drawn = rng.binomial(PROBES, np.where(np.arange(LOOKS) < change, 0.005, share), (runs, LOOKS)).T
            for severity in (Severity.CRITICAL, Severity.ROLLBACK):
                crossed = Halved(limits[severity], PROBES, runs).crossed(drawn.__getitem__, SURE.alpha)
                look = crossed.twice if severity is Severity.ROLLBACK else crossed.surely
                cells.append(_looks(look - change))
        yield Row(tuple(cells))


def _looks(found: np.ndarray) -> str:
    told = (float(np.quantile(found, share, method="higher")) for share in (0.5, 0.9))
    return " / ".join(f"{one:,.0f}" if math.isfinite(one) else "never" for one in told)


TABLES: dict[str, tuple[tuple[str, ...], Callable[[int], Iterator[Row]]]] = {
    "False alarms of a watch of 600 looks": (
        ("", "warned, alerted or rolled back", "rolled back", "in doubt at the end", "a point value beyond it"),
        false_alarms,
    ),
    "Looks of 300 own requests until errors are acted upon (half / 90 %)": (
        ("errors", "alert", "rollback", "alert, well until look 300", "rollback, well until look 300"),
        until_acted,
    ),
}
