"""The watch over all its looks: limits are crossed for sure, or not at all."""

import numpy as np
import pytest

from model_promotion.core.watch_rules import ACCURACY_DROP, DEFAULTS, ERROR_RATE, P95_MS, Beyond, Limits
from model_promotion.evidence.health.quantiles import beyond
from model_promotion.evidence.health.rates import Counts
from model_promotion.evidence.health.watching import Halves, Watched

ALPHA, LOOKS = 0.01, 600


def low_after(watched: Watched, rate: float, looks: int) -> float:
    """The same counts at every look, as even as they can be."""
    for look in range(looks):
        counts = Counts(int(20 * rate * (look + 1)) - int(20 * rate * look), 20)
        watched = watched.after(lambda _limit, counts=counts: counts)
    return watched.beyond(ALPHA).twice


@pytest.mark.parametrize(("rate", "low"), [(0.0, 0.0), (0.019, 0.0), (0.035, 0.02), (0.10, 0.05), (1.0, 0.05)])
def test_error_rates_cross_their_limits_for_sure(rate: float, low: float) -> None:
    assert low_after(Watched.rate(DEFAULTS[ERROR_RATE], LOOKS), rate, 200) == low


@pytest.mark.parametrize(("wrong", "low"), [(0.10, 0.0), (0.119, 0.0), (0.149, 0.02), (0.18, 0.05), (0.25, 0.10)])
def test_accuracy_drops_from_where_it_was(wrong: float, low: float) -> None:
    assert low_after(Watched.drop(DEFAULTS[ACCURACY_DROP], 0.10, LOOKS), wrong, 200) == low


def test_a_drop_that_is_not_possible_is_not_watched_for() -> None:
    assert not Watched.drop(DEFAULTS[ACCURACY_DROP], 0.99, LOOKS).sides


@pytest.mark.parametrize(("scale", "low"), [(1.0, 0.0), (4.0, 500.0)])
def test_p95_is_crossed_when_more_than_one_in_twenty_is_slower(scale: float, low: float) -> None:
    rng, watched = np.random.default_rng(1), Watched.p95(DEFAULTS[P95_MS], LOOKS)
    for _ in range(30):
        values = scale * rng.lognormal(np.log(100), 0.5, 20)
        watched = watched.after(lambda limit, values=values: beyond(values, limit))
    assert watched.beyond(ALPHA).twice == low


def looked(halves: Halves, *looks: tuple[int, int]) -> Halves:
    for bad, seen in looks:
        halves = halves.after(Counts(bad, seen))
    return halves


@pytest.mark.parametrize("well", [0, 1, 300])
@pytest.mark.parametrize("bad", [(50, 300), (300, 300), (20, 20)])
def test_no_single_look_is_enough_however_bad_it_is_and_whenever_it_comes(well: int, bad: tuple[int, int]) -> None:
    halves = looked(Halves.beside(0.05, LOOKS), *[(3, 300)] * well, bad)
    assert not halves.is_beyond_twice(ALPHA)
    assert not looked(halves, *[(3, 300)] * 50).is_beyond_twice(ALPHA)
    if bad[0] == bad[1]:
        assert halves.is_beyond(ALPHA)


@pytest.mark.parametrize("well", [0, 1, 300])
def test_what_is_dead_is_seen_by_the_second_look(well: int) -> None:
    before = looked(Halves.beside(0.05, LOOKS), *[(3, 300)] * well)
    assert looked(before, (300, 300), (300, 300)).is_beyond_twice(ALPHA / 5)


def test_a_look_that_brings_nothing_is_nobodys_turn() -> None:
    once = looked(Halves.beside(0.05, 9), (2, 30))
    assert looked(once, (0, 0), (0, 0)) == once
    assert looked(once, (0, 0), (5, 30)) == looked(once, (5, 30))


def test_what_may_be_chance_is_doubted_only_while_it_lasts() -> None:
    doubted = looked(Halves.beside(0.02, 9), (9, 150))
    assert (doubted.is_doubtful, doubted.is_beyond(ALPHA)) == (True, False)
    assert not looked(doubted, *[(0, 150)] * 3).is_doubtful
    assert Watched.rate(DEFAULTS[ERROR_RATE], 9).after(lambda _limit: Counts(9, 150)).beyond(ALPHA) == Beyond(0.02)


def test_without_limits_nothing_is_sure() -> None:
    assert low_after(Watched.rate(Limits(), LOOKS), 1.0, 3) == 0
