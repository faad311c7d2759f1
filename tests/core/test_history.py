import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core.history import in_place, kept_with, misfit, moved_outside, moves_of, verified
from model_promotion.core.record import GENESIS, Head, Line, Moved, Record, Stored

DEEDS = {"+": "promote", "-": "rollback"}


def chain(length: int) -> tuple[list[Stored], Head]:
    """That many records, each holding the hash of the one before, and the head that the registry keeps."""
    stored, head = [], Head()
    for number in range(1, length + 1):
        record = Record(f"id{number}", number, head.sha256, "promote", "m", "champion", None, "7", 1.0, "ann", "login")
        stored.append(Stored(f"run {number}", record.text))
        head = Head(number, f"run {number}", record.sha256)
    return stored, head


def story(*deeds: str) -> list[Line]:
    """`+7` promotes v7, `-3` goes back to v3; each from where the one before ended."""
    lines: list[Line] = []
    for number, deed in enumerate(deeds, start=1):
        was = lines[-1].to if lines else None
        lines.append(Line(number, DEEDS[deed[0]], "champion", was, deed[1:], float(number), "ann"))
    return lines


@given(st.integers(0, 12))
def test_a_chain_that_nobody_touched_holds(length: int) -> None:
    assert misfit(*chain(length)) is None


@given(st.data(), st.integers(1, 8))
def test_an_edited_record_is_found_and_named(data: st.DataObject, length: int) -> None:
    stored, head = chain(length)
    at = data.draw(st.integers(0, length - 1))
    field = data.draw(st.sampled_from(["by", "why", "to", "at", "evidence", "kind", "model"]))
    body = {**json.loads(stored[at].text), field: "something else"}
    stored[at] = Stored(stored[at].id, json.dumps(body, sort_keys=True, separators=(",", ":")))
    found = misfit(stored, head)
    assert found is not None
    assert (found.number, found.id) == (at + 1, f"run {at + 1}")


@given(st.data(), st.integers(1, 8))
def test_a_record_is_edited_by_a_single_space_already(data: st.DataObject, length: int) -> None:
    stored, head = chain(length)
    at = data.draw(st.integers(0, length - 1))
    text = stored[at].text
    place = data.draw(st.integers(0, len(text)))
    stored[at] = Stored(stored[at].id, f"{text[:place]} {text[place:]}")
    assert misfit(stored, head) is not None


@given(st.data(), st.integers(1, 8))
def test_a_removed_record_is_missed_by_its_number(data: st.DataObject, length: int) -> None:
    stored, head = chain(length)
    at = data.draw(st.integers(0, length - 1))
    del stored[at]
    found = misfit(stored, head)
    assert found is not None
    assert found.number == at + 1


@given(st.integers(2, 7).flatmap(lambda length: st.permutations(range(length))))
def test_records_in_any_other_order_are_found(order: Sequence[int]) -> None:
    stored, head = chain(len(order))
    found = misfit([stored[place] for place in order], head)
    assert (found is None) == (list(order) == sorted(order))


@given(st.integers(1, 7), st.integers(0, 6))
def test_a_record_that_stands_there_twice_is_found(length: int, which: int) -> None:
    stored, head = chain(length)
    at = which % length
    assert misfit([*stored[: at + 1], stored[at], *stored[at + 1 :]], head) is not None


def test_a_whole_chain_written_anew_does_not_have_the_hash_that_the_registry_holds() -> None:
    stored, head = chain(3)
    found = misfit(stored, Head(3, head.id, "0" * 64))
    assert found is not None
    assert "does not have the hash that the registry holds" in found.wrong


def test_a_record_that_the_registry_never_counted_is_found() -> None:
    stored, _ = chain(3)
    found = misfit(stored, chain(2)[1])
    assert found is not None
    assert found.wrong == "the registry counts 2 records, the journal 3"


def test_a_first_record_that_claims_one_before_it_is_found() -> None:
    record = Record("id1", 1, "f" * 64, "promote", "m", "champion", None, "7", 1.0, "ann", "login")
    found = misfit([Stored("run 1", record.text)], Head(1, "run 1", record.sha256))
    assert found is not None
    assert found.number == 1
    assert GENESIS != "f" * 64


STORIES = {
    "the first one": (["+1"], "1"),
    "one after another": (["+1", "+2", "+3"], "1 2 3"),
    "gone back once": (["+1", "+2", "-1"], "1"),
    "gone back twice": (["+1", "+2", "+3", "-2", "-1"], "1"),
    "gone back, and a new one": (["+1", "+2", "-1", "+3"], "1 3"),
    "gone back over two": (["+1", "+2", "+3", "-1"], "1"),
    "the same again": (["+1", "+1"], "1"),
    "back to one that never stood there": (["+1", "+2", "-9"], "1 9"),
    "back to where it stood last, not first": (["+1", "+2", "+1", "+3", "-1"], "2 1"),
    "gone back from a version that stood there before": (["+2", "+1", "+2", "-1"], "1"),
    "released and promoted again": (["+1", "+2", "-1", "+2"], "1 2"),
    "nothing yet": ([], ""),
}


@pytest.mark.parametrize(("deeds", "expected"), STORIES.values(), ids=STORIES.keys())
def test_what_stood_there_and_was_never_gone_back_from(deeds: list[str], expected: str) -> None:
    assert verified("champion", story(*deeds)) == tuple(expected.split())


