"""The bound that all methods share."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from model_promotion.evidence.spread import MOST_SKEW, Spread, most_unseen

skews = st.floats(-MOST_SKEW, MOST_SKEW)


def halls(w: float, skew: float) -> float:
    """Hall's transformation itself, of a studentised mean."""
    return w + skew * w**2 / 3 + skew**2 * w**3 / 27 + skew / 6


@given(skews, st.floats(1e-6, 0.4), st.integers(29, 10_000))
def test_it_is_never_narrower_than_t(skew: float, alpha: float, df: int) -> None:
    low, high = Spread(0.1, skew, df).bounds(0.5)(alpha)
    t = stats.t.isf(alpha, df) * 0.1
    assert low <= 0.5 - t + 1e-12
    assert high >= 0.5 + t - 1e-12


@given(skews, st.floats(1e-4, 0.4), st.floats(1e-4, 0.4))
def test_a_smaller_alpha_is_further_out(skew: float, one: float, other: float) -> None:
    bounds = Spread(0.1, skew, 100).bounds(0.5)
    (low, high), (lower, higher) = bounds(max(one, other)), bounds(min(one, other))
    assert lower <= low + 1e-12
    assert higher >= high - 1e-12


@pytest.mark.parametrize("skew", [0.05, 0.14])
def test_the_widened_side_inverts_halls_transformation(skew: float) -> None:
    low, high = Spread(1.0, skew, 10**9).bounds(0.0)(0.05)
    quantile = stats.norm.isf(0.05)
    assert high == pytest.approx(-optimize.brentq(lambda w: halls(w, skew) + quantile, -5, 0), abs=1e-6)
    assert low == pytest.approx(-quantile, abs=1e-6)


@pytest.mark.parametrize(
    ("spread", "trusted"),
    [
        (Spread(0.1, 0.0, 100), True),
        (Spread(0.1, 0.15, 100), False),
        (Spread(0.1, -0.15, 100), False),
        (Spread(0.0, 0.0, 100), False),
        (Spread(math.nan, 0.0, 100), False),
        (Spread(0.1, math.nan, 100), False),
        (Spread(0.1, 0.0, 0), False),
    ],
)
def test_what_is_trusted(spread: Spread, trusted: bool) -> None:
    assert spread.is_trusted is trusted


def test_the_rows_that_so_skewed_a_difference_asks_for() -> None:
    assert Spread(0.1, 0.25, 99).asked == 3.125
    assert Spread(0.1, 0.14, 200).asked == 1


def test_the_rule_of_three() -> None:
    assert (1 - most_unseen(300, 0.05)) ** 300 == pytest.approx(0.05)
    assert most_unseen(1000, 0.05) == pytest.approx(0.003, abs=1e-5)
