"""Mlflow is the judge: what it takes for the champion, it takes for a candidate without breaks."""

import json
from copy import deepcopy
from typing import Any

import mlflow.models
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from mlflow.types import Schema

from tests.core.specs import Spec, array, col, mapping, of_inputs, prop, tensor, thing

Array = np.ndarray[Any, Any]
thorough = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


def fresh(data: Any) -> Any:
    """A copy down to the last dict: mlflow writes what it cast into the dicts that it was given."""
    if not isinstance(data, pd.DataFrame):
        return deepcopy(data)
    copies = {k: v.copy() if v.dtype != object else pd.Series(map(deepcopy, v), dtype=object) for k, v in data.items()}
    return pd.DataFrame(copies)


def mlflow_takes(data: Any, specs: list[Spec]) -> bool:
    try:
        mlflow.models.validate_schema(fresh(data), Schema.from_json(json.dumps(specs)))
    except Exception:  # noqa: BLE001 - numpy and pandas errors come through, and break a caller just as well
        return False
    return True


DTYPES = {
    "boolean": ["?", "O"],
    "integer": ["i4", "i2", "u2", "i8"],
    "long": ["i8", "i4", "u4", "u8"],
    "float": ["f4", "f2", "i8"],
    "double": ["f8", "f4", "i4", "i8"],
    "string": ["O"],
    "binary": ["O"],
    "datetime": ["M8[ns]", "M8[s]"],
}
VALUES: dict[str, list[Any]] = {"string": ["x", "y"], "binary": [b"x", b"y"], "datetime": ["2024-01-01", "2024-01-02"]}
scalars = st.sampled_from([*sorted(DTYPES), "integer", "long", "float"])


def objects(inner: st.SearchStrategy[Spec]) -> st.SearchStrategy[Spec]:
    properties = st.builds(lambda spec, required: {**spec, "required": required}, inner, st.booleans())
    return st.dictionaries(st.sampled_from("pqr"), properties, min_size=1).map(lambda found: thing(**found))


plain = st.builds(lambda name: {"type": name}, scalars | st.just("any"))
nested = st.recursive(
    plain, lambda inner: st.one_of(inner.map(array), inner.map(mapping), objects(inner)), max_leaves=4
)
types = plain | nested | objects(plain)


def column_lists(*, named: bool) -> st.SearchStrategy[list[Spec]]:
    if not named:
        return st.lists(types.map(lambda kind: col(None, kind)), min_size=1, max_size=3)
    names = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True)
    build = st.builds(lambda kind, required: (kind, required), types, st.booleans())
    return names.flatmap(
        lambda chosen: st.tuples(*(build for _ in chosen)).map(
            lambda kinds: [col(n, k, required=r) for n, (k, r) in zip(chosen, kinds, strict=True)]
        )
    )


rarely = st.integers(0, 4).map(lambda n: n == 0)


@st.composite
def retyped(draw: st.DrawFn, spec: Spec) -> Spec:  # noqa: PLR0911 - one return per kind of type
    """A type near the given one: mostly the same or wider, now and then another."""
    change = draw(st.sampled_from(["keep", "keep", "wider", "wider", "wider", "any", "other"]))
    if change == "any":
        return {"type": "any"}
    if change == "other":
        return draw(types)
    if change == "wider" and spec["type"] in ("integer", "float", "long"):
        return {"type": draw(st.sampled_from(["long", "float", "double"]))}
    if spec["type"] == "array":
        return array(draw(retyped(spec["items"])))
    if spec["type"] == "map":
        return mapping(draw(retyped(spec["values"])))
    if spec["type"] == "object":
        kept = {
            k: {**draw(retyped(p)), "required": p["required"] != draw(rarely)} for k, p in spec["properties"].items()
        }
        dropped = draw(st.sampled_from("pqr")) if draw(rarely) else None
        kept = {k: p for k, p in kept.items() if k != dropped}
        extra = {"new": prop("any", required=draw(st.booleans()))} if draw(rarely) or not kept else {}
        return thing(**kept, **extra)
    return {key: spec[key] for key in spec if key not in ("name", "required")}


