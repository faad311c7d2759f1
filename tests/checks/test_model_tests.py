from typing import Any

import pytest

from model_promotion.checks import model_tests
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.policy import CheckPolicy, Policy, TestPolicy
from model_promotion.core.trial import TrialResult
from model_promotion.scoring.memory import MemoryScorer
from tests.worlds import Scene, a_scene, a_witness

GOOD = TrialResult("v2", rows=5, predictions=5, latency_ms=2.0)
CHAMPION = TrialResult("v1", rows=5, predictions=5, latency_ms=1.0)


def asked(scene: Scene, **options: Any) -> Finding | None:
    return model_tests.ask(a_witness(scene, **options))


def tried(candidate: TrialResult, champion: TrialResult = CHAMPION) -> Finding:
    finding = asked(a_scene(scorer=MemoryScorer({"v1": champion, "v2": candidate})), run_tests=True)
    assert finding
    return finding


@pytest.mark.parametrize(
    ("candidate", "verdict"),
    [
        (GOOD, Verdict.PASSED),
        (TrialResult("v2", error="cannot be unpickled"), Verdict.FAILED),
        (TrialResult("v2", rows=5, predictions=5, problems=("3 answers are NaN",)), Verdict.FAILED),
        (TrialResult("v2", rows=0, predictions=0), Verdict.FAILED),
        (TrialResult("v2", rows=5, predictions=0), Verdict.FAILED),
    ],
)
def test_only_a_sound_answer_passes(candidate: TrialResult, verdict: Verdict) -> None:
    finding = tried(candidate)
    assert finding.verdict is verdict
    assert bool(finding.hint) is (verdict is Verdict.FAILED)


def test_a_champion_that_fails_does_not_fail_the_candidate() -> None:
    finding = tried(GOOD, TrialResult("v1", error="a package is missing"))
    assert (finding.verdict, "a package is missing" in finding.sentence) == (Verdict.PASSED, True)


def test_both_are_timed_on_the_same_rows_within_the_limits_of_the_policy() -> None:
    scorer = MemoryScorer({"v1": CHAMPION, "v2": GOOD})
    policy = Policy(model_tests=TestPolicy(timeout_s=7, memory_mib=512))
    asked(a_scene(scorer=scorer, policy=policy), run_tests=True)
    candidate, champion = scorer.asked
    assert (candidate.label, champion.label) == ("v2", "v1")
    assert candidate.rows == champion.rows != None  # noqa: E711 - one chain says: equal, and there
    assert {(trial.timeout_s, trial.memory_limit_mib) for trial in scorer.asked} == {(7, 512)}
    assert candidate.model_dir != champion.model_dir


def test_the_downloaded_files_are_gone_afterwards() -> None:
    scorer = MemoryScorer({"v1": CHAMPION, "v2": GOOD})
    asked(a_scene(scorer=scorer), run_tests=True)
    assert not any(trial.model_dir.exists() for trial in scorer.asked)


def test_a_first_version_is_tried_alone() -> None:
    scorer = MemoryScorer({"v2": GOOD})
    finding = asked(a_scene(scorer=scorer, aliases={}), run_tests=True)
    assert finding
    assert (finding.verdict, len(scorer.asked)) == (Verdict.PASSED, 1)


def test_without_example_and_signature_there_are_no_rows_to_send() -> None:
    scene = a_scene()
    scene.registry.metadata_of["2"] = {"flavors": {"python_function": {}}}
    finding = asked(scene, run_tests=True)
    assert finding
    assert (finding.verdict, "no rows to send" in finding.sentence) == (Verdict.FAILED, True)


def test_it_runs_only_when_a_flag_or_the_policy_asks_for_it() -> None:
    assert asked(a_scene()) is None
    policy = Policy(checks={"model_tests": CheckPolicy(required=True)})
    assert asked(a_scene(policy=policy)) is not None
