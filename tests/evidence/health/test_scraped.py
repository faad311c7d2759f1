"""What an endpoint says of its last minute: whose numbers they are, and that nothing it may say breaks anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.evidence.health.rates import Counts
from model_promotion.evidence.health.scraped import scraped

PLAIN = """
# TYPE request_count_total counter
request_count_total 40
request_5xx_count_total 3
request_latency_ms_bucket{le="+Inf"} 40
"""
LABELLED = """
request_count_total{endpoint="churn",x="it-1"} 900
request_count_total{endpoint="churn",x="it-2"} 100
request_5xx_count_total{endpoint="churn",x="it-2"} 7
request_4xx_count_total{endpoint="churn",x="it-2"} 50
cpu_usage_percentage{endpoint="churn"} 10
"""
WORDS = ["request_count_total", "request_5xx_count_total", "# TYPE ", "# HELP ", "{", "}", '"', "=", ",", "\\", "\n"]
WORDS += [" ", "it-2", "NaN", "-1", "1e999", "+Inf", "7", "7.5", "x", "_bucket", "le", " # {", "counter", "histogram"]


@pytest.mark.parametrize(
    ("text", "entity", "endpoint"),
    [
        (LABELLED, Counts(7, 100), None),
        (PLAIN, None, Counts(3, 40)),
        (PLAIN.replace("40", "0").replace("3", "0"), None, None),
        ("", None, None),
        ('request_count_total{x="it-2"} 0\n', None, None),
        ('request_count_total{a="it-2",b="it-1"} 9\n', None, None),
    ],
)
def test_numbers_are_an_entitys_where_a_label_names_it(
    text: str, entity: Counts | None, endpoint: Counts | None
) -> None:
    found = scraped(text, "it-2", ["it-1", "it-2"])
    assert (found.entity, found.endpoint) == (entity, endpoint)
    assert ("its own" in found.told, "of the endpoint" in found.told) == (bool(entity), bool(endpoint))


def test_an_entity_that_is_called_like_its_endpoint_has_no_numbers_of_its_own() -> None:
    assert scraped('request_count_total{endpoint="churn"} 9\n', None, ["churn"]).entity is None


@pytest.mark.parametrize(
    "text",
    [
        "<html>",
        "request_count_total NaN\n",
        "request_count_total -3\n",
        "request_count_total +Inf\n",
        "request_count_total 1\nrequest_5xx_count_total 2\n",
        'request_count_total{a="b" 1\n',
    ],
)
def test_what_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Prometheus|count"):
        scraped(text, "it-2")


@given(st.one_of(st.text(), st.lists(st.sampled_from(WORDS), max_size=40).map("".join)))
def test_whatever_is_sent_it_is_counts_or_refused(text: str) -> None:
    try:
        found = scraped(text, "it-2", ["it-1"])
    except ValueError:
        return
    for one in (found.entity, found.endpoint):
        assert one is None or 0 <= one.bad <= one.seen
