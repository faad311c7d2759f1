"""How differently two models answer the same rows is told, and judged where the policy says from where on."""

import pytest

from model_promotion.checks import prediction_drift
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Verdict
from model_promotion.core.policy import CheckPolicy, DriftRules, Policy
from tests.checks.measured import ON, data, judged, said, scene_of
from tests.worlds import a_scene, a_witness

SAME, OTHER_CLASSES = said(0.9, 1), said(0.9, 1) * 0 + 1


def test_without_data_and_without_a_champion_nothing_is_asked() -> None:
    assert prediction_drift.ask(a_witness(a_scene())) is None
    assert prediction_drift.ask(a_witness(scene_of(data(SAME, SAME), aliases={}), eval_data=ON)) is None


@pytest.mark.parametrize(
    ("candidate", "most", "verdict", "sentence"),
    [
        (said(0.9, 2), None, Verdict.PASSED, "rows, PSI of the classes 0.0"),
        (OTHER_CLASSES, None, Verdict.PASSED, "PSI of the classes 4."),
        (OTHER_CLASSES, 0.1, Verdict.FAILED, ", which matters from 0.1 on"),
        (said(0.9, 2), 0.1, Verdict.PASSED, ", below 0.1"),
    ],
)
def test_it_is_told_and_only_judged_where_the_policy_asks(
    candidate: object, most: float | None, verdict: Verdict, sentence: str
) -> None:
    given = data(SAME, candidate)
    policy = Policy(drift=DriftRules(prediction_psi=most))
    found = judged(given, prediction_drift, scene_of(given, policy=policy))
    assert (found.verdict, sentence in found.sentence) == (verdict, True), found.sentence


def test_what_cannot_be_told_does_not_pass_where_it_is_asked() -> None:
    given = data(SAME, SAME, rows=20)
    policy = Policy(drift=DriftRules(prediction_psi=0.1))
    assert judged(given, prediction_drift, scene_of(given, policy=policy)).verdict is Verdict.UNKNOWN
    assert prediction_drift.ask(a_witness(scene_of(given), eval_data=ON)) is None


@pytest.mark.parametrize(("required", "code"), [(False, ExitCode.WARNED), (True, ExitCode.REFUSED)])
def test_the_policy_says_whether_it_warns_or_refuses(required: bool, code: ExitCode) -> None:
    checks = {"prediction_drift": CheckPolicy(required=required)}
    better = said(0.99, 2)
    given = data(said(0.7, 1), better)
    scene = scene_of(given, policy=Policy(checks=checks, drift=DriftRules(prediction_psi=1e-9)))
    assert scene.promote("2", eval_data=ON).code is code
