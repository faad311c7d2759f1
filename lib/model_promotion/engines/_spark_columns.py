"""Single columns of a Spark frame: the truth, the levels that rows can be sliced by, a sample for edges."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from model_promotion.engines._columns import COUNTED, SAMPLE_ROWS
from model_promotion.engines._roles import target_of, words_of
from model_promotion.engines._spark_frames import collected, column, kinds_of
from model_promotion.evidence.slicing import MOST_LEVELS
from model_promotion.evidence.tables import MOST_LABELS, Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SEED = 20261121


def target_in(frame: Any, name: str) -> Target:  # noqa: ANN401 - pyspark is not typed here
    """What the column of the truth holds.

    Raises:
        BadCall: when it holds neither numbers, texts nor truth values.
    """
    truth = frame.select(plain(name, kinds_of(frame)[name]))
    labels = collected(truth.distinct().limit(MOST_LABELS + 2))
    # Of its kind the distinct values tell all, and of its range where there are few of them.
    found = target_of(labels.column(0).chunks or [labels.column(0).combine_chunks()], name)
    rows = truth.where(column(name).isNotNull()).count()
    few = labels.num_rows <= MOST_LABELS + 1
    return replace(found, rows=rows) if few or not found.is_number else _range_of(truth, name, rows)


def _range_of(truth: Any, name: str, rows: int) -> Target:  # noqa: ANN401 - as above
    """A column of many different numbers."""
    from pyspark.sql import functions

    value = column(name)
    finite = truth.where(value.isNotNull() & ~functions.isnan(value) & (functions.abs(value) != float("inf")))
    broken = functions.sum(functions.when(value != functions.rint(value), 1).otherwise(0))
    low, high, fractions = finite.agg(functions.min(value), functions.max(value), broken).collect()[0]
    return Target(rows, (), is_number=True, whole=not fractions, low=float(low), high=float(high))


def plain(name: str, kind: str) -> Any:  # noqa: ANN401 - as above
    """Numbers of any width as double, everything else as it is."""
    return (column(name).cast("double") if kind == "number" else column(name)).alias(name)


def levels_of(frame: Any, names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:  # noqa: ANN401 - as above
    """The values of each column by how often they are there, then by name; of many, one more than can be sliced by."""
    return {name: _levels(frame, name) for name in names}


def _levels(frame: Any, name: str) -> tuple[str, ...]:  # noqa: ANN401 - as above
    from pyspark.sql import functions

    value = plain(name, kinds_of(frame)[name])
    counted = frame.select(value).groupBy(column(name)).agg(functions.count(functions.lit(1)).alias("rows"))
    most = collected(counted.orderBy(functions.desc("rows"), column(name).cast("string")).limit(MOST_LEVELS + 1))
    words = words_of(most.column(0).combine_chunks()).tolist()
    ordered = sorted(zip(words, most.column(1).to_pylist(), strict=True), key=lambda one: (-one[1], one[0]))
    return tuple(word for word, _ in ordered)


def sample_of(frame: Any, rows: int) -> pa.Table:  # noqa: ANN401 - as above
    """Rows from all over the data; all of them where they are few."""
    kinds = kinds_of(frame)
    wanted = frame.select(*(plain(name, kind) for name, kind in kinds.items() if kind in COUNTED))
    if rows > SAMPLE_ROWS:
        wanted = wanted.sample(fraction=min(1.0, 1.05 * SAMPLE_ROWS / rows), seed=SEED)
    return collected(wanted.limit(SAMPLE_ROWS))
