"""Loads one model, asks it the same rows again and again, and writes down what came back.

Run as `python -I child.py < request.json`, in whatever environment the model needs: it imports nothing of ours, and no
syntax newer than Python 3.10. The answer goes to the file that the request names, because model code owns stdout.
"""
# ruff: noqa: ANN401 - what a model takes and answers can be anything, and neither MLflow nor pandas is typed here

from __future__ import annotations

import base64
import contextlib
import copy
import json
import math
import os
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))  # `python -I` leaves it out,
import manners

sys.path.pop(0)  # and what the model imports is its own.

MAX_LINES = 50
# dtype.kind -> what a caller could tell apart; widths are left out, as neither JSON nor a Spark cast shows them.
KINDS = {"b": "truth", "i": "whole", "u": "whole", "f": "number", "c": "complex", "M": "time", "m": "duration"}
COLUMN_KINDS = {"integer": "whole", "long": "whole", "float": "number", "double": "number", "boolean": "truth"}
COLUMN_KINDS |= {"string": "text", "binary": "bytes", "datetime": "time"}
COLUMN_NAMES = {"int32": "integer", "int64": "long", "float32": "float", "float64": "double", "bool": "boolean"}
KIND_NAMES = {"text": "string", "time": "datetime", "bytes": "binary"}


@dataclass(frozen=True)
class Table:
    """An answer as columns of rows. `counted` is False where "rows" is a matter of opinion, as for one dict."""

    columns: dict[str, Any]
    rows: int
    counted: bool = True
    named: bool = False


def rows_for(request: dict[str, Any], signature: Any) -> Any:
    """The saved example asked for, else the made-up rows, else the model's own example."""
    example = saved_example(request["rows_from"]) if request["rows_from"] else None
    if example is None and request["rows"] is not None:
        example = made_up(request["rows"], signature.inputs if signature else None)
    if example is None:
        example = saved_example(request["model_dir"])
    if example is None:
        raise manners.Trouble("there is no input example and no rows to ask")
    return example


def saved_example(folder: str) -> Any:
    """A DataFrame, an array, a sparse matrix, a list or a dict; None where none was saved."""
    from mlflow.models import Model

    return Model.load(folder).load_input_example(folder)


def made_up(rows: dict[str, Any], schema: Any) -> Any:
    """The rows as the tensor, the named tensors or the DataFrame that the signature asks for."""
    if "tensors" in rows:
        return {name: made_up(tensor, None) for name, tensor in rows["tensors"].items()}
    if "tensor" in rows:
        return np.array(rows["tensor"], dtype=rows["dtype"])
    frame = pd.DataFrame(rows["data"], columns=rows["columns"])
    for position, spec in enumerate(schema.inputs if schema and not schema.is_tensor_spec() else ()):
        if (name := spec.name if spec.name is not None else frame.columns[position]) in frame:
            frame[name] = cast_column(frame[name], spec.type)
    return frame


def cast_column(values: Any, wanted: Any) -> Any:
    """JSON has neither dates nor bytes nor widths; the signature says which was meant."""
    name = getattr(wanted, "name", "")
    if name == "datetime":
        return pd.to_datetime(values)
    if name == "binary":
        return values.map(lambda cell: base64.b64decode(cell) if isinstance(cell, str) else cell)
    return values.astype(wanted.to_numpy()) if name in COLUMN_KINDS and not values.isna().any() else values


def count_of(data: Any) -> int | None:
    """How many rows were asked; None where it cannot be said, as for one dict or one text."""
    if isinstance(data, (pd.DataFrame, pd.Series, list, tuple)):
        return len(data)
    if isinstance(data, dict):
        lengths = {len(value) if isinstance(value, np.ndarray) and value.ndim else None for value in data.values()}
        return lengths.pop() if len(lengths) == 1 else None
    shape = getattr(data, "shape", None)
    return int(shape[0]) if shape else None


def plain(answer: Any) -> Any:
    """Sparse matrices, torch tensors, Spark frames and pydantic answers as the plain thing that they stand for."""
    for name in ("toPandas", "toarray", "model_dump"):
        if callable(getattr(answer, name, None)):
            return getattr(answer, name)()
    return answer.detach().cpu().numpy() if callable(getattr(answer, "detach", None)) else answer


