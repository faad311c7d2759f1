import pytest

from model_promotion.core.errors import NotFound, Unavailable
from model_promotion.core.event import Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import INTENT_TAG
from model_promotion.core.request import Mode
from tests.worlds import MODEL, PERSON, Scene, a_scene


def a_past() -> Scene:
    """v1 -> v2 after one minute, v2 -> v3 after two, back to v2 after three, v3 released after four."""
    scene = a_scene()
    scene.promote("2", reason="better")
    scene.promote("3")
    scene.rollback(reason="complaints")
    scene.call(Mode.RELEASE)
    return scene.heal()


def test_every_record_is_one_row_with_who_and_why() -> None:
    outcome = a_past().call(Mode.HISTORY)
    assert outcome.code is ExitCode.DONE
    assert outcome.table
    rows = [tuple(row) for row in outcome.table.rows]
    assert [row[2:6] for row in rows] == [
        ("promote", "@champion", "v1", "v2"),
        ("promote", "@champion", "v2", "v3"),
        ("rollback", "@champion", "v3", "v2"),
        ("release", "v3", "", ""),
    ]
    assert [row[7] for row in rows] == ["better", "", "complaints", ""]
    assert {row[6] for row in rows} == {PERSON}


@pytest.mark.parametrize(
    ("minute", "stood"), [(0.9, None), (1, "2"), (1.9, "2"), (2, "3"), (2.9, "3"), (3, "2"), (99, "2")]
)
def test_who_stood_behind_the_alias_at_a_time_is_answered(minute: float, stood: str | None) -> None:
    scene = a_past()
    began = scene.journal.records[0].at - 60
    outcome = scene.call(Mode.HISTORY, at=began + minute * 60)
    assert outcome.to == stood
    assert outcome.code is (ExitCode.DONE if stood else ExitCode.NOT_FOUND)
    assert bool(outcome.hints) is (stood is None)


def test_before_the_first_record_it_says_what_that_record_found() -> None:
    assert "was v1 before" in a_past().call(Mode.HISTORY, at=0.0).summary


def test_without_records_it_still_says_what_stands_now() -> None:
    outcome = a_scene().call(Mode.HISTORY)
    assert (outcome.code, outcome.summary) == (ExitCode.DONE, f"@champion of {MODEL} is v1 now")


def test_a_move_outside_this_tool_is_named() -> None:
    scene = a_past()
    scene.by_hand("champion", "4")
    assert "moved outside this tool" in scene.call(Mode.HISTORY).summary


def test_something_under_way_is_named() -> None:
    scene = a_past()
    scene.tag_by_hand(INTENT_TAG, "theirs")
    scene.call(Mode.HISTORY)
    assert any(event.kind is Kind.WARNED and event.topic == "Running" for event in scene.voice.events)


def test_records_in_the_spare_journal_are_part_of_history() -> None:
    scene = a_past()
    scene.journal.broken = True
    scene.promote("4")
    scene.journal.broken = False
    outcome = scene.call(Mode.HISTORY)
    assert outcome.table
    assert [row[0] for row in outcome.table.rows] == ["1", "2", "3", "4", "5"]


def test_a_record_that_lies_in_both_journals_is_told_once() -> None:
    scene = a_past()
    scene.spare.records.append(scene.journal.records[-1])
    outcome = scene.call(Mode.HISTORY)
    assert outcome.table
    assert len(outcome.table.rows) == 4


def test_history_writes_nothing() -> None:
    scene = a_past()
    scene.call(Mode.HISTORY)
    assert scene.writer.sent == []


def test_a_journal_that_is_down_and_a_model_that_is_missing_are_errors() -> None:
    scene = a_past()
    with pytest.raises(NotFound):
        scene.call(Mode.HISTORY, model="shop.pricing.chrun")
    scene.journal.broken = True
    with pytest.raises(Unavailable):
        scene.call(Mode.HISTORY)
