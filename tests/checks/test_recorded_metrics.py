from math import inf, nan

import pytest

from model_promotion.checks import recorded_metrics
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.metrics import Direction
from model_promotion.core.policy import MetricPolicy, Policy
from tests.worlds import a_scene, a_witness, version

Metrics = dict[str, float]
PLAIN = Policy()


def asked(champion: Metrics | None, candidate: Metrics, policy: Policy = PLAIN) -> Finding:
    aliases = {} if champion is None else {"champion": "1"}
    scene = a_scene(
        version("1", metrics=champion or {}), version("2", metrics=candidate), aliases=aliases, policy=policy
    )
    return recorded_metrics.ask(a_witness(scene))


@pytest.mark.parametrize(
    ("champion", "candidate", "verdict"),
    [
        ({"f1": 0.8}, {"f1": 0.9}, Verdict.PASSED),
        ({"f1": 0.8}, {"f1": 0.8}, Verdict.PASSED),
        ({"rmse": 2.0}, {"rmse": 1.0}, Verdict.PASSED),
        ({"f1": 0.8}, {"f1": 0.8, "recall": 0.7}, Verdict.PASSED),
        ({"f1": 0.8}, {"f1": 0.7}, Verdict.FAILED),
        ({"rmse": 1.0}, {"rmse": 2.0}, Verdict.FAILED),
        ({"f1": 0.8, "recall": 0.8}, {"f1": 0.9, "recall": 0.1}, Verdict.FAILED),
        ({"f1": 0.8}, {"f1": nan}, Verdict.UNKNOWN),
        ({"f1": nan}, {"f1": 0.9}, Verdict.UNKNOWN),
        ({"f1": 0.8}, {"f1": inf}, Verdict.UNKNOWN),
        ({"f1": 0.8}, {"recall": 0.9}, Verdict.UNKNOWN),
        ({"f1": 0.8}, {}, Verdict.UNKNOWN),
        ({}, {"f1": 0.8}, Verdict.UNKNOWN),
        ({}, {}, Verdict.UNKNOWN),
        ({"colour": 1.0}, {"colour": 2.0}, Verdict.UNKNOWN),
        (None, {"f1": 0.8}, Verdict.PASSED),
        (None, {"f1": nan}, Verdict.UNKNOWN),
        (None, {"f1": -inf}, Verdict.UNKNOWN),
        (None, {}, Verdict.PASSED),
    ],
)
def test_only_what_is_shown_to_be_as_good_passes(
    champion: Metrics | None, candidate: Metrics, verdict: Verdict
) -> None:
    assert asked(champion, candidate).verdict is verdict


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        (MetricPolicy(tolerance=0.2), Verdict.PASSED),
        (MetricPolicy(tolerance=0.05), Verdict.FAILED),
        (MetricPolicy(relative_tolerance=0.5), Verdict.PASSED),
        (MetricPolicy(direction=Direction.LOWER), Verdict.PASSED),
    ],
)
def test_the_policy_says_how_much_worse_is_fine_and_which_way_is_better(rule: MetricPolicy, verdict: Verdict) -> None:
    assert asked({"f1": 0.8}, {"f1": 0.7}, Policy(metrics={"f1": rule})).verdict is verdict


def test_a_metric_that_the_policy_names_must_be_there() -> None:
    policy = Policy(metrics={"recall": MetricPolicy()})
    finding = asked({"f1": 0.8}, {"f1": 0.9}, policy)
    assert (finding.verdict, "recall" in finding.sentence) == (Verdict.UNKNOWN, True)


def test_the_table_shows_every_metric_of_both() -> None:
    finding = asked({"f1": 0.8, "old": 1.0}, {"f1": 0.9, "new": 2.0})
    assert finding.table
    assert [row[0] for row in finding.table.rows] == ["f1", "new", "old"]
    assert len(finding.table.header) == len(finding.table.rows[0])


def test_where_the_metrics_were_found_is_said() -> None:
    assert "v1 (the version) -> v2 (the version)" in asked({"f1": 0.8}, {"f1": 0.9}).sentence
