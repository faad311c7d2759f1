"""What counts as an answer: JSON with predictions, one a row, every number finite. Strangers write it."""

import json

import pytest

from model_promotion.core.answers import Asked, ending_of, flaw, predictions_in, same
from model_promotion.core.load import Ending

NESTED = "\nError: Failed to enforce schema of data '   x\n0 6.981' with schema '[\"age\": double]'. Error: no age"
SOUND = {
    "a list": (b'{"predictions": [1, 0.5, "yes"]}', 3),
    "rows with names": (b'{"predictions": [{"a": 1}, {"a": 2}]}', 2),
    "tensors with names": (b'{"predictions": {"p": [[1], [2]]}}', 2),
    "one value": (b'{"predictions": 0.5}', 1),
    "more beside it": (b'{"predictions": [true], "served-model-name": "x"}', 1),
}
FLAWED = {
    "NaN": (b'{"predictions": [1, NaN]}', "predictions[1] = nan"),
    "infinity": (b'{"predictions": [{"p": Infinity}, 2]}', "predictions[0].p = inf"),
    "null": (b'{"predictions": [[null], 2]}', "predictions[0][0] = null"),
    "too few": (b'{"predictions": [1]}', "1 prediction for 2 rows"),
    "too many": (b'{"predictions": [1, 2, 3]}', "3 predictions for 2 rows"),
    "none": (b'{"predictions": []}', "0 predictions for 2 rows"),
    "no predictions": (b'{"result": [1, 2]}', "no JSON with predictions"),
    "a list alone": (b"[1, 2]", "no JSON with predictions"),
    "a page": (b"<html>predictions", "no JSON with predictions"),
    "nothing": (b"", "no JSON with predictions"),
    "no text": (b"\xff\xfe\x00", "no JSON with predictions"),
    "without end": (b'{"predictions":' + b"[" * 100_000, "no JSON with predictions"),
}


@pytest.mark.parametrize(("answer", "rows"), SOUND.values(), ids=SOUND.keys())
def test_an_answer_that_is_one_is_taken(answer: bytes, rows: int) -> None:
    assert flaw(Asked(1, 200, answer), rows) == flaw(Asked(1, 200, answer), None) == ""
    assert predictions_in(Asked(1, 200, answer)) == rows


@pytest.mark.parametrize(("answer", "said"), FLAWED.values(), ids=FLAWED.keys())
def test_an_answer_that_is_none_is_named(answer: bytes, said: str) -> None:
    assert flaw(Asked(1, 200, answer), 2) == f"answered {said}"


def test_rows_that_a_server_repeats_are_not_told_but_the_cause_is() -> None:
    rows = "Failed to predict data '   mean radius  mean texture\n0   17.99   6.981\n[1 rows x 2 columns]'. "
    for cause, said in (
        ("\nError: no column age\n17.99", "no column age"),
        (NESTED, "no age"),
        ("", "Failed to predict data"),
    ):
        found = flaw(Asked(1, 400, json.dumps({"message": rows + cause}).encode()), 1)
        assert found == f"answered 400: {said}"
    assert len(flaw(Asked(1, 400, b"x" * 500), 1)) == len("answered 400: ") + 80


def test_an_error_is_told_in_its_own_words_on_one_line_and_without_secrets() -> None:
    message = b'{"error_code": "BAD_REQUEST", "message": "no column age, token=abc123\\nTraceback"}'
    assert flaw(Asked(1, 400, message), 1) == "answered 400: no column age, token=***"
    assert flaw(Asked(1, 502, b""), 1) == "answered 502: without a word"
    assert flaw(Asked(1, 503, b"[]"), 1) == "answered 503: []"
    assert flaw(Asked(1, error="Cannot connect\x1b[2J"), 1) == "did not answer: Cannot connect [2J"


@pytest.mark.parametrize(
    ("status", "body", "ending"),
    [
        (200, b'{"predictions": [1]}', Ending.ANSWERED),
        (200, b"<html>", Ending.NO_PREDICTIONS),
        (204, b"", Ending.NO_PREDICTIONS),
        (302, b"", Ending.REDIRECTED),
        (101, b"", Ending.REDIRECTED),
        (400, b"", Ending.CLIENT_ERROR),
        (401, b"", Ending.DENIED),
        (403, b"", Ending.DENIED),
        (429, b"", Ending.THROTTLED),
        (500, b'{"predictions": [1]}', Ending.SERVER_ERROR),
        (504, b"", Ending.SERVER_ERROR),
    ],
)
def test_under_load_an_answer_counts_by_its_status(status: int, body: bytes, ending: Ending) -> None:
    assert ending_of(status, body) is ending


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ([0.1, 0.2], [0.1, 0.2000000001], True),
        ([0.1], [0.2], False),
        ([0.1], [0.1, 0.1], False),
        ([1], [1.0], True),
        ([True], [1], True),
        (["yes"], ["no"], False),
        ({"a": [1.0]}, {"a": [1.0]}, True),
        ({"a": [1.0]}, {"b": [1.0]}, False),
        ([None], [None], True),
        ([None], [0.0], False),
    ],
)
def test_two_answers_are_the_same_within_a_tolerance(one: object, other: object, *, alike: bool) -> None:
    assert same(one, other, 1e-6) is alike
