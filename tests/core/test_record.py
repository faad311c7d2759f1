import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core.record import GENESIS, Head, Line, Record, Stored, body_of, digest, line_of

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
