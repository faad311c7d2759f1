"""What tables say about each metric is what scikit-learn says about the rows, with bounds that fit."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from model_promotion.core.gate import GateRule, GateVerdict, Measured, judge
from model_promotion.core.metrics import Direction, direction_of
from model_promotion.core.scores import Answers
from model_promotion.evidence.buckets import Draw
from model_promotion.evidence.comparing import OF_TASK, USUAL, Compared, discordance
from model_promotion.evidence.counting import Batch, count
from model_promotion.evidence.tables import Question, Task

ROWS = 4000
BINARY, THREE, AMOUNT = (
    Question(Task.BINARY, (0, 1)),
    Question(Task.MULTICLASS, ("a", "b", "c")),
    Question(Task.REGRESSION, span=16.0),
)


class Rows:
    """A truth, two answers to it, and what follows; seeded."""

    def __init__(self, question: Question, *, grouped: bool = False, weighted: bool = False, n: int = ROWS) -> None:
        made = np.random.default_rng(5)
        self.question = replace(question, weighted=weighted, unit="user" if grouped else "")
        self.units = (made.integers(0, 300, n) if grouped else np.arange(n)).astype(np.uint64)
        self.weights = made.random(n) if weighted else None
        if question.task is Task.REGRESSION:
            self.truth = made.normal(0, 3, n)
            self.said = [self.truth + made.normal(0, noise, n) for noise in (0.5, 0.7)]
            self.answers = [Answers(numbers=one) for one in self.said]
            return
        classes = len(question.classes)
        self.truth = made.integers(0, classes, n)
        noisy = [made.normal(0, noise, (n, classes)) + np.eye(classes)[self.truth] for noise in (0.6, 0.8)]
        self.shares = [np.exp(one) / np.exp(one).sum(axis=1, keepdims=True) for one in noisy]
        self.said = [one[:, 1] >= 0.5 if classes == 2 else one.argmax(axis=1) for one in self.shares]
        self.answers = [Answers(probabilities=one) for one in self.shares]

    def measured(self) -> dict[str, Measured]:
        batch = Batch(self.truth, self.answers[0], self.answers[1], self.units, self.weights)
        compared = Compared(count(batch, self.question), self.question, Draw(seed=1, resamples=400))
        return compared.measured(OF_TASK[self.question.task])

    def wanted(self, at: int) -> Mapping[str, float]:
        more: dict[str, Any] = {"sample_weight": self.weights}
        said, truth = self.said[at], self.truth
        if self.question.task is Task.REGRESSION:
            return {
                "mae": metrics.mean_absolute_error(truth, said, **more),
                "mse": metrics.mean_squared_error(truth, said, **more),
                "rmse": metrics.root_mean_squared_error(truth, said, **more),
                "r2": metrics.r2_score(truth, said, **more),
            }
        every = {
            "accuracy": metrics.accuracy_score(truth, said, **more),
            "f1_macro": metrics.f1_score(truth, said, average="macro", **more),
            "log_loss": metrics.log_loss(truth, self.shares[at], **more),
        }
        if self.question.task is Task.MULTICLASS:
            return every
        return every | {
            "f1": metrics.f1_score(truth, said, **more),
            "precision": metrics.precision_score(truth, said, **more),
            "recall": metrics.recall_score(truth, said, **more),
            "brier": metrics.brier_score_loss(truth, self.shares[at][:, 1], **more),
            "roc_auc": metrics.roc_auc_score(truth, self.shares[at][:, 1], **more),
        }


@pytest.mark.parametrize("question", [BINARY, THREE, AMOUNT], ids=["binary", "three", "amount"])
@pytest.mark.parametrize(("grouped", "weighted"), [(False, False), (True, False), (False, True), (True, True)])
def test_both_values_are_those_of_scikit_learn(question: Question, grouped: bool, weighted: bool) -> None:
    rows = Rows(question, grouped=grouped, weighted=weighted)
    found = rows.measured()
    for at, version in enumerate(("champion", "candidate")):
        for name, wanted in rows.wanted(at).items():
            near = 3e-4 if name == "roc_auc" else 2e-5
            assert found[name].facts[version] == pytest.approx(wanted, abs=near), (name, version)


@pytest.mark.parametrize("question", [BINARY, THREE, AMOUNT], ids=["binary", "three", "amount"])
@pytest.mark.parametrize("grouped", [False, True])
def test_a_clearly_worse_candidate_fails_on_every_metric_that_says_so(question: Question, grouped: bool) -> None:
    found = Rows(question, grouped=grouped).measured()
    for name in USUAL[question.task]:
        direction = direction_of(name)
        assert direction is not None
        assert judge(name, found[name], GateRule(direction)).verdict is GateVerdict.FAILED, name
        assert found[name].n == ROWS


def test_the_same_model_passes_with_enough_rows_and_not_with_few() -> None:
    def same(n: int) -> dict[str, GateVerdict]:
        rows = Rows(BINARY, n=n)
        rows.answers = [rows.answers[0]] * 2
        found = rows.measured()
        rules = {name: GateRule(direction_of(name) or Direction.HIGHER, margin=0.01) for name in USUAL[Task.BINARY]}
        return {name: judge(name, found[name], rule).verdict for name, rule in rules.items()}

    assert set(same(40_000).values()) == {GateVerdict.PASSED}
    assert set(same(100).values()) == {GateVerdict.INCONCLUSIVE}


def test_the_same_regressor_passes_with_enough_rows() -> None:
    rows = Rows(AMOUNT, n=20_000)
    rows.answers = [rows.answers[0]] * 2
    found = rows.measured()
    assert judge("mae", found["mae"], GateRule(Direction.LOWER, margin=0.1)).verdict is GateVerdict.PASSED


def test_discordant_rows_are_the_same_by_cells_and_by_right_and_wrong() -> None:
    cells = np.arange(24).reshape(2, 3, 4)[:, :, :3]
    found = discordance(cells)
    truth, ours, theirs = np.indices(cells.shape)
    assert found.both == cells[(ours == truth) & (theirs == truth)].sum()
    assert found.only_champion == cells[(ours == truth) & (theirs != truth)].sum()
    assert found.only_candidate == cells[(ours != truth) & (theirs == truth)].sum()
    flat = discordance(np.array([[5, 2], [3, 90]]))
    assert (flat.n, flat.both, flat.only_champion, flat.only_candidate) == (100, 90, 3, 2)


def test_what_the_tables_cannot_tell_is_left_out() -> None:
    rows = Rows(BINARY)
    rows.answers = [Answers(codes=one.astype(np.int32)) for one in rows.said]
    assert set(rows.measured()) == {"accuracy", "f1", "precision", "recall", "f1_macro"}


def of_weights(weights: np.ndarray, harmed: np.ndarray) -> dict[str, Measured]:
    """A champion that is right on nine rows in ten, and a candidate that is wrong where it is harmed as well."""
    made = np.random.default_rng(7)
    truth = np.arange(len(weights)) % 2
    champion = np.where(made.random(len(weights)) < 0.9, truth, 1 - truth).astype(np.int32)
    candidate = np.where(harmed, 1 - truth, champion).astype(np.int32)
    question = replace(BINARY, weighted=True)
    units = np.arange(len(weights), dtype=np.uint64)
    tables = count(Batch(truth, Answers(codes=champion), Answers(codes=candidate), units, weights), question)
    return Compared(tables, question, Draw(seed=1, resamples=400)).measured(("accuracy", "f1", "recall", "precision"))


@pytest.mark.parametrize("harmed", [0, 40])
def test_the_unit_of_the_weights_changes_no_bound(harmed: int) -> None:
    where = np.arange(600) < harmed
    light, heavy = (of_weights(np.full(600, unit), where) for unit in (1.0, 10_000.0))
    for name, one in light.items():
        assert heavy[name].bounds(0.05) == pytest.approx(one.bounds(0.05)), name


@pytest.mark.parametrize(("every", "low"), [(50, -0.9), (500, -np.inf)])
def test_few_rows_that_carry_most_of_the_weight_are_few_units(every: int, low: float) -> None:
    weights = np.where(np.arange(1000) % every == 0, 300.0, 1.0)
    found = of_weights(weights, np.zeros(1000, dtype=bool))["accuracy"]
    assert found.bounds(0.05)[0] <= low
    assert bool(found.too_few) is (every == 500)
