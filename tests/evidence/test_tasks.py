"""What is predicted, from the truth, the policy and what the models promise."""

from typing import Any

import pytest

from model_promotion.core.errors import BadCall
from model_promotion.evidence.tables import Question, Target, Task
from model_promotion.evidence.tasks import AMOUNTS, CLASSES, UNKNOWN, answers_of, named, task_of


def numbers(count: int) -> Target:
    return Target(1000, tuple(range(count)), is_number=True, whole=True)


TEXTS = Target(1000, ("a", "b", "c"), is_number=False)
FRACTIONS = Target(1000, (0.5, 1.0, 1.5), is_number=True)
COUNTLESS = Target(50_000, (), is_number=True, whole=True)


@pytest.mark.parametrize(
    ("target", "word", "answers", "task"),
    [
        (numbers(2), None, (AMOUNTS, AMOUNTS), Task.BINARY),
        (numbers(5), None, (UNKNOWN, UNKNOWN), Task.MULTICLASS),
        (numbers(5), None, (CLASSES, AMOUNTS), Task.MULTICLASS),
        (numbers(5), None, (AMOUNTS, UNKNOWN), Task.MULTICLASS),
        (numbers(5), None, (AMOUNTS, AMOUNTS), Task.REGRESSION),
        (numbers(5), None, (AMOUNTS,), Task.REGRESSION),
        (numbers(5), "regression", (CLASSES, CLASSES), Task.REGRESSION),
        (numbers(26), None, (CLASSES, UNKNOWN), Task.MULTICLASS),
        (numbers(26), None, (AMOUNTS, AMOUNTS), Task.REGRESSION),
        (numbers(26), "multiclass", (AMOUNTS, AMOUNTS), Task.MULTICLASS),
        (COUNTLESS, None, (CLASSES, CLASSES), Task.REGRESSION),
        (TEXTS, None, (AMOUNTS, AMOUNTS), Task.MULTICLASS),
        (FRACTIONS, None, (CLASSES, CLASSES), Task.REGRESSION),
        (FRACTIONS, "multiclass", (UNKNOWN,), Task.MULTICLASS),
    ],
)
def test_the_policy_then_the_models_then_the_truth_tell_the_task(
    target: Target, word: str | None, answers: tuple[str, ...], task: Task
) -> None:
    assert task_of(target, word, answers) is task


@pytest.mark.parametrize(
    ("target", "word", "why"),
    [
        (numbers(26), None, "26 whole numbers, which may be classes or amounts"),
        (numbers(5), "binary", "the policy calls it binary, but the target holds 5 different numbers"),
        (numbers(2), "multiclass", "holds 2 different numbers"),
        (TEXTS, "regression", "holds 3 different labels"),
        (COUNTLESS, "multiclass", "holds too many different numbers"),
        (numbers(1), None, "every row has the target 0"),
        (numbers(1), "regression", "holds 1 different numbers"),
        (Target(0, (), is_number=True, whole=True), None, "no row has a target"),
        (Target(1000, (), is_number=False), None, "too many different texts"),
    ],
)
def test_what_cannot_be_told_is_asked_for_with_the_line_of_the_policy(
    target: Target, word: str | None, why: str
) -> None:
    with pytest.raises(BadCall, match=why) as raised:
        task_of(target, word, (AMOUNTS, UNKNOWN))
    assert ("promotion.toml" in raised.value.hint) is bool(word or len(target.labels) > 20)


def columns(*types: str) -> list[dict[str, Any]]:
    return [{"type": one, "name": f"out{place}"} for place, one in enumerate(types)]


def tensor(dtype: str, *shape: int) -> list[dict[str, Any]]:
    return [{"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": list(shape)}}]


@pytest.mark.parametrize(
    ("outputs", "says"),
    [
        (columns("long"), CLASSES),
        (columns("string"), CLASSES),
        (columns("boolean"), CLASSES),
        (columns("double"), AMOUNTS),
        (columns("float", "float", "float"), CLASSES),
        (columns("string", "double"), UNKNOWN),
        (columns("datetime"), UNKNOWN),
        (tensor("int64", -1), CLASSES),
        (tensor("str", -1), CLASSES),
        (tensor("float32", -1), AMOUNTS),
        (tensor("float32", -1, 1), AMOUNTS),
        (tensor("float64", -1, 3), CLASSES),
        (tensor("float64", -1, -1), UNKNOWN),
        (tensor("object", -1), UNKNOWN),
        (None, UNKNOWN),
    ],
)
def test_a_signature_promises_classes_or_amounts(outputs: list[dict[str, Any]] | None, says: str) -> None:
    inputs = columns("double")
    assert answers_of({"signature": {"inputs": inputs, "outputs": outputs}, "flavors": {"sklearn": {"v": 1}}}) == says


def test_the_class_of_the_model_says_more_than_the_type_of_its_answers() -> None:
    signature = {"inputs": columns("double"), "outputs": columns("long")}
    lightgbm = {"lightgbm": {"model_class": "lightgbm.sklearn.LGBMRegressor"}}
    assert answers_of({"signature": signature, "flavors": lightgbm}) == AMOUNTS
    xgboost = {"python_function": {}, "xgboost": {"model_class": "xgboost.sklearn.XGBClassifier"}}
    assert answers_of({"flavors": xgboost}) == CLASSES
    assert answers_of({}) == UNKNOWN


def test_the_task_is_named_with_its_classes() -> None:
    asked = (Question(Task.BINARY, (0, 1)), Question(Task.MULTICLASS, tuple(range(26))), Question(Task.REGRESSION))
    assert [named(one) for one in asked] == ["binary", "multiclass (26 classes)", "regression"]
