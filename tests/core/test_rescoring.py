"""What a choice among several says about the winner, once it is scored on other rows, or on the same."""

from typing import Any

import pytest

from model_promotion.core.rescoring import Picked

CHOSEN = {"metric": "accuracy", "score": 0.97, "found_in": "its run", "compared": 3}


@pytest.mark.parametrize("chosen", [{}, {**CHOSEN, "compared": 1}, {**CHOSEN, "score": None}])
def test_who_was_not_the_best_of_several_was_not_picked(chosen: dict[str, Any]) -> None:
    assert Picked.of(chosen, {"accuracy": 0.9}) is None


@pytest.mark.parametrize(
    ("values", "candidates", "said"),
    [
        ({"accuracy": 0.93, "f1": 0.9}, 1, "on these rows it is 0.93, taking it that nobody chose by them"),
        ({"f1": 0.9}, 1, "on these rows accuracy cannot be told, taking it that nobody chose by them"),
        ({"accuracy": 0.97 + 1e-9}, 3, "and computed on these very rows: alpha is divided by 3"),
        ({"f1": 0.97}, 3, "and computed on these very rows: alpha is divided by 3"),
    ],
)
def test_only_on_the_rows_that_it_was_chosen_on_is_the_winner_held_to_more(
    values: dict[str, float], candidates: int, said: str
) -> None:
    found = Picked.of(CHOSEN, values)
    assert found
    assert found.sentence.startswith("chosen by accuracy 0.97 (its run), the best of 3 recorded")
    assert (found.candidates, said in found.sentence) == (candidates, True), found.sentence
