"""The bucket bootstrap: what it answers, what it refuses, how fast it is."""

import time

import numpy as np
import pytest
from scipy import stats

from model_promotion.core.gate import GateRule, GateVerdict, judge
from model_promotion.core.metrics import Direction
from model_promotion.evidence import metrics
from model_promotion.evidence.buckets import ALL_EQUAL, Buckets, Draw, Statistic, bootstrap

RNG = np.random.default_rng(7)
MEAN = {"mean": Statistic(lambda sums: metrics.mean(sums[..., 1], sums[..., 0]))}
F1 = {"f1": Statistic(lambda sums: metrics.f1(sums[..., 1], sums[..., 2], sums[..., 3]))}


def by_row(values: np.ndarray) -> Buckets:
    """One bucket for each row; values[n, 2]."""
    return Buckets(np.ones(len(values), dtype=int), values[:, :, None], len(values))


def calls(rows: int = 5000, buckets: int = 1000) -> Buckets:
    """tp, fp, fn of two correlated classifiers."""
    labels, luck, other = RNG.random(rows) < 0.3, RNG.random(rows), RNG.random(rows)
    sums = []
    for which in (luck, np.where(RNG.random(rows) < 0.8, luck, other)):
        called = np.where(labels, which > 0.2, which < 0.1)
        sums.append(np.stack([labels & called, ~labels & called, labels & ~called], axis=1))
    bucket, both = RNG.integers(0, buckets, rows), np.stack(sums, axis=1).reshape(rows, 6)
    added = np.stack([np.bincount(bucket, column, buckets) for column in both.T], axis=1)
    return Buckets(np.bincount(bucket, minlength=buckets), added.reshape(buckets, 2, 3), rows)


def test_the_jackknife_of_a_mean_is_its_t_test() -> None:
    values = RNG.normal(size=(400, 2))
    measured = bootstrap(by_row(values), MEAN, Draw(1, 200))["mean"]
    expected = stats.ttest_rel(values[:, 1], values[:, 0])
    assert measured.facts["se"] == pytest.approx(
        abs((values[:, 1] - values[:, 0]).mean() / expected.statistic), abs=1e-9
    )
    tiny = measured.bounds(1e-3)  # Too far out for 200 resamples: the jackknife alone.
    interval = expected.confidence_interval(1 - 2e-3)
    assert tiny[0] <= interval.low + 1e-9
    assert tiny[1] >= interval.high - 1e-9
    assert tiny == pytest.approx((interval.low, interval.high), abs=0.02)


def test_the_bounds_are_near_those_of_scipys_bootstrap() -> None:
    values = RNG.normal(size=(500, 2))
    found = bootstrap(by_row(values), MEAN, Draw(1, 4000))["mean"].bounds(0.05)
    d = values[:, 1] - values[:, 0]
    expected = stats.bootstrap((d,), np.mean, confidence_level=0.9, method="percentile", random_state=1)
    assert found == pytest.approx(tuple(expected.confidence_interval), abs=0.01)


def test_the_seed_decides_and_is_told() -> None:
    buckets = calls()
    first, again, other = (bootstrap(buckets, F1, Draw(seed, 300))["f1"] for seed in (1, 1, 2))
    assert first.bounds(0.05) == again.bounds(0.05) != other.bounds(0.05)
    assert (first.facts["seed"], first.facts["resamples"], other.facts["seed"]) == (1, 300, 2)


def test_all_rows_of_a_unit_stay_together() -> None:
    per_unit = RNG.normal(size=(40, 2))
    as_rows, as_units = by_row(np.repeat(per_unit, 25, axis=0)), Buckets(np.full(40, 25), 25 * per_unit[:, :, None], 40)
    rows, units = (bootstrap(each, MEAN, Draw(1))["mean"] for each in (as_rows, as_units))
    assert rows.change == pytest.approx(units.change)
    assert np.diff(units.bounds(0.05)) > 4 * np.diff(rows.bounds(0.05))
    assert (rows.n, units.n) == (1000, 1000)
    assert (rows.facts["units"], units.facts["units"]) == (1000, 40)


def test_many_units_in_few_buckets_count_as_the_buckets() -> None:
    assert bootstrap(calls(rows=5000, buckets=50), F1, Draw(1))["f1"].facts["units"] == 50


def test_empty_buckets_do_not_count() -> None:
    values = RNG.normal(size=(100, 2))
    padded = Buckets(np.repeat([1, 0], [100, 900]), np.concatenate([values, np.zeros((900, 2))])[:, :, None], 100)
    full, sparse = (bootstrap(each, MEAN, Draw(1))["mean"] for each in (by_row(values), padded))
    assert full.bounds(0.05) == sparse.bounds(0.05)


def verdict(buckets: Buckets, statistics: dict[str, Statistic], margin: float) -> GateVerdict:
    (measured,) = bootstrap(buckets, statistics, Draw(1, 300)).values()
    return judge("m", measured, GateRule(Direction.HIGHER, margin)).verdict


def test_few_units_are_inconclusive() -> None:
    assert verdict(by_row(RNG.normal(5, 0.1, size=(29, 2))), MEAN, 100) is GateVerdict.INCONCLUSIVE


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_is_never_passed(bad: float) -> None:
    values = RNG.normal(size=(400, 2))
    values[7, 1] = bad
    assert verdict(by_row(values), MEAN, 100) is GateVerdict.INCONCLUSIVE


def test_a_metric_that_is_not_defined_is_never_passed() -> None:
    undefined = {"r2": Statistic(metrics.r2)}
    constant = Buckets(np.ones(100), np.broadcast_to([2.0, 4.0, 1.0], (100, 2, 3)), 100)
    assert verdict(constant, undefined, 100) is GateVerdict.INCONCLUSIVE


def test_a_change_in_few_buckets_is_inconclusive() -> None:
    values = np.zeros((1000, 2))
    values[:3, 1] = 1
    assert verdict(by_row(values), MEAN, 1.0) is GateVerdict.INCONCLUSIVE


def test_two_models_that_do_the_same_everywhere_are_the_same_but_for_three_in_n() -> None:
    buckets = calls()
    same = Buckets(buckets.rows, buckets.sums[:, [0, 0]], buckets.units)
    assert verdict(same, F1, 0.5) is GateVerdict.INCONCLUSIVE  # How far one row reaches is not known.
    reach = buckets.rows.sum() * metrics.f1_reach(*same.sums[:, 0].sum(axis=0))
    measured = bootstrap(same, {"f1": Statistic(F1["f1"].of, reach)}, Draw(1))["f1"]
    low, high = measured.bounds(0.05)
    assert measured.method == ALL_EQUAL
    assert 0 < high == -low < 0.2
    assert judge("f1", measured, GateRule(Direction.HIGHER, 0.5)).verdict is GateVerdict.PASSED


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Buckets(np.ones(5), np.ones((4, 2, 3)), 5)


def test_five_metrics_with_2000_resamples_take_a_third_of_a_second_of_one_core() -> None:
    five = {
        "f1": F1["f1"],
        "precision": Statistic(lambda sums: metrics.precision(sums[..., 1], sums[..., 2])),
        "recall": Statistic(lambda sums: metrics.recall(sums[..., 1], sums[..., 3])),
        "share": MEAN["mean"],
        "root": Statistic(lambda sums: metrics.rmse(sums[..., 2], sums[..., 0])),
    }
    buckets, took = calls(1_000_000), []
    for _ in range(3):
        begun = time.process_time()
        for measured in bootstrap(buckets, five, Draw(1, 2000)).values():
            measured.bounds(0.05)
        took.append(time.process_time() - begun)
    assert min(took) < 0.3