def as_table(answer: Any, schema: Any) -> Table:
    """Any answer as columns; raises Trouble for one that holds no predictions."""
    answer = plain(answer)
    if isinstance(answer, pd.DataFrame):
        columns = {str(name): answer.iloc[:, position] for position, name in enumerate(answer.columns)}
        return Table(columns, len(answer), named=True)
    if isinstance(answer, pd.Series) or (isinstance(answer, np.ndarray) and answer.ndim):
        return Table({"": answer}, len(answer))
    if isinstance(answer, dict) and any(value is not None for value in answer.values()):
        return table_of_dict(answer, schema)
    if isinstance(answer, (list, tuple)):
        return table_of_list(list(answer))
    if answer is None or isinstance(answer, dict) or callable(getattr(answer, "__next__", None)):
        raise manners.Trouble(f"answered {type(answer).__name__}, which holds no predictions")
    return Table({"": pd.Series([answer])}, 1, counted=False)


def table_of_dict(answer: dict[Any, Any], schema: Any) -> Table:
    """Lists are columns, unless the signature says that a list is what stands in one cell."""
    columnar = schema is None or schema.is_tensor_spec() or all(map(is_scalar, schema.inputs))
    listed = all(isinstance(value, (list, np.ndarray, pd.Series)) and len(value) for value in answer.values())
    if not (columnar and listed):
        return Table({str(name): pd.Series([value]) for name, value in answer.items()}, 1, counted=False, named=True)
    columns = {str(name): column_of(value) for name, value in answer.items()}
    lengths = sorted({len(value) for value in columns.values()})
    if len(lengths) > 1:
        raise manners.Trouble(f"answered columns of different lengths, from {lengths[0]} to {lengths[-1]}")
    return Table(columns, lengths[0], named=True)


def table_of_list(answer: list[Any]) -> Table:
    """A list of dicts is a table by name, any other list is one column."""
    if not answer or not all(isinstance(item, dict) for item in answer):
        return Table({"": column_of(answer)}, len(answer))
    names = list(dict.fromkeys(name for item in answer for name in item))
    return Table({str(name): pd.Series([item.get(name) for item in answer]) for name in names}, len(answer), named=True)


def column_of(values: Any) -> Any:
    """A Series, or an array where each row holds several numbers."""
    if not isinstance(values, list):
        return values
    with contextlib.suppress(ValueError):  # rows of different lengths
        array = np.asarray(values)
        values = array if array.ndim > 1 and array.dtype.kind in KINDS else values
    return values if isinstance(values, np.ndarray) else pd.Series(values)


def is_scalar(spec: Any) -> bool:
    """Is this a plain column rather than Array, Object, Map or AnyType?"""
    return getattr(spec.type, "name", "") in COLUMN_KINDS


def flaws(table: Table) -> list[str]:
    """One sentence per column that holds NaN, infinity or, where every row owes a value, nothing."""
    found = []
    for name, values in table.columns.items():
        words = [flaw(cell) for cell in cells(values, table)]
        bad = [position for position, word in enumerate(words) if word]
        if bad:
            where = f"prediction {bad[0] + 1}" + (f" of column '{name}'" if name else "")
            found.append(f"{where} is {words[bad[0]]}" + (f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""))
    return found


def cells(values: Any, table: Table) -> list[Any]:
    """The cells worth a look. A text may be missing, and so may a field of a single dict; a number may not."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "iufcb" and np.isfinite(values).all():
        return []
    text = kind_of(values) == "text"
    if text and isinstance(values.dtype, pd.StringDtype):
        return []
    return ["" if cell is None and (text or not table.counted) else cell for cell in values]


def flaw(cell: Any) -> str:
    """NaN, infinite, missing, or nothing wrong; looks into lists and dicts."""
    if isinstance(cell, (dict, list, tuple)):
        inner = cell.values() if isinstance(cell, dict) else cell
        return next((word for word in map(flaw, inner) if word and word != "missing"), "")
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return "missing"
    numbers = np.asarray(cell)
    if numbers.dtype.kind not in "fc":
        return ""
    return "NaN" if np.isnan(numbers).any() else "infinite" if np.isinf(numbers).any() else ""


def name_of(values: Any) -> str:
    """The column's type in the words of a signature."""
    return COLUMN_NAMES.get(str(values.dtype).lower()) or KIND_NAMES.get(kind_of(values), str(values.dtype))


