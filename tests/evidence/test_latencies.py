"""Quantiles and shares with bounds that hold as often as they promise."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from model_promotion.core.budget import Kept
from model_promotion.core.load import Destination, Ending, Load, LoadPolicy, LoadRun, LoadTest, Sample
from model_promotion.core.payloads import Payload
from model_promotion.evidence.latencies import fewest, histogram, late_ms, loaded, quantile, share_pct

LOAD = Load((Destination("a", "http://a"),), (Payload(b""),), LoadTest(100, 10), warm_up_s=1)


def a_run(*samples: Sample) -> LoadRun:
    return LoadRun(LOAD, samples)


def samples(took_ms: Sequence[float], ending: Ending = Ending.ANSWERED, late_ms: float = 1.0) -> list[Sample]:
    return [Sample(0, 1 + place / 100, late_ms / 1000, one / 1000, ending) for place, one in enumerate(took_ms)]


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_the_bounds_of_a_quantile_hold_the_truth_as_often_as_they_promise(share: float) -> None:
    made = np.random.default_rng(7)
    truth = -math.log(1 - share)
    held = 0
    for _ in range(1000):
        found = quantile(np.sort(made.exponential(size=800)), share)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    assert held >= 935  # of 1000, at 95 %: three standard errors below


def test_a_bound_needs_as_many_values_as_it_takes() -> None:
    enough = fewest(0.99)
    assert enough == 368
    assert quantile(np.arange(enough, dtype=float), 0.99).high == enough - 1
    assert quantile(np.arange(enough - 1, dtype=float), 0.99).high is None
    assert quantile(np.arange(3.0), 0.5).low is None
    assert quantile(np.array([5.0]), 0.99).value == 5


@pytest.mark.parametrize(
    ("found", "n", "low", "high"), [(0, 100, 0, 3.6217), (5, 100, 1.6432, 11.2835), (9, 9, 66.37, 100)]
)
def test_the_bounds_of_a_share_are_the_exact_ones(found: int, n: int, low: float, high: float) -> None:
    share = share_pct(found, n)
    assert (share.low, share.high) == (pytest.approx(low, abs=0.01), pytest.approx(high, abs=0.01))


def test_a_failure_has_no_latency_but_what_was_not_answered_in_time_has() -> None:
    failed = samples([1.0] * 10, Ending.SERVER_ERROR)
    (found,) = loaded(a_run(*samples([20.0] * 80), *samples([10_000.0] * 10, Ending.TIMED_OUT), *failed))
    assert found.sent == 100
    assert found.failed_pct
    assert found.failed_pct.value == 20
    assert (found.quantiles["p50_ms"].value, found.quantiles["p95_ms"].value) == (20, 10_000)
    assert (found.sent_per_s, found.answered_per_s) == (10, 8)


def test_the_warm_up_counts_nowhere() -> None:
    warm = [Sample(0, 0.99, 9.0, 9.0, Ending.BROKEN)]
    found = a_run(*warm, *samples([1.0] * 9))
    assert loaded(found)[0].endings == {Ending.ANSWERED: 9}
    assert late_ms(found) == pytest.approx(1)


def test_a_target_that_nothing_was_sent_to_is_unknown() -> None:
    (found,) = loaded(a_run())
    assert (found.sent, found.quantiles, found.failed_pct, found.histogram) == (0, {}, None, ())
    assert found.kept(LoadPolicy()) is Kept.UNKNOWN
    assert found.kept(LoadPolicy(max_error_pct=0)) is Kept.UNKNOWN
    assert math.isnan(late_ms(a_run()))


BUDGETS = {
    "all of it kept": ([20.0] * 1000, 0, Kept.YES),
    "too few to tell": ([20.0] * 100, 0, Kept.UNKNOWN),
    "p95 surely over": ([20.0] * 900 + [600.0] * 100, 0, Kept.NO),
    "p99 surely over": ([20.0] * 970 + [1200.0] * 30, 0, Kept.NO),
    "p99 near the line": ([20.0] * 990 + [1200.0] * 10, 0, Kept.UNSURE),
    "failures surely too many": ([20.0] * 1000, 30, Kept.NO),
    "failures near the line": ([20.0] * 1000, 9, Kept.UNSURE),
    "nothing but failures": ([], 1000, Kept.NO),
}


@pytest.mark.parametrize(("took_ms", "failures", "found"), BUDGETS.values(), ids=BUDGETS.keys())
def test_a_budget_is_judged_by_what_is_sure(took_ms: list[float], failures: int, found: Kept) -> None:
    run = a_run(*samples(took_ms), *samples([1.0] * failures, Ending.THROTTLED))
    assert loaded(run)[0].kept(LoadPolicy()) is found


def test_where_no_failure_is_allowed_one_is_too_many() -> None:
    policy = LoadPolicy(max_error_pct=0)
    assert loaded(a_run(*samples([1.0] * 1000)))[0].kept(policy) is Kept.YES
    assert loaded(a_run(*samples([1.0] * 1000), *samples([1], Ending.BROKEN)))[0].kept(policy) is Kept.NO


def test_a_histogram_counts_each_value_once_below_its_edge() -> None:
    made = np.sort(np.random.default_rng(1).lognormal(2, 1, 5000))
    bins = histogram(made)
    assert sum(count for _, count in bins) == 5000
    edges = [edge for edge, _ in bins]
    assert edges == sorted(edges)
    for place, (edge, _) in enumerate(bins[:-1]):
        assert sum(count for _, count in bins[: place + 1]) == pytest.approx(int((made < edge).sum()), abs=2)
    assert histogram(np.array([])) == ()
    assert sum(count for _, count in histogram(np.array([0.0, 5.0]))) == 2
    assert histogram(np.array([10.0])) == ((12.589, 1),)
