"""The policy's bounds hold whether a value was measured here or recorded somewhere; a value of neither never passes."""

from math import nan

import pytest

from model_promotion.checks import thresholds
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Verdict
from model_promotion.core.policy import CheckPolicy, MetricPolicy, Policy
from tests.checks.measured import data, judged, said, scene_of
from tests.worlds import Scene, a_scene, a_witness, version

RECALL = {"recall": MetricPolicy(minimum=0.8)}


NOWHERE = (
    "recall is not known, at least 0.8 is required; "
    "no number is recorded for it with v2, and nothing was measured without --eval-data"
)


def a_shop(recall: float | None, **parts: Policy) -> Scene:
    metrics = {"f1": 0.9} if recall is None else {"f1": 0.9, "recall": recall}
    return a_scene(version("1"), version("2", metrics=metrics), **parts)


def test_a_policy_without_a_bound_asks_nothing() -> None:
    assert thresholds.ask(a_witness(a_scene())) is None


@pytest.mark.parametrize(
    ("recall", "verdict", "sentence"),
    [
        (0.9, Verdict.PASSED, "1 metric within the bounds of the policy: recall 0.9"),
        (0.7, Verdict.FAILED, "recall is 0.7, at least 0.8 is required"),
        (None, Verdict.UNKNOWN, NOWHERE),
        (nan, Verdict.UNKNOWN, NOWHERE),
    ],
)
def test_without_evaluation_data_the_recorded_value_counts(
    recall: float | None, verdict: Verdict, sentence: str
) -> None:
    found = thresholds.ask(a_witness(a_shop(recall, policy=Policy(metrics=RECALL))))
    assert found
    assert (found.verdict, found.sentence) == (verdict, sentence)


def test_what_was_measured_here_counts_before_what_was_recorded() -> None:
    given = data(said(0.9, 1), said(0.7, 2))
    policy = Policy(metrics={**RECALL, "f1": MetricPolicy(maximum=0.99)})
    found = judged(given, thresholds, scene_of(given, policy=policy))
    assert found.verdict is Verdict.FAILED
    assert found.sentence.startswith("recall is 0.7")
    assert found.facts["f1"]["measured"]
    assert found.facts["f1"]["value"] < 0.8, "0.82 was recorded"


def test_a_value_that_nobody_knows_warns_and_is_refused_where_the_policy_requires_it() -> None:
    assert a_shop(None, policy=Policy(metrics=RECALL)).promote("2").code is ExitCode.WARNED
    strict = Policy(metrics=RECALL, checks={"thresholds": CheckPolicy(required=True)})
    assert a_shop(None, policy=strict).promote("2").code is ExitCode.REFUSED
    assert a_shop(None, policy=Policy(metrics=RECALL)).promote("2", compare_metrics=True).code is ExitCode.REFUSED
    assert a_shop(0.7, policy=Policy(metrics=RECALL)).promote("2").code is ExitCode.REFUSED


def test_a_value_that_these_rows_do_not_tell_is_said_to_be_so() -> None:
    given = data(said(0.9, 1), said(0.9, 2))
    found = judged(given, thresholds, scene_of(given, policy=Policy(metrics={"profit": MetricPolicy(maximum=1)})))
    assert found.sentence == (
        "profit is not known, at most 1 is allowed; no number is recorded for it with v2, and these rows do not tell it"
    )


def test_what_is_only_bounded_is_not_said_to_be_missing_a_second_time() -> None:
    outcome = a_shop(None, policy=Policy(metrics=RECALL)).promote("2")
    verdicts = {one.check: one.verdict for one in outcome.findings}
    assert (verdicts["thresholds"], verdicts["recorded_metrics"]) == (Verdict.UNKNOWN, Verdict.PASSED)
