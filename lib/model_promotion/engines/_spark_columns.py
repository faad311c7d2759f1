"""Single columns of a Spark frame: the truth, the levels that rows can be sliced by, a sample for edges."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from model_promotion.engines._columns import COUNTED, SAMPLE_ROWS
from model_promotion.engines._roles import target_of, words_of
from model_promotion.engines._spark_frames import collected, column, kinds_of
from model_promotion.evidence.tables import MOST_LABELS, MOST_LEVELS, Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SEED = 20261121
NO_LABELS = 4
"""Null, NaN and both infinities are different values, and no labels."""


def target_in(frame: Any, name: str) -> Target:  # noqa: ANN401 - pyspark is not typed here
    """What the column of the truth holds.

    Raises:
        BadCall: when it holds neither numbers, texts nor truth values.
    """
    value = column(name)
    truth = frame.select((value.cast("double") if kinds_of(frame)[name] == "number" else value).alias(name))
    labels = collected(truth.distinct().limit(MOST_LABELS + NO_LABELS + 1))
    # Of its kind the distinct values tell all, and of its range where there are few of them.
    found = target_of(labels.column(0).chunks or [labels.column(0).combine_chunks()], name)
    rows = truth.where(value.isNotNull()).count()
    few = labels.num_rows <= MOST_LABELS + NO_LABELS
    return replace(found, rows=rows) if few or not found.is_number else _range_of(truth, name, rows)


def _range_of(truth: Any, name: str, rows: int) -> Target:  # noqa: ANN401 - as above
    """A column of many different numbers."""
    from pyspark.sql import functions

    value = column(name)
    finite = truth.where(value.isNotNull() & ~functions.isnan(value) & (functions.abs(value) != float("inf")))
    broken = functions.sum(functions.when(value != functions.rint(value), 1).otherwise(0))
    low, high, fractions = finite.agg(functions.min(value), functions.max(value), broken).collect()[0]
    return Target(rows, (), is_number=True, whole=not fractions, low=float(low), high=float(high))


def levels_of(frame: Any, names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:  # noqa: ANN401 - as above
    """The values of each column by how often they are there, then by name; of many, one more than can be sliced by."""
    return {name: _levels(frame.select(column(name).alias("value"))) for name in names}


def _levels(values: Any) -> tuple[str, ...]:  # noqa: ANN401 - as above
    from pyspark.sql import functions

    counted = values.groupBy("value").agg(functions.count(functions.lit(1)).alias("rows"))
    most = collected(counted.orderBy(functions.desc("rows")).limit(MOST_LABELS))
    found: Counter[str] = Counter()
    for word, rows in zip(words_of(most.column(0).combine_chunks()), most.column(1).to_pylist(), strict=True):
        found[word] += rows  # 0.0 and -0.0 are one
    ordered = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    return tuple(word for word, _ in ordered[: MOST_LEVELS + 1])


def columns_sample(frame: Any, rows: int) -> pa.Table:  # noqa: ANN401 - as above
    """Some of so many rows, of the columns that are counted."""
    kinds = kinds_of(frame)
    wanted = frame.select(*(column(name) for name, kind in kinds.items() if kind in COUNTED))
    return collected(sample_of(wanted, rows, SAMPLE_ROWS))


def sample_of(frame: Any, rows: int, wanted: int) -> Any:  # noqa: ANN401 - as above
    """About so many rows from all over the data, the same ones each time; all of them where they are few."""
    if rows <= wanted:
        return frame
    return frame.sample(fraction=wanted / rows, seed=SEED)
