"""The rule behind --if-better, as a table."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core.better import Answer, Goal, judge
from model_promotion.core.errors import BadCall
from model_promotion.core.metrics import Direction, MetricRule, Tolerance

BETTER, NOT_BETTER, UNKNOWN = Answer.BETTER, Answer.NOT_BETTER, Answer.UNKNOWN
THREE = ("precision", "recall", "f1")
LOOSE = {"recall": MetricRule(tolerance=Tolerance(0.05))}
NAN, INF = math.nan, math.inf

# The metrics that decide, the champion's, the candidate's, what the policy says -> the answer.
TABLE: dict[str, tuple[Any, ...]] = {
    "better": ("acc", {"acc": 0.90}, {"acc": 0.91}, {}, BETTER),
    "the same": ("acc", {"acc": 0.90}, {"acc": 0.90}, {}, NOT_BETTER),
    "the same but for rounding": ("acc", {"acc": 0.3}, {"acc": 0.1 + 0.2}, {}, NOT_BETTER),
    "worse": ("acc", {"acc": 0.90}, {"acc": 0.89}, {}, NOT_BETTER),
    "lower is better, and it is lower": ("rmse", {"rmse": 2.0}, {"rmse": 1.0}, {}, BETTER),
    "lower is better, and it is higher": ("rmse", {"rmse": 1.0}, {"rmse": 2.0}, {}, NOT_BETTER),
    "the policy knows the direction": (
        "score_x",
        {"score_x": 2},
        {"score_x": 1},
        {"score_x": MetricRule(Direction.LOWER)},
        BETTER,
    ),
    "nobody knows the direction": ("score_x", {"score_x": 1.0}, {"score_x": 2.0}, {}, UNKNOWN),
    "more than the gain": ("acc:0.01", {"acc": 0.90}, {"acc": 0.92}, {}, BETTER),
    "exactly the gain": ("acc:0.01", {"acc": 0.89}, {"acc": 0.90}, {}, NOT_BETTER),
    "less than the gain": ("acc:0.01", {"acc": 0.90}, {"acc": 0.905}, {}, NOT_BETTER),
    "the gain of a metric that falls": ("rmse:0.5", {"rmse": 2.0}, {"rmse": 1.4}, {}, BETTER),
    "less than the policy's gain": (
        "acc",
        {"acc": 0.90},
        {"acc": 0.905},
        {"acc": MetricRule(min_gain=0.01)},
        NOT_BETTER,
    ),
    "the gain that was typed wins": (
        "acc:0",
        {"acc": 0.90},
        {"acc": 0.905},
        {"acc": MetricRule(min_gain=0.01)},
        BETTER,
    ),
    "all three better": (THREE, dict.fromkeys(THREE, 0.8), dict.fromkeys(THREE, 0.9), {}, BETTER),
    "one better, two the same": (
        THREE,
        dict.fromkeys(THREE, 0.8),
        {**dict.fromkeys(THREE, 0.8), "f1": 0.9},
        {},
        BETTER,
    ),
    "one worse": (THREE, dict.fromkeys(THREE, 0.8), {**dict.fromkeys(THREE, 0.9), "recall": 0.79}, {}, NOT_BETTER),
    "one worse within its tolerance": (
        THREE,
        dict.fromkeys(THREE, 0.8),
        {**dict.fromkeys(THREE, 0.9), "recall": 0.79},
        LOOSE,
        BETTER,
    ),
    "only within tolerance": ("recall", {"recall": 0.8}, {"recall": 0.79}, LOOSE, NOT_BETTER),
    "one gains enough, one too little": (
        ("precision:0.5", "f1:0.01"),
        dict.fromkeys(THREE, 0.8),
        dict.fromkeys(THREE, 0.9),
        {},
        BETTER,
    ),
    "what was not named does not count": ("acc", {"acc": 0.9, "f1": 0.9}, {"acc": 0.95, "f1": NAN}, {}, BETTER),
    "NaN in the candidate": ("acc", {"acc": 0.9}, {"acc": NAN}, {}, UNKNOWN),
    "NaN in the champion": ("acc", {"acc": NAN}, {"acc": 0.9}, {}, UNKNOWN),
    "infinity in the candidate": ("acc", {"acc": 0.9}, {"acc": INF}, {}, UNKNOWN),
    "infinity in the champion, to be fallen below": ("rmse", {"rmse": INF}, {"rmse": 1.0}, {}, UNKNOWN),
    "missing in the candidate": ("acc", {"acc": 0.9}, {}, {}, UNKNOWN),
    "missing in the champion": ("acc", {}, {"acc": 0.9}, {}, UNKNOWN),
    "missing in both": ("acc", {"f1": 0.9}, {"f1": 0.9}, {}, UNKNOWN),
    "one better, one NaN": (("acc", "f1"), {"acc": 0.9, "f1": 0.9}, {"acc": 0.95, "f1": NAN}, {}, UNKNOWN),
    "one worse, one missing": (("acc", "f1"), {"acc": 0.9, "f1": 0.9}, {"acc": 0.8}, {}, UNKNOWN),
    "the same dataset": ("acc", {"acc [test]": 0.9}, {"acc [test]": 0.95}, {}, BETTER),
    "better on one dataset, worse on another": (
        "acc",
        {"acc [a]": 0.9, "acc [b]": 0.9},
        {"acc [a]": 0.95, "acc [b]": 0.8},
        {},
        NOT_BETTER,
    ),
    "one dataset named": ("acc [a]", {"acc [a]": 0.9, "acc [b]": 0.9}, {"acc [a]": 0.95, "acc [b]": 0.8}, {}, BETTER),
    "measured on other data": ("acc", {"acc [old]": 0.9}, {"acc [new]": 0.95}, {}, UNKNOWN),
}
metrics = st.floats(allow_nan=True, allow_infinity=True)


def goals(named: str | tuple[str, ...]) -> list[Goal]:
    return [Goal.parse(text) for text in ((named,) if isinstance(named, str) else named)]


@pytest.mark.parametrize(("named", "champion", "candidate", "rules", "answer"), TABLE.values(), ids=TABLE.keys())
def test_better_means_none_worse_and_one_by_more_than_its_gain(
    named: str, champion: dict[str, float], candidate: dict[str, float], rules: dict[str, MetricRule], answer: Answer
) -> None:
    assert judge(goals(named), champion, candidate, rules).answer is answer


@pytest.mark.parametrize(
    ("named", "champion", "candidate", "said"),
    [
        ("acc", 0.9, 0.95, "acc 0.9 -> 0.95 (+0.05, better)"),
        ("acc", 0.9, 0.6, "acc 0.9 -> 0.6 (-0.3, worse)"),
        ("acc:0.1", 0.9, 0.95, "acc 0.9 -> 0.95 (+0.05, not more than 0.1 better)"),
        ("acc", 0.9, NAN, "acc 0.9 -> nan (missing or not a number)"),
        ("colour", 1.0, 2.0, "colour 1 -> 2 (+1, which way is better is not known)"),
    ],
)
def test_the_numbers_are_said(named: str, champion: float, candidate: float, said: str) -> None:
    (goal,) = goals(named)
    assert judge([goal], {goal.metric: champion}, {goal.metric: candidate}, {}).because == said


def test_a_metric_that_neither_has_is_said_to_be_that_with_the_names_that_are_near() -> None:
    there = {"test_accuracy": 0.9}
    misspelt, unknown = (judge(goals(name), there, there, {}).because for name in ("test_acuracy", "banana"))
    assert misspelt == "test_acuracy is recorded for neither (did you mean test_accuracy?)"
    assert unknown == "banana is recorded for neither"


@given(metrics, metrics)
def test_of_two_models_at_most_one_is_better(one: float, other: float) -> None:
    there, back = (judge(goals("acc"), {"acc": a}, {"acc": b}, {}).answer for a, b in ((one, other), (other, one)))
    assert (there, back).count(BETTER) <= 1
    assert (there is UNKNOWN) == (back is UNKNOWN)


@given(metrics, metrics, st.floats(0, 1e6), st.floats(0, 1e6))
def test_who_asks_for_more_gain_never_gets_more_promotions(one: float, other: float, gain: float, more: float) -> None:
    asked = [judge([Goal("acc", g)], {"acc": one}, {"acc": other}, {}).answer for g in (gain, gain + more)]
    assert asked != [NOT_BETTER, BETTER]


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("f1", Goal("f1")),
        ("f1:0.01", Goal("f1", 0.01)),
        ("f1:0", Goal("f1", 0.0)),
        ("val:f1", Goal("val:f1")),
        ("val:f1:1e-3", Goal("val:f1", 0.001)),
        ("test/f1 [holdout]", Goal("test/f1 [holdout]")),
    ],
)
def test_a_gain_stands_behind_a_colon_and_is_said_as_it_was_typed(text: str, goal: Goal) -> None:
    assert Goal.parse(text) == goal
    assert Goal.parse(str(goal)) == goal


@pytest.mark.parametrize("text", ["", " ", ":", "f1:", ":0.1", "f1:-0.1", "f1:nan", "f1:inf", "f1::0.1"])
def test_what_is_no_metric_or_no_gain_is_a_wrong_call(text: str) -> None:
    with pytest.raises(BadCall) as wrong:
        Goal.parse(text)
    assert "--if-better test_accuracy" in wrong.value.hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("accuracy=0.1", "did you mean accuracy:0.1?"),
        ("f1=best", "for example"),
        ("=0.1", "for example"),
        ("f1=0.1:0.2", "for example"),
    ],
)
def test_a_gain_behind_an_equals_sign_is_no_part_of_a_name(text: str, hint: str) -> None:
    with pytest.raises(BadCall, match="no metric has = in its name") as wrong:
        Goal.parse(text)
    assert wrong.value.hint.startswith(hint)


def test_a_metric_that_was_asked_for_is_missed_though_the_policy_only_bounds_it() -> None:
    found = judge((Goal("f1"),), {}, {}, {"f1": MetricRule(asks=False)})
    assert (found.answer, found.because) == (Answer.UNKNOWN, "f1 is recorded for neither")
