"""The watch over all its looks: limits are crossed for sure, or not at all."""

import json

import numpy as np
import pytest

from model_promotion.core.jsonable import jsonable
from model_promotion.core.watch_rules import ACCURACY_DROP, DEFAULTS, ERROR_RATE, P95_MS, Limits
from model_promotion.evidence.health.quantiles import beyond
from model_promotion.evidence.health.rates import Counts
from model_promotion.evidence.health.watching import Watched

ALPHA, LOOKS = 0.01, 600


def low_after(watched: Watched, rate: float, looks: int) -> float:
    """The same counts at every look, as even as they can be."""
    for look in range(looks):
        counts = Counts(int(20 * rate * (look + 1)) - int(20 * rate * look), 20)
        watched = watched.after(lambda _limit, counts=counts: counts)
    return watched.low(ALPHA)


@pytest.mark.parametrize(("rate", "low"), [(0.0, 0.0), (0.019, 0.0), (0.035, 0.02), (0.10, 0.05), (1.0, 0.05)])
def test_error_rates_cross_their_limits_for_sure(rate: float, low: float) -> None:
    assert low_after(Watched.rate(DEFAULTS[ERROR_RATE], LOOKS), rate, 200) == low


@pytest.mark.parametrize(("wrong", "low"), [(0.10, 0.0), (0.149, 0.0), (0.18, 0.05), (0.25, 0.10)])
def test_accuracy_drops_from_where_it_was(wrong: float, low: float) -> None:
    assert low_after(Watched.drop(DEFAULTS[ACCURACY_DROP], 0.10, LOOKS), wrong, 200) == low


def test_a_drop_that_is_not_possible_is_not_watched_for() -> None:
    assert not Watched.drop(DEFAULTS[ACCURACY_DROP], 0.97, LOOKS).sides


@pytest.mark.parametrize(("scale", "low"), [(1.0, 0.0), (4.0, 500.0)])
def test_p95_is_crossed_when_more_than_one_in_twenty_is_slower(scale: float, low: float) -> None:
    rng, watched = np.random.default_rng(1), Watched.p95(DEFAULTS[P95_MS], LOOKS)
    for _ in range(30):
        values = scale * rng.lognormal(np.log(100), 0.5, 20)
        watched = watched.after(lambda limit, values=values: beyond(values, limit))
    assert watched.low(ALPHA) == low


def test_it_is_taken_up_where_it_was_left() -> None:
    watched = Watched.rate(DEFAULTS[ERROR_RATE], 9).after(lambda _limit: Counts(2, 30))
    assert Watched.resumed(json.loads(json.dumps(jsonable(watched)))) == watched


def test_without_limits_nothing_is_sure() -> None:
    assert low_after(Watched.rate(Limits(warning=0.02), LOOKS), 1.0, 3) == 0
