"""The process is killed at every write of a promotion and of a rollback; then somebody comes back."""

from itertools import product

import pytest

from model_promotion.core.errors import Conflict, PromotionError
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG, INTENT_TAG
from model_promotion.core.record import Record
from model_promotion.core.request import Mode
from model_promotion.core.selector import ByNumber
from model_promotion.journals.memory import MemoryJournal
from tests.worlds import (
    MODEL,
    Effect,
    Killed,
    Write,
    a_scene,
    a_story,
    killed,
    killed_after,
    killed_before,
    lost_request,
    refused,
)

# Written by a promotion: intent, backup, target, head, end. By a rollback: intent, target, backup, hold, head, end.
PROMOTION = list(product([1, 2, 3, 4, 5], [killed_before, killed_after]))
ROLLBACK = list(product([1, 2, 3, 4, 5, 6], [killed_before, killed_after]))


def test_where_nothing_was_cut_off_there_is_nothing_to_recover() -> None:
    scene = a_story()
    for how in ("resume", "abandon"):
        outcome = scene.recover(how)
        assert (outcome.code, outcome.summary) == (ExitCode.DONE, f"nothing to recover for {MODEL}")
    assert scene.writer.sent == []


@pytest.mark.parametrize(("at", "effect"), PROMOTION)
@pytest.mark.parametrize("how", ["resume", "abandon"])
def test_a_killed_promotion_is_finished_or_undone(at: int, effect: Effect, how: str) -> None:
    scene = a_story()
    before = scene.aliases
    killed(scene, Mode.PROMOTE, at, effect)
    begun, recorded = bool(scene.noted), len(scene.journal.records) == 3
    assert scene.recover(how).code is ExitCode.DONE
    done = recorded or (begun and how == "resume")
    after = {**before, "champion": "4", "prev_champion": "3"}
    assert scene.aliases == (after if done else before)
    assert len(scene.journal.records) == (3 if done else 2)
    assert scene.fits()
    assert scene.heal().recover(how).summary == f"nothing to recover for {MODEL}"
    assert scene.writer.sent == []


@pytest.mark.parametrize(("at", "effect"), ROLLBACK)
@pytest.mark.parametrize("how", ["resume", "abandon"])
def test_a_killed_rollback_is_finished_or_undone(at: int, effect: Effect, how: str) -> None:
    scene = a_story()
    before = scene.aliases
    killed(scene, Mode.ROLLBACK, at, effect)
    begun, recorded = bool(scene.noted), len(scene.journal.records) == 3
    assert scene.recover(how).code is ExitCode.DONE
    done = recorded or (begun and how == "resume")
    assert scene.aliases == ({**before, "champion": "2", "prev_champion": "1"} if done else before)
    assert (HOLD_TAG in scene.registry.version(MODEL, "3").tags) is done
    assert scene.fits()
    assert scene.recover(how).summary == f"nothing to recover for {MODEL}"


@pytest.mark.parametrize(("at", "effect"), PROMOTION)
def test_after_a_kill_the_next_call_says_what_was_going_on_and_how_to_end_it(at: int, effect: Effect) -> None:
    scene = killed(a_story(), Mode.PROMOTE, at, effect)
    begun, before = bool(scene.noted), scene.state()
    outcome = scene.promote("4")
    if not begun:
        assert (outcome.code, scene.aliases["champion"], scene.fits()) == (ExitCode.DONE, "4", True)
        return
    assert (outcome.code, scene.state()) == (ExitCode.REFUSED, before)
    assert any("--recover resume" in hint for hint in outcome.hints)
    with pytest.raises(Conflict) as conflict:
        scene.rollback()
    assert "--recover abandon" in conflict.value.hint
    assert scene.state() == before
    scene.recover("abandon")
    assert scene.rollback().code is ExitCode.DONE
    assert scene.fits()


@pytest.mark.parametrize(("at", "effect"), product([1, 2, 3, 4], [killed_before, killed_after, lost_request]))
@pytest.mark.parametrize("how", ["resume", "abandon"])
def test_a_recovery_that_is_itself_cut_off_can_be_repeated(at: int, effect: Effect, how: str) -> None:
    scene = killed(a_story(), Mode.PROMOTE, 2 if how == "resume" else 3, killed_after)
    scene.fail(at, effect)
    try:
        scene.recover(how)
    except Killed:
        scene.heal()
    assert scene.heal().recover(how).code is ExitCode.DONE
    assert scene.aliases["champion"] == ("4" if how == "resume" else "3")
    assert not scene.noted
    assert scene.fits()


class DyingJournal(MemoryJournal):
    """One that is not there any more to take its `at`-th record; `late`: it takes it, and nobody learns of that."""

    def __init__(self, at: int, *, late: bool) -> None:
        super().__init__()
        self.at, self.late, self.asked = at, late, 0

    def append(self, record: Record) -> str:
        self.asked += 1
        if self.asked == self.at and not self.late:
            raise Killed
        lies_at = super().append(record)
        if self.asked == self.at:
            raise Killed
        return lies_at


