"""Rows of a file go out as JSON that a scoring server reads the same way."""

import base64
import datetime as dt
import decimal
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_promotion.core.payloads import one_by_one
from model_promotion.evidence.replayed import replayed


def test_every_kind_of_value_is_sent(tmp_path: Path) -> None:
    day = dt.datetime(2026, 11, 21, 8, 30, tzinfo=dt.UTC).replace(tzinfo=None)
    kinds = {
        "long": pa.array([1, None], pa.int64()),
        "double": pa.array([0.5, float("nan")]),
        "text": pa.array(["a", "é"]).dictionary_encode(),
        "flag": pa.array([True, False]),
        "when": pa.array([day, None], pa.timestamp("us")),
        "price": pa.array([decimal.Decimal("1.50"), None]),
        "bytes": pa.array([b"\x00\xff", None]),
        "list": pa.array([[1.0, float("inf")], []]),
        "struct": pa.array([{"a": 1}, None]),
        "target": pa.array([0, 1]),
    }
    pq.write_table(pa.table(kinds), tmp_path / "rows.parquet")
    columns = [name for name in kinds if name != "target"]
    sent = replayed(tmp_path / "rows.parquet", columns)
    code = base64.b64encode(b"\x00\xff").decode()
    first = [1, 0.5, "a", True, "2026-11-21T08:30:00", 1.5, code, [1.0, None], {"a": 1}]
    assert sent == {
        "dataframe_split": {"columns": columns, "data": [first, [None, None, "é", False, None, None, None, [], None]]}
    }
    assert "NaN" not in json.dumps(sent)
    assert [one.rows for one in one_by_one(sent)] == [1, 1]


def test_no_rows_are_no_data(tmp_path: Path) -> None:
    pq.write_table(pa.table({"age": pa.array([], pa.int64())}), tmp_path / "rows.parquet")
    with pytest.raises(ValueError, match="no row"):
        replayed(tmp_path / "rows.parquet", ["age"])
