"""The rules of a canary: which share follows, and what the end of a rung means."""

import pytest

from model_promotion.core.errors import BadCall
from model_promotion.core.health import MOST_ERRORS, Health, Look
from model_promotion.core.ladder import Ladder, Then, after_look, at_end, rungs


@pytest.mark.parametrize(
    ("text", "shares"), [("5,25,50", (5, 25, 50)), ("1", (1,)), (" 10 , 99 ", (10, 99)), ("5%,50%", (5, 50))]
)
def test_rungs_are_percents_that_rise(text: str, shares: tuple[int, ...]) -> None:
    assert rungs(text) == shares


@pytest.mark.parametrize(
    "text", ["", "0,5", "5,5", "25,5", "5,100", "5,,25", "5.5", "-5", "5,x", "101", "\u0665", "5,25,50,"]
)
def test_others_are_a_wrong_call(text: str) -> None:
    with pytest.raises(BadCall, match="no list of percents"):
        rungs(text)


def test_a_rung_takes_time() -> None:
    with pytest.raises(ValueError, match="for some time"):
        Ladder(rung_s=0)
    ladder = Ladder((5,), 60)
    assert (ladder.time_s(extended=False), ladder.time_s(extended=True)) == (60, 120)


@pytest.mark.parametrize(
    ("stands", "left"),
    [(0, (5, 25, 50, 100)), (5, (5, 25, 50, 100)), (7, (25, 50, 100)), (50, (50, 100)), (99, (100,)), (100, ())],
)
def test_a_killed_canary_judges_the_rung_that_stands_before_it_goes_on(stands: int, left: tuple[int, ...]) -> None:
    assert Ladder((5, 25, 50)).left(stands) == left


@pytest.mark.parametrize(
    ("verdict", "extended", "then"),
    [
        (Health.PASS, False, Then.ON),
        (Health.PASS, True, Then.ON),
        (Health.FAIL, False, Then.UNDO),
        (Health.FAIL, True, Then.UNDO),
        (Health.INCONCLUSIVE, False, Then.EXTEND),
        (Health.INCONCLUSIVE, True, Then.STOP),
        (Health.ERROR, False, Then.EXTEND),
        (Health.ERROR, True, Then.STOP),
    ],
)
def test_the_end_of_a_rung(verdict: Health, extended: bool, then: Then) -> None:
    assert at_end(verdict, extended=extended) is then


@pytest.mark.parametrize(
    ("verdict", "errors", "then"),
    [
        (Health.PASS, 0, Then.WAIT),
        (Health.INCONCLUSIVE, 0, Then.WAIT),
        (Health.FAIL, 0, Then.UNDO),
        (Health.ERROR, MOST_ERRORS, Then.WAIT),
        (Health.ERROR, MOST_ERRORS + 1, Then.STOP),
    ],
)
def test_a_failure_is_not_waited_with_and_blindness_not_for_ever(verdict: Health, errors: int, then: Then) -> None:
    assert after_look(Look((), verdict, errors)) is then
