"""Columns that have a role, as arrays: the truth, the unit, the weight, and what rows are sliced by."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from model_promotion.core.errors import BadCall
from model_promotion.engines._columns import kind_of
from model_promotion.evidence.slicing import MOST_LEVELS
from model_promotion.evidence.tables import MOST_LABELS, Question, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NULL = "(null)"


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


def levels_of(batches: Iterable[pa.RecordBatch], columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The different values of each column, the most frequent first, then by name; at most MOST_LEVELS + 1.

    Of a column with more than MOST_LABELS different values, which nobody slices by, those that come later are not
    counted: memory stays bounded.
    """
    counted: dict[str, Counter[str]] = {name: Counter() for name in columns}
    for batch in batches:
        for name, found in counted.items():
            if len(found) <= MOST_LABELS:
                found.update(_tally(batch.column(name)))
    return {
        name: tuple(level for level, _ in sorted(found.items(), key=lambda one: (-one[1], one[0]))[: MOST_LEVELS + 1])
        for name, found in counted.items()
    }


def _tally(column: pa.Array) -> Counter[str]:
    """How often each value is there: each different one becomes a text once, however many rows hold it."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    found = Counter({NULL: column.null_count} if column.null_count else {})
    often = np.bincount(encoded.indices.drop_null().to_numpy(zero_copy_only=False), minlength=len(encoded.dictionary))
    for word, count in zip(words_of(encoded.dictionary), often.tolist(), strict=True):
        if count:
            found[word] += count
    return found


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