@st.composite
def successors(draw: st.DrawFn, champion: list[Spec]) -> list[Spec]:
    """Inputs that a next version of the model may have."""
    named = "name" in champion[0]
    kept = champion if not named else draw(st.permutations(champion))
    kept = kept[: draw(st.integers(1, len(kept)))]
    columns = [col(c.get("name"), draw(retyped(c)), required=not named or c["required"] != draw(rarely)) for c in kept]
    if draw(rarely):
        columns.append(col("new" if named else None, draw(types), required=not named or draw(st.booleans())))
    return columns


def scalar_array(draw: st.DrawFn, name: str, size: int) -> Array:
    values: list[Any] = [draw(st.sampled_from(VALUES.get(name, [0, 1, 2]))) for _ in range(size)]
    dtype = draw(st.sampled_from(DTYPES[name]))
    made: Array = np.array([bool(v) for v in values] if name == "boolean" else values)
    return made.astype(dtype)


def value_of(draw: st.DrawFn, spec: Spec) -> Any:  # noqa: PLR0911 - as above
    """One value that fits the type, as a caller may send it."""
    if spec.get("required") is False and draw(st.integers(0, 3)) == 0:
        return None
    match spec["type"]:
        case "any":
            return draw(st.sampled_from([None, 1, "x", [1], {"k": None}]))
        case "array" if spec["items"]["type"] in DTYPES:
            items = scalar_array(draw, spec["items"]["type"], draw(st.integers(0, 2)))
            return items.tolist() if draw(st.booleans()) else items
        case "array":
            return [value_of(draw, spec["items"]) for _ in range(draw(st.integers(0, 2)))]
        case "map":
            return {key: value_of(draw, spec["values"]) for key in draw(st.sets(st.sampled_from("uv")))}
        case "object":
            sent = {k: p for k, p in spec["properties"].items() if p["required"] or draw(st.booleans())}
            return {k: value_of(draw, p) for k, p in sent.items()}
        case name:
            return scalar_array(draw, name, 1)[0]


@st.composite
def calls(draw: st.DrawFn, champion: list[Spec]) -> Any:
    """What a caller of the champion may send: a data frame, or a dict of columns or of one row."""
    rows = draw(st.integers(1, 2))
    sent = [(i, c) for i, c in enumerate(champion) if c["required"] or draw(st.booleans())]
    columns = {
        c.get("name", f"col{i}"): scalar_array(draw, c["type"], rows)
        if c["type"] in DTYPES
        else [value_of(draw, c) for _ in range(rows)]
        for i, c in sent
    }
    form = draw(st.sampled_from(["frame", "frame", "row", "lists"]))
    if form == "row" and "name" in champion[0]:
        return {key: values[0] for key, values in columns.items()}
    if form == "lists" and "name" in champion[0]:
        return {key: list(values) for key, values in columns.items()}
    columns["unasked"] = list(range(rows))
    return pd.DataFrame({key: pd.Series(values) for key, values in columns.items()})


@pytest.mark.parametrize("named", [True, False], ids=["named", "unnamed"])
@thorough
@given(data=st.data())
def test_what_mlflow_takes_for_the_champion_it_takes_for_a_candidate_without_breaks(
    named: bool,
    data: st.DataObject,
) -> None:
    champion = data.draw(column_lists(named=named))
    candidate = data.draw(successors(champion))
    if broken := of_inputs(champion, candidate):
        event("broken")
        assert all(broken)
        return
    call = data.draw(calls(champion))
    assume(mlflow_takes(call, champion))
    event("compared")
    assert mlflow_takes(call, candidate)


sizes = st.sampled_from([-1, -1, 1, 2])
tensors = st.builds(
    lambda dtype, shape: tensor(dtype, *shape), st.sampled_from(["f8", "O"]), st.lists(sizes, max_size=3)
)


def numpy_named(spec: Spec) -> Spec:
    inner = spec["tensor-spec"]
    return tensor(np.dtype(inner["dtype"]).name, *inner["shape"])


