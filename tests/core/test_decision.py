"""Section 6 of the contract, as a table."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core.decision import Demands, Effect, decide, effect
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding, Verdict, Weight

PASSED, WARNED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.WARNED, Verdict.FAILED, Verdict.UNKNOWN
BARS, BLOCKS, ADVISES, DIVERTS = Weight
ASKED_FOR = Demands(required=frozenset({"it"}))
FORCED = Demands(force=True)
FORCED_PAST = Demands(required=frozenset({"it"}), force=True)

# What was found and how much it weighs -> what happens plainly, when it is required, with --force, with both.
TABLE = {
    "a check that passed": (PASSED, BLOCKS, "none none none none"),
    "an endpoint that is not ready": (WARNED, BLOCKS, "warns refuses warns skipped"),
    "not READY, files missing, a running promotion": (FAILED, BARS, "refuses refuses refuses refuses"),
    "a broken signature, a hold, an endpoint that updates": (FAILED, BLOCKS, "refuses refuses skipped skipped"),
    "a recorded metric that got worse": (FAILED, ADVISES, "warns refuses warns skipped"),
    "a metric that is missing or NaN": (UNKNOWN, ADVISES, "warns refuses warns skipped"),
    "endpoints that could not be listed": (UNKNOWN, BLOCKS, "warns refuses warns skipped"),
    "not better, with --if-better": (WARNED, DIVERTS, "diverts refuses diverts skipped"),
    "better": (PASSED, DIVERTS, "none none none none"),
    "grants that could not be read (403)": (UNKNOWN, BARS, "warns refuses warns refuses"),
}
CODES = {
    "none": ExitCode.DONE,
    "diverts": ExitCode.DONE,
    "warns": ExitCode.WARNED,
    "refuses": ExitCode.REFUSED,
    "skipped": ExitCode.WARNED,
}

verdicts, weights = st.sampled_from(Verdict), st.sampled_from(Weight)


def found(verdict: Verdict, weight: Weight = BLOCKS, check: str = "it", **more: Any) -> Finding:
    return Finding(verdict, "a sentence", check=check, weight=weight, **more)


@pytest.mark.parametrize(("verdict", "weight", "effects"), TABLE.values(), ids=TABLE.keys())
@pytest.mark.parametrize("column", range(4), ids=["plain", "required", "forced", "required and forced"])
def test_each_finding_does_what_the_contract_says(verdict: Verdict, weight: Weight, effects: str, column: int) -> None:
    demands = (Demands(), ASKED_FOR, FORCED, FORCED_PAST)[column]
    expected = effects.split()[column]
    decision = decide([found(verdict, weight)], demands)
    assert effect(found(verdict, weight), demands) is Effect(expected)
    assert decision.go is (expected != "refuses")
    assert decision.code is (CODES[expected] if expected == "refuses" or not demands.force else ExitCode.WARNED)


def test_what_was_decided_names_the_checks_behind_it() -> None:
    findings = [found(FAILED, BLOCKS, "signature"), found(UNKNOWN, BLOCKS, "endpoints"), found(PASSED, BLOCKS, "ready")]
    assert decide(findings, Demands()).refused == ("signature",)
    assert decide(findings, Demands()).warned == ("endpoints",)
    forced = decide(findings, FORCED)
    assert (forced.refused, forced.skipped, forced.warned) == ((), ("signature",), ("endpoints",))


def test_to_go_elsewhere_is_no_warning_unless_nobody_could_tell() -> None:
    sure, unsure = (decide([found(verdict, DIVERTS, "better")], Demands()) for verdict in (WARNED, UNKNOWN))
    assert (sure.go, sure.code, sure.diverted, sure.warned) == (True, ExitCode.DONE, ("better",), ())
    assert (unsure.go, unsure.code, unsure.diverted, unsure.warned) == (True, ExitCode.WARNED, ("better",), ("better",))


def test_a_lack_of_permission_outranks_every_other_refusal_in_the_exit_code() -> None:
    denied = found(FAILED, BARS, refusal=ExitCode.DENIED)
    assert decide([found(FAILED), denied], Demands()).code is ExitCode.DENIED
    assert decide([found(FAILED), denied], FORCED).code is ExitCode.DENIED


def test_force_ends_with_a_warning_even_when_it_skipped_nothing() -> None:
    assert decide([found(PASSED)], FORCED).code is ExitCode.WARNED


def test_without_a_finding_there_is_nothing_against_it() -> None:
    assert decide([], Demands()).code is ExitCode.DONE


def test_a_requirement_of_one_check_asks_nothing_of_another() -> None:
    assert decide([found(FAILED, ADVISES, "another")], ASKED_FOR).go


@given(weights, st.booleans())
def test_what_is_not_known_never_counts_as_passed(weight: Weight, required: bool) -> None:
    decision = decide([found(UNKNOWN, weight)], ASKED_FOR if required else Demands())
    assert decision.code is not ExitCode.DONE
    assert decision.go is not required


@given(st.lists(st.tuples(verdicts, weights)), verdicts, weights, st.sampled_from([Demands(), ASKED_FOR, FORCED]))
def test_one_more_finding_never_turns_a_refusal_into_a_go(
    others: list[tuple[Verdict, Weight]], verdict: Verdict, weight: Weight, demands: Demands
) -> None:
    findings = [found(*other) for other in others]
    more = decide([*findings, found(verdict, weight)], demands)
    assert decide(findings, demands).go or not more.go


@given(st.lists(st.tuples(verdicts, weights)), st.sampled_from([Demands(), ASKED_FOR, FORCED, FORCED_PAST]))
def test_the_order_of_the_findings_decides_nothing(others: list[tuple[Verdict, Weight]], demands: Demands) -> None:
    findings = [found(*other) for other in others]
    ahead, back = decide(findings, demands), decide(findings[::-1], demands)
    assert (ahead.go, ahead.code) == (back.go, back.code)
