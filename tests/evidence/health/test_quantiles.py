"""Tails compared at planned looks: the order statistics that bound them, and that rank tests would not see it."""

import math

import numpy as np
import pytest
from scipy import stats

from model_promotion.core.health import Health
from model_promotion.evidence.health.quantiles import QuantileRule, beyond, bounds, compared, limited
from model_promotion.evidence.health.rates import Counts

RULE = QuantileRule(looks=3)


def latencies(n: int, scale: float = 100.0, seed: int = 1) -> np.ndarray:
    return scale * np.random.default_rng(seed).lognormal(0, 0.5, n)


@pytest.mark.parametrize("n", [20, 100, 999])
@pytest.mark.parametrize("quantile", [0.5, 0.95, 0.99])
@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_the_bounds_are_those_of_scipy(n: int, quantile: float, alpha: float) -> None:
    values = latencies(n)
    low, high = bounds(values, quantile, alpha)
    theirs = {
        side: stats.quantile_test(values, p=quantile, alternative=side).confidence_interval(1 - alpha)
        for side in ("greater", "less")
    }
    for ours, bound in ((low, theirs["greater"].low), (high, theirs["less"].high)):
        assert ours == bound or (math.isinf(ours) and math.isnan(bound))


@pytest.mark.parametrize("n", [10, 73, 500])
@pytest.mark.parametrize("alpha", [0.05, 0.002])
def test_each_bound_is_wrong_at_most_alpha_whatever_the_distribution(n: int, alpha: float) -> None:
    low, high = bounds(np.arange(1.0, n + 1), 0.95, alpha)
    # The k-th of n lies above the quantile where fewer than k lie below it, which is binomial.
    assert math.isinf(low) or stats.binom.cdf(low - 1, n, 0.95) <= alpha
    assert math.isinf(high) or stats.binom.sf(high - 1, n, 0.95) <= alpha
    # And there are no tighter ones.
    assert stats.binom.cdf(0 if math.isinf(low) else low, n, 0.95) > alpha
    assert math.isinf(high) or stats.binom.sf(high - 2, n, 0.95) > alpha


@pytest.mark.parametrize(
    ("n", "factor", "verdict"),
    [
        (0, 1.0, Health.INCONCLUSIVE),
        (100, 1.0, Health.INCONCLUSIVE),
        (5000, 1.0, Health.PASS),
        (5000, 1.2, Health.INCONCLUSIVE),
        (1000, 2.0, Health.FAIL),
    ],
)
def test_the_candidates_tail_beside_the_champions(n: int, factor: float, verdict: Health) -> None:
    reading = compared(latencies(9 * n), factor * latencies(n, seed=2), RULE)
    assert reading.verdict is verdict, reading.sentence


def test_the_fewest_values_that_could_pass_are_named_and_true() -> None:
    assert RULE.least(sides=2) == 125
    short = compared(latencies(2000), latencies(50, 1.0), RULE)
    assert short.verdict is Health.INCONCLUSIVE
    assert short.sentence.endswith("; fewer than 125 values cannot pass")
    assert compared(latencies(2000), latencies(124, 1.0), RULE).verdict is Health.INCONCLUSIVE
    assert compared(latencies(2000), latencies(125, 1.0), RULE).verdict is Health.PASS


def test_a_tail_that_the_middle_hides_is_seen() -> None:
    champion, candidate = latencies(4000), latencies(4000, seed=2)
    candidate = np.where(candidate > np.quantile(candidate, 0.93), candidate * 4, candidate)
    assert stats.mannwhitneyu(champion, candidate).pvalue > 0.01
    assert compared(champion, candidate, RULE).verdict is Health.FAIL


def test_requests_that_were_never_answered_are_the_slowest() -> None:
    candidate = np.append(latencies(900), np.full(100, math.inf))
    assert compared(latencies(5000), candidate, RULE).verdict is Health.FAIL
    assert limited(np.full(500, math.inf), 500, RULE).verdict is Health.FAIL
    assert compared(np.full(500, math.inf), np.full(500, math.inf), RULE).verdict is Health.INCONCLUSIVE


@pytest.mark.parametrize(
    ("scale", "n", "verdict"),
    [
        (100, 0, Health.INCONCLUSIVE),
        (100, 60, Health.INCONCLUSIVE),
        (100, 1000, Health.PASS),
        (230, 1000, Health.INCONCLUSIVE),
        (400, 1000, Health.FAIL),
    ],
)
def test_p95_beside_a_limit(scale: float, n: int, verdict: Health) -> None:
    reading = limited(latencies(n, scale), 500, RULE)
    assert reading.verdict is verdict, reading.sentence


def test_answers_beyond_a_threshold_are_counted() -> None:
    assert beyond(np.array([100.0, 500.0, 501.0, math.inf]), 500) == Counts(2, 4)
    for ask in (lambda values: beyond(values, 1), lambda values: bounds(values, 0.5, 0.1)):
        with pytest.raises(ValueError, match="not a number"):
            ask(np.array([1.0, math.nan]))


@pytest.mark.parametrize("wrong", [{"quantile": 1.0}, {"tolerance": 0.0}, {"alpha": 0.5}, {"looks": 0}])
def test_rules_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="lies between"):
        QuantileRule(**wrong)
