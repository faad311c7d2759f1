"""The note on the model: what it holds comes back, what strangers wrote there is refused."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core.errors import BadCall
from model_promotion.core.intent import HOLD_TAG, LONGEST_HOLD, Intent, Move, intents, notes
from model_promotion.core.request import Mode, Request
from model_promotion.core.selector import target_alias
from model_promotion.core.steps import SetAlias, SetTag

UNITY_CATALOG_TAG_VALUE = 1000
# A hash of eight letters, the largest process number of Linux, and a century in its clock ticks.
LONGEST_OWNER = f"{'f' * 8}-{2**22}-{100 * 365 * 24 * 3600 * 100}"
ID, WORK = "a1b2c3d4e5f6", "0f1e2d3c4b5a"
TO_CHAMPION, BACKUP = Move("champion", "3", "7"), Move("prev_champion", "1", "3")
LEASE: dict[str, Any] = {"owner": "3f2a9c01-4711-8812", "until": 1_700_000_180.123, "record": 7}
PROMOTION = Intent(ID, WORK, "promote", "champion", (BACKUP, TO_CHAMPION), 1_700_000_000.123, **LEASE)
ROLLBACK = Intent(ID, WORK, "rollback", "champion", (Move("champion", "7", "3"),), 1_700_000_000.5, "7")

numbers = st.integers(1, 10**18 - 1).map(str)
names = st.from_regex(r"[\w\-]{1,250}", fullmatch=True)


@st.composite
def some_intents(draw: st.DrawFn) -> Intent:
    alias = draw(names)
    move = Move(alias, draw(st.none() | numbers), draw(numbers))
    backup = Move(f"prev_{alias}", draw(st.none() | numbers), draw(numbers))
    since, until = (draw(st.integers(0, 4_000_000_000_000)) / 1000 for _ in range(2))
    lease = {"owner": draw(st.text(max_size=40)), "until": until, "record": draw(st.integers(0, 10**9))}
    kind = draw(st.sampled_from(["promote", "rollback"]))
    moves = (backup, move) if kind == "promote" else (move, backup)
    return Intent("f" * 12, "e" * 12, kind, alias, moves, since, draw(numbers), **lease)


@given(some_intents())
def test_what_is_noted_comes_back_as_it_was(intent: Intent) -> None:
    assert Intent.parse(intent.key, intent.text) == intent


@pytest.mark.parametrize(
    "letter", ["a", "ü", "界", "\U0001d54f"], ids=["ascii", "latin", "cjk", "outside the basic plane"]
)
def test_the_longest_legal_names_fit_into_a_tag_of_unity_catalog(letter: str) -> None:
    alias = target_alias(letter * 250)
    backup = Request(Mode.PROMOTE, "m", target_alias=alias).backup_alias
    largest = str(2**31 - 1)
    moves = (Move(alias, largest, largest), Move(backup, largest, largest))
    lease: dict[str, Any] = {"owner": LONGEST_OWNER, "until": 9_999_999_999.999, "record": 2**31 - 1}
    intent = Intent("f" * 12, "f" * 12, "rollback", alias, moves, 9_999_999_999.999, largest, **lease)
    assert len(intent.text) <= UNITY_CATALOG_TAG_VALUE
    assert Intent.parse(intent.key, intent.text) == intent


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
    "an id in the text too": altered(id=ID),
    "a piece of work that is no text": altered(work={"a": 1}),
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
    "a group that is a number": altered(group=1),
    "a group that is none": altered(group=False),
    "a group of nobody": altered(group=[]),
    "a group of numbers": altered(group=[1]),
    "a group that is a text": altered(group="ab"),
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
    with pytest.raises(ValueError, match=f"^the tag {PROMOTION.key} holds something this program did not write$"):
        Intent.parse(PROMOTION.key, text)


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_text_at_all_makes_reading_it_fail_in_another_way(text: str) -> None:
    with pytest.raises(ValueError, match="did not write"):
        Intent.parse(PROMOTION.key, text)


def test_it_names_no_person() -> None:
    told = {"work", "kind", "moves", "since", "holds", "held", "owner", "until", "record", "noticed", "v"}
    assert set(json.loads(PROMOTION.text)) == told
    assert set(PROMOTION.owner) <= set("0123456789abcdef-")


def test_it_says_what_is_going_on_since_when_by_which_process_and_until_when() -> None:
    assert PROMOTION.told == (
        "a promote of @champion from v3 to v7 is under way or was cut off, since 2023-11-14 22:13:20Z, "
        "by process 3f2a9c01-4711-8812, at work until 2023-11-14 22:16:20Z at the latest"
    )


def test_what_belongs_to_a_group_says_so_and_fits_into_a_tag() -> None:
    grouped = PROMOTION.grouped("e" * 12, ["a", "b"], 1_700_000_360.5)
    assert Intent.parse(grouped.key, grouped.text) == grouped
    assert grouped.told.startswith("a promote of @champion from v3 to v7 in a group (a, b) is under way")
    assert (grouped.work, grouped.others("a")) == ("e" * 12, ("b",))
    many = PROMOTION.grouped("e" * 12, [f"main.ml.model_{number}" for number in range(200)], 1_700_000_360.5)
    assert Intent.parse(many.key, many.text) == many
    assert (len(many.text) <= UNITY_CATALOG_TAG_VALUE, len(many.others("x")) > 20, many.group[-1]) == (
        True,
        True,
        "...",
    )
    largest, alias = str(2**31 - 1), "ü" * 250
    moves = (Move(f"prev_{alias}", largest, largest), Move(alias, largest, largest))
    lease: dict[str, Any] = {"owner": LONGEST_OWNER, "until": 9_999_999_999.999, "record": 2**31 - 1}
    longest = Intent("f" * 12, "f" * 12, "promote", alias, moves, 9_999_999_999.999, **lease)
    longest = longest.grouped("f" * 12, ["m" * 255, "n" * 255], 9_999_999_999.999)
    assert len(longest.text) <= UNITY_CATALOG_TAG_VALUE
    assert Intent.parse(longest.key, longest.text) == longest


def test_the_taking_back_of_a_promotion_has_its_key_and_moves_the_target_first() -> None:
    stays = Move("staging", "7", "7")
    back = replace(PROMOTION, moves=(stays, BACKUP, TO_CHAMPION), group=("a",)).turned(WORK[::-1], 1.5, 2.5, 8)
    assert (back.key, back.kind, back.target, back.group, back.record) == (
        PROMOTION.key,
        "rollback",
        "champion",
        (),
        8,
    )
    assert back.moves == (Move("champion", "7", "3"), Move("prev_champion", "3", "1"))
    assert Intent.parse(back.key, back.text) == back


def test_its_steps_are_its_moves_in_order() -> None:
    assert PROMOTION.steps("m") == (
        SetAlias("m", "prev_champion", "1", "3"),
        SetAlias("m", "champion", "3", "7"),
    )
    assert PROMOTION.move == TO_CHAMPION


def test_a_rollback_holds_the_version_it_leaves_and_knows_the_hold_before() -> None:
    hold = ROLLBACK.steps("m", found="an older hold")[-1]
    assert hold == SetTag("m", HOLD_TAG, "an older hold", "rolled back from @champion at 2023-11-14 22:13:20Z", "7")


def test_the_undoing_of_the_opening_takes_the_note_away() -> None:
    assert PROMOTION.opening("m").undone() == SetTag("m", f"promotion_intent_{ID}", PROMOTION.text, None)


RELEASE = Intent(ID, WORK, "release", "", (), 1_700_000_000.5, "7", "rolled back from @champion", **LEASE)


def test_a_release_comes_back_as_it_was_and_is_told() -> None:
    assert Intent.parse(RELEASE.key, RELEASE.text) == RELEASE
    assert RELEASE.told.startswith("a release of v7 is under way or was cut off, since 2023-11-14 22:13:20Z")


def test_a_release_lifts_the_hold_that_stands_and_its_undoing_puts_it_back() -> None:
    assert RELEASE.steps("m") == (SetTag("m", HOLD_TAG, "rolled back from @champion", None, "7"),)
    assert RELEASE.steps("m", found="longer")[0].was == "longer"


def test_the_longest_hold_that_a_release_keeps_fits_into_a_tag() -> None:
    largest = replace(RELEASE, holds=str(2**31 - 1), held='"' * LONGEST_HOLD, owner=LONGEST_OWNER)
    assert len(largest.text) <= UNITY_CATALOG_TAG_VALUE


@pytest.mark.parametrize("changes", [{"holds": None}, {"moves": [["champion", "1", "2"]]}, {"held": 5}])
def test_a_release_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    text = json.dumps({**json.loads(RELEASE.text), **changes}, separators=(",", ":"))
    with pytest.raises(ValueError, match="did not write"):
        Intent.parse(RELEASE.key, text)


def test_a_note_under_the_key_of_another_is_refused() -> None:
    with pytest.raises(ValueError, match="did not write"):
        Intent.parse("promotion_intent", PROMOTION.text)


def test_among_all_tags_the_notes_are_found_and_those_of_ours_are_read_oldest_first() -> None:
    younger = replace(PROMOTION, id="0" * 12, since=PROMOTION.since + 1)
    strange = {"promotion_intent": "", f"promotion_intent_{'1' * 12}": "{}"}
    tags = {**strange, younger.key: younger.text, PROMOTION.key: PROMOTION.text, "promotion_intent_x": "", "team": "a"}
    assert notes(tags).keys() == {*strange, younger.key, PROMOTION.key}
    assert intents(tags) == (PROMOTION, younger)
