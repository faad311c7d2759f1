"""What a model answered, compared: with another answer to the same rows, and with what the policy expects of it.

Loaded by path beside `child.py`, whose words it shares, so it imports nothing of ours.
"""
# ruff: noqa: ANN401 - as in child.py

from __future__ import annotations

import sys
from typing import Any

import numpy as np

child: Any = sys.modules["child"]  # loaded by whoever loads this
Told = tuple[str, str]
PASSED: Told = ("passed", "")


def columns_of(table: Any) -> dict[str, Any]:
    """A table's columns as arrays."""
    return {name: np.asarray(values) for name, values in table.columns.items()}


def agreeing(one: Any, two: Any, tolerance: float) -> Any:
    """For each row whether both say the same; numbers may differ by the tolerance, relative to the second."""
    if one.dtype.kind in "iufcb" and two.dtype.kind in "iufcb" and one.shape == two.shape:
        close = np.isclose(one, two, rtol=tolerance, atol=1e-8, equal_nan=True)
        return close.reshape(len(one), -1).all(axis=1)
    return np.array([child.alike(a, b) for a, b in zip(one, two)], dtype=bool)  # noqa: B905 - lengths are compared


def difference(one: dict[str, Any], two: dict[str, Any], tolerance: float) -> str:
    """Where two answers differ first, and in how many rows; empty when they do not."""
    if one.keys() != two.keys():
        return f"columns {', '.join(one) or 'without a name'} became {', '.join(two) or 'without a name'}"
    for name, was in one.items():
        is_ = two[name]
        if len(was) != len(is_):
            return f"{len(was)} answers became {len(is_)}"
        bad = np.flatnonzero(~agreeing(was, is_, tolerance))
        if len(bad):
            where = f"row {bad[0] + 1}" + (f", column '{name}'" if name else "")
            more = f" (and {len(bad) - 1} more rows)" if len(bad) > 1 else ""
            return f"{where}: {brief(was[bad[0]])} became {brief(is_[bad[0]])}{more}"
    return ""


def brief(value: Any) -> str:
    """One answer in a few letters."""
    if isinstance(value, np.ndarray):
        return f"[{', '.join(map(brief, value[:4]))}{', ...' if len(value) > 4 else ''}]"  # noqa: PLR2004 - a few
    return f"{value:.7g}" if isinstance(value, (float, np.floating)) else str(value)[:40]


def first_flaw(table: Any, labels: list[str]) -> str:
    """The first answer that is NaN, infinite or missing, with the row that it was given to."""
    for values in table.columns.values():
        words = [child.flaw(cell) for cell in child.cells(values, table)]
        bad = [place for place, word in enumerate(words) if word]
        if bad:
            more = f" (and {len(bad) - 1} more rows)" if len(bad) > 1 else ""
            return f"answered {words[bad[0]]} to {labels[bad[0]]}{more}"
    return ""


def number_of(answers: dict[str, Any], name: str) -> Any:
    """The answer that is followed: the column of that name or place, else the last one; None when it is no number."""
    columns: dict[str, Any] = {}
    for title, values in answers.items():
        if values.ndim > 1:
            columns.update({str(place): values[:, place] for place in range(values.shape[1])})
        else:
            columns[title] = values
    chosen = columns.get(name) if name else list(columns.values())[-1]
    return chosen.astype(float) if chosen is not None and chosen.dtype.kind in "iufb" else None


def moved(one: dict[str, Any], answers: dict[str, Any], rows: int) -> Told:
    """Never the wrong way by more than the tolerance, from one value to the next."""
    number = number_of(answers, one["output"])
    if number is None:
        return "flawed", f"the answer {one['output']!r} is no number, so it goes neither up nor down"
    steps = number.reshape(len(one["values"]), rows)
    gains = np.diff(steps, axis=0) * (1 if one["answer"] == "up" else -1)
    bad = np.argwhere(~(gains >= -one["tolerance"]))
    if not len(bad):
        return PASSED
    step, row = bad[0]
    was, is_ = one["values"][step], one["values"][step + 1]
    more = f" (and {len(bad) - 1} more steps of {gains.size})" if len(bad) > 1 else ""
    said = f"row {row + 1}, {one['column']} {was} -> {is_}: {steps[step, row]:.6g} became {steps[step + 1, row]:.6g}"
    return "flawed", f"{said}{more}; it should go {one['answer']}, tolerance {one['tolerance']:g}"


def unmoved(one: dict[str, Any], answers: dict[str, Any], rows: int) -> Told:
    """Whatever the column says, the answer is the same."""
    parts = [
        {name: values[at : at + rows] for name, values in answers.items()}
        for at in range(0, rows * len(one["values"]), rows)
    ]
    for value, part in zip(one["values"][1:], parts[1:]):  # noqa: B905 - as many parts as values
        said = near(parts[0], part, one["tolerance"])
        if said:
            change = f"{one['column']} {one['values'][0]} -> {value}"
            return "flawed", f"{change} changed {said}; it should not, tolerance {one['tolerance']:g}"
    return PASSED


def near(one: dict[str, Any], two: dict[str, Any], tolerance: float) -> str:
    """As `difference`, with a tolerance in the unit of the answer."""
    apart = {
        name: two[name]
        if one[name].dtype.kind not in "iuf"
        else np.where(np.abs(two[name] - one[name]) <= tolerance, one[name], two[name])
        for name in one
    }
    return difference(one, apart, 1e-9)
