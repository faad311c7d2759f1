import json

import pytest

from model_promotion.access.memory import MemoryAccess
from model_promotion.core.errors import Unavailable
from model_promotion.core.exits import ExitCode
from model_promotion.core.record import HEAD_TAG, Head
from model_promotion.core.request import Mode
from tests.worlds import MODEL, PERSON, a_scene


class Nameless(MemoryAccess):
    """A workspace that does not say who is calling."""

    def me(self) -> None:  # type: ignore[override]
        raise Unavailable("SCIM is down")


def test_the_head_of_the_chain_is_on_the_model() -> None:
    scene = a_scene()
    scene.promote()
    record = scene.journal.records[0]
    assert Head.parse(scene.tags[HEAD_TAG]) == Head(1, "memory-1", record.sha256, record.id)


def test_records_are_numbered_and_each_holds_the_hash_of_the_one_before() -> None:
    scene = a_scene()
    for number in ("2", "3", "4"):
        scene.promote(number)
    records = scene.journal.records
    assert [record.number for record in records] == [1, 2, 3]
    assert [record.previous for record in records[1:]] == [record.sha256 for record in records[:-1]]


def test_a_record_says_who_and_what_vouches_for_it() -> None:
    scene = a_scene()
    scene.promote()
    record = scene.journal.records[0]
    assert (record.by, record.vouched_by) == (PERSON, "test")


def test_when_nobody_says_who_is_calling_the_record_is_written_all_the_same() -> None:
    scene = a_scene(access=Nameless())
    scene.promote()
    record = scene.journal.records[0]
    assert (record.by, scene.aliases["champion"]) == ("unknown", "2")
    assert "SCIM is down" in record.vouched_by


def test_with_the_journal_down_the_record_goes_to_the_spare_one_and_that_is_said() -> None:
    scene = a_scene()
    scene.journal.broken = True
    outcome = scene.promote()
    assert (outcome.code, scene.aliases["champion"], len(scene.spare.records)) == (ExitCode.WARNED, "2", 1)
    assert "the record could not be written to memory" in outcome.warnings[0]
    scene.journal.broken = False
    assert scene.fits()


def test_with_both_journals_down_the_promotion_stands_and_both_are_named() -> None:
    scene = a_scene()
    scene.journal.broken = scene.spare.broken = True
    outcome = scene.promote()
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "2")
    assert len(outcome.warnings) == 2
    assert "keep this output" in outcome.warnings[1]
    scene.journal.broken = scene.spare.broken = False
    assert scene.call(Mode.VERIFY_AUDIT).code is ExitCode.REFUSED


def test_a_head_that_somebody_spoiled_is_said_and_the_chain_starts_anew() -> None:
    scene = a_scene()
    scene.tag_by_hand(HEAD_TAG, "{}")
    outcome = scene.promote()
    assert outcome.code is ExitCode.WARNED
    assert "starts anew" in outcome.warnings[0]
    assert scene.journal.records[0].number == 1
    assert scene.fits()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_record_with_numbers_that_json_does_not_know_is_still_json(value: float) -> None:
    scene = a_scene()
    scene.registry.known[MODEL, "2"] = type(scene.registry.version(MODEL, "2"))(MODEL, "2", metrics={"f1": value})
    scene.promote()
    text = scene.journal.stored(MODEL)[0].text
    assert json.loads(text, parse_constant=pytest.fail)["evidence"]["metrics"] == {"f1": str(value)}