def kind_of(values: Any) -> str:
    """What a caller would take the column's values for; "object" where they are of several sorts."""
    dtype = getattr(values.dtype, "categories", values).dtype
    if dtype.kind in KINDS:
        return KINDS[dtype.kind]
    if isinstance(dtype, pd.StringDtype):
        return "object" if values.isna().all() else "text"
    types = {type(cell) for cell in np.ravel(np.asarray(values, dtype=object)) if cell is not None}
    if types and all(issubclass(found, str) for found in types):
        return "text"
    return "bytes" if types and all(issubclass(found, (bytes, bytearray)) for found in types) else "object"


def misfits(table: Table, schema: Any) -> list[str]:
    """Where the answer is not what the model's output signature promises."""
    if schema.is_tensor_spec():
        return [word for spec in schema.inputs for word in tensor_misfit(table, spec)]
    columns = by_place(table, len(schema.inputs))
    found = []
    for position, spec in enumerate(schema.inputs):
        key = spec.name if table.named and spec.name is not None else position
        title = f"column '{spec.name}'" if spec.name is not None else f"column {position + 1}"
        if key in columns:
            found += column_misfit(columns[key], spec, title)
        elif getattr(spec, "required", True):
            found.append(f"{title} is missing")
    return found


def by_place(table: Table, wanted: int) -> dict[Any, Any]:
    """Columns under their name and under their place; a matrix counts as that many columns."""
    values = list(table.columns.values())
    if len(values) == 1 and wanted > 1 and isinstance(values[0], np.ndarray) and values[0].ndim > 1:
        values = list(np.moveaxis(values[0], 1, 0))
    return {**dict(enumerate(values)), **table.columns}


def column_misfit(values: Any, spec: Any, title: str) -> list[str]:
    """At most one sentence about a column of another kind; whole numbers may stand for any numbers."""
    if not is_scalar(spec):
        return nested_misfit(values, spec, title)
    wanted, found = COLUMN_KINDS[spec.type.name], kind_of(values)
    fits = wanted == found or (wanted, found) == ("number", "whole")
    return [] if fits else [f"{title} should be {spec.type.name}, is {name_of(values)}"]


def nested_misfit(values: Any, spec: Any, title: str) -> list[str]:
    """As `column_misfit`, for Array, Object and Map, where MLflow knows best."""
    from mlflow.exceptions import MlflowException
    from mlflow.models import validate_schema
    from mlflow.types import ColSpec, Schema

    try:
        validate_schema(pd.DataFrame({"answer": list(values)}), Schema([ColSpec(spec.type, name="answer")]))
    except MlflowException as error:
        return [f"{title} should be {spec.type}: {manners.told(error)}"]
    return []


def tensor_misfit(table: Table, spec: Any) -> list[str]:
    """At most one sentence about a tensor that is absent, of another kind, or of another shape."""
    title = f"tensor '{spec.name}'" if spec.name is not None else "the answer"
    if spec.name is not None and spec.name not in table.columns:
        return [f"{title} is missing"]
    columns = list(table.columns.values()) if spec.name is None else [table.columns[spec.name]]
    array = np.asarray(columns[0]) if len(columns) == 1 else np.column_stack(columns)
    wanted, found = (KINDS.get(kind, "text") for kind in (spec.type.kind, array.dtype.kind))
    if wanted != found and (wanted, found) != ("number", "whole"):
        return [f"{title} should be {spec.type}, is {array.dtype}"]
    free = [is_ if should == -1 else should for should, is_ in zip(spec.shape, array.shape, strict=False)]
    if len(spec.shape) != array.ndim or tuple(free) != array.shape:
        return [f"{title} should have shape {tuple(spec.shape)}, has {array.shape}"]
    return []


def alike(one: Any, two: Any) -> bool:
    """Are two answers equal, up to what the order of a floating-point sum may change?"""
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(alike(one[name], two[name]) for name in one)
    if all(isinstance(getattr(it, "dtype", 0), np.dtype) and it.dtype.kind in "iufcb" for it in (one, two)):
        return np.shape(one) == np.shape(two) and bool(np.allclose(one, two, rtol=1e-6, equal_nan=True))
    if isinstance(one, (np.ndarray, pd.Series, list, tuple)) and isinstance(two, (np.ndarray, pd.Series, list, tuple)):
        return len(one) == len(two) and all(map(alike, one, two))
    if isinstance(one, float) and isinstance(two, float):
        return math.isclose(one, two, rel_tol=1e-6, abs_tol=1e-8) or (math.isnan(one) and math.isnan(two))
    by_identity = "__eq__" not in {name for kind in type(one).__mro__[:-1] for name in vars(kind)}
    return type(one) is type(two) if by_identity else one is two or bool(np.all(one == two))


