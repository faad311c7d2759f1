"""Slices: which are looked at, and that their rows are counted as if they were all there are."""

import numpy as np
import pytest

from model_promotion.core.errors import BadCall
from model_promotion.core.scores import Answers
from model_promotion.evidence.buckets import Draw
from model_promotion.evidence.counting import Batch, count
from model_promotion.evidence.slicing import measured, slices_of
from model_promotion.evidence.tables import Question, Task

LEVELS = {"region": ("north", "south"), "city": tuple(f"city {place}" for place in range(40)), "one": ("same",)}


def test_texts_with_few_values_are_found_and_others_can_be_named() -> None:
    assert slices_of(None, LEVELS) == {"region": ("north", "south")}
    assert slices_of(("city",), LEVELS) == {"city": LEVELS["city"]}
    assert slices_of((), LEVELS) == {}


@pytest.mark.parametrize("name", ["age", "street"])
def test_a_column_that_cannot_be_sliced_by_is_named(name: str) -> None:
    with pytest.raises(BadCall, match=f"{name} has .* levels"):
        slices_of((name,), {**LEVELS, "street": tuple(map(str, range(51)))})


@pytest.mark.parametrize("probabilities", [False, True])
def test_a_slice_is_counted_as_if_its_rows_were_all_there_are(probabilities: bool) -> None:
    made = np.random.default_rng(4)
    truth, regions = made.integers(0, 2, 2000), made.choice(["north", "south"], 2000)
    right = np.where(regions == "north", 0.5, 0.95)
    said = [np.where(made.random(2000) < share, truth, 1 - truth).astype(np.int32) for share in (0.95, right)]
    answers = [
        Answers(probabilities=np.column_stack([1 - one, one]).astype(float)) if probabilities else Answers(codes=one)
        for one in said
    ]
    question = Question(Task.BINARY, (0, 1), slices={"region": ("north", "south", "west")})
    units = np.arange(2000, dtype=np.uint64)
    tables = count(Batch(truth, answers[0], answers[1], units, levels={"region": regions}), question)
    assert tables.slices["region=north"].rows == (regions == "north").sum()
    found = measured(tables, question, Draw(seed=1))
    assert set(found) == {"region=north", "region=south"}
    assert found["region=north"].change == pytest.approx(-0.45, abs=0.06)
    assert abs(found["region=south"].change) < 0.05
