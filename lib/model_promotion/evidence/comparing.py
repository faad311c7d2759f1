"""From tables to what they say about each metric: candidate - champion, and how sure that is.

Closed forms where every row is a unit of its own and counts as one; else, and for what is no mean, the buckets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from model_promotion.core.gate import Measured
from model_promotion.evidence import metrics
from model_promotion.evidence.buckets import Buckets, Draw, Statistic, bootstrap
from model_promotion.evidence.delong import delong_of_bins
from model_promotion.evidence.means import Powers, paired_mean
from model_promotion.evidence.proportions import Discordance, paired_proportions
from model_promotion.evidence.reach import reach
from model_promotion.evidence.tables import SCORE_BINS, PairTables, Question, Task

USUAL = {
    Task.BINARY: ("accuracy", "f1", "roc_auc"),
    Task.MULTICLASS: ("accuracy", "f1_macro", "log_loss"),
    Task.REGRESSION: ("mae", "rmse"),
}
"""What is judged where nobody says what; those that need probabilities only where there are some."""
MEANS = {
    "accuracy": "right",
    "log_loss": "log_loss",
    "brier": "brier",
    "mae": "absolute_error",
    "mse": "squared_error",
}
"""Metrics that are the mean of a per-row value, which is added up under that name."""
NEEDS_PROBABILITIES = frozenset({"log_loss", "brier", "roc_auc"})
OF_TASK = {
    Task.BINARY: ("accuracy", "f1", "precision", "recall", "f1_macro", "roc_auc", "log_loss", "brier"),
    Task.MULTICLASS: ("accuracy", "f1_macro", "log_loss", "brier"),
    Task.REGRESSION: ("mae", "mse", "rmse", "r2"),
}


@dataclass(frozen=True)
class Compared:
    """The tables and what they were counted for; `draw` seeds the resampling."""

    tables: PairTables
    question: Question
    draw: Draw

    def measured(self, names: Iterable[str]) -> dict[str, Measured]:
        """Each metric's change. One that these tables cannot tell is left out.

        Args:
            names: of OF_TASK, or of the team's own losses.
        """
        wanted = [name for name in names if self._tells(name)]
        closed = {name: self._closed(name) for name in wanted} if self.question.is_plain else {}
        found = {name: one for name, one in closed.items() if one is not None}
        left = {name: self._statistic(name) for name in wanted if name not in found and name != "roc_auc"}
        found |= bootstrap(self._buckets, left, self.draw) if left else {}
        if "roc_auc" in wanted and "roc_auc" not in found:
            found |= bootstrap(self._score_buckets, {"roc_auc": self._statistic("roc_auc")}, self.draw)
        return {name: self._told(name, found[name]) for name in wanted}

    def _tells(self, name: str) -> bool:
        if name == "roc_auc":
            return self.tables.joint is not None or self.tables.bucket_scores is not None
        if name in OF_TASK[self.question.task]:
            return all(one in self.tables.sums for one in self._parts(name))
        return name in (self.question.losses or {})

    def _parts(self, name: str) -> tuple[str, ...]:
        if name in MEANS:
            return (MEANS[name],)
        if self.question.classes:
            return ("hit:1", "said:1", "is:1")
        return ("squared_error", "truth", "truth_squared")

    def _closed(self, name: str) -> Measured | None:
        if name == "accuracy":
            return paired_proportions(discordance(self.tables.cells))
        if name == "roc_auc":
            return delong_of_bins(self.tables.joint)
        summed = MEANS.get(name, name)
        if name not in MEANS and name not in (self.question.losses or {}):
            return None
        row = self.tables.powers[self.tables.sums.index(summed)]
        powers = Powers(self.tables.rows, *map(float, row))
        return paired_mean(powers, reach(name, self.tables, self.question))

    @property
    def _buckets(self) -> Buckets:
        return self._of(self.tables.bucket_sums)

    def _of(self, sums: np.ndarray) -> Buckets:
        rows = self.tables.rows
        return Buckets(self.tables.bucket_rows, sums, rows, self._weights, self.question.units)

    @property
    def _weights(self) -> np.ndarray:
        weights: np.ndarray = self.tables.bucket_sums[:, 0, self.tables.sums.index("weight")]
        return weights

    @property
    def _score_buckets(self) -> Buckets:
        scores = self.tables.bucket_scores
        return self._of(scores.reshape(len(scores), 2, -1))

    def _statistic(self, name: str) -> Statistic:
        """The metric as a function of the sums, of which column 0 is the rows."""
        far = reach(name, self.tables, self.question)
        if name == "roc_auc":
            return Statistic(_roc_auc, far)
        at = {one: 1 + place for place, one in enumerate(self.tables.sums)}
        classes = range(len(self.question.classes))
        if name in STATISTICS:
            return Statistic(partial(STATISTICS[name], at=at, classes=classes), far)
        place = at[MEANS.get(name, name)]
        return Statistic(lambda sums: metrics.mean(sums[..., place], sums[..., at["weight"]]), far)

    def _told(self, name: str, measured: Measured) -> Measured:
        """With both values, and with all rows as what it rests on, of which the buckets are only a form."""
        summed = MEANS.get(name, name)
        both: dict[str, float] = {}
        if "champion" not in measured.facts and summed in self.tables.sums:
            weight, (champion, candidate) = self.tables.total("weight")[0], self.tables.total(summed)
            both = {"champion": champion / weight, "candidate": candidate / weight} if weight else {}
        return replace(measured, n=self.tables.rows, facts={**both, **measured.facts}, units=self.question.units)


def discordance(cells: np.ndarray) -> Discordance:
    """How many rows both, or only one of the two, had right; from cells[truth, champion, candidate] or [2, 2]."""
    if cells.ndim == 2:  # noqa: PLR2004 - by right and wrong
        return Discordance(int(cells.sum()), int(cells[1, 1]), int(cells[1, 0]), int(cells[0, 1]))
    own = np.arange(len(cells))
    both = int(cells[own, own, own].sum())
    champion, candidate = int(cells[own, own].sum()), int(cells[own, :, own].sum())
    return Discordance(int(cells.sum()), both, champion - both, candidate - both)


Of = Callable[..., np.ndarray]


def _counts(sums: np.ndarray, at: Mapping[str, int], place: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True positives, false positives and false negatives of one class."""
    hit, said, here = (sums[..., at[f"{name}:{place}"]] for name in ("hit", "said", "is"))
    return hit, said - hit, here - hit


