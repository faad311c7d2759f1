"""Calibration and lift from counts by score bin."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from model_promotion.evidence.curves import calibration, calibration_error, lift

RNG = np.random.default_rng(2)
SCORES = (RNG.integers(0, 1000, 5000) + 0.5) / 1000
MIDDLES = (np.arange(1000) + 0.5) / 1000
LABELS = (RNG.random(5000) < SCORES**2).astype(int)
COUNTS = np.stack([np.bincount((SCORES[label == LABELS] * 1000).astype(int), minlength=1000) for label in (0, 1)])


def test_the_table_is_the_curve_of_scikit_learn() -> None:
    share, score = calibration_curve(LABELS, SCORES, n_bins=10)
    table = calibration(COUNTS, MIDDLES)
    assert [one.share_positive for one in table] == pytest.approx(share, abs=1e-9)
    assert [one.mean_score for one in table] == pytest.approx(score, abs=1e-9)
    assert sum(one.n for one in table) == 5000


def test_the_error_is_the_weighted_distance() -> None:
    table = calibration(COUNTS, MIDDLES)
    by_hand = sum(one.n * abs(one.mean_score - one.share_positive) for one in table) / 5000
    assert calibration_error(table) == pytest.approx(by_hand)
    assert 0.1 < by_hand < 0.2  # The mean of score - score ** 2 is 1/6.


def test_empty_bins_are_left_out_and_no_rows_are_no_table() -> None:
    assert len(calibration(COUNTS * (np.arange(1000) < 100), MIDDLES)) == 1
    assert calibration(np.zeros((2, 256)), np.zeros(256)) == ()
    assert np.isnan(calibration_error(()))


def test_lift_by_decile_is_that_of_the_sorted_rows() -> None:
    deciles = lift(np.stack([1 - np.sort(LABELS), np.sort(LABELS)]))  # Each row a bin of its own, perfectly sorted.
    share = LABELS.mean()
    assert deciles[0].lift == pytest.approx(1 / share)
    assert deciles[-1].found == pytest.approx(1)
    assert sum(one.rows for one in deciles) == pytest.approx(5000)
    assert sum(one.rows * one.share_positive for one in deciles) == pytest.approx(LABELS.sum())


def test_a_score_that_says_nothing_has_no_lift() -> None:
    assert [one.lift for one in lift(np.array([[90.0], [10.0]]))] == pytest.approx([1.0] * 10)
    assert lift(np.array([[90.0, 5.0], [0.0, 0.0]])) == ()