@pytest.mark.parametrize("how", ["resume", "abandon"])
@pytest.mark.parametrize("late", [True, False])
@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("act", [Mode.PROMOTE, Mode.ROLLBACK])
def test_killed_at_the_record_of_a_move_from_outside_the_chain_fits_after_recovery(
    act: Mode, at: int, how: str, *, late: bool
) -> None:
    scene = a_story()
    dying = DyingJournal(at, late=late)
    dying.records, scene.journal = scene.journal.records, dying
    scene.by_hand("champion", "1")
    options = {"candidate": ByNumber("4")} if act is Mode.PROMOTE else {"to_version": "2"}
    with pytest.raises(Killed):
        scene.call(act, **options)
    recorded = (at, late) == (2, True)
    assert scene.heal().recover(how).code is ExitCode.DONE
    moved = recorded or how == "resume"
    assert scene.aliases["champion"] == (("4" if act is Mode.PROMOTE else "2") if moved else "1")
    assert (scene.fits(), scene.noted) == (True, {})
    assert scene.promote("4", force=True).code in (ExitCode.DONE, ExitCode.WARNED)
    assert scene.fits()


def test_a_first_promotion_that_was_killed_is_undone_to_no_alias_at_all() -> None:
    scene = a_scene(aliases={"staging": "2"}).fail(2, killed_after)
    with pytest.raises(Killed):
        scene.promote()
    assert scene.heal().recover("abandon").code is ExitCode.DONE
    assert scene.aliases == {"staging": "2"}


@pytest.mark.parametrize(("alias", "champion"), [("champion", "1"), ("prev_champion", "3")])
def test_an_alias_that_somebody_else_moved_since_stands_in_no_ones_way(alias: str, champion: str) -> None:
    scene = killed(a_story(), Mode.PROMOTE, 3, killed_after)
    scene.by_hand(alias, "1")
    stuck = scene.recover("resume")
    assert (stuck.code, scene.aliases[alias]) == (ExitCode.REFUSED, "1")
    assert "--recover abandon" in stuck.hints[0]
    outcome = scene.recover("abandon")
    assert (outcome.code, scene.aliases[alias], scene.aliases["champion"]) == (ExitCode.WARNED, "1", champion)
    assert f"@{alias} was moved by somebody else" in outcome.warnings[0]
    assert not scene.noted


def test_an_intent_that_nobody_can_read_is_removed_and_said() -> None:
    scene = a_story()
    scene.tag_by_hand(INTENT_TAG, "{}")
    outcome = scene.recover("resume")
    assert (outcome.code, bool(scene.noted)) == (ExitCode.DONE, False)
    assert "did not write" in outcome.summary


def test_a_version_that_is_not_ready_any_more_is_not_resumed() -> None:
    scene = killed(a_story(), Mode.PROMOTE, 1, killed_after)
    pending = {"status": "FAILED_REGISTRATION"}
    scene.registry.known[MODEL, "4"] = type(scene.registry.version(MODEL, "4"))(MODEL, "4", **pending)
    with pytest.raises(Conflict) as conflict:
        scene.recover("resume")
    assert "--recover abandon" in conflict.value.hint


@pytest.mark.parametrize("how", ["resume", "abandon"])
def test_a_recovery_that_is_not_allowed_ends_with_4_and_the_note_stays(how: str) -> None:
    scene = killed(a_story(), Mode.PROMOTE, 2, killed_after).fail(1, refused)
    outcome = scene.recover(how)
    assert (outcome.code, bool(scene.noted)) == (ExitCode.DENIED, True)
    assert outcome.hints


def test_a_hold_that_stood_before_the_rollback_survives_abandoning_it() -> None:
    scene = a_story()
    scene.tag_by_hand(HOLD_TAG, "rolled back from @production", "3")
    killed(scene, Mode.ROLLBACK, 3, killed_after)
    scene.recover("abandon")
    assert scene.registry.version(MODEL, "3").tags[HOLD_TAG] == "rolled back from @production"


@pytest.mark.parametrize("how", ["resume", "abandon"])
def test_with_the_journal_down_a_recovery_still_works_while_nothing_can_be_recorded(how: str) -> None:
    scene = killed(a_story(), Mode.PROMOTE, 2, killed_after)
    scene.journal.broken = True
    outcome = scene.recover(how)
    resumed = how == "resume"
    assert outcome.code is (ExitCode.WARNED if resumed else ExitCode.DONE)
    assert scene.aliases["champion"] == ("4" if resumed else "3")
    scene.journal.broken = False
    assert scene.fits()


@pytest.mark.parametrize("effect", [killed_before, killed_after])
@pytest.mark.parametrize("how", ["resume", "abandon"])
def test_with_the_journal_down_what_may_be_recorded_already_waits_for_it(effect: Effect, how: str) -> None:
    """Everything is moved: the record may be written and its head not, and only the journal knows."""
    scene = killed(a_story(), Mode.PROMOTE, *((3, killed_after) if effect is killed_after else (4, killed_before)))
    scene.journal.broken = True
    before = scene.aliases
    with pytest.raises(PromotionError, match=r"whether a promote .* is recorded already cannot be read") as unread:
        scene.recover(how)
    assert (unread.value.code, scene.aliases) == (ExitCode.DENIED, before)
    assert f"--recover {how} --force" in unread.value.hint
    scene.journal.broken = False
    assert scene.recover(how).code is ExitCode.DONE
    assert scene.fits()


