"""What a run comes to: void before anything else, then the worst of its targets."""

from dataclasses import replace

import pytest

from model_promotion.core.finding import Verdict
from model_promotion.core.load import Destination, Ending, Load, LoadPolicy, LoadRun, LoadTest, Sample, dues
from model_promotion.core.payloads import Payload
from model_promotion.core.rates import Tried
from model_promotion.evidence.under_load import judged, keeps, void

TWO = Load(
    (Destination("champion", "http://a"), Destination("candidate", "http://b")), (Payload(b""),), LoadTest(50, 30)
)
POLICY = LoadPolicy()


def a_run(champion_s: float, candidate_s: float, late_s: float = 0.0) -> LoadRun:
    took = (champion_s, candidate_s)
    sent = (Sample(due.target, due.at_s, late_s, took[due.target], Ending.ANSWERED) for due in dues(TWO))
    return LoadRun(TWO, tuple(sent))


@pytest.mark.parametrize(
    ("run", "verdict", "kept"),
    [
        (a_run(0.01, 0.02), Verdict.PASSED, True),
        (a_run(0.01, 2.0), Verdict.FAILED, False),
        (a_run(2.0, 0.01), Verdict.FAILED, False),
        (a_run(2.0, 2.0, late_s=0.026), Verdict.UNKNOWN, None),
        (a_run(0.01, 0.02, late_s=0.024), Verdict.PASSED, True),
        (replace(a_run(0.01, 0.02), whole=False), Verdict.UNKNOWN, None),
        (replace(a_run(0.01, 0.02), samples=()), Verdict.UNKNOWN, None),
    ],
)
def test_a_void_run_says_nothing_and_of_any_other_the_worst_target_decides(
    run: LoadRun, verdict: Verdict, kept: bool | None
) -> None:
    finding = judged(run, POLICY)
    assert (finding.verdict, keeps(run, POLICY)) == (verdict, kept)
    assert bool(finding.hint) == (verdict is not Verdict.PASSED)
    assert bool(void(run, POLICY)) == (kept is None)


def test_each_target_is_told_by_its_name_with_the_highest_rate_that_was_found_for_it() -> None:
    tried = (Tried(50, kept=True), Tried(100, kept=True), Tried(200, kept=False))
    finding = judged(a_run(0.01, 0.02), POLICY, {"candidate": tried})
    champion, candidate = finding.sentence.split("; candidate")
    assert champion.startswith("champion at 50.0/s: ")
    assert "within the budget" not in champion
    assert candidate.endswith("; up to 100/s within the budget")
    assert [one["name"] for one in finding.facts["measured"]["endpoints"]] == ["champion", "candidate"]
    none = judged(a_run(0.01, 0.02), POLICY, {"champion": (Tried(50, kept=False),)})
    assert "; no rate within the budget; candidate" in none.sentence


def test_what_was_measured_stands_apart_from_what_was_asked() -> None:
    again, first = judged(a_run(0.01, 0.02), POLICY), judged(a_run(0.01, 0.03), POLICY)
    assert {name: value for name, value in first.facts.items() if name != "measured"} == {
        name: value for name, value in again.facts.items() if name != "measured"
    }
    assert first.facts["measured"] != again.facts["measured"]
