"""Every usual form of an answer as numbers that can be sent, without a child."""

import io
import json
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from model_promotion.core import scores
from model_promotion.scoring import score_child
from model_promotion.scoring.score_child import ABSENT, OTHER, answers_of

NAN = float("nan")


def said(answer: Any, classes: list[Any] | None, rows: int = 2) -> tuple[str, Any]:
    found = answers_of(answer, {"classes": classes, "served": classes}, rows)
    return found.kind, found.array.tolist()


def test_the_codes_mean_the_same_on_both_sides() -> None:
    assert (OTHER, ABSENT) == (scores.OTHER, scores.ABSENT)


@pytest.mark.parametrize(
    ("answer", "classes", "codes"),
    [
        (np.array([1, 0]), [0, 1], [1, 0]),
        (np.array([1.0, 0.0]), [0, 1], [1, 0]),
        (np.array([1, 0]), [0.0, 1.0], [1, 0]),
        (np.array([True, False]), [False, True], [1, 0]),
        (np.array(["dog", "cat"]), ["cat", "dog"], [1, 0]),
        (["dog", "cat"], ["cat", "dog"], [1, 0]),
        (pd.Series(["dog", None]), ["cat", "dog"], [1, ABSENT]),
        (pd.DataFrame({"prediction": ["dog", "cat"]}), ["cat", "dog"], [1, 0]),
        ({"prediction": ["dog", "cat"]}, ["cat", "dog"], [1, 0]),
        (np.array([[1], [0]]), [0, 1], [1, 0]),
        (pd.Series(["dog", "wolf"]), ["cat", "dog"], [1, OTHER]),
        (np.array([1.0, NAN]), [0, 1], [1, ABSENT]),
        (np.array([2, 7]), [1, 2, 3], [1, OTHER]),
        (np.array([0.0, 3.5]), [0, 1], [0, OTHER]),
    ],
)
def test_labels_are_sent_as_places_of_classes(answer: Any, classes: list[Any], codes: list[int]) -> None:
    assert said(answer, classes) == ("codes", codes)


def test_a_share_of_two_classes_is_the_chance_of_the_second() -> None:
    assert said(np.array([0.25, 1.0]), ["no", "yes"]) == ("probabilities", [[0.75, 0.25], [0.0, 1.0]])
    kind, values = said(np.array([0.25, NAN]), [0, 1])
    assert (kind, np.isnan(values[1]).all()) == ("probabilities", True)


def test_a_column_a_class_is_their_probabilities() -> None:
    shares = [[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]]
    assert said(np.array(shares), ["a", "b", "c"]) == ("probabilities", shares)
    assert said(pd.DataFrame(shares), ["a", "b", "c"]) == ("probabilities", shares)


def test_amounts_are_sent_as_they_are_and_nothing_as_nan() -> None:
    assert said(pd.Series([1, 2]), None) == ("numbers", [1.0, 2.0])
    kind, values = said(pd.Series([1.5, "much"], dtype=object), None)
    assert (kind, values[0], np.isnan(values[1])) == ("numbers", 1.5, True)


@pytest.mark.parametrize(
    ("answer", "classes", "why"),
    [
        (np.zeros(3), None, "answered 3 rows for 2"),
        (np.zeros((2, 2)), None, "answered 2 numbers a row, where one was expected"),
        (np.zeros((2, 2)), ["a", "b", "c"], "answered 2 numbers a row for 3 classes"),
        (np.ones((2, 2)), ["a", "b"], "do not add up to 1"),
        (pd.DataFrame({"label": ["a", "b"], "score": [0.1, 0.2]}), ["a", "b"], "2 columns that are not all numbers"),
        (np.array([[1.5, -0.5], [0.5, 0.5]]), ["a", "b"], "not all are between 0 and 1"),
        (np.array([1 + 2j, 3]), None, "of kind complex, where numbers were expected"),
        (pd.to_datetime(["2020-01-01", "2021-01-01"]), None, "of kind datetime64"),
        (pd.Series([pd.Timestamp("2020-01-01"), None], dtype=object), None, "of kind datetime"),
        (pd.to_timedelta([1, 2], unit="s"), None, "of kind timedelta"),
        (["1.5", "2"], None, "of kind string"),
        (np.zeros((2, 2, 2)), None, "3 dimensions"),
        ("yes", ["no", "yes"], "0 dimensions"),
    ],
)
def test_what_is_no_prediction_a_row_is_said(answer: Any, classes: list[Any] | None, why: str) -> None:
    with pytest.raises(score_child.manners.Trouble, match=why):
        answers_of(answer, {"classes": classes, "served": classes}, 2)


def test_what_is_masked_is_no_answer_whatever_stands_beneath() -> None:
    hidden = np.ma.masked_array([1.5, 2.5], [False, True])
    assert np.isnan(said(hidden, None)[1]).tolist() == [False, True]
    assert said(np.ma.masked_array([1, 0], [False, True]), [0, 1]) == ("codes", [1, ABSENT])
    assert said(np.ma.masked_array(["b", "a"], [False, True]), ["a", "b"]) == ("codes", [1, ABSENT])


@pytest.mark.parametrize(
    "odd", [pd.Timestamp("2020-01-01"), np.timedelta64(5, "s"), 1 + 2j, "7", None, pd.NA], ids=repr
)
def test_what_is_no_number_beside_numbers_is_no_answer(odd: Any) -> None:
    values = said(pd.Series([1.5, odd, Decimal("2.5"), True], dtype=object), None, rows=4)[1]
    assert (values[0], np.isnan(values[1]), values[2:]) == (1.5, True, [2.5, 1.0])


