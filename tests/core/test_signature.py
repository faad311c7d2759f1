import json

import mlflow.models
import numpy as np
import pytest
from mlflow.pyfunc.scoring_server import infer_and_parse_data
from mlflow.types import Schema

from model_promotion.core.signature import breaks, example_rows
from tests.core.specs import Spec, array, col, mapping, of_inputs, param, prop, signature, tensor, thing

AGE = col("age", "long")


def schema_of(specs: list[Spec]) -> Schema:
    return Schema.from_json(json.dumps(specs))


BREAKS: list[tuple[list[Spec] | None, list[Spec] | None, str]] = [
    ([col("age", "double")], [col("age", "string")], "input 'age': double became string"),
    ([col("age", "long")], [col("age", "double")], "input 'age': long became double"),
    ([col("age", "long")], [col("age", "integer")], "input 'age': long became integer"),
    ([col("age", "string")], [col("age", "binary")], "input 'age': string became binary"),
    ([col("age", "any")], [col("age", "string")], "input 'age': anything became string"),
    ([AGE], [AGE, col("region", "string")], "input 'region' is new and required"),
    ([AGE, col("x", "long", required=False)], [AGE, col("x", "long")], "optional input 'x' became required"),
    (None, [AGE], "inputs are now checked against a signature, where the champion takes anything"),
    ([AGE], [tensor("int64", -1, 1)], "inputs were columns and became tensors"),
    ([tensor("int64", -1, 1)], [AGE], "inputs were tensors and became columns"),
    ([AGE], [col(None, "long")], "inputs were matched by name and are now matched by position"),
    ([col(None, "long")], [AGE], "inputs were matched by position and are now matched by name"),
    ([col(None, "long")], [col(None, "long"), col(None, "long")], "input 1 is new and required"),
    ([col("a", array("long"))], [col("a", array("string"))], "an item of input 'a': long became string"),
    ([col("a", mapping("long"))], [col("a", mapping("string"))], "a value of input 'a': long became string"),
    ([col("a", mapping("long"))], [col("a", "string")], "input 'a': map of long became string"),
    (
        [col("a", thing(b=prop("long")))],
        [col("a", thing(b=prop("long"), c=prop("long")))],
        "property 'c' of input 'a' is new and required",
    ),
    (
        [col("a", thing(b=prop("long"), c=prop("long", required=False)))],
        [col("a", thing(b=prop("long")))],
        "property 'c' of input 'a' is no longer accepted",
    ),
    (
        [col("a", array(thing(b=prop("long", required=False))))],
        [col("a", array(thing(b=prop("long"))))],
        "optional property 'b' of an item of input 'a' became required",
    ),
    (
        [col("a", thing(b=prop("long")))],
        [col("a", thing(b=prop("string")))],
        "property 'b' of input 'a': long became string",
    ),
    (
        [AGE],
        [AGE, col("tags", array("string"), required=False)],
        "inputs have the first array or object, so a dict that a caller sends is now read as one row",
    ),
    (
        [AGE, col("tags", array("string"))],
        [AGE],
        "inputs have no longer any array or object, so a dict that a caller sends is now read as columns of rows",
    ),
    (
        [tensor("float64", -1, 3)],
        [tensor("float32", -1, 3)],
        "input 0: float64 tensor (-1, 3) became float32 tensor (-1, 3)",
    ),
    (
        [tensor("float64", -1, -1)],
        [tensor("float64", -1, 3)],
        "input 0: float64 tensor (-1, -1) became float64 tensor (-1, 3)",
    ),
    (
        [tensor("float64", -1, 3)],
        [tensor("float64", -1, -1)],
        "input 0: float64 tensor (-1, 3) became float64 tensor (-1, -1)",
    ),
    (
        [tensor("float64", 2, 3, name="x")],
        [tensor("float64", 2, 3, 1, name="x")],
        "input 'x': float64 tensor (2, 3) became float64 tensor (2, 3, 1)",
    ),
]


