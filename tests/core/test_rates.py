"""The search for the highest rate: few runs, never above the limit, close to the truth."""

import pytest

from model_promotion.core.rates import CLOSE, LEAST_PER_S, MOST_RUNS, Tried, highest, next_rate, search

MOST = 1000.0


def found(first: float, truth: float, most: float = MOST) -> tuple[Tried, ...]:
    return search(Tried(first, first <= truth), most, lambda rate: rate <= truth)


@pytest.mark.parametrize("truth", [3.0, 17.0, 50.0, 51.0, 180.0, 640.0])
def test_the_highest_rate_is_found_closely_in_few_runs(truth: float) -> None:
    tried = found(50.0, truth)
    best = highest(tried)
    assert best is not None
    assert truth / CLOSE**1.5 <= best <= truth
    assert len(tried) <= MOST_RUNS


def test_nothing_is_tried_above_the_limit_or_after_it() -> None:
    tried = found(50.0, 5000.0, most=300.0)
    assert [one.rate_per_s for one in tried] == [50, 100, 200, 300]
    assert highest(tried) == 300


def test_what_keeps_its_budget_at_no_rate_is_given_up() -> None:
    tried = found(4.0, 0.0)
    assert highest(tried) is None
    assert min(one.rate_per_s for one in tried) >= LEAST_PER_S
    assert highest(found(4000.0, 0.0)) is None


def test_a_run_that_says_nothing_ends_the_search() -> None:
    answers = {100.0: True, 200.0: None}
    tried = search(Tried(50.0, kept=True), MOST, answers.__getitem__)
    assert tried[-1] == Tried(200.0, None)
    assert highest(tried) == 100


def test_a_rate_that_was_kept_above_one_that_was_missed_is_luck() -> None:
    tried = (Tried(50, kept=False), Tried(100, kept=True), Tried(25, kept=True))
    assert highest(tried) == 25
    assert next_rate(tried, MOST) == pytest.approx((25 * 50) ** 0.5)


def test_without_a_first_run_there_is_no_next() -> None:
    assert next_rate((), MOST) is None
