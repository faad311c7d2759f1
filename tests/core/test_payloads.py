"""The candidate's example as requests, whichever form it was saved in."""

import json
from typing import Any

import pytest

from model_promotion.core.payloads import as_sent, one_by_one, payload_of

FRAME = {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}
# example as it is saved -> what is sent, how many rows, how many bodies when sent one by one
FORMS: dict[str, tuple[Any, dict[str, Any], int | None, int]] = {
    "a frame as saved": (FRAME, {"dataframe_split": FRAME}, 2, 2),
    "a frame as sent": ({"dataframe_split": FRAME}, {"dataframe_split": FRAME}, 2, 2),
    "records as sent": ({"dataframe_records": [{"a": 1}]}, {"dataframe_records": [{"a": 1}]}, 1, 1),
    "a tensor as sent": ({"inputs": [[1], [2], [3]]}, {"inputs": [[1], [2], [3]]}, 3, 3),
    "tensors with names": ({"inputs": {"x": [1, 2], "y": [3, 4]}}, {"inputs": {"x": [1, 2], "y": [3, 4]}}, 2, 1),
    "tensors of two lengths": ({"inputs": {"x": [1], "y": [3, 4]}}, {"inputs": {"x": [1], "y": [3, 4]}}, None, 1),
    "a text": ("what is it?", {"inputs": "what is it?"}, None, 1),
    "a list": ([[1.0], [2.0]], {"inputs": [[1.0], [2.0]]}, 2, 2),
    "rows from a signature": ({"tensor": [[1.0]], "dtype": "float64"}, {"inputs": [[1.0]]}, 1, 1),
    "named rows from a signature": (
        {"tensors": {"x": {"tensor": [[1.0]], "dtype": "float64"}}},
        {"inputs": {"x": [[1.0]]}},
        1,
        1,
    ),
    "no row at all": ({"dataframe_split": {"columns": ["a"], "data": []}},) * 2 + (0, 1),
}


@pytest.mark.parametrize(("example", "sent", "rows", "bodies"), FORMS.values(), ids=FORMS.keys())
def test_every_form_is_sent_as_the_scoring_server_takes_it(
    example: Any, sent: dict[str, Any], rows: int | None, bodies: int
) -> None:
    assert as_sent(example) == sent
    whole = payload_of(as_sent(example))
    assert (json.loads(whole.body), whole.rows) == (sent, rows)
    assert len(one_by_one(sent)) == bodies


def test_one_by_one_every_row_goes_out_with_its_columns() -> None:
    indexed = {"dataframe_split": {"index": [7, 8], **FRAME}}
    first, second = (json.loads(one.body)["dataframe_split"] for one in one_by_one(indexed))
    assert first == {"index": [0], "columns": ["a", "b"], "data": [[1, 2]]}
    assert second["data"] == [[3, 4]]
    assert {one.rows for one in one_by_one(indexed)} == {1}


def test_params_go_along_with_every_row() -> None:
    sent = {"inputs": [1, 2], "params": {"t": 0.5}}
    assert [json.loads(one.body) for one in one_by_one(sent)] == [{**sent, "inputs": [1]}, {**sent, "inputs": [2]}]
