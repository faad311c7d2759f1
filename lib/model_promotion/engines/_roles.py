"""Columns that have a role, as arrays: the truth, the unit, the weight, and what rows are sliced by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from model_promotion.core.dataset import Dataset
from model_promotion.core.errors import BadCall
from model_promotion.engines._columns import kind_of
from model_promotion.evidence.counting import Batch, score_edges
from model_promotion.evidence.tables import MOST_LABELS, Question, Target, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from model_promotion.core.scores import Answers

NULL = "(null)"
BATCH_ROWS = 100_000


@dataclass(frozen=True)
class Roles:
    """What the columns of some data mean for a question."""

    dataset: Dataset
    question: Question

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that are needed beside the features."""
        return tuple(dict.fromkeys((*self.dataset.roles, *self.question.slices)))

    @property
    def unit(self) -> str:
        """The column that names the unit of a row, if there is one."""
        return self.dataset.group or self.dataset.id

    @property
    def batch_rows(self) -> int:
        """So many rows at once that the answers to them, which are one number a class, stay small."""
        return max(1000, BATCH_ROWS // max(1, len(self.question.classes) // 10))

    def batch(self, rows: pa.RecordBatch, answers: Sequence[Answers], units: Any) -> Batch:  # noqa: ANN401 - an array
        """Rows with what champion and candidate answered to them, and units for rows that name none."""
        dataset = self.dataset
        return Batch(
            truth=truth_of(rows.column(dataset.target), self.question),
            champion=answers[0],
            candidate=answers[-1],
            units=unit_of(rows.column(self.unit)) if self.unit else units,
            weights=weight_of(rows.column(dataset.weight), dataset.weight) if dataset.weight else None,
            levels={name: words_of(rows.column(name)) for name in self.question.slices},
        )

    def edges(self, batch: Batch) -> tuple[Any, Any] | None:
        """Edges between scores that are as many in each bin, where the question names none and there are scores."""
        shares = [one.probabilities for one in (batch.champion, batch.candidate)]
        if self.question.score_edges or self.question.task is not Task.BINARY or any(one is None for one in shares):
            return self.question.score_edges
        return score_edges(shares[0]), score_edges(shares[1])


def target_of(columns: Iterable[pa.Array], name: str) -> Target:
    """What the column of the truth holds.

    Raises:
        BadCall: when it holds neither numbers, texts nor truth values.
    """
    seen: set[Any] = set()
    rows, is_number, whole, low, high = 0, False, True, np.inf, -np.inf
    for column in columns:
        kind = kind_of(column.type)
        if kind not in ("number", "text", "truth value"):
            hint = "classes are texts, whole numbers or truth values, amounts are numbers"
            raise BadCall(f"the target {name} holds {column.type}", hint=hint)
        values = pc.unique(column.drop_null())
        is_number = kind == "number"
        if is_number:
            values = values.cast(pa.float64(), safe=False)
            numbers = values.to_numpy()[np.isfinite(values.to_numpy())]
            whole = whole and bool((numbers == np.floor(numbers)).all())
            low, high = float(numbers.min(initial=low)), float(numbers.max(initial=high))
        rows += len(column) - column.null_count
        if len(seen) <= MOST_LABELS:
            seen.update(value for value in values.to_pylist() if value == value)  # noqa: PLR0124 - NaN is none
    if is_number and whole:
        seen = {int(value) for value in seen}
    labels = tuple(sorted(seen)) if len(seen) <= MOST_LABELS else ()
    return Target(rows, labels, is_number, whole, low, high)


def truth_of(column: pa.Array, question: Question) -> Any:  # noqa: ANN401 - arrays
    """Labels as places of classes, -1 for none; amounts as numbers, NaN for none."""
    if kind_of(column.type) == "number":
        numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return pd.Index(question.classes, dtype=float).get_indexer(pd.Index(numbers)) if question.classes else numbers
    return pd.Index(question.classes, dtype=object).get_indexer(pd.Index(column.to_pylist(), dtype=object))


def words_of(column: pa.Array) -> Any:  # noqa: ANN401 - arrays
    """Each value as a text, in the same form whatever else is in the column."""
    if kind_of(column.type) == "number":
        column = column.cast(pa.float64(), safe=False)
    return np.asarray(column.cast(pa.string()).fill_null(NULL).to_pylist(), dtype=object)


def unit_of(column: pa.Array) -> Any:  # noqa: ANN401 - arrays
    """A number for each unit, the same for the same value in every batch, file and type."""
    return pd.util.hash_array(words_of(column))


def weight_of(column: pa.Array, name: str) -> Any:  # noqa: ANN401 - arrays
    """How much each row counts.

    Raises:
        BadCall: when one is negative, infinite, missing or no number.
    """
    weights = np.full(len(column), np.nan)
    if kind_of(column.type) == "number":
        weights = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    if not (np.isfinite(weights) & (weights >= 0)).all():
        hint = "mend them, or leave --weight out"
        raise BadCall(f"the weights in {name} must be finite numbers of at least 0", hint=hint)
    return weights
