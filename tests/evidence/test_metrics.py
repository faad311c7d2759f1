"""Metrics from sums are those of scikit-learn, also with sample weights."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics as sk

from model_promotion.evidence import metrics

RNG = np.random.default_rng(11)
N = 2000
BINARY, WEIGHTS = RNG.integers(0, 2, N), RNG.uniform(0.1, 3, N)
SCORES = np.clip(BINARY * 0.2 + RNG.random(N) * 0.8, 0, 1).round(3)
CALLS = (SCORES > 0.55).astype(int)
CLASSES = RNG.integers(0, 4, N)
CLASS_CALLS = np.where(RNG.random(N) < 0.6, CLASSES, RNG.integers(0, 4, N))
PROBABILITIES = RNG.dirichlet(np.ones(4), N)
VALUES = RNG.normal(2, 3, N)
PREDICTED = VALUES + RNG.standard_t(3, N)
ERRORS = PREDICTED - VALUES


def of_classes(named: str, weights: np.ndarray) -> float:
    tp, fp, fn = metrics.rates(metrics.confusion(CLASSES, CLASS_CALLS, weights))
    return float({"macro": lambda: metrics.macro_f1(tp, fp, fn)}[named]())


def of_binary(metric: Callable[..., np.ndarray], which: str, weights: np.ndarray) -> float:
    names = dict(zip(("tp", "fp", "fn"), metrics.rates(metrics.confusion(BINARY, CALLS, weights)), strict=True))
    return float(metric(*(names[name][1] for name in which.split())))


def mean(rows: np.ndarray, weights: np.ndarray) -> float:
    return float(metrics.mean((rows * weights).sum(), weights.sum()))


Weighted = Callable[[np.ndarray], float]
PAIRS: dict[str, tuple[Weighted, Weighted]] = {
    "accuracy": (
        lambda w: float(metrics.accuracy(metrics.confusion(CLASSES, CLASS_CALLS, w))),
        lambda w: sk.accuracy_score(CLASSES, CLASS_CALLS, sample_weight=w),
    ),
    "precision": (
        lambda w: of_binary(metrics.precision, "tp fp", w),
        lambda w: sk.precision_score(BINARY, CALLS, sample_weight=w),
    ),
    "recall": (
        lambda w: of_binary(metrics.recall, "tp fn", w),
        lambda w: sk.recall_score(BINARY, CALLS, sample_weight=w),
    ),
    "f1": (lambda w: of_binary(metrics.f1, "tp fp fn", w), lambda w: sk.f1_score(BINARY, CALLS, sample_weight=w)),
    "macro f1": (
        lambda w: of_classes("macro", w),
        lambda w: sk.f1_score(CLASSES, CLASS_CALLS, average="macro", sample_weight=w),
    ),
    "mcc": (
        lambda w: float(metrics.mcc(metrics.confusion(CLASSES, CLASS_CALLS, w))),
        lambda w: sk.matthews_corrcoef(CLASSES, CLASS_CALLS, sample_weight=w),
    ),
    "roc auc": (
        lambda w: float(metrics.roc_auc(metrics.by_score(BINARY, SCORES, w))),
        lambda w: sk.roc_auc_score(BINARY, SCORES, sample_weight=w),
    ),
    "log loss": (
        lambda w: mean(metrics.log_loss_rows(CLASSES, PROBABILITIES), w),
        lambda w: sk.log_loss(CLASSES, PROBABILITIES, sample_weight=w),
    ),
    "brier": (
        lambda w: mean(metrics.brier_rows(BINARY, SCORES), w),
        lambda w: sk.brier_score_loss(BINARY, SCORES, sample_weight=w),
    ),
    "mae": (
        lambda w: mean(np.abs(ERRORS), w),
        lambda w: sk.mean_absolute_error(VALUES, PREDICTED, sample_weight=w),
    ),
    "mse": (lambda w: mean(ERRORS**2, w), lambda w: sk.mean_squared_error(VALUES, PREDICTED, sample_weight=w)),
    "rmse": (
        lambda w: float(metrics.rmse((w * ERRORS**2).sum(), w.sum())),
        lambda w: sk.root_mean_squared_error(VALUES, PREDICTED, sample_weight=w),
    ),
    "r2": (
        lambda w: float(metrics.r2(np.stack([w, w * VALUES, w * VALUES**2, w * ERRORS**2], axis=1).sum(axis=0))),
        lambda w: sk.r2_score(VALUES, PREDICTED, sample_weight=w),
    ),
}


@pytest.mark.parametrize("weights", [np.ones(N), WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("named", PAIRS)
def test_it_is_the_metric_of_scikit_learn(named: str, weights: np.ndarray) -> None:
    ours, theirs = PAIRS[named]
    assert ours(weights) == pytest.approx(theirs(weights), abs=1e-9)


@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_a_certain_probability_is_clipped_as_scikit_learn_does(certain: float) -> None:
    labels, probabilities = np.array([0, 1]), np.array([[certain, 1 - certain]] * 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = sk.log_loss(labels, probabilities)
    assert metrics.log_loss_rows(labels, probabilities).mean() == pytest.approx(expected, abs=1e-9)


def test_nothing_divided_by_nothing() -> None:
    zero = np.zeros(3)
    for metric in (metrics.precision, metrics.recall):
        assert metric(zero, zero).tolist() == [0, 0, 0]
    assert metrics.f1(zero, zero, zero).tolist() == [0, 0, 0]
    assert metrics.mcc(np.array([[5, 0], [3, 0]])) == 0
    for undefined in (
        metrics.mean(zero, zero),
        metrics.roc_auc(np.array([[1, 2], [0, 0]])),  # One class.
        metrics.r2(np.array([10.0, 20.0, 40.0, 3.0])),  # A constant label.
        metrics.macro_f1(zero, zero, zero),
    ):
        assert np.isnan(undefined).all()


def test_many_samples_are_computed_at_once() -> None:
    sums = RNG.integers(1, 100, size=(50, 2, 4)).astype(float)
    one_by_one = [[float(metrics.f1(*model[1:])) for model in both] for both in sums]
    np.testing.assert_allclose(metrics.f1(sums[..., 1], sums[..., 2], sums[..., 3]), one_by_one)


def test_no_row_changes_f1_by_more_than_its_reach() -> None:
    for _ in range(200):
        tp, fp, fn = RNG.integers(1, 30, 3)
        moved = [(tp - 1, fp, fn + 1), (tp + 1, fp, fn - 1), (tp, fp - 1, fn), (tp, fp + 1, fn)]
        before = metrics.f1(tp, fp, fn)
        assert max(abs(metrics.f1(*each) - before) for each in moved) <= metrics.f1_reach(tp, fp, fn)
        assert abs(metrics.recall(tp - 1, fn + 1) - metrics.recall(tp, fn)) <= metrics.share_reach(tp + fn) + 1e-12
