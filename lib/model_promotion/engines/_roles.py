"""Columns that have a role, as arrays: the truth, the unit, the weight, and what rows are sliced by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from model_promotion.core.dataset import Dataset
from model_promotion.core.errors import BadCall
from model_promotion.core.scores import Answers
from model_promotion.engines._columns import kind_of
from model_promotion.evidence.counting import Batch, score_edges
from model_promotion.evidence.tables import MOST_LABELS, MOST_LEVELS, Question, Target, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NULL = "(null)"
WHOLE_BELOW = 2.0**63
BATCH_ROWS = 100_000
EDGE_ROWS = 20_000
"""So many rows, from all over the data, say where the edges between scores are."""


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

    def with_edges(self, answers: Sequence[Answers]) -> Roles:
        """With edges between scores, as many in each bin, where there are none yet and the answers are scores."""
        shares = [one.probabilities for one in (answers[0], answers[-1])]
        if self.question.score_edges or self.question.task is not Task.BINARY or any(one is None for one in shares):
            return self
        found = (score_edges(shares[0]), score_edges(shares[1]))
        return replace(self, question=replace(self.question, score_edges=found))


def as_one(parts: Sequence[Answers]) -> Answers:
    """The answers to several batches."""
    columns = zip(*((one.codes, one.probabilities, one.numbers) for one in parts), strict=True)
    return Answers(*(None if one[0] is None else np.concatenate(one) for one in columns))


def target_of(columns: Iterable[pa.Array], name: str) -> Target:
    """What the column of the truth holds.

    Raises:
        BadCall: when it holds neither numbers, texts nor truth values.
    """
    seen: set[Any] = set()
    rows, is_number, whole, low, high = 0, False, True, np.inf, -np.inf
    for column in columns:
        if column.null_count == len(column):
            continue  # Where no file knows a value, the type may be that of nothing.
        kind = kind_of(column.type)
        if kind not in ("number", "text", "truth value"):
            hint = "classes are texts, whole numbers or truth values, amounts are numbers"
            raise BadCall(f"the target {name} holds {column.type}", hint=hint)
        values = pc.unique(column.drop_null())
        is_number = kind == "number"
        if is_number:
            values = values.cast(pa.float64(), safe=False)
            # Neither NaN nor infinity is a label or an amount.
            values = values.filter(pc.is_finite(values))
            numbers = values.to_numpy()
            whole = whole and bool((numbers == np.floor(numbers)).all())
            low, high = float(numbers.min(initial=low)), float(numbers.max(initial=high))
        rows += len(column) - column.null_count
        if len(seen) <= MOST_LABELS:
            seen.update(values.to_pylist())
    if is_number and whole:
        seen = {int(value) for value in seen}
    labels = tuple(sorted(seen)) if len(seen) <= MOST_LABELS else ()
    return Target(rows, labels, is_number, whole, low, high)


def truth_of(column: pa.Array, question: Question) -> Any:  # noqa: ANN401 - arrays
    """Labels as places of classes, -1 for none; amounts as numbers, NaN for none."""
    import pandas as pd  # while the models are being loaded

    if kind_of(column.type) == "number":
        numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return pd.Index(question.classes, dtype=float).get_indexer(pd.Index(numbers)) if question.classes else numbers
    return pd.Index(question.classes, dtype=object).get_indexer(pd.Index(column.to_pylist(), dtype=object))


def words_of(column: pa.Array) -> Any:  # noqa: ANN401 - arrays
    """Each value as a text, the same for the same value in whatever type and beside whatever else."""
    return np.asarray(_as_text(column).fill_null(NULL).to_pylist(), dtype=object)


def has_all(wanted: Sequence[str], there: Sequence[str], uri: str) -> None:
    """Whether these columns are there.

    Raises:
        BadCall: when one is not.
    """
    if lacking := [name for name in wanted if name not in there]:
        raise BadCall(f"{uri} has no column {lacking[0]}", hint="name another, or mend the data")


def texts_of(column: pa.Array) -> list[str | None]:
    """The same, and None for what is missing."""
    return _as_text(column).to_pylist()  # type: ignore[no-any-return]


def _as_text(column: pa.Array) -> pa.Array:
    """2, 2.0 and 2.00 are one number, and so are 0.0 and -0.0."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_decimal(column.type):
        bare = pc.replace_substring_regex(column.cast(pa.string()), r"(\.[0-9]*?)0+$", r"\1")
        return pc.replace_substring_regex(bare, r"\.$", "")
    if not pa.types.is_floating(column.type):
        # Whole numbers are never made floating ones: those beyond 2**53 would become equal.
        return column.cast(pa.string())
    numbers = pc.add(column.cast(pa.float64()), 0.0)
    is_whole = pc.and_(pc.equal(pc.floor(numbers), numbers), pc.less(pc.abs(numbers), WHOLE_BELOW))
    whole = pc.if_else(is_whole, numbers, 0.0).cast(pa.int64())
    return pc.if_else(is_whole, whole.cast(pa.string()), numbers.cast(pa.string()))


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
    import pandas as pd

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