def test_with_force_a_recovery_does_not_wait_for_the_journal() -> None:
    scene = killed(a_story(), Mode.PROMOTE, 3, killed_after)
    scene.journal.broken = True
    outcome = scene.recover("resume", force=True)
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "4")
    scene.journal.broken = False
    assert scene.fits()


def test_a_recovery_while_the_registry_is_away_is_an_error_and_no_write() -> None:
    scene = killed(a_story(), Mode.PROMOTE, 3, killed_after)
    scene.registry.deaf_for = 10
    with pytest.raises(PromotionError) as away:
        scene.recover("resume")
    assert (away.value.code, scene.writer.sent) == (ExitCode.DENIED, [])


def test_a_promotion_killed_after_its_head_stands_even_with_the_journal_down() -> None:
    scene = killed(a_story(), Mode.PROMOTE, 4, killed_after)
    scene.journal.broken = True
    before = scene.aliases
    outcome = scene.recover("abandon")
    assert (outcome.code, scene.aliases, before["champion"]) == (ExitCode.DONE, before, "4")
    assert "had ended and is recorded" in outcome.summary
    assert all(str(getattr(step, "key", "an alias")).startswith(INTENT_TAG) for step in scene.writer.sent)
    scene.journal.broken = False
    assert (scene.noted, scene.fits()) == ({}, True)


def test_the_undoing_of_a_resumed_rollback_goes_forward_not_further_back() -> None:
    scene = killed(a_story(), Mode.ROLLBACK, 2, killed_after)
    outcome = scene.recover("resume")
    assert (scene.aliases["champion"], "--rollback" in outcome.undo) == ("2", False)
    # The version that was left is held, so only --force leads back to it.
    assert outcome.undo.startswith(f"promote_model.py {MODEL} --version 3 --force")


def test_what_was_deleted_meanwhile_cannot_be_gone_back_to_so_the_work_is_finished() -> None:
    scene = killed(a_story(), Mode.PROMOTE, 3, killed_after)
    del scene.registry.known[MODEL, "3"]
    stuck = scene.recover("abandon")
    assert (stuck.code, "v3 was deleted meanwhile" in stuck.summary, bool(scene.noted)) == (
        ExitCode.REFUSED,
        True,
        True,
    )
    assert "--recover resume" in stuck.hints[0]
    assert scene.recover("resume").code is ExitCode.DONE
    assert (scene.aliases["champion"], scene.fits(), scene.noted) == ("4", True, {})


def test_with_force_the_note_goes_although_nothing_can_be_put_back() -> None:
    scene = killed(a_story(), Mode.PROMOTE, 3, killed_after)
    del scene.registry.known[MODEL, "3"]
    outcome = scene.recover("abandon", force=True)
    assert (outcome.code, scene.aliases["champion"], scene.noted) == (ExitCode.WARNED, "4", {})
    assert "@champion cannot go back, v3 was deleted meanwhile, and is left alone" in outcome.warnings


def test_what_is_put_back_must_still_stand_when_the_note_goes() -> None:
    scene = killed(a_story(), Mode.PROMOTE, 3, killed_after)

    def overtaken(write: Write) -> None:  # Written before: our own note, the end of the old one, the target.
        write()
        scene.by_hand("champion", "1")

    outcome = scene.fail(4, overtaken).recover("abandon")
    assert (outcome.code, scene.aliases["champion"], bool(scene.noted)) == (ExitCode.REFUSED, "1", True)
    assert "@champion was changed by somebody else meanwhile: v1" in outcome.summary


def test_a_rollback_from_a_version_that_was_deleted_since_is_finished_without_its_hold() -> None:
    scene = killed(a_story(), Mode.ROLLBACK, 2, killed_after)
    del scene.registry.known[MODEL, "3"]
    stuck = scene.recover("abandon")
    assert (stuck.code, "--recover resume" in stuck.hints[0]) == (ExitCode.REFUSED, True)
    assert scene.recover("resume").code is ExitCode.DONE
    assert (scene.aliases["champion"], scene.aliases["prev_champion"], scene.fits()) == ("2", "1", True)


def test_what_is_found_done_already_is_no_reason_to_go_on_when_what_came_before_does_not_stand_any_more() -> None:
    scene = killed(a_story(), Mode.ROLLBACK, 4, killed_after)
    scene.by_hand(
        "prev_champion", "2"
    )  # As before the rollback: so it is written again, and the hold is there already.

    def overtaken(write: Write) -> None:  # Written before: our own note, and the end of the old one.
        write()
        scene.by_hand("champion", "1")

    outcome = scene.fail(3, overtaken).recover("resume")
    assert (outcome.code, scene.aliases["champion"], bool(scene.noted)) == (ExitCode.REFUSED, "1", True)
    assert "@champion was changed by somebody else meanwhile: v1" in outcome.summary
    assert len(scene.journal.records) == 2
