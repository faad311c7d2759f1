"""The candidate's errors beside the champion's: exact expectations, stories, and figures measured before."""

import json
import math

import numpy as np
import pytest
from scipy import stats

from model_promotion.core.health import Health
from model_promotion.core.jsonable import jsonable
from model_promotion.evidence.health.error_rates import ErrorRates, ErrorRule, factors
from model_promotion.evidence.health.rates import Counts
from model_promotion.evidence.health.wealth import bet, total

RULE = ErrorRule()
Looks = list[tuple[tuple[int, int], tuple[int, int]]]


def seen(looks: Looks, rule: ErrorRule = RULE, planned: int = 1) -> ErrorRates:
    rates = ErrorRates.none(rule, planned)
    for champion, candidate in looks:
        rates = rates.after(Counts(*champion), Counts(*candidate))
    return rates


@pytest.mark.parametrize("arms", [(9, 1), (1, 1), (1, 9), (19, 3)])
@pytest.mark.parametrize("known", [0.001, 0.02, 0.4])
def test_no_bet_is_expected_to_win_where_the_candidate_fails_no_more_often(arms: tuple[int, int], known: float) -> None:
    na, nb = arms
    bad_a, bad_b = np.meshgrid(np.arange(na + 1), np.arange(nb + 1), indexing="ij")
    won = np.exp(
        factors((bad_a, np.full_like(bad_a, na)), (bad_b, np.full_like(bad_b, nb)), np.full(bad_a.shape, known))
    )
    rates = (0.0, 0.001, 0.01, 0.02, 0.03, 0.1, 0.4, 0.9, 1.0)
    for theirs in rates:
        for ours in (rate for rate in rates if rate <= theirs):
            chance = np.outer(
                stats.binom.pmf(np.arange(na + 1), na, theirs), stats.binom.pmf(np.arange(nb + 1), nb, ours)
            )
            assert (np.tensordot(chance, won, 2) <= 1 + 1e-9).all(), (ours, theirs)


def requests_to_alarm(rates: tuple[float, float], arms: tuple[int, int], looks: int, runs: int) -> np.ndarray:
    """The candidate's requests until the alarm at alpha 0.01, looking after every block; infinite where none came."""
    rng, (na, nb) = np.random.default_rng(20_261_121), arms
    found, logs, known = np.full(runs, math.inf), None, np.array([1.0, 50.0])[:, None] * np.ones(runs)
    for look in range(looks):
        bad_a, bad_b = rng.binomial(na, rates[0], runs), rng.binomial(nb, rates[1], runs)
        block = (bad_a, np.full(runs, na)), (bad_b, np.full(runs, nb))
        logs = bet(logs, factors(*block, known[0] / known[1]), (look, 1))
        known += np.array([bad_a, np.full(runs, na)])
        found[(total(logs) >= math.log(100)) & np.isinf(found)] = (look + 1) * nb
    return found


def test_a_rise_from_two_to_five_percent_is_seen_as_soon_as_measured_before() -> None:
    found = requests_to_alarm((0.02, 0.05), (9, 1), 1500, 600)
    # 356 and 597 with fifteen bets that knew the champion's rate beforehand.
    assert np.median(found) == pytest.approx(356, rel=0.1)
    assert np.quantile(found, 0.8) == pytest.approx(597, rel=0.1)


def test_equal_rates_seldom_alarm() -> None:
    assert np.isfinite(requests_to_alarm((0.02, 0.02), (45, 5), 600, 600)).mean() <= 0.01


def test_vectors_and_one_by_one_are_the_same() -> None:
    rates = seen([((2, 90), (1, 10)), ((1, 80), (2, 20))])
    logs, known = None, Counts(1, 50)
    for look, (champion, candidate) in enumerate([(Counts(2, 90), Counts(1, 10)), (Counts(1, 80), Counts(2, 20))]):
        block = factors((champion.bad, champion.seen), (candidate.bad, candidate.seen), known.rate)
        logs, known = bet(logs, block, (look, 1)), known + champion
    assert rates.wealth.logs == pytest.approx(tuple(logs))


