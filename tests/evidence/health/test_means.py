"""Confidence sequences of means: the paper's formula, and that peeking does not break them."""

import json
import math

import numpy as np
import pytest

from model_promotion.core.health import Health
from model_promotion.core.jsonable import jsonable
from model_promotion.evidence.health.means import Mean, MeanRule, Reach, compared, difference

ALPHA = 0.05


def by_the_paper(values: list[float], alpha: float) -> tuple[float, float]:
    """Theorem 2 of Waudby-Smith & Ramdas, value by value."""
    mean, variance = 0.5, 0.25
    bets = weighted = spent = squares = total = 0.0
    for t, x in enumerate(values, 1):
        one = min(math.sqrt(2 * math.log(2 / alpha) / (variance * t * math.log(1 + t))), 0.5)
        bets, weighted = bets + one, weighted + one * x
        spent += 4 * (x - mean) ** 2 * (-math.log(1 - one) - one) / 4
        total += x
        mean = (0.5 + total) / (t + 1)
        squares += (x - mean) ** 2
        variance = (0.25 + squares) / (t + 1)
    half = (math.log(2 / alpha) + spent) / bets
    return max(weighted / bets - half, 0), min(weighted / bets + half, 1)


def test_the_bounds_are_those_of_the_paper() -> None:
    values = np.random.default_rng(1).beta(2, 6, 400)
    found = Mean(ALPHA).after(values)
    assert found.bounds == pytest.approx(by_the_paper([*values], ALPHA), abs=1e-12)
    assert found.value == pytest.approx(values.mean())


def test_it_does_not_matter_in_which_portions_values_come_or_who_goes_on() -> None:
    values = np.random.default_rng(2).random(100)
    found = Mean(ALPHA)
    for part in np.split(values, [1, 1, 30, 99]):
        found = Mean.resumed(json.loads(json.dumps(jsonable(found)))).after(part)
    whole = Mean(ALPHA).after(values)
    assert found.bounds == pytest.approx(whole.bounds, abs=1e-12)
    assert found.n == whole.n == 100


@pytest.mark.parametrize("law", ["rare", "even", "one"])
def test_whoever_looks_after_every_value_finds_the_mean_inside(law: str) -> None:
    rng, missed = np.random.default_rng(3), 0
    for _ in range(100):
        values = {"rare": rng.random(600) < 0.05, "even": rng.random(600), "one": np.ones(600)}[law]
        truth = {"rare": 0.05, "even": 0.5, "one": 1.0}[law]
        mean, out = Mean(ALPHA), False
        for part in np.split(values.astype(float), 60):
            mean = mean.after(part)
            out = out or not mean.bounds[0] <= truth <= mean.bounds[1]
        missed += out
    assert missed <= 5


def test_bounds_are_in_the_unit_of_the_values() -> None:
    shares = np.random.default_rng(4).random(300)
    low, high = Mean(ALPHA).after(shares).bounds
    found = Mean(ALPHA, Reach(100, 2100)).after(100 + 2000 * shares)
    assert found.bounds == pytest.approx((100 + 2000 * low, 100 + 2000 * high))


def test_before_the_first_value_everything_is_possible() -> None:
    assert Mean(ALPHA, Reach(0, 30)).bounds == (0, 30)
    assert math.isnan(Mean(ALPHA).value)


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf])
def test_values_outside_the_reach_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="outside"):
        Mean(ALPHA).after(np.array([0.5, value]))


def test_a_reach_is_a_range() -> None:
    for ends in ((1, 1), (0, math.inf), (math.nan, 1)):
        with pytest.raises(ValueError, match="no range"):
            Reach(*ends)


@pytest.mark.parametrize(
    ("means", "n", "verdict"),
    [
        ((0.2, 0.2), 0, Health.INCONCLUSIVE),
        ((0.2, 0.2), 50, Health.INCONCLUSIVE),
        ((0.2, 0.2), 3000, Health.PASS),
        ((0.2, 0.5), 1000, Health.FAIL),
        ((0.5, 0.2), 1000, Health.PASS),
        ((0.2, 0.29), 300, Health.INCONCLUSIVE),
    ],
)
def test_the_candidates_mean_beside_the_champions(means: tuple[float, float], n: int, verdict: Health) -> None:
    rng = np.random.default_rng(5)
    both = [Mean(0.005).after(rng.beta(20 * mean, 20 * (1 - mean), n)) for mean in means]
    reading = compared("latency", *both, MeanRule(0.05))
    assert reading.verdict is verdict, reading.sentence
    low, high = difference(*both)
    assert low <= means[1] - means[0] <= high
