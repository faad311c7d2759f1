"""Answers out of what inference tables keep."""

import pytest

from model_promotion.core.responses import answer_in


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (None, None),
        ("1", "1"),
        ("yes", "yes"),
        ('{"predictions": [1]}', "1"),
        ('{"predictions": [1.0]}', "1"),
        ('{"predictions": [0.25]}', "0.25"),
        (' {"predictions": ["yes"], "served-model-name": "m-2"}', "yes"),
        ('{"predictions": [true]}', "true"),
        ('{"predictions": 3}', "3"),
        ('{"predictions": [1, 0]}', None),
        ('{"predictions": []}', None),
        ('{"predictions": [null]}', None),
        ('{"predictions": [[1]]}', None),
        ('{"predictions": [{"label": 1}]}', None),
        ('{"predictions": [Infinity]}', "Infinity"),
        ('{"error_code": "BAD_REQUEST"}', None),
        ('{"predictions": ', None),
        ('{"predictions":' + "[" * 100_000, None),
    ],
)
def test_the_one_answer_in_a_response(text: str | None, answer: str | None) -> None:
    assert answer_in(text) == answer
