"""How far a metric can move if rows that were not seen are answered otherwise.

It is asked only where both models answer (nearly) alike, and then stands for "if every row changed": the weight of all
rows times the most that a unit of weight does to the metric, in the metric's unit. So it is the same in every unit of
the weights.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from model_promotion.evidence.metrics import LOG_LOSS_CLIP, f1_reach, share_reach
from model_promotion.evidence.tables import Task

if TYPE_CHECKING:
    from model_promotion.evidence.tables import PairTables, Question

SPAN = 2.0
"""Errors in multiples of `Question.span`: predictions are taken to stay within the range of the truth."""


def reach(name: str, tables: PairTables, question: Question) -> float:
    """The reach of one of the metrics; infinite where nothing bounds it."""
    if question.task is Task.REGRESSION:
        return _of_amounts(name, tables, SPAN * question.span)
    classes = len(question.classes)
    simple = {"accuracy": 1.0, "log_loss": -math.log(LOG_LOSS_CLIP), "brier": 1.0 if classes == 2 else 2.0}  # noqa: PLR2004
    if name in simple:
        return simple[name]
    if name == "roc_auc":
        return _weight(tables) / max(min(tables.total(f"is:{place}")[0] for place in (0, 1)), _row(tables))
    return _of_classes(name, tables, classes)


def _of_amounts(name: str, tables: PairTables, span: float) -> float:
    if name == "rmse":
        weight, squared = tables.total("weight")[0], tables.total("squared_error")[0]
        # sqrt(a + b) - sqrt(a) <= b / (2 sqrt(a))
        root = math.sqrt(squared / weight) if weight and math.isfinite(squared) else 0.0
        return span**2 / (2 * root) if root else math.inf
    return {"mae": span, "mse": span**2}.get(name, math.inf)


def _of_classes(name: str, tables: PairTables, classes: int) -> float:
    def counts(place: int) -> tuple[float, float, float]:
        return tuple(tables.total(f"{one}:{place}")[0] for one in ("hit", "said", "is"))  # type: ignore[return-value]

    row = _row(tables)
    if name == "f1_macro":
        each = sorted(f1_reach(hit, said - hit, here - hit, row) for hit, said, here in map(counts, range(classes)))
        return _weight(tables) * float(np.sum(each[-2:])) / classes
    hit, said, here = counts(1) if "hit:1" in tables.sums else (0.0, 0.0, 0.0)
    one = {
        "f1": f1_reach(hit, said - hit, here - hit, row),
        "precision": share_reach(said, row),
        "recall": share_reach(here, row),
    }
    return _weight(tables) * one[name] if name in one else math.inf


def _weight(tables: PairTables) -> float:
    """The weight of all rows; without weights, how many there are."""
    return tables.total("weight")[0]


def _row(tables: PairTables) -> float:
    """The weight of a row, on average."""
    return _weight(tables) / tables.rows if tables.rows else 1.0
