"""Paired means from power sums."""

import math

import numpy as np
import pytest
from scipy import stats

from model_promotion.core.gate import GateRule, GateVerdict, judge
from model_promotion.core.metrics import Direction
from model_promotion.core.units import too_few_rows
from model_promotion.evidence.means import ALL_EQUAL, BERNSTEIN, PAIRED_T, Powers, paired_mean

RNG = np.random.default_rng(3)
NORMAL = RNG.normal(0.1, 2, 5000)


def test_it_is_the_paired_t_test_of_scipy_where_nothing_is_skewed() -> None:
    d = np.concatenate((NORMAL - NORMAL.mean(), NORMAL.mean() - NORMAL)) + 0.3  # Its third moment is exactly 0.
    measured, expected = paired_mean(Powers.of(d)), stats.ttest_rel(d, np.zeros(len(d)))
    interval = expected.confidence_interval(0.9)
    assert measured.method == PAIRED_T
    assert measured.bounds(0.05) == pytest.approx((interval.low, interval.high), abs=1e-9)
    assert measured.facts["p"] == pytest.approx(expected.pvalue, abs=1e-9)


def test_p_and_skewness_are_those_of_scipy() -> None:
    d = RNG.lognormal(0, 0.3, 4000) - 1
    measured = paired_mean(Powers.of(d))
    assert measured.facts["p"] == pytest.approx(stats.ttest_1samp(d, 0).pvalue, abs=1e-9)
    assert measured.facts["skewness"] == pytest.approx(stats.skew(d), rel=1e-3)  # That of scipy divides by n.
    assert measured.change == pytest.approx(d.mean(), abs=1e-12)


def test_skewness_widens_the_side_of_the_tail_and_never_narrows_the_other() -> None:
    d = RNG.lognormal(0, 0.7, 4000)
    plain = stats.ttest_1samp(d, 0).confidence_interval(0.9)
    low, high = paired_mean(Powers.of(d)).bounds(0.05)
    assert low == pytest.approx(plain.low, abs=1e-9)
    assert high > plain.high + 1e-4


def test_power_sums_add_up() -> None:
    whole, parts = Powers.of(NORMAL), Powers.of(NORMAL[:1234]) + Powers.of(NORMAL[1234:])
    assert (parts.n, parts.d, parts.d2) == (whole.n, pytest.approx(whole.d), pytest.approx(whole.d2))
    assert paired_mean(parts).bounds(0.05) == pytest.approx(paired_mean(whole).bounds(0.05), abs=1e-12)


def test_counts_are_rows() -> None:
    d, counts = np.array([-1.0, 0.0, 2.0]), np.array([40, 300, 50])
    assert Powers.of(d, counts) == Powers.of(np.repeat(d, counts))


@pytest.mark.parametrize("value", [0.0, 0.1, -0.3])
def test_a_difference_that_is_the_same_on_every_row_has_no_zero_width(value: float) -> None:
    d = np.full(1000, value)
    unknown, known = paired_mean(Powers.of(d)), paired_mean(Powers.of(d), reach=1.0)
    assert judge("m", unknown, GateRule(Direction.LOWER, 0.5)).verdict is GateVerdict.INCONCLUSIVE
    low, high = known.bounds(0.05)
    assert known.method == ALL_EQUAL
    assert low < value < high
    assert high - low == pytest.approx(2 * (1 - 0.05 ** (1 / 1000)))  # 2 * the rule of three


@pytest.mark.parametrize("rows", [1, 3, 10])
def test_a_difference_on_few_rows_is_told_only_with_a_reach(rows: int) -> None:
    d = np.zeros(10_000)
    d[:rows] = -1.0
    unknown, known = paired_mean(Powers.of(d)), paired_mean(Powers.of(d), reach=1.0)
    assert "hangs on too few rows" in unknown.too_few
    assert known.method == BERNSTEIN
    low, high = known.bounds(0.05)
    assert low < -rows / 10_000 < high
    assert high > 3 / 10_000


@pytest.mark.parametrize("d", [np.zeros(29), np.ones(2), np.array([1.0]), np.array([])], ids=len)
def test_too_few_rows(d: np.ndarray) -> None:
    assert paired_mean(Powers.of(d), 1.0).too_few == too_few_rows(len(d))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_never_passed(bad: float) -> None:
    d = np.append(NORMAL, bad)
    with np.errstate(invalid="ignore"):
        measured = paired_mean(Powers.of(d), 100.0)
    assert judge("m", measured, GateRule(Direction.LOWER, 100)).verdict is GateVerdict.INCONCLUSIVE
