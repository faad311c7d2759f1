"""Columns that have a role: one unit is one number, in whatever type it is written."""

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from model_promotion.core.errors import BadCall
from model_promotion.engines._roles import target_of, unit_of, words_of
from model_promotion.evidence.tables import Task


@pytest.mark.parametrize("type_", [pa.int64(), pa.uint64(), pa.decimal128(19, 0), pa.decimal128(21, 2)])
def test_consecutive_large_numbers_are_as_many_units(type_: pa.DataType) -> None:
    ids = pa.array([1_234_567_890_123_456_789 + number for number in range(5000)])
    assert len(np.unique(unit_of(ids.cast(pa.decimal128(21, 2)).cast(type_)))) == 5000


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (pa.array([-0.0, 0.0, float("nan"), None]), ["0", "0", "nan", "(null)"]),
        (pa.array([7.0, 1.5, -12.0, 1e18, 1e300, float("inf")]), ["7", "1.5", "-12", str(10**18), "1e+300", "inf"]),
        (pa.array([7, None, -12, 10**18]), ["7", "(null)", "-12", str(10**18)]),
        (pa.array([Decimal("7.00"), Decimal("1.50"), Decimal("100.00"), None]), ["7", "1.5", "100", "(null)"]),
        (pa.array([7, 8, 7]).dictionary_encode(), ["7", "8", "7"]),
        (pa.array(["007", "7.0", None]), ["007", "7.0", "(null)"]),
        (pa.array([True, None]), ["true", "(null)"]),
    ],
)
def test_a_value_is_one_word_in_every_type(column: pa.Array, words: list[str]) -> None:
    assert words_of(column).tolist() == words


@pytest.mark.parametrize(
    ("values", "task", "labels", "ends"),
    [
        ([0.0, 1.0, float("inf")], Task.BINARY, (0, 1), (0, 1)),
        ([0.5, 1.0, float("-inf"), float("nan")], Task.REGRESSION, (0.5, 1.0), (0.5, 1)),
    ],
)
def test_infinity_is_no_label_and_no_amount(values: list[float], task: Task, labels: Any, ends: Any) -> None:
    found = target_of([pa.array(values)], "y")
    assert (found.task, found.labels, (found.low, found.high)) == (task, labels, ends)


@pytest.mark.parametrize("kind", [pa.null(), pa.float64(), pa.string()])
def test_a_target_that_is_missing_in_every_row_is_told_as_that(kind: pa.DataType) -> None:
    with pytest.raises(BadCall, match="no row has a target"):
        _ = target_of([pa.nulls(9, kind)], "sold").task
