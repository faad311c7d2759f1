"""A share beside a limit: how often it is called above it by chance, computed and not drawn, and its bounds."""

import json

import numpy as np
import pytest
from scipy import stats

from model_promotion.core.jsonable import jsonable
from model_promotion.evidence.health.rates import Counts, Limited, factors, high, low
from model_promotion.evidence.health.wealth import Wealth, total


@pytest.mark.parametrize("limit", [0.001, 0.02, 0.05, 0.5, 0.97])
@pytest.mark.parametrize("n", [1, 10, 200])
def test_no_bet_is_expected_to_win_where_the_limit_is_kept(limit: float, n: int) -> None:
    bad = np.arange(n + 1)
    won = np.exp(factors(bad, np.full(n + 1, n), limit))
    for rate in (limit, limit / 2, 0.0):
        assert (stats.binom.pmf(bad, n, rate) @ won <= 1 + 1e-9).all()
    assert stats.binom.pmf(bad, n, limit) @ won == pytest.approx(1)


def ever_beyond(rate: float, limit: float, alpha: float, most: int = 1500) -> float:
    """The chance that a limit is ever called crossed when every single answer is looked at, by its exact law."""
    alive, crossed = np.array([1.0]), 0.0
    for n in range(1, most + 1):
        alive = np.append(alive * (1 - rate), 0) + np.append(0, alive * rate)
        beyond = total(factors(np.arange(n + 1), np.full(n + 1, n), limit)) >= -np.log(alpha)
        crossed += float(alive[beyond].sum())
        alive[beyond] = 0
    return crossed


@pytest.mark.parametrize("alpha", [0.01, 0.05])
@pytest.mark.parametrize("limit", [0.02, 0.3])
def test_at_the_limit_it_is_called_crossed_in_at_most_alpha_however_often_one_looks(alpha: float, limit: float) -> None:
    assert alpha / 20 < ever_beyond(limit, limit, alpha) <= alpha


def test_five_percent_is_seen_beside_two() -> None:
    # Measured before with twelve bets: half of all by 289 requests, four fifths by 510.
    assert ever_beyond(0.05, 0.02, 0.01, 310) > 0.5
    assert ever_beyond(0.05, 0.02, 0.01, 520) > 0.8


@pytest.mark.parametrize(
    ("counts", "lowest", "highest"),
    [
        (Counts(), 0.0, 1.0),
        (Counts(0, 1), 0.0, 1.0),
        (Counts(1, 1), 0.0, 1.0),
        (Counts(0, 300), 0.0, 0.025),
        (Counts(20, 1000), 0.008, 0.04),
        (Counts(2000, 100_000), 0.0182, 0.0219),
        (Counts(100, 100), 0.93, 1.0),
    ],
)
def test_bounds_lie_around_the_share(counts: Counts, lowest: float, highest: float) -> None:
    found = low(counts, 0.01), high(counts, 0.01)
    assert lowest <= found[0] <= found[1] <= highest
    if counts.seen:
        assert found[0] <= counts.rate <= found[1]


def test_the_lower_bound_is_where_the_bets_are_just_won() -> None:
    counts = Counts(20, 1000)
    bound = low(counts, 0.01)
    assert Limited(bound - 1e-6).after(counts).is_beyond(0.01)
    assert not Limited(bound + 1e-6).after(counts).is_beyond(0.01)


def test_errors_that_begin_late_are_seen_soon() -> None:
    plain, spread = Limited(0.05), Limited(0.05, wealth=Wealth(600))
    for counts in [Counts(0, 50)] * 300 + [Counts(25, 50)] * 2:
        plain, spread = plain.after(counts), spread.after(counts)
    assert spread.is_beyond(0.01)
    assert not plain.is_beyond(0.01)


def test_a_look_that_brings_nothing_is_none() -> None:
    limited = Limited(0.05).after(Counts(1, 9))
    assert limited.after(Counts()) == limited


def test_it_is_taken_up_where_it_was_left() -> None:
    before = Limited(0.05, wealth=Wealth(9)).after(Counts(3, 40))
    resumed = Limited.resumed(json.loads(json.dumps(jsonable(before))))
    assert resumed == before
    assert resumed.after(Counts(2, 10)) == before.after(Counts(2, 10))


def test_what_are_no_counts_or_no_limit() -> None:
    for bad, seen in ((1, 0), (-1, 5), (6, 5)):
        with pytest.raises(ValueError, match="no counts"):
            Counts(bad, seen)
    for limit in (0.0, 1.0, float("nan")):
        with pytest.raises(ValueError, match="between 0 and 1"):
            Limited(limit)
