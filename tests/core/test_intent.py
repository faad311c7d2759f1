"""The note on the model: what it holds comes back, what strangers wrote there is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core.errors import BadCall
from model_promotion.core.intent import HOLD_TAG, INTENT_TAG, Intent, Move
from model_promotion.core.request import Mode, Request
from model_promotion.core.selector import target_alias
from model_promotion.core.steps import SetAlias, SetTag

UNITY_CATALOG_TAG_VALUE = 1000
# A hash of eight letters, the largest process number of Linux, and a century in its clock ticks.
LONGEST_OWNER = f"{'f' * 8}-{2**22}-{100 * 365 * 24 * 3600 * 100}"
TO_CHAMPION, BACKUP = Move("champion", "3", "7"), Move("prev_champion", "1", "3")
LEASE: dict[str, Any] = {"owner": "3f2a9c01-4711-8812", "until": 1_700_000_180.123, "record": 7}
PROMOTION = Intent("a1b2c3d4e5f6", "promote", "champion", (BACKUP, TO_CHAMPION), 1_700_000_000.123, **LEASE)
ROLLBACK = Intent("a1b2c3d4e5f6", "rollback", "champion", (Move("champion", "7", "3"),), 1_700_000_000.5, "7")

numbers = st.integers(1, 10**18 - 1).map(str)
names = st.from_regex(r"[\w\-]{1,250}", fullmatch=True)


@st.composite
def intents(draw: st.DrawFn) -> Intent:
    alias = draw(names)
    move = Move(alias, draw(st.none() | numbers), draw(numbers))
    backup = Move(f"prev_{alias}", draw(st.none() | numbers), draw(numbers))
    since, until = (draw(st.integers(0, 4_000_000_000_000)) / 1000 for _ in range(2))
    lease = {"owner": draw(st.text(max_size=40)), "until": until, "record": draw(st.integers(0, 10**9))}
    kind = draw(st.sampled_from(["promote", "rollback"]))
    moves = (backup, move) if kind == "promote" else (move, backup)
    return Intent("f" * 12, kind, alias, moves, since, draw(numbers), **lease)


@given(intents())
def test_what_is_noted_comes_back_as_it_was(intent: Intent) -> None:
    assert Intent.parse(intent.text) == intent


@pytest.mark.parametrize(
    "letter", ["a", "ü", "界", "\U0001d54f"], ids=["ascii", "latin", "cjk", "outside the basic plane"]
)
def test_the_longest_legal_names_fit_into_a_tag_of_unity_catalog(letter: str) -> None:
    alias = target_alias(letter * 250)
    backup = Request(Mode.PROMOTE, "m", target_alias=alias).backup_alias
    largest = str(2**31 - 1)
    moves = (Move(alias, largest, largest), Move(backup, largest, largest))
    lease: dict[str, Any] = {"owner": LONGEST_OWNER, "until": 9_999_999_999.999, "record": 2**31 - 1}
    intent = Intent("f" * 12, "rollback", alias, moves, 9_999_999_999.999, largest, **lease)
    assert len(intent.text) <= UNITY_CATALOG_TAG_VALUE
    assert Intent.parse(intent.text) == intent


def test_an_alias_whose_backup_would_be_no_legal_name_is_refused() -> None:
    with pytest.raises(BadCall, match="too long"):
        target_alias("a" * 251)


def altered(**changes: Any) -> str:
    return json.dumps({**json.loads(PROMOTION.text), **changes}, separators=(",", ":"))


def lacking(key: str) -> str:
    return json.dumps({name: value for name, value in json.loads(PROMOTION.text).items() if name != key})


HOSTILE = {
    "nothing": "",
    "a word": "locked",
    "a number": "5",
    "null": "null",
    "a list": "[]",
    "a text": '"x"',
    "an empty object": "{}",
    "brackets without end": "[" * 5000,
    "braces without end": '{"a":' * 1000,
    "half of it": PROMOTION.text[:-10],
    "one more field": altered(surprise=1),
    "a newer format": altered(v=2),
    "an unknown kind": altered(kind="delete"),
    "an id that is no text": altered(id={"a": 1}),
    "a target that no move names": altered(target="staging"),
    "a target that is a list": altered(target=["champion"]),
    "no move at all": altered(moves=[]),
    "moves that are a text": altered(moves="abc"),
    "a move of two": altered(moves=[["champion", "3"]]),
    "a version that is a list": altered(moves=[["champion", "3", ["7"]]]),
    "a version that is a number": altered(moves=[["champion", "3", 7]]),
    "a target that goes nowhere": altered(moves=[["champion", "3", None]]),
    "a time that is none": altered(since="now"),
    "a time that is not a number": altered(since=float("nan")),
    "a time without end": altered(since=float("inf")),
    "a time after all years": altered(since=1e300),
    "a time of four hundred digits": altered(since=10**400),
    "a hold that is an object": altered(holds={"a": 1}),
    "an owner that is a list": altered(owner=["a"]),
    "an owner that is a number": altered(owner=4711),
    "no owner": altered(owner=None),
    "a lease until never": altered(until=None),
    "a lease until tomorrow": altered(until="tomorrow"),
    "a lease without end": altered(until=float("inf")),
    "a lease after all years": altered(until=1e300),
    "a record that is a text": altered(record="7"),
    "a record that is no number": altered(record=float("nan")),
    **{f"without {key}": lacking(key) for key in json.loads(PROMOTION.text)},
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_note_that_this_program_did_not_write_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match=f"^the tag {INTENT_TAG} holds something this program did not write$"):
        Intent.parse(text)


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_text_at_all_makes_reading_it_fail_in_another_way(text: str) -> None:
    with pytest.raises(ValueError, match="did not write"):
        Intent.parse(text)


def test_it_names_no_person() -> None:
    told = {"id", "kind", "moves", "since", "holds", "owner", "until", "record", "v"}
    assert set(json.loads(PROMOTION.text)) == told
    assert set(PROMOTION.owner) <= set("0123456789abcdef-")


def test_it_says_what_is_going_on_since_when_by_which_process_and_until_when() -> None:
    assert PROMOTION.told == (
        "a promote of @champion from v3 to v7 is under way or was cut off, since 2023-11-14 22:13:20Z, "
        "by process 3f2a9c01-4711-8812, at work until 2023-11-14 22:16:20Z at the latest"
    )


def test_its_steps_are_its_moves_in_order() -> None:
    assert PROMOTION.steps("m") == (
        SetAlias("m", "prev_champion", "1", "3"),
        SetAlias("m", "champion", "3", "7"),
    )
    assert PROMOTION.move == TO_CHAMPION


def test_a_rollback_holds_the_version_it_leaves_and_knows_the_hold_before() -> None:
    hold = ROLLBACK.steps("m", held="an older hold")[-1]
    assert hold == SetTag("m", HOLD_TAG, "an older hold", "rolled back from @champion at 2023-11-14 22:13:20Z", "7")


def test_the_undoing_of_the_opening_takes_the_note_away() -> None:
    assert PROMOTION.opening("m").undone() == SetTag("m", INTENT_TAG, PROMOTION.text, None)
