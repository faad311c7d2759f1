"""A load test as data: how it is typed, what is due when, what is never sent."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from model_promotion.core.errors import BadCall
from model_promotion.core.load import Destination, Load, LoadPolicy, LoadTest, dues
from model_promotion.core.payloads import Payload

ONE = Load((Destination("a", "http://a"),), (Payload(b"1"), Payload(b"2")), LoadTest(100, 30), warm_up_s=2)
TWO = replace(ONE, targets=(*ONE.targets, Destination("b", "http://b")))


@pytest.mark.parametrize("text", ["50,30s", "0.5,10m", "2000,60s", "12.5,1h", "123.4567,30s"])
def test_what_is_typed_can_be_typed_again(text: str) -> None:
    assert LoadTest.parse(str(LoadTest.parse(text))) == LoadTest.parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("50", "is not written RATE,DURATION"),
        ("50,", "is not written"),
        (",30s", "is not written"),
        ("fast,30s", "is not written"),
        ("nan,30s", "is not within 5000 requests a second"),
        ("inf,30s", "is not within"),
        ("0,30s", "its rate is to be above 0"),
        ("-5,30s", "its rate is to be above 0"),
        ("5001,1s", "is not within"),
        ("1,2h", "is not within 5000 requests a second and 3600 s"),
        ("5000,60s", "more than 200,000 requests"),
    ],
)
def test_what_is_no_load_test_or_an_attack_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadCall, match=said) as refused:
        LoadTest.parse(text)
    assert "50,30s" in refused.value.hint
    assert f"{refused.value} ({refused.value.hint})".count("RATE,DURATION") <= 1


def test_several_endpoints_together_get_no_more_than_one_may_get() -> None:
    with pytest.raises(BadCall, match="for 2 endpoints is 210,000 requests with the warm-up"):
        replace(TWO, test=LoadTest(1000, 103), warm_up_s=2)


def test_the_same_seed_sends_the_same_at_the_same_times_and_another_does_not() -> None:
    assert [*dues(ONE)] == [*dues(ONE)]
    assert [*dues(ONE)] != [*dues(replace(ONE, seed=1))]


def test_each_target_gets_its_own_times_as_if_it_were_alone() -> None:
    both = [*dues(TWO)]
    assert [due for due in both if due.target == 0] == [*dues(ONE)]
    assert both == sorted(both)
    assert {due.at_s for due in both if due.target == 0}.isdisjoint(due.at_s for due in both if due.target == 1)


def test_requests_are_due_at_the_rate_at_random_and_of_every_payload() -> None:
    sent = [*dues(ONE)]
    gaps = [after.at_s - before.at_s for before, after in pairwise(sent)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert len(sent) == 3200
    assert sum(due.at_s >= 2 for due in sent) == 3000
    assert 0.8 < variance / mean**2 < 1.25  # of an exponential distribution it is 1
    assert {due.payload for due in sent} == {0, 1}
    assert 0 < sent[0].at_s < sent[-1].at_s < 32


@pytest.mark.parametrize(
    "wrong",
    [
        {"p95_ms": 0},
        {"p99_ms": -1},
        {"timeout_s": 0},
        {"max_late_ms": 0},
        {"max_error_pct": 101},
        {"max_error_pct": -1},
        {"warm_up_s": 31},
        {"timeout_s": 0.9},
        {"search_to_per_s": 0},
        {"search_to_per_s": 6000},
        {"rate_per_s": 0},
        {"duration_s": 9000},
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\d|greater"):
        LoadPolicy(**wrong)