@given(st.lists(st.tuples(st.sampled_from("+-"), st.integers(1, 4)).map(lambda deed: f"{deed[0]}{deed[1]}")))
def test_a_version_that_was_gone_back_from_is_offered_only_after_it_was_promoted_again(deeds: list[str]) -> None:
    lines = story(*deeds)
    bad: set[str | None] = set()
    for line in lines:
        bad = (bad | {line.was} if line.kind == "rollback" else bad) - {line.to}
    assert not bad & set(verified("champion", lines))
    assert verified("champion", lines)[-1:] == tuple(str(line.to) for line in lines[-1:])


def test_the_version_before_the_first_record_is_where_a_rollback_can_lead() -> None:
    assert verified("champion", [Line(1, "promote", "champion", "3", "7", 1.0, "ann")]) == ("3", "7")


def test_each_alias_has_a_history_of_its_own_and_a_release_moves_none() -> None:
    lines = [
        *story("+1", "+2"),
        Line(3, "promote", "canary", "2", "9", 3.0, "ann"),
        Line(4, "release", "", "1", "1", 4.0, ""),
    ]
    assert [line.number for line in moves_of("champion", reversed(lines))] == [1, 2]
    assert verified("canary", lines) == ("2", "9")


@pytest.mark.parametrize(("at", "who"), [(0.5, None), (1.0, "1"), (1.9, "1"), (2.0, "2"), (99.0, "2")])
def test_who_it_was_at_a_time_is_the_last_move_until_then(at: float, who: str | None) -> None:
    line = in_place("champion", story("+1", "+2"), at)
    assert (line.to if line else None) == who


def test_where_only_the_twin_was_brought_in_step_the_alias_did_not_move() -> None:
    still = Line(1, "promote", "champion", "2", "2", 1.0, "ann")
    assert (moves_of("champion", [still]), verified("champion", [still])) == ((), ())
    assert verified("champion", [*story("+1", "+2"), replace(still, number=3)]) == ("1", "2")


# --- a version has one stage only, and what is kept in step moves along

STAGING, PRODUCTION = "stage:Staging", "stage:Production"


def staged(*moves: tuple[str, str, str | None, str | None]) -> list[Line]:
    """Each move is its kind, stage, from, to."""
    return [
        Line(number, kind, f"stage:{stage}", was, to, float(number), "ann")
        for number, (kind, stage, was, to) in enumerate(moves, start=1)
    ]


def ends(place: str, lines: list[Line]) -> list[tuple[str | None, str | None]]:
    return [(line.was, line.to) for line in moves_of(place, lines)]


UP = (("promote", "Staging", None, "3"), ("promote", "Production", "1", "3"))


def test_what_went_on_to_another_stage_is_not_expected_in_the_one_before() -> None:
    lines = staged(*UP)
    assert ends(STAGING, lines) == [(None, "3"), ("3", None)]
    assert (moved_outside(STAGING, lines, None), moved_outside(PRODUCTION, lines, "3")) == (None, None)
    assert moved_outside(STAGING, lines, "3") == replace(lines[1], alias=STAGING, was="3", to=None)


def test_another_version_or_an_alias_takes_nothing_out_of_a_stage() -> None:
    lines = [*staged(UP[0], ("promote", "Production", "1", "2")), replace(story("+3")[0], number=3)]
    assert ends(STAGING, lines) == [(None, "3")]


def test_what_somebody_else_took_out_of_a_stage_is_still_missed_there() -> None:
    lines = staged(UP[0], ("outside", "Production", "1", "3"))
    assert moved_outside(STAGING, lines, None) == lines[0]


def test_going_on_to_another_stage_by_a_rollback_leaves_the_others_verified() -> None:
    lines = staged(("promote", "Staging", "2", "3"), ("rollback", "Production", "4", "3"))
    assert verified(STAGING, lines) == ("2",)
    assert verified(PRODUCTION, lines) == ("3",)


def test_what_moved_along_has_the_same_history() -> None:
    lines = [replace(line, along=(Moved("champion", line.was, line.to),)) for line in staged(*UP[1:])]
    lines += [replace(story("+3")[0], number=2, was="3")]  # It was there already.
    assert ends("champion", lines) == ends(PRODUCTION, lines)
    assert verified("champion", lines) == ("1", "3")


@pytest.mark.parametrize(
    ("deeds", "keeps", "version", "found"),
    [
        ("+2 +3", "1 2", "2", 1),
        ("+2 +3 -2", "1 2", "2", 1),
        ("+2 +3 +2", "1 2 3", "2", 3),
        ("+2 +3 +2", "1 2", "2", 1),
        ("+2 +3", "1", "3", None),
        ("+2 -3", "1 2", "3", None),
        ("", "", "2", None),
    ],
)
def test_a_version_has_what_its_newest_promotion_that_kept_something_kept(
    deeds: str, keeps: str, version: str, found: int | None
) -> None:
    lines = [
        replace(line, kept={"profile": "sha"} if str(line.number) in keeps.split() else {})
        for line in story(*deeds.split())
    ]
    line = kept_with(version, lines, "profile")
    assert (line and line.number) == found
    assert kept_with(version, lines, "other") is None