def _f1(sums: np.ndarray, at: Mapping[str, int], **_: object) -> np.ndarray:
    return metrics.f1(*_counts(sums, at, 1))


def _precision(sums: np.ndarray, at: Mapping[str, int], **_: object) -> np.ndarray:
    hit, wrong, _missed = _counts(sums, at, 1)
    return metrics.precision(hit, wrong)


def _recall(sums: np.ndarray, at: Mapping[str, int], **_: object) -> np.ndarray:
    hit, _wrong, missed = _counts(sums, at, 1)
    return metrics.recall(hit, missed)


def _f1_macro(sums: np.ndarray, at: Mapping[str, int], classes: range, **_: object) -> np.ndarray:
    each = [_counts(sums, at, place) for place in classes]
    return metrics.macro_f1(*(np.stack(one, axis=-1) for one in zip(*each, strict=True)))


def _rmse(sums: np.ndarray, at: Mapping[str, int], **_: object) -> np.ndarray:
    return metrics.rmse(sums[..., at["squared_error"]], sums[..., at["weight"]])


def _r2(sums: np.ndarray, at: Mapping[str, int], **_: object) -> np.ndarray:
    return metrics.r2(sums[..., [at[name] for name in ("weight", "truth", "truth_squared", "squared_error")]])


def _roc_auc(sums: np.ndarray) -> np.ndarray:
    return metrics.roc_auc(sums[..., 1:].reshape(*sums.shape[:-1], 2, SCORE_BINS))


STATISTICS: Mapping[str, Of] = {
    "f1": _f1,
    "precision": _precision,
    "recall": _recall,
    "f1_macro": _f1_macro,
    "rmse": _rmse,
    "r2": _r2,
}
