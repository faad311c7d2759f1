import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.record import GENESIS, Head, Line, Moved, Record, Stored, body_of, digest, kept_of, line_of

RECORD = Record(
    id="a1b2",
    number=1,
    previous=GENESIS,
    kind="promote",
    model="churn",
    alias="champion",
    was="3",
    to="7",
    at=1_700_000_000.0,
    by="ann",
    vouched_by="login name of this machine",
    why="better on the März data",
)
BODY = json.loads(RECORD.text)
values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists)


@given(st.dictionaries(st.text(), values))
def test_any_evidence_gives_one_line_of_plain_json(evidence: dict[str, Any]) -> None:
    text = replace(RECORD, evidence=evidence).text
    assert "\n" not in text
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_the_same_record_has_the_same_text_whatever_order_its_evidence_came_in() -> None:
    ahead, back = {"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}
    assert replace(RECORD, evidence=ahead).text == replace(RECORD, evidence=back).text


def test_its_hash_is_what_sha256sum_says_of_its_text() -> None:
    assert RECORD.sha256 == hashlib.sha256(RECORD.text.encode()).hexdigest() == digest(RECORD.text)


def test_the_short_form_holds_what_the_record_holds() -> None:
    line = line_of(Stored("run 5", RECORD.text))
    expected = Line(1, "promote", "champion", "3", "7", 1_700_000_000.0, "ann", RECORD.why, "a1b2", "run 5")
    assert line == expected


def test_a_file_beside_it_is_none_of_its_text_but_named_in_its_short_form() -> None:
    content = b"\x1f\x8bprofile"
    found = Finding(Verdict.PASSED, "all is well", keeps={"profile.gz": content})
    record = replace(RECORD, evidence={"findings": (found,), "kept": {"profile.gz": digest(content)}})
    line = line_of(Stored("run 5", record.text))
    assert line
    assert (record.files, line.kept) == ({"profile.gz": content}, {"profile.gz": digest(content)})
    assert "keeps" not in json.loads(record.text)["evidence"]["findings"][0]


@pytest.mark.parametrize("evidence", [None, [], "kept", {}, {"kept": None}, {"kept": ["a"]}])
def test_evidence_that_names_no_files_names_none(evidence: object) -> None:
    assert kept_of(evidence) == {}


NO_RECORDS = {
    "nothing": "",
    "a list": "[1]",
    "brackets without end": "[" * 100_000,
    "an empty object": "{}",
    "a number that is a text": json.dumps({**BODY, "number": "1"}),
    "a number that is true": json.dumps({**BODY, "number": True}),
    "a time that is a text": json.dumps({**BODY, "at": "now"}),
    "a version that is a number": json.dumps({**BODY, "to": 7}),
    "an alias that is null": json.dumps({**BODY, "alias": None}),
}


@pytest.mark.parametrize("text", NO_RECORDS.values(), ids=NO_RECORDS.keys())
def test_a_text_that_is_no_record_has_no_short_form(text: str) -> None:
    assert line_of(Stored("run 5", text)) is None


def test_a_text_that_is_no_object_has_no_body() -> None:
    assert [body_of(text) for text in ("", "5", "[1]", "[" * 100_000)] == [{}] * 4


@given(st.integers(0, 10**6), st.text(max_size=40), st.text("0123456789abcdef", min_size=64, max_size=64))
def test_the_head_comes_back_from_its_tag(number: int, where: str, sha256: str) -> None:
    head = Head(number, where, sha256)
    assert Head.parse(head.text) == head


def test_without_a_tag_the_chain_begins() -> None:
    assert Head.parse(None) == Head(0, "", GENESIS)


@pytest.mark.parametrize(
    "text",
    ["", "x", "5", "[]", "null", "{}", '{"n":"x","id":"","sha256":""}', '{"n":1e999,"id":"","sha256":""}', "[" * 9999],
)
def test_a_head_that_this_program_did_not_write_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="did not write"):
        Head.parse(text)


def step(alias: str, was: str | None, to: str | None, deed: str = "done", leaves_to: str = "") -> dict[str, Any]:
    return {"step": {"alias": alias, "was": was, "to": to, "leaves_to": leaves_to}, "at": 1.0, "deed": deed}


STEPS = [
    {"step": {"key": "promotion_intent_1", "was": None, "to": "x"}, "at": 1.0, "deed": "done"},
    step("prev_champion", "2", "3"),
    step("stage:Production", "3", "7", "already so"),
    step("champion", "3", "7"),
]


def test_what_was_moved_along_is_told_by_the_steps() -> None:
    record = replace(RECORD, evidence={"steps": STEPS})
    line = line_of(Stored("run 5", record.text))
    assert line is not None
    assert line.along == record.along == (Moved("stage:Production", "3", "7"),)
    assert line.moved[0] == Moved("champion", "3", "7")


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [step("stage:Production", "3", "7", "undone")],
        [step("prev_stage_production", None, "3")],
        [step("stage:Production", "7", "7")],
        # What anybody can write into a file.
        None,
        5,
        [5],
        [{"step": None, "deed": "done"}],
        [{"step": {"alias": ["x"], "was": "3", "to": "7"}, "deed": "done"}],
        [{"step": {"alias": "x", "was": ["3"], "to": "7"}, "deed": "done"}],
    ],
)
def test_where_nothing_else_was_moved_nothing_is_told(steps: object) -> None:
    line = line_of(Stored("run 5", replace(RECORD, evidence={"steps": steps}).text))
    assert line is not None
    assert line.along == ()


def test_a_version_that_goes_back_to_its_stage_is_moved_there() -> None:
    steps = [step("stage:Production", "7", "3", leaves_to="Staging")]
    record = replace(RECORD, kind="rollback", alias="stage:Production", was="7", to="3", evidence={"steps": steps})
    assert record.along == (Moved("stage:Staging", None, "7"),)
