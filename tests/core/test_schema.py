import json
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mlflow.models import infer_signature

from model_promotion.core.schema import Anything, Array, Column, Map, Object, Param, Property, Scalar, Tensor
from model_promotion.core.signature import Signature
from tests.core.specs import Spec, array, col, mapping, param, prop, signature, tensor, thing


def read(**parts: Any) -> Signature | None:
    return Signature.from_mlmodel(parts)


def test_columns_are_read_with_name_type_and_whether_they_are_required() -> None:
    found = signature(
        [col("a", "long"), col("b", array(thing(c=prop("any", required=False)))), col("m", mapping("float"))]
    )
    nested = Array(Object((Property("c", Anything(), required=False),)))
    assert found.inputs == (
        Column("a", Scalar("long"), required=True),
        Column("b", nested, required=True),
        Column("m", Map(Scalar("float")), required=True),
    )


def test_tensors_and_params_are_read() -> None:
    found = signature([tensor("float64", -1, 3)], None, [param("k", "long", [-1]), param("t", "double")])
    assert found.inputs == (Column(None, Tensor("float64", (-1, 3)), required=True),)
    assert found.params == (Param("k", Scalar("long"), (-1,)), Param("t", Scalar("double"), None))


@pytest.mark.filterwarnings("ignore:Hint")
def test_what_mlflow_infers_and_writes_can_be_read() -> None:
    frame = pd.DataFrame({"a": [1], "b": ["x"], "c": [{"d": [1.5], "e": None}], 7: [True]})
    inferred = infer_signature(frame, np.zeros((1, 2)), params={"k": 1, "ks": [1.5], "o": {"p": "x"}})
    found = Signature.from_mlmodel({"run_id": "r", "signature": inferred.to_dict()})
    assert found is not None
    assert [column.name for column in found.inputs or ()] == ["a", "b", "c", 7]
    assert [str(p) for p in found.params or ()] == ["long", "list of double", "object {'p': string}"]


def test_texts_and_what_they_parse_to_are_read_alike() -> None:
    specs = [col("a", "long")]
    assert read(inputs=json.dumps(specs)) == read(inputs=specs) == signature(specs)


@pytest.mark.parametrize("content", [None, {}, {"signature": None}, {"flavors": {}}, {"inputs": None, "outputs": ""}])
def test_no_signature_is_none(content: dict[str, Any] | None) -> None:
    assert Signature.from_mlmodel(content) is None


def test_required_left_out_means_what_mlflow_takes_it_for() -> None:
    specs = [{"name": "a", "type": "long"}, {"name": "b", **array("long")}]
    found = signature(specs)
    assert [column.required for column in found.inputs or ()] == [True, False]


def test_the_optional_of_older_versions_is_understood() -> None:
    assert signature([{"name": "a", "type": "long", "optional": True}]).required_input_names == ()


DEEP: Spec = {"type": "long"}
for _ in range(sys.getrecursionlimit()):
    DEEP = array(DEEP)
LONG = {"name": "a", "type": "long"}

MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"signature": ["x"]}, "the signature must be a mapping, not list"),
    ({"inputs": "[{"}, "inputs are not JSON"),
    ({"inputs": "[" * 200_000}, "inputs are not JSON"),
    ({"inputs": "1" * 5000}, "inputs are not JSON"),
    ({"inputs": {"a": 1}}, "inputs must be a list, not dict"),
    ({"inputs": 5}, "inputs must be a list, not int"),
    ({"outputs": ["x"]}, "each of the signature's outputs must be a mapping, not str"),
    ({"inputs": []}, "inputs are an empty list"),
    ({"inputs": [LONG, LONG]}, "inputs name 'a' twice"),
    ({"inputs": [LONG, {"type": "long"}]}, "mix columns with and without a name"),
    ({"inputs": [LONG, tensor("float64", -1, name="t")]}, "mix columns and tensors"),
    ({"inputs": [tensor("float64", -1), tensor("float64", -1)]}, "which optional columns and several tensors need"),
    ({"inputs": [{"type": "long", "required": False}]}, "which optional columns and several tensors need"),
    ({"inputs": [{"name": "", "type": "long"}]}, "column 0 of the signature has an empty name"),
    ({"inputs": [{"name": 1.5, "type": "long"}]}, "neither text nor a whole number"),
    ({"inputs": [{"type": "\x1b[2J"}]}, "a type that mlflow does not know: '.x1b.2J'"),
    ({"inputs": [{"type": ["long"]}]}, "a type that mlflow does not know"),
    ({"inputs": [{**LONG, "required": "no"}]}, "`required` in a signature must be true or false"),
    ({"inputs": [{"type": "array"}]}, "an array's items must be a mapping"),
    ({"inputs": [{"type": "array", "items": DEEP}]}, "nested more than 32 levels deep"),
    ({"inputs": [thing()]}, "has an object without properties"),
    ({"inputs": [{"type": "object", "properties": {1: {"type": "long"}}}]}, "a name that is not text"),
    ({"inputs": [{"type": "object", "properties": {"a": "long"}}]}, "property 'a' must be a mapping"),
    ({"inputs": [{"type": "tensor"}]}, "a tensor's specification must be a mapping"),
    ({"inputs": [tensor("no such", -1)]}, "a dtype that numpy does not know: 'no such'"),
    ({"inputs": [tensor("float64", -2)]}, "whole numbers from -1 up"),
    ({"inputs": [tensor("float64", *[True])]}, "whole numbers from -1 up"),
    ({"inputs": [tensor("float64", *[1] * 65)]}, "more than 64 dimensions"),
    ({"inputs": [{"type": "tensor", "tensor-spec": {"dtype": "float64"}}]}, "must be a list of whole numbers"),
    ({"params": [{"type": "long"}]}, "a param in the signature has no name"),
    ({"params": [param("k", "long"), param("k", "long")]}, "params name 'k' twice"),
]


@pytest.mark.parametrize(("content", "sentence"), MALFORMED, ids=[case[1] for case in MALFORMED])
def test_malformed_content_is_refused_in_one_sentence(content: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refused:
        Signature.from_mlmodel(content)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 200


words = st.sampled_from(["type", "name", "items", "values", "properties", "tensor-spec", "dtype", "shape", "required"])
kinds = st.sampled_from(["long", "array", "map", "object", "tensor", "any", "float64", "x"])
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | kinds,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["signature", "inputs", "outputs", "params"]), junk | junk.map(json.dumps)))
def test_whatever_the_file_holds_it_is_a_signature_or_none_or_a_value_error(content: dict[str, Any]) -> None:
    try:
        found = Signature.from_mlmodel(content)
    except ValueError:
        return
    assert found is None or isinstance(found, Signature)
