"""Worlds in which the true difference of two models is known exactly, for benchmarks/decisions.py.

Each world draws rows for a candidate that is `gain` better than the champion, and measures them as the tool does.
"""

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from model_promotion.core.gate import Measured
from model_promotion.core.metrics import Direction
from model_promotion.core.scores import Answers
from model_promotion.evidence import metrics
from model_promotion.evidence.buckets import Buckets, Draw, Statistic, bootstrap
from model_promotion.evidence.counting import Batch, count, score_edges
from model_promotion.evidence.delong import delong, delong_of_bins
from model_promotion.evidence.means import Powers, paired_mean
from model_promotion.evidence.proportions import Discordance, paired_proportions
from model_promotion.evidence.tables import Question, Task

HIGHER, LOWER = Direction.HIGHER, Direction.LOWER
RESAMPLES, BUCKETS = 500, 1000
KEPT = 0.7
"""The share of rows on which the candidate errs as the champion does."""


@dataclass(frozen=True)
class World:
    """`measure(gain, rng)` draws one sample in which the candidate is better by gain, and answers its measurement."""

    gate: str
    what: str
    n: int
    margin: float
    measure: Callable[[float, np.random.Generator], Measured]
    direction: Direction = HIGHER


# --- accuracy ---


@functools.cache
def _proportions(table: Discordance) -> Measured:
    measured = paired_proportions(table)
    return Measured(
        measured.change, measured.n, measured.method, functools.cache(measured.bounds), measured.too_few, measured.facts
    )


def accuracy(n: int, agree: float, margin: float) -> World:
    """Both models are right on 80 % of rows, and agree on so many."""

    def measure(gain: float, rng: np.random.Generator) -> Measured:
        discordant = max(1 - agree, abs(gain))
        ours, theirs = (discordant + gain) / 2, (discordant - gain) / 2
        counts = rng.multinomial(n, (ours, theirs, 0.8 - theirs, 0.2 - ours))
        return _proportions(Discordance(n, int(counts[2]), int(counts[1]), int(counts[0])))

    return World("accuracy: Tango", f"agree on {agree:.0%}", n, margin, measure)


# --- means of a per-row value ---

ERRORS: dict[str, tuple[Callable[[np.random.Generator, int], np.ndarray], float, float]] = {
    # How to draw an error, its mean absolute value, its mean square.
    "normal": (lambda rng, n: rng.normal(size=n), math.sqrt(2 / math.pi), 1.0),
    "t3": (lambda rng, n: rng.standard_t(3, size=n), 2 * math.sqrt(3) / math.pi, 3.0),
    "lognormal": (lambda rng, n: rng.lognormal(0, 1, size=n), math.exp(0.5), math.exp(2)),
}


def mean_error(n: int, errors: str, power: int) -> World:
    """MAE or MSE: the candidate's errors are the champion's, or on 30 % of rows new ones, times a factor."""
    drawn, *means = ERRORS[errors]
    usual = means[power - 1]

    def measure(gain: float, rng: np.random.Generator) -> Measured:
        factor = ((usual - gain) / usual) ** (1 / power)
        before = drawn(rng, n)
        after = np.where(rng.random(n) < KEPT, before, drawn(rng, n)) * factor
        return paired_mean(Powers.of(np.abs(after) ** power - np.abs(before) ** power))

    name = {1: "MAE", 2: "MSE"}[power]
    return World(f"{name}: paired t", f"errors {errors}", n, 0.05 * usual, measure, LOWER)


def rare_harm(n: int, share: float, reach: float) -> World:
    """Where the candidate is worse, it is so on few rows only, and by 1 there; reach is what the gate is told."""

    def measure(gain: float, rng: np.random.Generator) -> Measured:
        harmed = (rng.random(n) < share).astype(float) * (-gain / share)
        return paired_mean(Powers.of(harmed), reach)

    told = "reach known" if math.isfinite(reach) else "reach unknown"
    return World("MAE: paired t", f"harm on {share:.1%} of rows, {told}", n, share, measure, LOWER)