def test_shares_a_hair_beside_0_and_1_are_cut_and_a_row_with_infinity_is_no_answer() -> None:
    found = said(np.array([[1.0004, -0.0004], [np.inf, -np.inf]]), ["a", "b"])[1]
    assert found[0] == [1.0, 0.0]
    assert np.isnan(found[1]).all()


class Wrapped:
    """What MLflow hands out: labels as served, and the model itself."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    def predict(self, frame: pd.DataFrame) -> Any:
        return np.array(["b"] * len(frame))

    def get_raw_model(self) -> Any:
        return self.raw


class Raw:
    """A classifier that saw its classes in another order, and one that we do not have."""

    classes_ = np.array(["b", "z", "a"])

    def predict_proba(self, frame: pd.DataFrame) -> Any:
        return np.tile([0.6, 0.1, 0.3], (len(frame), 1))


def test_the_models_own_probabilities_follow_in_the_order_of_our_classes() -> None:
    asked = score_child.Asked(Wrapped(Raw()), {"classes": ["a", "b", "c"], "probabilities": True})
    first, second = asked.answers(pd.DataFrame({"x": [1, 2]}))
    assert (first.kind, first.array.tolist()) == ("codes", [1, 1])
    assert (second.kind, second.array.tolist()) == ("probabilities", [[0.3, 0.6, 0.0]] * 2)


def test_a_model_without_probabilities_answers_labels_only() -> None:
    asked = score_child.Asked(Wrapped(object()), {"classes": ["a", "b"], "probabilities": True})
    assert [one.kind for one in asked.answers(pd.DataFrame({"x": [1]}))] == ["codes"]


def test_a_frame_is_a_line_and_the_bytes_that_it_announces() -> None:
    pipe = io.BytesIO()
    answers_of(np.array([0.5, 1.5]), {"classes": None, "served": None}, 2).send(pipe)
    line, _, rest = pipe.getvalue().partition(b"\n")
    assert json.loads(line) == {"kind": "numbers", "rows": 2, "columns": 1, "more": False}
    assert np.frombuffer(rest).tolist() == [0.5, 1.5]


@pytest.mark.parametrize(
    "answer",
    [
        np.array([[0.9, 0.1], [0.2, 0.8]]),
        np.array([0.1, 0.8]),
        pd.DataFrame({"no": [0.9, 0.2], "yes": [0.1, 0.8]}),
        pd.DataFrame({"yes": [0.1, 0.8], "no": [0.9, 0.2]}),
    ],
)
def test_a_share_belongs_to_the_class_that_the_model_means_whatever_class_we_call_positive(answer: Any) -> None:
    ours = {"classes": ["yes", "no"], "served": ["no", "yes"]}
    found = answers_of(answer, ours, 2)
    assert found.array.tolist() == pytest.approx(np.array([[0.1, 0.9], [0.8, 0.2]]))


def test_shares_of_exactly_0_and_1_are_still_shares_after_others() -> None:
    asked = {"classes": [0, 1], "served": [0, 1]}
    assert answers_of(np.array([0.0, 1.0]), asked, 2, "probabilities").kind == "probabilities"
    assert answers_of(np.array([0.0, 1.0]), asked, 2, "codes").kind == "codes"


def test_truth_values_and_whole_numbers_are_the_same_labels() -> None:
    assert said(np.array([1, 0]), [False, True]) == ("codes", [1, 0])
    assert said(np.array([True, False]), [0, 1]) == ("codes", [1, 0])


def test_a_model_of_other_classes_is_said_to_be_one() -> None:
    asked = {"classes": ["a", "b"], "served": ["x", "y"]}
    with pytest.raises(score_child.manners.Trouble, match="knows none of the classes"):
        answers_of(np.array([[0.5, 0.5]] * 2), asked, 2)


class Saying:
    """A model that says one thing after the other."""

    def __init__(self, *answers: Any) -> None:
        self.left = list(answers)

    def predict(self, _: pd.DataFrame) -> Any:
        return np.array(self.left.pop(0))


def kinds(*batches: list[float]) -> list[str]:
    asked = score_child.Asked(Saying(*batches), {"classes": [0, 1], "probabilities": False})
    return [one.kind for batch in batches for one in asked.answers(pd.DataFrame({"x": batch}))]


def test_a_sigmoid_that_says_0_and_1_at_first_is_never_taken_for_labels_that_are_none() -> None:
    assert kinds([0.0, 1.0], [1.0, NAN], [0.0, 0.0]) == ["codes"] * 3
    with pytest.raises(score_child.manners.Trouble, match="answered codes at first, then probabilities"):
        kinds([0.0, 1.0], [0.3, 0.9])


def test_what_was_labels_for_sure_or_shares_for_sure_stays_so() -> None:
    assert kinds([0.0, 2.0], [0.5, 1.0]) == ["codes", "codes"]
    assert kinds([0.3, 0.9], [0.0, 1.0]) == ["probabilities", "probabilities"]
    with pytest.raises(score_child.manners.Trouble, match="answered probabilities at first, then codes"):
        kinds([0.3, 0.9], [0.0, 2.0])


def test_a_classifier_is_asked_for_amounts_only_where_that_was_said() -> None:
    with pytest.raises(score_child.manners.Trouble, match="is a classifier, but the truth looks like amounts"):
        score_child.Asked(Wrapped(Raw()), {"classes": None, "probabilities": False})
    assert score_child.Asked(Wrapped(Raw()), {"classes": None, "probabilities": False, "any_model": True})
