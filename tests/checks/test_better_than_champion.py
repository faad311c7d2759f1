from math import nan
from typing import Any

import pytest

from model_promotion.checks import better_than_champion, recorded_metrics
from model_promotion.core.better import Goal
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.policy import CheckPolicy, MetricPolicy, Policy
from model_promotion.core.scores import NoAnswerError
from tests.checks.measured import data, judged, said, scene_of
from tests.worlds import MODEL, a_scene, a_witness, version

F1 = (Goal("f1"),)


def asked(champion: float | None, candidate: float, policy: Policy | None = None) -> Finding:
    before = {} if champion is None else {"f1": champion, "recall": 0.5}
    parts = {"policy": policy} if policy else {}
    scene = a_scene(version("1", metrics=before), version("2", metrics={"f1": candidate}), **parts)
    found = better_than_champion.ask(a_witness(scene, if_better=F1))
    assert found
    return found


def test_who_did_not_ask_gets_no_answer() -> None:
    assert better_than_champion.ask(a_witness(a_scene())) is None


@pytest.mark.parametrize(
    ("champion", "candidate", "verdict", "said"),
    [
        (0.8, 0.9, Verdict.PASSED, "v2 is better than v1: f1 0.8 -> 0.9 (+0.1, better)"),
        (0.9, 0.8, Verdict.WARNED, "v2 is not better than v1: f1 0.9 -> 0.8 (-0.1, worse)"),
        (0.8, nan, Verdict.UNKNOWN, "whether v2 is better than v1 cannot be told: f1 0.8 -> nan"),
        (None, 0.8, Verdict.UNKNOWN, "cannot be told: f1 - -> 0.8 (missing or not a number)"),
    ],
)
def test_the_answer_has_its_numbers(champion: float | None, candidate: float, verdict: Verdict, said: str) -> None:
    finding = asked(champion, candidate)
    assert (finding.verdict, said in finding.sentence) == (verdict, True), finding.sentence


def test_the_table_shows_every_metric_of_both_not_only_those_that_decide() -> None:
    table = asked(0.8, 0.9).table
    assert table
    assert [row[0] for row in table.rows] == ["f1", "recall"]


def test_the_first_version_is_asked_nothing() -> None:
    finding = better_than_champion.ask(a_witness(a_scene(aliases={}), if_better=F1))
    assert finding
    assert finding.verdict is Verdict.PASSED


def test_who_cannot_tell_learns_how_to_find_out_and_how_to_promote_all_the_same() -> None:
    hint = asked(0.8, nan).hint
    assert "promotion.toml" in hint
    assert hint.endswith("--version 2 --check"), "a look suggests another look"


def test_the_gain_can_stand_in_the_policy() -> None:
    policy = Policy(metrics={"f1": MetricPolicy(min_gain=0.2)})
    assert asked(0.8, 0.9, policy).verdict is Verdict.WARNED


@pytest.mark.parametrize(
    ("options", "policy", "is_asked"),
    [
        ({}, Policy(), True),
        ({"if_better": F1}, Policy(), False),
        ({"if_better": F1, "compare_metrics": True}, Policy(), True),
        ({"if_better": F1}, Policy(checks={"recorded_metrics": CheckPolicy(required=True)}), True),
    ],
)
def test_the_metrics_that_were_not_named_count_only_when_that_is_asked_too(
    options: dict[str, Any], policy: Policy, is_asked: bool
) -> None:
    witness = a_witness(a_scene(policy=policy), **options)
    assert (recorded_metrics.ask(witness) is not None) is is_asked


EQUAL, BETTER, WORSE = said(0.9, 1), said(0.95, 2), said(0.8, 3)


@pytest.mark.parametrize(
    ("candidate", "goals", "verdict", "sentence"),
    [
        (BETTER, (Goal("accuracy"),), Verdict.PASSED, "v2 is better than v1: accuracy 0."),
        (BETTER, (Goal("accuracy", 0.2),), Verdict.WARNED, "v2 is not better than v1: accuracy 0."),
        (EQUAL, (Goal("accuracy"),), Verdict.WARNED, "not surely better: the gain lies between -0.0"),
        (said(0.905, 4), (Goal("accuracy"),), Verdict.WARNED, "not surely better: the gain lies between"),
        (WORSE, (Goal("accuracy"),), Verdict.WARNED, "not surely better: the gain is at most -0."),
        (BETTER, (Goal("accuracy"), Goal("f1")), Verdict.PASSED, "f1 0."),
    ],
)
def test_with_evaluation_data_only_what_is_surely_better_there_is_better(
    candidate: Any, goals: tuple[Goal, ...], verdict: Verdict, sentence: str
) -> None:
    found = judged(data(EQUAL, candidate), better_than_champion, if_better=goals)
    assert (found.verdict, sentence in found.sentence) == (verdict, True), found.sentence
    assert found.table
    assert [row[0] for row in found.table.rows] == [goal.metric for goal in goals]


def test_what_cannot_be_measured_there_is_compared_as_recorded_and_the_line_says_which() -> None:
    given = data(EQUAL, BETTER)
    scene = scene_of(given)
    goals = (Goal("accuracy"), Goal("auc_pr"))
    for number, value in (("1", 0.8), ("2", 0.7)):
        known = scene.registry.known[MODEL, number]
        scene.registry.known[MODEL, number] = version(number, metrics={**known.metrics, "auc_pr": value})
    found = judged(given, better_than_champion, scene, if_better=goals)
    assert found.verdict is Verdict.WARNED
    assert "accuracy 0." in found.sentence
    assert "auc_pr 0.8 -> 0.7 (-0.1, worse), as recorded: it cannot be measured on these rows" in found.sentence


@pytest.mark.parametrize("given", [data(EQUAL, BETTER, rows=20), data(EQUAL, BETTER, failure=NoAnswerError("v1: no"))])
def test_where_nothing_can_be_measured_nobody_can_tell(given: Any) -> None:
    found = judged(given, better_than_champion, if_better=(Goal("accuracy"),))
    assert found.verdict is Verdict.UNKNOWN
    assert "promotion.toml" in found.hint
