"""Rows at the edge of what a signature allows, each made from an example row by changing one column.

Loaded by path beside `child.py`, so it imports nothing of ours, and no syntax newer than Python 3.10.
"""
# ruff: noqa: ANN401 - as in child.py

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_COLUMNS = 200
NUMBERS = {"integer": np.int32, "long": np.int64, "float": np.float32, "double": np.float64}
LONG_TEXT = "long " * 2000
UNSEEN_TEXT = "never seen before"
LARGE = 1000
NUDGED = 4
VALUE_CASES = ("zero", "negative", "large", "limits", "empty_text", "long_text", "unseen")


@dataclass(frozen=True)
class Edge:
    """Rows to try: what they are called, the frame, and for each row which column holds what."""

    case: str
    frame: pd.DataFrame
    labels: list[str]


def edges(frame: pd.DataFrame, schema: Any) -> Iterator[Edge]:
    """Every kind of boundary row that this signature has columns for."""
    specs = [spec for spec in schema.inputs if spec.name in frame.columns][:MOST_COLUMNS]
    optional = [spec for spec in specs if not getattr(spec, "required", True)]
    for case in VALUE_CASES:
        changes = [(spec, value) for spec in specs for value in values_of(case, spec, frame[spec.name])]
        if changes:
            yield changed(case, frame, changes)
    if gaps := [(spec, gap_of(spec)) for spec in optional if kind(spec) in ("float", "double", "string", "datetime")]:
        yield changed("missing", frame, gaps)
    if optional and len(optional) < len(frame.columns):
        names = [spec.name for spec in optional]
        yield Edge("left_out", frame.drop(columns=names).head(1), [f"without {', '.join(names[:5])}"])


def kind(spec: Any) -> str:
    """The column's type by MLflow's name; empty for Array, Object and the like."""
    return str(getattr(spec.type, "name", ""))


def gap_of(spec: Any) -> Any:
    """What stands where a value is missing."""
    return {"string": None, "datetime": pd.NaT}.get(kind(spec), float("nan"))


def values_of(case: str, spec: Any, column: pd.Series) -> list[Any]:
    """The values of this case that are legal in such a column; none where the case has no meaning there."""
    if kind(spec) in NUMBERS:
        return numbers_of(case, NUMBERS[kind(spec)], column)
    if kind(spec) == "string":
        return {"empty_text": [""], "long_text": [LONG_TEXT], "unseen": [UNSEEN_TEXT]}.get(case, [])
    if kind(spec) == "datetime" and case == "limits":
        return [pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")]
    return []


def numbers_of(case: str, dtype: Any, column: pd.Series) -> list[Any]:
    """Numbers of that case, measured by the largest of the example, within the limits of the type."""
    limits = np.finfo(dtype) if np.issubdtype(dtype, np.floating) else np.iinfo(dtype)
    known = pd.to_numeric(column, errors="coerce").abs().max()
    biggest = max(1.0, float(known)) if np.isfinite(known) else 1.0
    cast = dtype if np.issubdtype(dtype, np.floating) else int
    fit = min(biggest, float(limits.max) / LARGE / 2)
    found: dict[str, list[Any]] = {
        "zero": [0],
        "negative": [-fit],
        "large": [LARGE * fit],
        "limits": [limits.min, limits.max],
    }
    return [cast(value) for value in found.get(case, [])]


def changed(case: str, frame: pd.DataFrame, changes: list[tuple[Any, Any]]) -> Edge:
    """One row for each change, and for missing values one with all of them; the rest is a complete example row."""
    whole = frame.dropna()
    base = (whole if len(whole) else frame).iloc[0]
    rows: list[dict[Any, Any]] = [{spec.name: value} for spec, value in changes]
    if case == "missing" and len(rows) > 1:
        rows.append({name: value for row in rows for name, value in row.items()})
    types: dict[Any, Any] = {spec.name: NUMBERS.get(kind(spec)) for spec, _ in changes}
    columns = {}
    for position, name in enumerate(frame.columns):
        cells = [row.get(name, base.iloc[position]) for row in rows]
        columns[name] = pd.Series(cells, dtype=types.get(name) or frame[name].dtype)
    return Edge(case, pd.DataFrame(columns), [label(row) for row in rows])


def differ(data: Any) -> bool:
    """Is there a row that is not like the first one?"""
    rows = (str(row.tolist()) for row in (data.to_numpy() if isinstance(data, pd.DataFrame) else data))
    first = next(rows, None)
    return any(row != first for row in rows)


def nudged(data: Any, kinds: str) -> Any:
    """A few rows like the first one, with other numbers of the same types in the columns of these kinds."""
    if isinstance(data, pd.DataFrame):
        first = data.head(1)
        rows = pd.concat([first] * NUDGED, ignore_index=True)
        for place, name in enumerate(data.columns):
            if data.dtypes.iloc[place].kind in kinds:
                rows[name] = nudged(data.iloc[:, place].to_numpy(), kinds).astype(data.dtypes.iloc[place])
        return rows
    step = np.maximum(np.abs(data[:1]), 1) / NUDGED if data.dtype.kind == "f" else np.ones_like(data[:1])
    changes = data.dtype.kind in kinds
    return np.concatenate([data[:1] + step * place * changes for place in range(NUDGED)]).astype(data.dtype)


# Whole numbers are often codes, of which the next may be none: they are changed where nothing else can be.
NUDGES = (
    (" of rows made from the example", lambda data: nudged(data, "f")),
    (" of rows made from the example", lambda data: nudged(data, "iu")),
)


def label(row: dict[Any, Any]) -> str:
    """What was changed in one row, in a few words."""
    said = [f"{name} = {shown(value)}" for name, value in list(row.items())[:3]]
    return ", ".join(said) + (f" and {len(row) - 3} more" if len(row) > len(said) else "")


def shown(value: Any) -> str:
    """One value in a few letters; no digits that a reader would count."""
    if isinstance(value, (float, np.floating)):
        return "NaN" if np.isnan(value) else f"{value:.6g}"
    if isinstance(value, str) and len(value) > len(UNSEEN_TEXT):
        return f"a text of {len(value)} letters"
    return "missing" if value is None or value is pd.NaT else repr(value)[:40] if isinstance(value, str) else str(value)