def looked_at(answers: tuple[Any, Any], asked: int | None, schema: Any) -> dict[str, Any]:
    """Counts, column types and problems. An answer that cannot even be looked at is a problem too, not a crash."""
    try:
        table, again = as_table(answers[0], schema), as_table(answers[1], schema)
        columns = [f"{name}: {name_of(values)}" if name else name_of(values) for name, values in table.columns.items()]
        problems = flaws(table) + (misfits(table, schema) if schema is not None else [])
        if asked is not None and table.counted and table.rows != asked:
            problems.insert(0, f"answered {table.rows} rows for {asked}")
        if not alike(table.columns, again.columns):
            problems.append("two calls on the same rows gave different answers")
    except Exception as error:  # noqa: BLE001 - foreign objects may fail at any touch
        said = manners.told(error)
        return {"problems": [said if isinstance(error, manners.Trouble) else f"the answer cannot be read: {said}"]}
    found: dict[str, Any] = {"predictions": table.rows, "rows": table.rows if asked is None else asked}
    found["columns"] = [column[: manners.LINE_LENGTH] for column in columns[:MAX_LINES]]
    found["problems"] = [problem[: manners.LINE_LENGTH] for problem in problems[:MAX_LINES]]
    return found


def measured(predict: Any, data: Any, request: dict[str, Any]) -> tuple[Any, Any, float, float | None]:
    """The first answer, a later one, the median of the later ones' milliseconds, and the CPU they took, in % of a core.

    The CPU is that of all threads of this process, user and system, over the wall time of the same predictions. A slow
    model is asked less often rather than until the time is up.
    """
    until = time.monotonic() + request["repeat_s"]
    # Copies: a model may change what it is given, or fill one buffer again and again.
    first = predict(copy.deepcopy(data))
    with contextlib.suppress(Exception):  # what cannot be copied is taken as it is
        first = copy.deepcopy(first)
    again, took_ms, cpu_s = None, list[float](), 0.0
    while not took_ms or (len(took_ms) < request["repeats"] and time.monotonic() < until):
        fresh = copy.deepcopy(data)
        began, spent = time.perf_counter(), time.process_time()
        answer = predict(fresh)
        took_ms.append((time.perf_counter() - began) * 1000)
        cpu_s += time.process_time() - spent
        again = answer if again is None else again
    took_s = sum(took_ms) / 1000
    return first, again, statistics.median(took_ms), 100 * cpu_s / took_s if took_s else None


def load_and_ask(request: dict[str, Any], answer: dict[str, Any]) -> None:
    """Fills in the answer as far as it gets."""
    pyfunc = manners.pyfunc(request)
    began = time.perf_counter()
    model = pyfunc.load_model(request["model_dir"])
    answer["load_s"] = time.perf_counter() - began
    signature = model.metadata.signature
    data = rows_for(request, signature)
    asked = count_of(data)
    answer["rows"] = asked or 0
    *answers, answer["latency_ms"], answer["cpu_pct"] = measured(model.predict, data, request)
    answer.update(looked_at((answers[0], answers[1]), asked, signature.outputs if signature else None))


def main() -> None:
    """One request in, one answer out; whatever the model raises, SystemExit included, becomes the answer's `error`."""
    request = manners.request()
    answer: dict[str, Any] = {"error": None, "rows": 0, "predictions": 0, "columns": [], "problems": []}
    answer.update(load_s=None, latency_ms=None, cpu_pct=None, peak_mib=None)
    try:
        load_and_ask(request, answer)
    except BaseException as error:  # noqa: BLE001 - a model may raise SystemExit or KeyboardInterrupt as well
        doing = "cannot be loaded: " if answer["load_s"] is None else "cannot answer: "
        answer["error"] = ("" if isinstance(error, manners.Trouble) else doing) + manners.told(error)
    answer["peak_mib"] = manners.peak_mib()
    Path(request["answer_to"]).write_text(json.dumps(answer, allow_nan=False), encoding="utf-8")
    # No farewell: a thread the model left running, or a library that crashes on the way out, changes no answer.
    os._exit(0)


if __name__ == "__main__":
    main()
