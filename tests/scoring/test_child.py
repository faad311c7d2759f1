"""The child's judgement of an answer, without a child: any answer in, sentences out."""

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.types import ColSpec, Schema, TensorSpec
from mlflow.types.schema import Array
from scipy.sparse import csr_matrix

from model_promotion.scoring import child

NAN, INF = float("nan"), float("inf")


def looked_at(answer: Any, asked: int | None = 5, schema: Any = None) -> dict[str, Any]:
    return child.looked_at((answer, answer), asked, schema)


def problems(answer: Any, asked: int | None = 5, schema: Any = None) -> list[str]:
    found: list[str] = looked_at(answer, asked, schema)["problems"]
    return found


@pytest.mark.parametrize(
    "answer",
    [
        np.zeros(5),
        np.zeros((5, 3)),
        np.array(["a"] * 5),
        np.array([b"a"] * 5),
        pd.Series([1, 2, 3, 4, 5]),
        pd.Series([1, 2, 3, 4, 5], dtype="Int64"),
        pd.Series(list("abcab"), dtype="category"),
        pd.Series(["a", None, "c", "d", "e"]),
        pd.DataFrame({"score": [0.5] * 5, "label": ["x"] * 5}),
        [0.5] * 5,
        ["a"] * 5,
        [[1, 2], [3], [], [4], [5]],
        [{"label": "a", "score": 0.5}] * 5,
        {"score": np.zeros(5), "label": ["x"] * 5},
        csr_matrix(np.eye(5)),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_every_usual_form_of_five_answers_is_counted_as_five(answer: Any) -> None:
    found = looked_at(answer)
    assert found["problems"] == []
    assert (found["rows"], found["predictions"]) == (5, 5)


@pytest.mark.parametrize("answer", ["yes", 0.5, {"text": "yes", "tool": None}, {"choices": [{"text": "yes"}], "id": 1}])
def test_one_text_number_or_dict_is_not_held_against_the_number_of_rows(answer: Any) -> None:
    assert looked_at(answer, 1)["problems"] == []
    assert looked_at(answer, None)["rows"] == 1


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (np.array([0, 0, NAN, 0, NAN]), "prediction 3 is NaN (and 1 more)"),
        (np.array([0, INF, 0, 0, 0]), "prediction 2 is infinite"),
        ([0.1, 0.2, 0.3, 0.4, -INF], "prediction 5 is infinite"),
        ([0.1, None, 0.3, 0.4, 0.5], "prediction 2 is NaN"),
        ([None] * 5, "prediction 1 is missing (and 4 more)"),
        (pd.DataFrame({"score": [0.1, 0.2, 0.3, NAN, 0.5]}), "prediction 4 of column 'score' is NaN"),
        (pd.DataFrame({"score": [NAN] * 5}, dtype=object), "prediction 1 of column 'score' is NaN (and 4 more)"),
        (pd.Series([1, None, 3, 4, 5], dtype="Int64"), "prediction 2 is missing"),
        ([{"scores": [0.1, NAN]}] * 5, "prediction 1 of column 'scores' is NaN (and 4 more)"),
        (np.array([[0.1, 0.2]] * 4 + [[0.1, NAN]]), "prediction 5 is NaN"),
        (csr_matrix(np.diag([1, 2, 3, 4, NAN])), "prediction 5 is NaN"),
        ({"deep": {"er": [{"score": NAN}]}}, "prediction 1 of column 'deep' is NaN"),
    ],
)
def test_a_number_that_is_none_is_found_wherever_it_hides(answer: Any, sentence: str) -> None:
    assert problems(answer) == [sentence]


def test_too_few_and_too_many_answers_are_counted() -> None:
    assert problems(np.zeros(4)) == ["answered 4 rows for 5"]
    assert problems([]) == ["answered 0 rows for 5"]
    assert problems({"a": [1, 2], "b": [1]}) == ["answered columns of different lengths, from 1 to 2"]


