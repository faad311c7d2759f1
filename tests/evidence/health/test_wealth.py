"""Betting against "nothing is wrong": what late breaks cost, and that nobody wins by looking often."""

import json
import math

import numpy as np
import pytest

from model_promotion.core.jsonable import jsonable
from model_promotion.evidence.health.wealth import BETS, ODDS, Wealth

NOTHING = np.zeros(ODDS.size)


def test_the_whole_stake_is_bet() -> None:
    assert sum(BETS.values()) == pytest.approx(1)


@pytest.mark.parametrize("planned", [1, 2, 7, 600])
def test_fair_looks_win_and_lose_nothing(planned: int) -> None:
    wealth = Wealth(planned)
    for _ in range(planned + 3):
        wealth = wealth.after(NOTHING)
    assert wealth.most == pytest.approx(0, abs=1e-12)
    assert not wealth.is_won(0.49)


def test_one_planned_look_is_the_plain_mixture() -> None:
    factors = np.linspace(-1, 2, ODDS.size)
    expected = math.log(sum(part * math.exp(2 * one) for part, one in zip(BETS.values(), factors, strict=True)))
    assert Wealth(1).after(factors).after(factors).most == pytest.approx(expected)


def test_what_was_lost_before_the_break_is_not_lost_for_what_begins_at_it() -> None:
    lost, won = NOTHING - 50.0, NOTHING + 2.0
    plain, spread = Wealth(1), Wealth(100)
    for factors in [lost] * 50 + [won] * 6:
        plain, spread = plain.after(factors), spread.after(factors)
    assert plain.most == 0
    # Six looks win e ** 12, of a 200th of the stake; those that began one look later win a bit more.
    assert 12 - math.log(200) < spread.most < 12 - math.log(200) + 0.2
    assert spread.is_won(0.01)


def test_it_is_won_for_good() -> None:
    wealth = Wealth(1).after(NOTHING + 5.0).after(NOTHING - 5.0)
    assert wealth.is_won(0.01)


def test_it_is_kept_as_plain_numbers() -> None:
    wealth = Wealth(10).after(NOTHING + 0.1).after(NOTHING - 0.3)
    assert Wealth.resumed(json.loads(json.dumps(jsonable(wealth)))) == wealth
    assert Wealth.resumed(json.loads(json.dumps(jsonable(Wealth(3))))) == Wealth(3)


def test_a_look_at_least_is_planned() -> None:
    with pytest.raises(ValueError, match="at least one look"):
        Wealth(0)
