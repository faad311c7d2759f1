import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core.steps import SetAlias, SetTag, Step

numbers = st.none() | st.integers(1, 999).map(str)
aliases = st.builds(SetAlias, st.just("m"), st.just("champion"), numbers, numbers)
tags = st.builds(SetTag, st.just("m"), st.just("promotion_hold"), numbers, numbers, numbers)


@given(aliases | tags)
def test_undoing_an_undoing_is_the_deed_itself(step: Step) -> None:
    assert step.undone().undone() == step


@given(aliases | tags)
def test_an_undoing_leads_back_to_where_the_deed_began_and_touches_nothing_else(step: Step) -> None:
    back = step.undone()
    assert (back.was, back.to) == (step.to, step.was)
    assert back.model == step.model
    assert isinstance(back, type(step))


SENTENCES = {
    "an alias moved": (SetAlias("m", "champion", "3", "7"), "@champion: v3 -> v7"),
    "the first one": (SetAlias("m", "champion", None, "7"), "@champion: nothing -> v7"),
    "an alias taken away": (SetAlias("m", "champion", "7", None), "@champion: v7 -> nothing"),
    "a model's tag": (SetTag("m", "promotion_head", None, "x"), "tag promotion_head on m: set"),
    "a version's tag taken away": (SetTag("m", "promotion_hold", "x", None, "3"), "tag promotion_hold on v3: removed"),
}


@pytest.mark.parametrize(("step", "sentence"), SENTENCES.values(), ids=SENTENCES.keys())
def test_a_step_says_what_it_does(step: Step, sentence: str) -> None:
    assert step.sentence == sentence