class Hostile:
    """Fails at every touch."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"hands off {name}")


def numbers() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "answered NoneType, which holds no predictions"),
        ({}, "answered dict, which holds no predictions"),
        (numbers(), "answered generator, which holds no predictions"),
        (Hostile, "the answer cannot be read: RuntimeError: hands off toPandas"),
    ],
)
def test_an_odd_answer_is_a_problem_and_no_crash(answer: Any, sentence: str) -> None:
    assert problems(Hostile() if answer is Hostile else answer) == [sentence]


COLUMNS = Schema([ColSpec("double", "score"), ColSpec("string", "label", required=False)])


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (pd.DataFrame({"score": [0.5] * 5}), []),
        (pd.DataFrame({"score": [1] * 5, "more": 1}), []),
        (pd.DataFrame({"score": np.zeros(5, "float32"), "label": list("abcde")}), []),
        (pd.DataFrame({"score": list("abcde")}), ["column 'score' should be double, is string"]),
        (pd.DataFrame({"score": [True] * 5}), ["column 'score' should be double, is boolean"]),
        (pd.DataFrame({"score": [0.5] * 5, "label": 1}), ["column 'label' should be string, is long"]),
        (pd.DataFrame({"points": [0.5] * 5}), ["column 'score' is missing"]),
        ([{"score": 0.5}] * 5, []),
        ({"score": [0.5] * 5}, []),
        (np.zeros(5), []),
    ],
)
def test_an_answer_is_held_to_its_column_signature(answer: Any, found: list[str]) -> None:
    assert problems(answer, 5, COLUMNS) == found


@pytest.mark.parametrize(
    ("spec", "answer", "found"),
    [
        (ColSpec("long"), np.zeros(5), ["column 1 should be long, is double"]),
        (ColSpec("datetime"), pd.Series(pd.to_datetime(["2026-01-01"] * 5)), []),
        (ColSpec("datetime"), [dt.date(2026, 1, 1)] * 5, ["column 1 should be datetime, is object"]),
        (ColSpec("binary"), [b"a"] * 5, []),
        (ColSpec(Array("double"), "score"), [{"score": [0.5, 0.5]}] * 5, []),
        (ColSpec(Array("long"), "x"), {"x": [1, 2, 3]}, []),
        (TensorSpec(np.dtype("float64"), (-1, 2)), np.zeros((5, 2)), []),
        (TensorSpec(np.dtype("float64"), (-1,)), np.zeros(5, "int64"), []),
        (TensorSpec(np.dtype("int64"), (-1,)), np.zeros(5), ["the answer should be int64, is float64"]),
        (
            TensorSpec(np.dtype("float64"), (-1, 3)),
            np.zeros((5, 2)),
            ["the answer should have shape (-1, 3), has (5, 2)"],
        ),
        (TensorSpec(np.dtype("float64"), (-1,), "a"), {"b": np.zeros(5)}, ["tensor 'a' is missing"]),
    ],
)
def test_an_answer_is_held_to_other_signatures(spec: Any, answer: Any, found: list[str]) -> None:
    assert problems(answer, 5, Schema([spec])) == found


def test_a_nested_column_of_another_type_is_told_in_one_line() -> None:
    (sentence,) = problems([{"score": ["a"]}] * 5, 5, Schema([ColSpec(Array("double"), "score")]))
    assert sentence.startswith("column 'score' should be Array(double)")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("one", "two", "equal"),
    [
        (np.array([0.1, NAN]), np.array([0.1 + 1e-12, NAN]), True),
        (np.array([0.1]), np.array([0.2]), False),
        (pd.DataFrame({"a": [1], "b": ["x"]}), pd.DataFrame({"a": [1], "b": ["x"]}), True),
        (pd.DataFrame({"a": [1], "b": ["x"]}), pd.DataFrame({"a": [1], "b": ["y"]}), False),
        (pd.Series([1, None], dtype="Int64"), pd.Series([1, None], dtype="Int64"), True),
        (["a", "b"], ["a", "c"], False),
        ([{"a": [0.1, 0.2]}], [{"a": [0.1, 0.2]}], True),
        ({"a": 1}, {"b": 1}, False),
        (np.zeros(5), np.zeros(4), False),
        ([object()], [object()], True),
    ],
)
def test_two_answers_are_equal_up_to_the_order_of_a_sum(one: Any, two: Any, equal: bool) -> None:
    said = child.looked_at((one, two), None, None)["problems"]
    assert ("two calls on the same rows gave different answers" not in said) is equal


def test_made_up_rows_become_what_the_signature_means() -> None:
    kinds = ["integer", "float", "string", "boolean", "datetime", "binary"]
    rows = {"columns": kinds, "data": [[1, 1, "a", True, "2026-01-01T00:00:00", "YWI="]]}
    frame = child.made_up(rows, Schema([ColSpec(kind, kind) for kind in kinds]))
    assert [str(kind) for kind in frame.dtypes[["integer", "float", "boolean"]]] == ["int32", "float32", "bool"]
    assert frame["datetime"].dtype.kind == "M"
    assert frame["binary"][0] == b"ab"
    named = child.made_up({"tensors": {"a": {"tensor": [[1]], "dtype": "float32"}}}, None)
    assert named["a"].dtype == np.float32


def test_rows_are_counted_only_where_they_can_be() -> None:
    assert child.count_of(pd.DataFrame({"a": [1, 2]})) == 2
    assert child.count_of({"a": np.zeros(3), "b": np.zeros((3, 2))}) == 3
    assert child.count_of(csr_matrix(np.eye(4))) == 4
    assert child.count_of({"question": "why"}) is None
    assert child.count_of("why") is None


def test_the_peak_is_the_childs_own_and_not_that_of_a_large_parent() -> None:
    ballast = b"x" * (600 * 1024 * 1024)  # held by this process while the child runs
    ask = f"import runpy; print(runpy.run_path({child.manners.__file__!r})['peak_mib']())"
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, close_fds=False)
    assert 5 < float(told.stdout) < len(ballast) / 1024 / 1024
