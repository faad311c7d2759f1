"""Two AUCs on the same rows, from arrays and from a joint histogram."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from model_promotion.core.gate import GateRule, GateVerdict, Measured, judge
from model_promotion.core.metrics import Direction
from model_promotion.evidence.delong import ALL_EQUAL, BERNSTEIN, METHOD, delong, delong_of_bins

RNG = np.random.default_rng(5)
N = 600
LABELS = (RNG.random(N) < 0.3).astype(int)
SHARED = RNG.normal(size=N)
CHAMPION = LABELS * 1.5 + SHARED + 0.4 * RNG.normal(size=N)
CANDIDATE = LABELS * 1.3 + SHARED + 0.4 * RNG.normal(size=N)


def by_definition(labels: np.ndarray, *models: np.ndarray) -> tuple[list[float], float]:
    """DeLong et al. (1988), equations 2 to 6, pair by pair."""
    kernels = [
        np.where(m[labels == 1][:, None] > m[labels == 0], 1.0, 0.0) + (m[labels == 1][:, None] == m[labels == 0]) / 2
        for m in models
    ]
    positives, negatives = kernels[0].shape
    s10, s01 = (np.cov([kernel.mean(axis=axis) for kernel in kernels]) for axis in (1, 0))
    covariance = s10 / positives + s01 / negatives
    contrast = np.array([-1, 1])
    return [float(kernel.mean()) for kernel in kernels], float(np.sqrt(contrast @ covariance @ contrast))


@pytest.mark.parametrize("digits", [12, 1])
def test_it_is_delongs_definition_and_the_auc_of_scikit_learn(digits: int) -> None:
    champion, candidate = CHAMPION.round(digits), CANDIDATE.round(digits)  # With one digit there are many ties.
    (first, second), se = by_definition(LABELS, champion, candidate)
    measured = delong(LABELS, champion, candidate)
    assert measured.facts["champion"] == pytest.approx(roc_auc_score(LABELS, champion), abs=1e-9)
    assert measured.facts["candidate"] == pytest.approx(roc_auc_score(LABELS, candidate), abs=1e-9)
    assert measured.change == pytest.approx(second - first, abs=1e-9)
    assert measured.facts["se"] == pytest.approx(se, abs=1e-9)
    assert measured.method == METHOD


def joint(labels: np.ndarray, champion: np.ndarray, candidate: np.ndarray) -> np.ndarray:
    flat = np.bincount((labels * 256 + champion) * 256 + candidate, minlength=2 * 256 * 256)
    return flat.reshape(2, 256, 256)


def test_the_histogram_gives_what_the_binned_scores_give() -> None:
    bins = [np.clip((stats.norm.cdf(one) * 256).astype(int), 0, 255) for one in (CHAMPION, CANDIDATE)]
    exact, counted = delong(LABELS, *bins), delong_of_bins(joint(LABELS, *bins))
    assert counted.change == pytest.approx(exact.change, abs=1e-12)
    assert counted.facts["se"] == pytest.approx(exact.facts["se"], abs=1e-9)
    assert counted.bounds(0.05) == pytest.approx(exact.bounds(0.05), abs=1e-9)
    assert counted.n == exact.n == N


def test_only_the_order_of_the_scores_counts() -> None:
    plain, bent = delong(LABELS, CHAMPION, CANDIDATE), delong(LABELS, np.exp(CHAMPION), 1000 * CANDIDATE)
    assert plain.bounds(0.05) == pytest.approx(bent.bounds(0.05))


def verdict(measured: Measured, margin: float) -> GateVerdict:
    return judge("auc", measured, GateRule(Direction.HIGHER, margin)).verdict


@pytest.mark.parametrize(("positives", "margin"), [(10, 0.2), (100, 0.02), (1000, 0.0025)])
def test_perfect_separation_does_not_pass_on_no_evidence(positives: int, margin: float) -> None:
    labels = np.repeat([0, 1], [2000, positives])
    perfect = labels + RNG.random(len(labels)) / 2
    measured = delong(labels, perfect, perfect + labels)
    assert measured.method == ALL_EQUAL
    assert verdict(measured, margin) is GateVerdict.INCONCLUSIVE  # Less than three in so many positives.
    assert verdict(measured, 2 * margin) is GateVerdict.PASSED


def test_one_misplaced_row_is_not_taken_for_knowledge() -> None:
    labels = np.repeat([0, 1], [1000, 1000])
    champion = labels + RNG.random(2000) / 2
    candidate = champion.copy()
    candidate[-1] = -1.0
    measured = delong(labels, champion, candidate)
    assert measured.method == BERNSTEIN
    assert measured.bounds(0.05)[0] < -0.005


@pytest.mark.parametrize("scores", [np.zeros(N), np.full(N, 0.5)])
def test_constant_scores_are_defined(scores: np.ndarray) -> None:
    measured = delong(LABELS, scores, scores)
    assert (measured.change, measured.facts["champion"]) == (0.0, 0.5)
    low, high = measured.bounds(0.05)
    assert low < 0 < high


@pytest.mark.parametrize("labels", [np.ones(N, int), np.zeros(N, int), np.repeat([0, 1], [N - 9, 9])])
def test_one_class_or_too_few_of_one(labels: np.ndarray) -> None:
    bins = np.arange(N) % 256
    for measured in (delong(labels, CHAMPION, CANDIDATE), delong_of_bins(joint(labels, bins, bins))):
        assert "it takes 10 of each" in measured.too_few
        assert verdict(measured, 1.0) is GateVerdict.INCONCLUSIVE


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_is_never_passed(bad: float) -> None:
    for which in (0, 1, 2):
        arrays = [LABELS.astype(float), CHAMPION.copy(), CANDIDATE.copy()]
        arrays[which][3] = bad
        assert verdict(delong(*arrays), 1.0) is GateVerdict.INCONCLUSIVE
