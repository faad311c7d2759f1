from pathlib import Path
from typing import Any

import pytest

from model_promotion.checks import model_tests
from model_promotion.core.exam import Case, Kind
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.policy import CheckPolicy, Expectation, Policy, TestPolicy
from model_promotion.core.trial import TrialResult
from model_promotion.scoring.memory import MemoryScorer
from tests.worlds import Scene, a_scene, a_witness

GOOD = TrialResult("v2", rows=5, predictions=5, latency_ms=2.0)
CHAMPION = TrialResult("v1", rows=5, predictions=5, latency_ms=1.0)


def asked(scene: Scene, **options: Any) -> Finding | None:
    with a_witness(scene, **options) as witness:
        return model_tests.ask(witness)


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


def examined(*cases: Case, **options: Any) -> tuple[Finding, MemoryScorer]:
    scorer = MemoryScorer({"v1": CHAMPION, "v2": GOOD}, cases=cases)
    finding = asked(a_scene(scorer=scorer), run_tests=True, **options)
    assert finding
    return finding, scorer


def test_a_case_that_failed_fails_the_check_and_a_note_does_not() -> None:
    refusal = Case("empty", Kind.REFUSED, "ValueError: no rows")
    noted, _ = examined(refusal)
    assert noted.verdict is Verdict.PASSED
    assert noted.sentence.endswith("1 of 2 tests passed, 1 noted: empty: ValueError: no rows")
    failed, _ = examined(refusal, Case("zero", Kind.FLAWED, "answered NaN to age = 0"))
    assert (failed.verdict, failed.sentence) == (
        Verdict.FAILED,
        "v2: 1 of 3 tests failed: zero: answered NaN to age = 0",
    )
    assert failed.facts["cases"][2] == {
        "name": "zero",
        "kind": "flawed",
        "said": "answered NaN to age = 0",
        "group": "model",
        "means": "failed",
    }
    assert failed.facts["measured"]["took_s"].keys() == {"example", "empty", "zero"}


def test_what_cannot_answer_its_example_is_tried_no_further() -> None:
    scorer = MemoryScorer({"v1": CHAMPION, "v2": TrialResult("v2", error="cannot be unpickled")})
    finding = asked(a_scene(scorer=scorer), run_tests=True)
    assert finding
    assert ([case["means"] for case in finding.facts["cases"]], scorer.exams) == (["failed"], [])


def test_the_exam_is_what_the_policy_says() -> None:
    scorer = MemoryScorer({"v1": CHAMPION, "v2": GOOD})
    expect = (Expectation("age", "up", (1, 2)),)
    policy = Policy(model_tests=TestPolicy(tolerance=0.01, cases={"zero": "skip", "empty": "may_fail"}, expect=expect))
    asked(a_scene(scorer=scorer, policy=policy), run_tests=True)
    (exam,) = scorer.exams
    assert (exam.trial, exam.skip, exam.tolerance, exam.expect) == (scorer.asked[0], {"zero"}, 0.01, expect)
    assert exam.suite is None


def test_the_teams_tests_are_named_by_their_digest_and_get_the_champion(tmp_path: Path) -> None:
    path = tmp_path / "test_a.py"
    path.write_text("def test_a(): pass\n")
    first, scorer = examined(Case("a", Kind.PASSED, group="tests"), tests=(str(path),))
    suite = scorer.exams[0].suite
    assert suite
    assert (suite.paths, suite.champion_dir, suite.rows) == ((path,), scorer.asked[1].model_dir, None)
    path.write_text("def test_a(): assert True\n")
    second, _ = examined(Case("a", Kind.PASSED, group="tests"), tests=(str(path),))
    digests = [finding.facts["tests"][str(path)] for finding in (first, second)]
    assert digests[0] != digests[1]
    assert digests[0].startswith("sha256:")


def test_tests_that_are_not_there_fail_before_a_model_is_run(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.py", tmp_path):
        finding, scorer = examined(tests=(str(path),))
        assert (finding.verdict, finding.sentence) == (Verdict.FAILED, f"there are no tests at {path}")
        assert scorer.asked == []


def test_tests_that_were_all_skipped_fail_only_beside_a_champion(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("")
    skipped = Case("a", Kind.SKIPPED, "there is no champion", group="tests")
    finding, _ = examined(skipped, tests=(str(tmp_path),))
    assert (finding.verdict, "all were skipped" in finding.sentence) == (Verdict.FAILED, True)
    scene = a_scene(scorer=MemoryScorer({"v2": GOOD}, cases=(skipped,)), aliases={})
    alone = asked(scene, run_tests=True, tests=(str(tmp_path),))
    assert alone
    assert alone.verdict is Verdict.PASSED


def test_it_runs_only_when_a_flag_or_the_policy_asks_for_it() -> None:
    assert asked(a_scene()) is None
    policy = Policy(checks={"model_tests": CheckPolicy(required=True)})
    assert asked(a_scene(policy=policy)) is not None


def test_a_limit_of_the_policy_refuses_what_is_sound_but_slow() -> None:
    scorer = MemoryScorer({"v1": CHAMPION, "v2": GOOD})
    policy = Policy(model_tests=TestPolicy(max_latency_ms=1.5))
    finding = asked(a_scene(scorer=scorer, policy=policy), run_tests=True)
    assert finding
    assert finding.verdict is Verdict.FAILED
    assert "the median latency in ms is 2, at most 1.5 is allowed" in finding.sentence