@st.composite
def arrays(draw: st.DrawFn, spec: Spec) -> Any:
    """An array, a ragged array, or a data frame that a caller of a model with this tensor may send."""
    shape = [draw(st.integers(1, 2)) if size == -1 else size for size in spec["tensor-spec"]["shape"]]
    whole = np.ones(shape, dtype=spec["tensor-spec"]["dtype"])
    match draw(st.sampled_from(["array", "ragged", "columns", "lists"])):
        case "ragged":
            ragged: Array = np.empty(2, dtype=object)
            ragged[:] = [[1.0], [1.0, 2.0]]
            return ragged
        case "columns" if len(shape) in (1, 2):
            return pd.DataFrame(whole)
        case "lists" if shape:
            return pd.DataFrame({"a": [np.ravel(part).tolist() for part in whole]})
    return whole


@thorough
@given(data=st.data())
def test_what_mlflow_takes_for_the_champions_tensor_it_takes_for_the_candidates(data: st.DataObject) -> None:
    champion = numpy_named(data.draw(tensors))
    shape = [data.draw(st.sampled_from([size, size, -1])) for size in champion["tensor-spec"]["shape"]]
    near = st.just(tensor(champion["tensor-spec"]["dtype"], *shape))
    candidate = data.draw(near | near | tensors.map(numpy_named) | st.just(tensor("object", -1)))
    call = data.draw(arrays(champion))
    assume(mlflow_takes(call, [champion]))
    if not of_inputs([champion], [candidate]):
        event("compared")
        assert mlflow_takes(call, [candidate])


def frame(dtype: str, *values: Any) -> pd.DataFrame:
    return pd.DataFrame({"a": pd.Series(values, dtype=dtype)})


A_LONG = col("a", "long")
LATE = {"type": "long", "required": False}
REFUSED: list[tuple[Spec, Spec, Any]] = [
    (A_LONG, col("a", "double"), frame("int64", 2)),
    (A_LONG, col("a", "float"), frame("int64", 2)),
    (A_LONG, col("a", "integer"), frame("int64", 2)),
    (col("a", "double"), col("a", "float"), frame("float64", 0.5)),
    (col("a", "double"), col("a", "string"), frame("float64", 0.5)),
    (col("a", "any"), A_LONG, frame("object", None)),
    (A_LONG, col("b", "long"), frame("int64", 2)),
    (col("a", "long", required=False), A_LONG, pd.DataFrame({"b": [1]})),
    (col("a", thing(p=LATE)), col("a", thing(p=prop("long"))), frame("object", {})),
    (col("a", thing(p=LATE)), col("a", thing(q=LATE)), frame("object", {"p": 2})),
    (col("a", thing(p=LATE)), col("a", thing(p=LATE, q=prop("long"))), frame("object", {"p": 2})),
    (col("a", array("long")), col("a", array("double")), frame("object", [2])),
    (col("a", mapping("long")), col("a", mapping("string")), frame("object", {"k": 2})),
    (tensor("float64", -1, 3), tensor("float64", -1, -1), pd.DataFrame(np.ones((2, 3)))),
    (tensor("float64", -1, -1), tensor("float64", -1, 3), np.ones((2, 2))),
    (tensor("float64", -1, 3), tensor("float32", -1, 3), np.ones((2, 3))),
    (tensor("float64", -1, 3), tensor("float64", -1), np.ones((2, 3))),
]


@pytest.mark.parametrize(("champion", "candidate", "call"), REFUSED)
def test_what_is_called_a_break_is_refused_by_mlflow(champion: Spec, candidate: Spec, call: Any) -> None:
    assert of_inputs([champion], [candidate])
    assert mlflow_takes(call, [champion])
    assert not mlflow_takes(call, [candidate])


def test_a_dict_of_columns_is_refused_once_an_optional_array_was_added() -> None:
    candidate = [A_LONG, col("tags", array("string"), required=False)]
    assert of_inputs([A_LONG], candidate)
    assert mlflow_takes({"a": [1, 2]}, [A_LONG])
    assert not mlflow_takes({"a": [1, 2]}, candidate)
