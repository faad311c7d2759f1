"""Boundary rows: legal by the signature, one change each, and named by what was changed."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.types import ColSpec, Schema

from model_promotion.scoring import probe_rows

FRAME = pd.DataFrame({"age": [30, 40], "bill": [1.5, np.nan], "city": ["a", None]})
SCHEMA = Schema(
    [
        ColSpec("long", "age"),
        ColSpec("double", "bill", required=False),
        ColSpec("string", "city", required=False),
    ]
)


def edges(frame: pd.DataFrame = FRAME, schema: Any = SCHEMA) -> dict[str, Any]:
    return {edge.case: edge for edge in probe_rows.edges(frame, schema)}


def test_each_row_differs_from_a_complete_example_row_in_one_column() -> None:
    zero = edges()["zero"]
    assert zero.frame.to_numpy().tolist() == [[0, 1.5, "a"], [30, 0.0, "a"]]
    assert zero.labels == ["age = 0", "bill = 0"]
    assert list(zero.frame.dtypes[["age", "bill"]]) == [np.int64, np.float64]


def test_a_value_is_missing_only_where_the_signature_allows_it() -> None:
    missing = edges()["missing"]
    assert missing.labels == ["bill = NaN", "city = missing", "bill = NaN, city = missing"]
    assert missing.frame["age"].notna().all()
    assert missing.frame[["bill", "city"]].isna().to_numpy().tolist() == [[True, False], [False, True], [True, True]]
    assert list(edges()["left_out"].frame.columns) == ["age"]
    required = Schema([ColSpec(kind, name) for kind, name in (("long", "age"), ("double", "bill"), ("string", "city"))])
    assert not {"missing", "left_out"} & edges(schema=required).keys()


@pytest.mark.parametrize("kind", ["integer", "long", "float", "double"])
def test_extreme_numbers_are_within_the_limits_of_their_type(kind: str) -> None:
    dtype = probe_rows.NUMBERS[kind]
    found = edges(pd.DataFrame({"n": np.array([1, 2_000_000_000], dtype=dtype)}), Schema([ColSpec(kind, "n")]))
    assert {"zero", "negative", "large", "limits"} == found.keys()
    for edge in found.values():
        assert edge.frame["n"].dtype == dtype
        assert np.isfinite(edge.frame["n"]).all()
    limits = np.finfo(dtype) if "int" not in np.dtype(dtype).name else np.iinfo(dtype)
    assert found["limits"].frame["n"].tolist() == [limits.min, limits.max]
    assert found["large"].frame["n"][0] > found["zero"].frame["n"][0] > found["negative"].frame["n"][0]


def test_texts_are_empty_long_and_unseen_and_shown_in_a_few_letters() -> None:
    texts = {case: edges()[case] for case in ("empty_text", "long_text", "unseen")}
    assert [edge.frame["city"][0] for edge in texts.values()] == ["", "long " * 2000, "never seen before"]
    assert [edge.labels[0] for edge in texts.values()] == [
        "city = ''",
        "city = a text of 10000 letters",
        "city = 'never seen before'",
    ]


def test_a_wide_table_is_tried_in_its_first_two_hundred_columns() -> None:
    wide = pd.DataFrame(np.ones((2, 300)), columns=[f"c{n}" for n in range(300)])
    zero = edges(wide, Schema([ColSpec("double", name) for name in wide.columns]))["zero"]
    assert zero.frame.shape == (200, 300)


@pytest.mark.parametrize(
    ("data", "kinds", "made"),
    [
        (np.array([[8.0, 0.0]]), "f", [[8.0, 0.0], [10.0, 0.25], [12.0, 0.5], [14.0, 0.75]]),
        (np.array([[8, 0]], np.int32), "iu", [[8, 0], [9, 1], [10, 2], [11, 3]]),
        (np.array([[8, 0]]), "f", [[8, 0]] * 4),
        (np.array([[True]]), "iu", [[True]] * 4),
        (pd.DataFrame({"x": [8.0], "n": [3], "t": ["a"]}), "f", [[x, 3, "a"] for x in (8.0, 10.0, 12.0, 14.0)]),
        (pd.DataFrame({"x": [8.0], "n": [3], "t": ["a"]}), "iu", [[8.0, n, "a"] for n in (3, 4, 5, 6)]),
    ],
)
def test_nudged_rows_differ_in_their_numbers_and_keep_their_types(data: Any, kinds: str, made: list[Any]) -> None:
    rows = probe_rows.nudged(data, kinds)
    table, was = pd.DataFrame(rows), pd.DataFrame(data)
    assert (table.to_numpy().tolist(), table.dtypes.tolist()) == (made, was.dtypes.tolist())
    assert probe_rows.differ(rows) is (made[0] != made[1])