@pytest.mark.parametrize(("champion", "candidate", "sentence"), BREAKS, ids=[case[2] for case in BREAKS])
def test_a_break_of_the_inputs_is_said_in_one_sentence(
    champion: list[Spec] | None, candidate: list[Spec] | None, sentence: str
) -> None:
    assert of_inputs(champion, candidate) == (sentence,)


HARMLESS: list[tuple[str, list[Spec], list[Spec] | None]] = [
    ("the same inputs", [AGE], [AGE]),
    ("another column order", [AGE, col("b", "long")], [col("b", "long"), AGE]),
    ("a dropped input", [AGE, col("b", "long")], [AGE]),
    ("a new optional input", [AGE], [AGE, col("b", "long", required=False)]),
    ("a required input that became optional", [AGE], [col("age", "long", required=False)]),
    ("integer to long", [col("a", "integer")], [col("a", "long")]),
    ("integer to double", [col("a", "integer")], [col("a", "double")]),
    ("float to double", [col("a", "float")], [col("a", "double")]),
    ("float to double in an array", [col("a", array("float"))], [col("a", array("double"))]),
    ("anything instead of a map", [col("a", mapping("long"))], [col("a", "any")]),
    (
        "a new optional property",
        [col("a", thing(b=prop("long")))],
        [col("a", thing(b=prop("long"), c=prop("any", required=False)))],
    ),
    ("fewer unnamed inputs", [col(None, "long"), col(None, "string")], [col(None, "long")]),
    ("a tensor of more shapes", [tensor("float64", 2, 3)], [tensor("float64", -1, 3)]),
    ("a tensor of anything", [tensor("float64", -1, -1)], [tensor("object", -1)]),
    ("a dropped tensor", [tensor("str", -1, name="a"), tensor("str", -1, name="b")], [tensor("str", -1, name="b")]),
    ("no signature any more", [AGE], None),
    ("a Spark vector, which is an array of double", [col("a", "sparkml_vector")], [col("a", array("double"))]),
]


@pytest.mark.parametrize(("champion", "candidate"), [case[1:] for case in HARMLESS], ids=[case[0] for case in HARMLESS])
def test_what_no_caller_notices_is_no_break(champion: list[Spec], candidate: list[Spec] | None) -> None:
    assert of_inputs(champion, candidate) == ()


def test_each_break_has_its_own_sentence() -> None:
    candidate = [col("age", "string"), col("region", "string")]
    assert of_inputs([AGE], candidate) == ("input 'age': long became string", "input 'region' is new and required")


OUTPUTS: list[tuple[list[Spec] | None, list[Spec] | None, tuple[str, ...]]] = [
    ([col("score", "double")], [col("label", "double")], ("output 'score' is gone",)),
    ([col("score", "double")], [col("score", "float")], ("output 'score': double became float",)),
    ([col("score", "double")], [col("score", "double", required=False)], ("output 'score' became optional",)),
    ([col("score", "double")], None, ("outputs are no longer declared",)),
    ([col(None, "long")], [col(None, "long"), col(None, "long")], ("1 unnamed outputs became 2",)),
    ([col(None, "long")], [col("a", "long")], ("outputs were told apart by position and are now told apart by name",)),
    ([tensor("int64", -1)], [tensor("float64", -1)], ("output 0: int64 tensor (-1,) became float64 tensor (-1,)",)),
    (
        [tensor("int64", -1, 3)],
        [tensor("int64", -1, 4)],
        ("output 0: int64 tensor (-1, 3) became int64 tensor (-1, 4)",),
    ),
    ([tensor("int64", -1, -1)], [tensor("int64", -1, 4)], ()),
    ([tensor("int64", -1)], [col(None, "long")], ("output 0: int64 tensor (-1,) became long",)),
    ([col("score", "double")], [col("why", "string"), col("score", "double")], ()),
    (None, [col("score", "double")], ()),
]


