"""Paired shares of right answers: exact p, score bounds, and how often they are wrong, computed and not drawn."""

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar as of_statsmodels

from model_promotion.core.gate import GateRule, GateVerdict, judge
from model_promotion.core.metrics import Direction
from model_promotion.evidence.proportions import CORRECTION, Discordance, mcnemar, paired_proportions, tango

TABLES = [(100, 80, 8, 3), (1000, 900, 20, 41), (50, 30, 0, 7), (44, 43, 1, 0), (500, 0, 250, 250), (35, 35, 0, 0)]
tables = pytest.mark.parametrize("table", [Discordance(*counts) for counts in TABLES], ids=str)


def z(table: Discordance, delta: float) -> float:
    """Tango's statistic as he defines it: the likelihood is maximised by a search, not by his formula."""
    n, ours, theirs = table.n, table.only_candidate, table.only_champion

    def unlikely(lost: float) -> float:
        cells = (lost + delta, lost, 1 - 2 * lost - delta)
        counts = (ours, theirs, n - ours - theirs)
        return -sum(count * np.log(max(cell, 1e-300)) for count, cell in zip(counts, cells, strict=True))

    low, high = max(0.0, -delta), (1 - delta) / 2
    lost = optimize.minimize_scalar(unlikely, bounds=(low, high), method="bounded", options={"xatol": 1e-14}).x
    return (ours - theirs - n * delta) / np.sqrt(n * (2 * lost + delta * (1 - delta)))


@pytest.mark.parametrize("table", [Discordance(*counts) for counts in TABLES[:-1]], ids=str)
@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_the_bounds_are_where_the_score_test_turns(table: Discordance, alpha: float) -> None:
    low, high = tango(table, alpha)
    quantile = stats.norm.isf(alpha)
    assert z(table, low) == pytest.approx(quantile, abs=2e-4)
    assert z(table, high) == pytest.approx(-quantile, abs=2e-4)


@tables
def test_mcnemar_is_that_of_statsmodels(table: Discordance) -> None:
    cells = [[table.both, table.only_champion], [table.only_candidate, 0]]
    expected = of_statsmodels(cells, exact=True).pvalue
    assert mcnemar(table) == pytest.approx(float(expected), abs=1e-9)


@tables
def test_exchanging_the_models_turns_the_interval_around(table: Discordance) -> None:
    other = Discordance(table.n, table.both, table.only_candidate, table.only_champion)
    low, high = tango(table, 0.05, CORRECTION)
    assert tango(other, 0.05, CORRECTION) == (pytest.approx(-high), pytest.approx(-low))


def test_without_any_discordant_row_there_is_still_a_width() -> None:
    low, high = paired_proportions(Discordance(1000, 900, 0, 0)).bounds(0.05)
    assert low == pytest.approx(-high)
    assert 0.0029 < high < 0.004  # About the rule of three.


def test_the_worst_that_can_be_does_not_break_it() -> None:
    low, high = paired_proportions(Discordance(100, 0, 100, 0)).bounds(0.05)
    assert -1 <= low < -0.99
    assert -1 < high < -0.9


def test_too_few_rows_and_impossible_counts() -> None:
    measured = paired_proportions(Discordance(29, 29, 0, 0))
    assert judge("m", measured, GateRule(Direction.HIGHER, 0.5)).verdict is GateVerdict.INCONCLUSIVE
    for counts in ((10, 5, 5, 5), (10, -1, 0, 0)):
        with pytest.raises(ValueError, match="no counts"):
            Discordance(*counts)


def test_the_facts_say_what_it_rests_on() -> None:
    measured = paired_proportions(Discordance(100, 80, 8, 3))
    assert (measured.facts["champion"], measured.facts["candidate"]) == (0.88, 0.83)
    assert measured.facts["discordant"] == 11
    assert measured.change == pytest.approx(-0.05)


@pytest.mark.parametrize("n", [30, 60, 150])
@pytest.mark.parametrize("margin", [0.01, 0.05])
@pytest.mark.parametrize("discordant", [0.06, 0.1, 0.2])
def test_wrong_passes_summed_over_every_possible_sample_are_at_most_alpha(
    n: int, margin: float, discordant: float
) -> None:
    ours, theirs = (discordant - margin) / 2, (discordant + margin) / 2
    wrong, first = 0.0, 0
    for lost in range(int(n * theirs + 8 * np.sqrt(n * theirs)) + 10):
        if not (chance := stats.binom.pmf(lost, n, theirs)) > 1e-12:
            continue
        # More gained rows raise the lower bound, and more lost ones ask for more of them.
        first = next((won for won in range(first, n - lost + 1) if passes(n, won, lost, margin)), n)
        wrong += chance * stats.binom.sf(first - 1, n - lost, ours / (1 - theirs))
    assert wrong <= 0.05


def passes(n: int, won: int, lost: int, margin: float) -> bool:
    return tango(Discordance(n, 0, lost, won), 0.05, CORRECTION)[0] > -margin
