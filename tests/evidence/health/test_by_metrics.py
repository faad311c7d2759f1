"""Metrics of an endpoint: they count where they say whose they are, and where our own requests explain nothing."""

import numpy as np
import pytest

from model_promotion.core.health import Health
from model_promotion.evidence.health.by_metrics import ByMetrics, Names, callers
from model_promotion.evidence.health.error_rates import ErrorRule
from model_promotion.evidence.health.rates import Counts

NAMES = Names("it-1", "it-2", ("it-1", "it-2"))
NONE = (Counts(), Counts())
RULE = ErrorRule(0.01, least=100)


def minute(champion: Counts | None, candidate: Counts | None) -> str:
    both = {"it-1": champion, "it-2": candidate}
    lines = [
        f'request_count_total{{who="{name}"}} {one.seen}\nrequest_5xx_count_total{{who="{name}"}} {one.bad}\n'
        for name, one in both.items()
        if one
    ]
    return "".join(lines)


def after(*minutes: str, own: tuple[Counts, Counts] = NONE) -> ByMetrics:
    known = ByMetrics.none(RULE, 30)
    for text in minutes:
        known = known.after(text, NAMES, own)
    return known


@pytest.mark.parametrize(
    ("minutes", "verdict", "decides", "said"),
    [
        ([], Health.INCONCLUSIVE, False, "no minute of its metrics is known yet"),
        ([""], Health.INCONCLUSIVE, False, "no requests in the last minute"),
        ([minute(Counts(0, 0), Counts(0, 0))], Health.INCONCLUSIVE, False, "no requests in the last minute"),
        ([minute(None, Counts(9, 90))], Health.INCONCLUSIVE, False, "not both versions had callers"),
        (["request_count_total 40\nrequest_5xx_count_total 40\n"], Health.INCONCLUSIVE, False, "40 of 40 requests of"),
        (["request_count_total 4000\n"] * 9, Health.INCONCLUSIVE, False, "do not say which version's they are"),
        ([minute(Counts(9, 900), Counts(0, 60))], Health.INCONCLUSIVE, False, "100 requests are needed"),
        ([minute(Counts(9, 900), Counts(1, 100))], Health.PASS, True, "not surely more than the champion's"),
        ([minute(Counts(9, 900), Counts(30, 60))], Health.FAIL, True, "surely more than the champion's"),
        ([minute(Counts(9, 900), Counts(1, 100)), ""], Health.PASS, True, "(no requests in the last minute)"),
    ],
)
def test_what_minutes_say(minutes: list[str], verdict: Health, *, decides: bool, said: str) -> None:
    found = after(*minutes).reading("churn")
    assert (found.verdict, found.decides) == (verdict, decides), found.sentence
    assert said in found.sentence
    assert found.source == "error rate in service of churn"


def test_the_total_of_an_endpoint_is_told_and_never_a_verdict() -> None:
    found = after("request_count_total 40\nrequest_5xx_count_total 4\n").reading("churn")
    assert found.facts == {"endpoint_errors": 4, "endpoint_requests": 40}
    assert not found.decides


@pytest.mark.parametrize("text", ["<html>", "request_count_total NaN\n"])
def test_what_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Prometheus|count"):
        after(text)


@pytest.mark.parametrize(
    ("champion", "candidate", "own", "left"),
    [
        (Counts(3, 100), Counts(3, 100), NONE, (Counts(3, 100), Counts(3, 100))),
        (Counts(3, 100), Counts(3, 100), (Counts(2, 60), Counts(2, 60)), (Counts(3, 40), Counts(1, 100))),
        (Counts(3, 50), Counts(3, 50), (Counts(0, 60), Counts(9, 60)), (Counts(), Counts(0, 50))),
        (Counts(30, 50), Counts(3, 50), (Counts(0, 40), Counts()), (Counts(10, 10), Counts(3, 50))),
    ],
)
def test_own_requests_are_left_out_in_the_candidates_favour(
    champion: Counts, candidate: Counts, own: tuple[Counts, Counts], left: tuple[Counts, Counts]
) -> None:
    assert callers(champion, candidate, own) == left


def test_minutes_in_which_only_own_requests_came_compare_nothing() -> None:
    found = after(minute(Counts(0, 300), Counts(300, 300)), own=(Counts(0, 600), Counts(600, 600))).reading("churn")
    assert (found.verdict, found.decides) == (Health.INCONCLUSIVE, False)


@pytest.mark.parametrize("counts_own", [True, False])
@pytest.mark.parametrize(("real", "probed"), [(0.0, 0.3), (0.05, 0.0), (0.05, 0.3)])
def test_rows_that_both_fail_on_are_nobodys_fault_whatever_the_split(
    real: float, probed: float, *, counts_own: bool
) -> None:
    """The candidate gets a twentieth of the callers and as many of our own: unadjusted it would seem to fail more."""
    rng, runs = np.random.default_rng(3), 100
    alarms = 0
    for _ in range(runs):
        known = ByMetrics.none(RULE, 30)
        for _ in range(30):
            ours = [Counts(int(rng.binomial(300, probed)), 300) for _ in range(2)]
            theirs = [Counts(int(rng.binomial(n, real)), n) for n in (1900, 100)]
            seen = [own + other if counts_own else other for own, other in zip(ours, theirs, strict=True)]
            # Twice as many as a minute holds, as nobody knows which minute it is.
            known = known.after(minute(*seen), NAMES, (ours[0] + ours[0], ours[1] + ours[1]))
            if known.reading("churn").verdict is Health.FAIL:
                alarms += 1
                break
    assert alarms <= 4