@pytest.mark.parametrize(("champion", "candidate", "expected"), OUTPUTS)
def test_each_output_of_the_champion_is_still_there(
    champion: list[Spec] | None, candidate: list[Spec] | None, expected: tuple[str, ...]
) -> None:
    assert breaks(signature(outputs=champion), signature(outputs=candidate)) == expected


PARAMS: list[tuple[list[Spec] | None, list[Spec] | None, tuple[str, ...]]] = [
    ([param("temperature", "double")], None, ("param 'temperature' is no longer accepted",)),
    ([param("k", "long")], [param("k", "string")], ("param 'k': long became string",)),
    ([param("k", "long")], [param("k", "long", [-1])], ("param 'k': long became list of long",)),
    ([param("k", "long")], [param("n", "long"), param("k", "long")], ()),
    (None, [param("k", "long")], ()),
]


@pytest.mark.parametrize(("champion", "candidate", "expected"), PARAMS)
def test_each_param_of_the_champion_is_still_accepted(
    champion: list[Spec] | None, candidate: list[Spec] | None, expected: tuple[str, ...]
) -> None:
    assert breaks(signature([AGE], None, champion), signature([AGE], None, candidate)) == expected


def test_the_required_inputs_are_known_by_name_or_by_position() -> None:
    assert signature([AGE, col("x", "long", required=False)]).required_input_names == ("age",)
    assert signature([col(None, "long"), col(None, "long")]).required_input_names == (0, 1)
    assert signature(outputs=[AGE]).required_input_names == ()


def test_a_hostile_name_cannot_reach_the_terminal_as_control_characters() -> None:
    name = "\x1b[2J" + "x" * 1000
    (sentence,) = of_inputs([AGE], [AGE, col(name, "long")])
    assert sentence.isprintable()
    assert len(sentence) < 150


def test_mlflow_takes_the_example_rows_of_columns() -> None:
    kinds: list[str | Spec] = [
        "boolean",
        "long",
        "double",
        "string",
        "binary",
        "datetime",
        "any",
        array("string"),
        mapping("double"),
    ]
    specs = [col(f"c{i}", kind) for i, kind in enumerate([*kinds, thing(p=prop("long"), q=array("boolean"))])]
    rows = example_rows(signature(specs), 40)
    payload = json.dumps({"dataframe_split": rows})
    parsed = infer_and_parse_data(json.loads(payload), schema_of(specs))
    mlflow.models.validate_schema(parsed, schema_of(specs))
    assert parsed.shape == (40, 10)


def test_example_rows_are_the_same_at_every_call_and_differ_from_row_to_row() -> None:
    rows = example_rows(signature([col(None, "long"), col(None, "string")]), 2)
    assert rows == {"columns": [0, 1], "data": [[1, "text 1"], [2, "text 2"]]}


@pytest.mark.parametrize("dtype", ["float32", "int64", "uint8", "bool", "str", "object", "datetime64[ns]"])
def test_mlflow_takes_the_example_of_a_tensor(dtype: str) -> None:
    specs = [tensor(dtype, -1, 2, -1)]
    example = example_rows(signature(specs), 3)
    values = np.array(example["tensor"], dtype=np.dtype(str(example["dtype"])))
    mlflow.models.validate_schema(values, schema_of(specs))
    assert values.shape == (3, 2, 8)


def test_tensors_with_names_come_by_name() -> None:
    example = example_rows(signature([tensor("int64", -1, name="ids"), tensor("bool", 2, 1, name="mask")]), 2)
    ids = {"tensor": [1, 2], "dtype": "int64"}
    assert example == {"tensors": {"ids": ids, "mask": {"tensor": [[True], [False]], "dtype": "bool"}}}


@pytest.mark.parametrize("shape", [(-1, 10**9), (10**9, 0), (10**6, 10**6)])
def test_a_huge_tensor_is_refused_before_memory_is_gone(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="more than 5000000 values"):
        example_rows(signature([tensor("float64", *shape)]))


def test_without_inputs_there_are_no_example_rows() -> None:
    with pytest.raises(ValueError, match="names no inputs"):
        example_rows(signature(outputs=[AGE]))