def brier(n: int, positives: float) -> World:
    """Two forecasters who are off by +-0.1, and by more or less."""

    def measure(gain: float, rng: np.random.Generator) -> Measured:
        middle = positives
        p = rng.uniform(middle - 0.1 * middle, middle + 0.1 * middle, n)
        labels = (rng.random(n) < p).astype(float)
        off, side = 0.5 * middle, rng.choice((-1.0, 1.0), n)
        other = np.where(rng.random(n) < KEPT, side, rng.choice((-1.0, 1.0), n))
        theirs = metrics.brier_rows(labels, p + off * side)
        ours = metrics.brier_rows(labels, p + math.sqrt(off**2 - gain) * other)
        return paired_mean(Powers.of(ours - theirs), 1.0)

    return World("Brier: paired t", f"{positives:.0%} positive", n, 0.2 * (0.5 * positives) ** 2, measure, LOWER)


# --- AUC ---


def auc(n: int, positives: float, area: float, binned: bool = False) -> World:  # noqa: FBT001, FBT002 - a variant
    """Normal scores with correlation 0.8 whose areas under the curve are known."""
    labels = (np.arange(n) < round(n * positives)).astype(int)
    margin = 0.2 * (1 - area)

    def measure(gain: float, rng: np.random.Generator) -> Measured:
        shared, *own = rng.normal(size=(3, n))
        champion, candidate = (
            labels * math.sqrt(2) * stats.norm.ppf(which) + math.sqrt(0.8) * shared + math.sqrt(0.2) * noise
            for which, noise in zip((area, area + gain), own, strict=True)
        )
        return _of_bins(labels, champion, candidate) if binned else delong(labels, champion, candidate)

    how = ", from bins of equal mass" if binned else ""
    return World("AUC: DeLong", f"AUC {area}, {positives:.0%} positive{how}", n, margin, measure)


def _of_bins(labels: np.ndarray, *scores: np.ndarray) -> Measured:
    """Counted as an engine does it, with edges from the rows themselves."""
    answers = [Answers(probabilities=special.expit(np.column_stack([-one, one]))) for one in scores]
    question = Question(
        Task.BINARY, (0, 1), score_edges=(score_edges(answers[0].probabilities), score_edges(answers[1].probabilities))
    )
    return delong_of_bins(count(Batch(labels, *answers, np.arange(len(labels), dtype=np.uint64)), question).joint)


def rare_auc(n: int, positives: float, share: float) -> World:
    """Both separate perfectly, but the worse one puts a share of the positives behind everything."""
    labels = (np.arange(n) < round(n * positives)).astype(int)

    def measure(gain: float, rng: np.random.Generator) -> Measured:
        perfect = labels * 10 + rng.random(n)
        worse = np.where((rng.random(n) < abs(gain)) & (labels == 1), -1.0, perfect)
        return delong(labels, *((perfect, worse) if gain < 0 else (worse, perfect)))

    return World("AUC: DeLong", f"perfect but for {share:.0%} of {positives:.0%} positives", n, share, measure)