@pytest.mark.parametrize(
    ("looks", "verdict", "says"),
    [
        ([], Health.INCONCLUSIVE, "answered nothing; 100 requests are needed"),
        ([((0, 500), (0, 0))], Health.INCONCLUSIVE, "answered nothing; 100 requests are needed"),
        (
            [((0, 900), (0, 99))],
            Health.INCONCLUSIVE,
            "0 of 99 requests failed (0.00%), 0 of the champion's 900 (0.00%)",
        ),
        ([((0, 900), (0, 100))], Health.PASS, "not surely more"),
        ([((18, 900), (4, 100))], Health.PASS, "4 of 100 requests failed (4.00%), 18 of the champion's 900 (2.00%)"),
        ([((18, 900), (8, 100))], Health.INCONCLUSIVE, "probably more than the champion's, not surely"),
        ([((18, 900), (15, 100))], Health.FAIL, "surely more than the champion's (alpha 0.01)"),
        ([((0, 90), (10, 10))], Health.FAIL, "10 of 10 requests failed"),
        ([((90, 90), (10, 10))], Health.INCONCLUSIVE, "100 requests are needed"),
        ([((90, 90), (100, 100))], Health.PASS, "not surely more"),
        ([((0, 0), (0, 100))], Health.INCONCLUSIVE, "no traffic; up to 6.03%"),
        ([((0, 0), (0, 200))], Health.PASS, "surely below 3.0"),
        ([((0, 0), (30, 100))], Health.FAIL, "surely above 5.00%"),
    ],
)
def test_what_is_said(looks: Looks, verdict: Health, says: str) -> None:
    reading = seen(looks).judged(RULE)
    assert (reading.verdict, says in reading.sentence) == (verdict, True), reading.sentence


def test_with_a_margin_a_pass_needs_to_be_sure_of_it() -> None:
    rule = ErrorRule(margin=0.02)
    few, many = seen([((18, 900), (2, 100))], rule), seen([((180, 9000), (60, 3000))], rule)
    assert few.judged(rule).verdict is Health.INCONCLUSIVE
    assert "2.00% is allowed" in few.judged(rule).sentence
    assert many.judged(rule).verdict is Health.PASS
    assert 0 < many.difference_high(0.01) <= 0.02


def test_the_split_may_change_between_looks() -> None:
    looks: Looks = [((2, 95), (0, 5))] * 10 + [((1, 50), (5, 50))] * 8
    assert seen(looks).judged(RULE).verdict is Health.FAIL


def test_a_block_waits_until_both_have_answered() -> None:
    apart = seen([((1, 40), (0, 0)), ((1, 50), (0, 0)), ((0, 0), (2, 10))])
    assert apart == seen([((2, 90), (0, 0)), ((0, 0), (2, 10))])
    assert apart.wealth == seen([((2, 90), (2, 10))]).wealth


def test_a_bad_hour_of_both_is_nobodys_fault() -> None:
    assert seen([((2, 90), (0, 10))] * 20 + [((45, 90), (5, 10))] * 20).judged(RULE).verdict is Health.PASS


def test_errors_that_begin_late_are_seen_soon() -> None:
    looks: Looks = [((1, 90), (0, 10))] * 200 + [((1, 90), (4, 10))] * 4
    assert seen(looks, planned=400).judged(RULE).verdict is Health.FAIL
    assert seen(looks).judged(RULE).verdict is Health.PASS


def test_it_is_taken_up_where_it_was_left() -> None:
    before = seen([((2, 90), (1, 10)), ((0, 0), (1, 3))], planned=50)
    resumed = ErrorRates.resumed(json.loads(json.dumps(jsonable(before))))
    assert resumed == before
    assert resumed.after(Counts(1, 5), Counts(0, 2)) == before.after(Counts(1, 5), Counts(0, 2))


@pytest.mark.parametrize("wrong", [{"alpha": 0.5}, {"least": 0}, {"limit": 1.0}, {"margin": 0.0}, {"margin": math.nan}])
def test_rules_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="between 0 and"):
        ErrorRule(**wrong)
