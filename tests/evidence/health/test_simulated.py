"""The benchmark measures what is shipped: its runs side by side are those of the classes, one by one."""

import numpy as np
import pytest

from benchmarks.health import Limit, Pair
from benchmarks.simulated import ALPHA
from benchmarks.watch import Halved, false_alarms
from model_promotion.evidence.health.error_rates import ErrorRates, ErrorRule
from model_promotion.evidence.health.rates import Counts, Limited
from model_promotion.evidence.health.watching import Halves
from model_promotion.evidence.health.wealth import Wealth

LOOKS, RUNS = 60, 8


def first(alarms: list[bool]) -> float:
    return alarms.index(True) + 1 if True in alarms else np.inf


def test_a_share_beside_a_limit() -> None:
    drawn = np.random.default_rng(1).binomial(20, 0.12, (LOOKS, RUNS))
    found = []
    for run in range(RUNS):
        limited, alarms = Limited(0.05, wealth=Wealth(LOOKS)), []
        for bad in drawn[:, run]:
            limited = limited.after(Counts(int(bad), 20))
            alarms.append(limited.is_beyond(ALPHA))
        found.append(first(alarms))
    assert found == Limit(0.05, 20, RUNS, LOOKS).alarms(drawn.__getitem__, ALPHA, LOOKS).tolist()
    assert np.isfinite(found).any()


def test_candidate_and_champion() -> None:
    rng, found, now = np.random.default_rng(2), [], []
    drawn = [(rng.binomial(90, 0.02, RUNS), rng.binomial(10, 0.07, RUNS)) for _ in range(LOOKS)]
    for run in range(RUNS):
        rates, alarms = ErrorRates.none(ErrorRule(alpha=ALPHA), LOOKS), []
        for ours, theirs in drawn:
            rates = rates.after(Counts(int(ours[run]), 90), Counts(int(theirs[run]), 10))
            alarms.append(rates.wealth.is_won(ALPHA))
        found.append(first(alarms))
        now.append(rates.wealth.now)
    seen = Pair(90, 10, RUNS, LOOKS).seen(0.02, lambda _look: 0.07, LOOKS, np.random.default_rng(2))
    assert found == seen.alarms.tolist()
    assert now == pytest.approx(seen.now.tolist())


def test_a_share_beside_a_limit_as_the_watch_holds_it() -> None:
    drawn = np.random.default_rng(3).binomial(20, 0.13, (LOOKS, RUNS))
    surely, twice, doubtful = [], [], []
    for run in range(RUNS):
        halves, known = Halves.beside(0.05, LOOKS), []
        for bad in drawn[:, run]:
            halves = halves.after(Counts(int(bad), 20))
            known.append((halves.is_beyond(ALPHA), halves.is_beyond_twice(ALPHA)))
        surely.append(first([one for one, _ in known]))
        twice.append(first([one for _, one in known]))
        doubtful.append(halves.is_doubtful)
    crossed = Halved(0.05, 20, RUNS, LOOKS).crossed(drawn.__getitem__, ALPHA, LOOKS)
    assert (surely, twice) == (crossed.surely.tolist(), crossed.twice.tolist())
    assert doubtful == crossed.doubtful.tolist()
    assert np.isfinite(twice).any()


def test_600_looks_at_all_that_a_watch_looks_at_are_wrong_in_at_most_alpha_of_all_watches() -> None:
    assert all(row.holds for row in false_alarms(100))
