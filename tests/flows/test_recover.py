"""The process is killed at every write of a promotion and of a rollback; then somebody comes back."""

from contextlib import suppress
from dataclasses import replace
from itertools import product

import pytest

from model_promotion.core.errors import Conflict, PromotionError
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG, INTENT_TAG, intents
from model_promotion.core.request import Mode
from model_promotion.core.selector import ByNumber
from model_promotion.owners import MemoryOwner
from tests.worlds import (
    MODEL,
    Effect,
    Killed,
    Scene,
    Write,
    a_scene,
    killed_after,
    killed_before,
    lost_request,
    refused,
)

# Written by a promotion: intent, backup, target, head, end. By a rollback: intent, target, backup, hold, head, end.
PROMOTION = list(product([1, 2, 3, 4, 5], [killed_before, killed_after]))
ROLLBACK = list(product([1, 2, 3, 4, 5, 6], [killed_before, killed_after]))


def a_story() -> Scene:
    """v2 was promoted over v1, and v3 over v2."""
    scene = a_scene()
    scene.promote("2")
    scene.promote("3")
    return scene.heal()


def killed(scene: Scene, mode: Mode, at: int, effect: Effect) -> Scene:
    """A promotion of v4, or a rollback to v2, that is killed at its `at`-th write."""
    scene.fail(at, effect)
    options = {"candidate": ByNumber("4")} if mode is Mode.PROMOTE else {}
    with pytest.raises(Killed):
        scene.call(mode, **options)
    stands = scene.aliases["champion"]
    assert scene.registry.version(MODEL, stands).status == "READY"
    if stands == "4":
        assert scene.aliases["prev_champion"] == "3"
    return scene.heal()


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


def two_cut_off() -> Scene:
    """Two announced themselves at once and both died: one before it moved anything, one after it had moved all."""
    early = killed(a_story(), Mode.PROMOTE, 1, killed_after)
    scene = a_story()
    scene.fail(3, killed_after)
    with pytest.raises(Killed):
        scene.promote("2")
    for key, text in early.noted.items():
        scene.tag_by_hand(key, text)
    return scene.heal()


@pytest.mark.parametrize("how", ["resume", "abandon"])
def test_of_two_that_were_cut_off_the_one_that_moved_something_is_finished(how: str) -> None:
    scene = two_cut_off()
    outcome = scene.recover(how)
    assert (outcome.code, scene.noted, scene.fits()) == (ExitCode.DONE, {}, True)
    assert scene.aliases["champion"] == ("2" if how == "resume" else "3")
    assert scene.aliases["prev_champion"] == ("3" if how == "resume" else "2")
    assert "a promote of @champion from v3 to v4 had moved nothing" in outcome.summary


@pytest.mark.parametrize("at", range(1, 9))
@pytest.mark.parametrize("how", ["resume", "abandon"])
def test_a_recovery_of_two_that_is_cut_off_can_be_repeated(at: int, how: str) -> None:
    scene = two_cut_off().fail(at, killed_after)
    with suppress(Killed):  # It may have had fewer writes, and ended.
        scene.recover(how)
    scene.heal().recover(how)
    assert (scene.noted, scene.fits(), scene.aliases["champion"]) == ({}, True, "2" if how == "resume" else "3")


# --- the note is a lease ---

OTHER = "elsewhere-7-7"
HOWS = ["resume", "abandon"]


def left_behind(*, gone: bool = False) -> Scene:
    """A promotion of v4 was killed between its two aliases; now somebody else is at the keyboard."""
    scene = killed(a_story(), Mode.PROMOTE, 2, killed_after)
    scene.owner = MemoryOwner(OTHER, gone=frozenset({scene.owner.name}) if gone else frozenset())
    return scene


@pytest.mark.parametrize("how", HOWS)
def test_while_the_lease_runs_nobody_else_takes_over(how: str) -> None:
    scene = left_behind()
    before = scene.state()
    with pytest.raises(Conflict) as conflict:
        scene.recover(how)
    assert (conflict.value.code, scene.state(), scene.writer.sent) == (ExitCode.REFUSED, before, [])
    assert "may be at work for another 120 s" in str(conflict.value)
    assert f"--recover {how} --force" in conflict.value.hint


def taken_over(scene: Scene, how: str, **options: bool) -> bool:
    """Whether it was recovered, and everything fits."""
    done = scene.recover(how, **options).code is ExitCode.DONE
    return done and scene.aliases["champion"] == ("4" if how == "resume" else "3") and scene.fits()


@pytest.mark.parametrize("how", HOWS)
def test_when_the_lease_is_over_anybody_takes_over(how: str) -> None:
    scene = left_behind()
    scene.clock.sleep(scene.world.lease_s - 60)
    assert taken_over(scene, how)


@pytest.mark.parametrize("how", HOWS)
def test_when_its_process_is_gone_nobody_waits_for_the_lease(how: str) -> None:
    assert taken_over(left_behind(gone=True), how)


@pytest.mark.parametrize("how", HOWS)
def test_with_force_nobody_waits_for_the_lease(how: str) -> None:
    assert taken_over(left_behind(), how, force=True)


@pytest.mark.parametrize("how", HOWS)
def test_who_takes_over_signs_the_note_before_anything_else(how: str) -> None:
    scene = left_behind(gone=True).fail(2, killed_before)
    with pytest.raises(Killed):
        scene.recover(how)
    theirs, ours = sorted(intents(scene.tags), key=lambda intent: intent.owner == OTHER)
    assert (theirs.owner, ours.owner, ours.work) == (MemoryOwner().name, OTHER, theirs.work)
    assert ours.until == round(scene.clock.now() + scene.world.lease_s, 3)


@pytest.mark.parametrize("at", [2, 3])
@pytest.mark.parametrize("how", HOWS)
def test_who_was_only_slow_finds_its_note_signed_by_another_and_writes_nothing_more(at: int, how: str) -> None:
    """The first is not dead: it hangs at a write, is taken for dead with --force, and then goes on."""
    scene = a_story()
    other = replace(scene, owner=MemoryOwner(OTHER))
    stands: list[tuple[object, ...]] = []

    def hang(write: Write) -> None:
        write()
        assert other.recover(how, force=True).code is ExitCode.DONE
        stands.append(other.state())

    assert scene.fail(at, hang).promote("4").code is ExitCode.REFUSED
    assert scene.state() == stands[0]
    assert scene.aliases["champion"] == ("4" if how == "resume" else "3")
    assert (scene.noted, scene.fits()) == ({}, True)


def test_what_is_read_only_shows_that_something_is_under_way() -> None:
    scene = left_behind()
    looked = scene.promote("4", mode=Mode.CHECK)
    assert (looked.code, scene.writer.sent) == (ExitCode.REFUSED, [])
    assert any("is under way or was cut off" in finding.sentence for finding in looked.findings)


@pytest.mark.parametrize("mode", [Mode.PROMOTE, Mode.ROLLBACK])
def test_an_expired_lease_is_taken_over_by_recover_only(mode: Mode) -> None:
    scene = left_behind(gone=True)
    scene.clock.sleep(10_000)
    try:
        code = scene.call(mode, **({"candidate": ByNumber("4")} if mode is Mode.PROMOTE else {})).code
    except Conflict as conflict:
        code = conflict.code
    assert (code, scene.writer.sent) == (ExitCode.REFUSED, [])
