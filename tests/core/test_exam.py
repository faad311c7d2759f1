"""What a case means, as a table; and a child's lines, taken apart with suspicion."""

import json

import pytest

from model_promotion.core.exam import CASES, Case, Kind, cases_of, meaning, sorted_out, unless_idle
from model_promotion.core.policy import Expectation, TestPolicy

USUAL = TestPolicy()
PASSED, REFUSED, BROKE, FLAWED, SKIPPED = Kind
END = {"end": True}


def line(name: str = "batch", kind: str = "passed", said: str = "", **changes: object) -> dict[str, object]:
    return {"case": name, "kind": kind, "said": said, "took_s": 0.5, **changes}


def answer(*lines: object) -> bytes:
    return "\n".join(map(json.dumps, lines)).encode()


@pytest.mark.parametrize(
    ("name", "kind", "means"),
    [
        ("batch", PASSED, "passed"),
        ("batch", SKIPPED, "noted"),
        ("batch", FLAWED, "failed"),
        ("batch", REFUSED, "failed"),
        ("missing", REFUSED, "failed"),
        ("left_out", BROKE, "noted"),
        ("left_out", FLAWED, "failed"),
        ("empty", REFUSED, "noted"),
        ("empty", BROKE, "noted"),
        ("empty", FLAWED, "failed"),
        ("zero", REFUSED, "noted"),
        ("zero", BROKE, "failed"),
        ("zero", FLAWED, "failed"),
        ("unseen", REFUSED, "noted"),
        ("limits", FLAWED, "noted"),
        ("expect age up", FLAWED, "failed"),
        ("load", BROKE, "failed"),
    ],
)
def test_a_model_may_refuse_what_it_was_not_made_for_and_may_not_answer_it_wrongly(
    name: str, kind: Kind, means: str
) -> None:
    assert meaning(Case(name, kind), USUAL) == means


@pytest.mark.parametrize(
    ("rule", "kind", "means"),
    [
        ("must_answer", REFUSED, "failed"),
        ("must_answer", SKIPPED, "failed"),
        ("must_answer", PASSED, "passed"),
        ("may_fail", FLAWED, "noted"),
        ("may_fail", BROKE, "noted"),
    ],
)
def test_the_policy_has_the_last_word_on_a_case(rule: str, kind: Kind, means: str) -> None:
    policy = TestPolicy(cases={"empty": rule})  # type: ignore[dict-item]
    assert meaning(Case("empty", kind), policy) == means
    assert meaning(Case("empty", FLAWED, group="tests"), policy) == "failed"


def test_a_policy_about_no_case_or_about_one_value_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no case emty; there are batch, empty"):
        TestPolicy(cases={"emty": "skip"})
    with pytest.raises(ValueError, match="at least two"):
        Expectation("age", "up", (1,))
    assert TestPolicy(cases=dict.fromkeys(CASES, "skip")).skipped == set(CASES)


def test_the_sentence_counts_and_names_the_first_of_what_is_worth_a_word() -> None:
    cases = [Case("batch", PASSED), Case("empty", REFUSED, "ValueError: no rows"), Case("order", PASSED)]
    assert sorted_out(cases, USUAL).sentence == "2 of 3 tests passed, 1 noted: empty: ValueError: no rows"
    worse = [*cases, *(Case(f"expect {name} up", FLAWED, "fell") for name in "abcd")]
    expected = "4 of 7 tests failed: expect a up: fell; expect b up: fell; expect c up: fell; and 1 more"
    assert sorted_out(worse, USUAL).sentence == expected


def test_lines_become_cases_in_their_order() -> None:
    cases = cases_of(
        answer({"trying": "batch"}, line(), {"trying": "empty"}, line("empty", "refused", "no"), END), "model", ""
    )
    assert cases == (Case("batch", PASSED, "", 0.5), Case("empty", REFUSED, "no", 0.5))


@pytest.mark.parametrize(
    ("lines", "name", "said"),
    [
        ((line(), {"trying": "empty"}), "empty", "was killed by SIGSEGV"),
        ((line(),), "tests", "was killed by SIGSEGV"),
        ((), "tests", "was killed by SIGSEGV"),
        ((END,), "tests", "nothing was tried"),
        ((line(), END, line("late")), "tests", "was killed by SIGSEGV"),
        ((line(kind="splendid"), END), "tests", "what came back is no answer"),
        ((line(took_s="1"), END), "tests", "what came back is no answer"),
        ((line(took_s=-1), END), "tests", "what came back is no answer"),
        ((line(surprise=1), END), "tests", "what came back is no answer"),
        ((line(said=None), END), "tests", "what came back is no answer"),
        (([], END), "tests", "what came back is no answer"),
        ((line(said="x" * 1_000_001), END), "tests", "what came back is no answer"),
        (([line()] * 5001 + [END]), "tests", "what came back is no answer"),
    ],
)
def test_lines_without_their_end_or_out_of_place_never_pass(lines: tuple[object, ...], name: str, said: str) -> None:
    last = cases_of(answer(*lines), "model", "was killed by SIGSEGV")[-1]
    assert (last.name, last.kind, said in last.said) == (name, BROKE, True)


def test_bytes_that_are_no_text_never_pass() -> None:
    for hostile in (b"\xff\xfe", b"[" * 100_000, b"null"):
        assert cases_of(hostile, "model", "ended")[-1].kind is BROKE


def test_tests_that_were_all_skipped_show_nothing() -> None:
    ours, skipped = Case("batch", PASSED), Case("a", SKIPPED, "no champion", group="tests")
    assert unless_idle((ours,)) == (ours,)
    assert unless_idle((ours, skipped, Case("b", PASSED, group="tests")))[-1].kind is PASSED
    assert unless_idle((ours, skipped))[-1] == Case("tests", FLAWED, "all were skipped, 1 test", group="tests")