def auc_of_units(units: int, rows: int = 25) -> World:
    """Rows of a unit share much of their noise; the AUC is a metric of sums, those of 2 x 32 score bins."""
    area, margin, n, bins = 0.85, 0.03, units * rows, 32

    def binned(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
        place = labels * bins + np.minimum((stats.norm.cdf(scores - 0.7) * bins).astype(int), bins - 1)
        flat = np.bincount(np.arange(n) // rows * 2 * bins + place, minlength=units * 2 * bins)
        return flat.reshape(units, 2 * bins).astype(float)

    def measure(gain: float, rng: np.random.Generator) -> Measured:
        labels = (rng.random(n) < 0.3).astype(int)  # noqa: PLR2004 - 30 % positive
        common, *own = (np.repeat(part, rows) for part in rng.normal(size=(3, units)))
        noises = (math.sqrt(0.4) * common + math.sqrt(0.2) * each + math.sqrt(0.4) * rng.normal(size=n) for each in own)
        sums = [
            binned(labels, labels * math.sqrt(2) * stats.norm.ppf(which) + noise)
            for which, noise in zip((area, area + gain), noises, strict=True)
        ]
        buckets = Buckets(np.full(units, rows), np.stack(sums, axis=1), units)
        return bootstrap(buckets, {"auc": AUC}, Draw(int(rng.integers(2**32)), RESAMPLES))["auc"]

    return World("AUC: buckets", f"AUC {area}, {units} units of {rows} rows", n, margin, measure)


# --- metrics of sums ---

AUC = Statistic(lambda sums: metrics.roc_auc(sums[..., 1:].reshape(*sums.shape[:-1], 2, -1)))

F1 = Statistic(lambda sums: metrics.f1(sums[..., 1], sums[..., 2], sums[..., 3]))
PRECISION = Statistic(lambda sums: metrics.precision(sums[..., 1], sums[..., 2]))
RECALL = Statistic(lambda sums: metrics.recall(sums[..., 1], sums[..., 3]))
RMSE = Statistic(lambda sums: metrics.rmse(sums[..., 1], sums[..., 0]))
R2 = Statistic(metrics.r2)


@dataclass(frozen=True)
class Calls:
    """How a binary world is made: the share of positives, and the champion's two error rates."""

    positives: float
    false_positives: float
    false_negatives: float

    def value(self, statistic: Statistic, factor: float = 1.0) -> float:
        """The metric in the limit of many rows, with so many times the errors."""
        missed, alarmed = (factor * rate for rate in (self.false_negatives, self.false_positives))
        tp, fn = self.positives * (1 - missed), self.positives * missed
        return float(statistic.of(np.array([1.0, tp, (1 - self.positives) * alarmed, fn])))

    def factor(self, statistic: Statistic, gain: float) -> float:
        """With how many times the errors the metric is better by gain."""
        wanted = self.value(statistic) + gain
        return float(optimize.brentq(lambda factor: self.value(statistic, factor) - wanted, 0, 3, xtol=1e-12))


def called(n: int, named: tuple[str, Statistic], calls: Calls, rows_per_unit: int = 1) -> World:
    """A metric of calls; with more than one row per unit, the rows of a unit share label and most of their luck."""
    name, statistic = named
    units = n // rows_per_unit
    margin = 0.1 * calls.value(statistic)

    def measure(gain: float, rng: np.random.Generator) -> Measured:
        labels = np.repeat(rng.random(units) < calls.positives, rows_per_unit)
        luck = _luck(rng, units, rows_per_unit)
        other = np.where(np.repeat(rng.random(units) < KEPT, rows_per_unit), luck, _luck(rng, units, rows_per_unit))
        factor = calls.factor(statistic, gain)
        sums = np.stack([_called(labels, luck, calls, 1.0), _called(labels, other, calls, factor)], axis=1)
        return _bootstrapped(sums, statistic, rng, rows_per_unit)

    which = f", {units} units of {rows_per_unit} rows" if rows_per_unit > 1 else ""
    return World(f"{name}: buckets", f"{calls.positives:.0%} positive{which}", n, margin, measure)


def _luck(rng: np.random.Generator, units: int, rows: int) -> np.ndarray:
    if rows == 1:
        return rng.random(units)
    shared = np.repeat(rng.normal(size=units), rows)
    return stats.norm.cdf(math.sqrt(0.8) * shared + math.sqrt(0.2) * rng.normal(size=units * rows))


def _called(labels: np.ndarray, luck: np.ndarray, calls: Calls, factor: float) -> np.ndarray:
    """Per row whether it is a true positive, a false positive, a false negative."""
    called_so = np.where(labels, luck >= factor * calls.false_negatives, luck < factor * calls.false_positives)
    return np.stack([labels & called_so, ~labels & called_so, labels & ~called_so], axis=1).astype(float)


def squared(n: int, named: tuple[str, Statistic], errors: str) -> World:
    """RMSE or R2, with labels of variance 4 times the mean squared error."""
    name, statistic = named
    drawn, _, usual = ERRORS[errors]
    of_error = {"RMSE": math.sqrt, "R2": lambda square: 1 - square / (4 * usual)}[name]
    back = {"RMSE": lambda value: value**2, "R2": lambda value: (1 - value) * 4 * usual}[name]
    direction = LOWER if name == "RMSE" else HIGHER
    sign = -1 if direction is LOWER else 1

    def measure(gain: float, rng: np.random.Generator) -> Measured:
        factor = math.sqrt(back(of_error(usual) + sign * gain) / usual)
        labels, before = rng.normal(size=n) * 2 * math.sqrt(usual), drawn(rng, n)
        after = np.where(rng.random(n) < KEPT, before, drawn(rng, n)) * factor
        if name == "RMSE":
            sums = np.stack([before**2, after**2], axis=1)[:, :, None]
        else:
            sums = np.stack([np.stack([labels, labels**2, error**2], axis=1) for error in (before, after)], axis=1)
        return _bootstrapped(sums, statistic, rng)

    return World(f"{name}: buckets", f"errors {errors}", n, 0.05 * abs(of_error(usual)), measure, direction)


def _bootstrapped(sums: np.ndarray, statistic: Statistic, rng: np.random.Generator, rows_per_unit: int = 1) -> Measured:
    units = len(sums) // rows_per_unit
    bucket = np.repeat(rng.integers(0, BUCKETS, units), rows_per_unit)
    flat = sums.reshape(len(sums), -1)
    added = np.stack([np.bincount(bucket, weights=column, minlength=BUCKETS) for column in flat.T], axis=1)
    buckets = Buckets(np.bincount(bucket, minlength=BUCKETS), added.reshape(BUCKETS, *sums.shape[1:]), units)
    return bootstrap(buckets, {"it": statistic}, Draw(int(rng.integers(2**32)), RESAMPLES))["it"]


# --- all of them ---


def worlds() -> Iterator[World]:
    """Every world of the full table."""
    for n in (100, 300, 1000, 10_000, 100_000):
        for agree in (0.80, 0.95, 0.99):
            yield accuracy(n, agree, 0.05 if n <= 300 else 0.01)  # noqa: PLR2004 - one of the sizes above
    for n in (100, 1000, 10_000, 100_000):
        yield from (mean_error(n, errors, 1) for errors in ERRORS)
    for n in (100, 1000, 10_000):
        yield from (mean_error(n, errors, 2) for errors in ERRORS)
    for n in (100, 1000, 10_000):
        yield from (rare_harm(n, share, reach) for share, reach in ((0.01, math.inf), (0.01, 1.0), (0.05, math.inf)))
        yield from (brier(n, positives) for positives in (0.5, 0.01))
    yield from _areas()
    yield from _of_sums()


def _areas() -> Iterator[World]:
    for n in (100, 1000, 10_000):
        yield from (auc(n, positives, area) for positives in (0.5, 0.1) for area in (0.85, 0.98))
    for n in (1000, 3000, 10_000, 100_000):
        yield auc(n, 0.01, 0.85)
    yield auc(10_000, 0.5, 0.85, binned=True)
    yield from (auc_of_units(units) for units in (50, 400))
    yield from (rare_auc(n, positives, share) for n, positives, share in ((300, 0.5, 0.02), (3000, 0.01, 0.1)))


def _of_sums() -> Iterator[World]:
    balanced, rare = Calls(0.3, 0.1, 0.2), Calls(0.01, 0.004, 0.3)
    named = {"F1": F1, "precision": PRECISION, "recall": RECALL}
    for n in (100, 1000, 10_000, 100_000):
        yield from (called(n, ("F1", F1), calls) for calls in (balanced, rare))
    yield from (called(n, one, balanced) for n in (300, 3000) for one in named.items() if one[0] != "F1")
    for units in (30, 50, 100, 400):
        yield called(25 * units, ("F1", F1), balanced, rows_per_unit=25)
    for n in (100, 1000, 10_000):
        yield from (squared(n, ("RMSE", RMSE), errors) for errors in ERRORS)
    yield from (squared(n, ("R2", R2), "normal") for n in (100, 1000, 10_000))
