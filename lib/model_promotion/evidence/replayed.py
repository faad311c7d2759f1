"""Rows of a Parquet file as a scoring server takes them."""

import base64
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from model_promotion.core.payloads import SPLIT


def replayed(path: Path, columns: Sequence[str]) -> dict[str, Any]:
    """These columns of every row as JSON; what has no JSON of its own is sent as MLflow reads it.

    Raises:
        ValueError: when there is no row.
    """
    table = pq.read_table(path, columns=list(columns))
    if not table.num_rows:
        raise ValueError("there is no row")
    held = [[_json(value) for value in table[name].to_pylist()] for name in columns]
    return {SPLIT: {"columns": list(columns), "data": [list(row) for row in zip(*held, strict=True)]}}


def _json(value: Any) -> Any:  # noqa: ANN401, PLR0911 - a value of Arrow's as JSON: one way out for each kind
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal():
            return float(value)
        case bytes():
            return base64.b64encode(value).decode()
        case list():
            return [_json(one) for one in value]
        case Mapping():
            return {name: _json(one) for name, one in value.items()}
        case _:
            return str(value)
