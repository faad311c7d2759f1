from itertools import product

import pytest

from model_promotion.core.errors import Conflict, Denied, Interrupted, NotFound, Unavailable
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG, INTENT_TAG, LONGEST_HOLD
from model_promotion.core.request import Mode
from model_promotion.core.selector import ByNumber
from tests.worlds import (
    MODEL,
    Effect,
    Killed,
    Scene,
    a_scene,
    interrupted_after,
    killed_after,
    killed_before,
    lost_reply,
    lost_request,
    refused,
)


def a_held_scene(*numbers: str) -> Scene:
    """v1 is champion; v2 (or the versions named) is held."""
    scene = a_scene()
    for number in numbers or ("2",):
        scene.tag_by_hand(HOLD_TAG, "rolled back from @champion", number)
    return scene.heal()


def is_held(scene: Scene, number: str) -> bool:
    return HOLD_TAG in scene.registry.version(MODEL, number).tags


def test_the_only_held_version_is_released_without_being_named() -> None:
    scene = a_held_scene()
    outcome = scene.call(Mode.RELEASE, reason="data was mended")
    assert (outcome.code, outcome.to, is_held(scene, "2")) == (ExitCode.DONE, "2", False)
    assert scene.journal.records[-1].why == "data was mended"
    assert scene.fits()
    assert scene.promote("2").code is ExitCode.DONE


def test_among_several_held_versions_one_is_to_be_named() -> None:
    scene = a_held_scene("2", "3")
    with pytest.raises(NotFound, match=r"v3, v2 of .* is held") as which:
        scene.call(Mode.RELEASE)
    assert "--version N --release" in which.value.hint
    assert scene.call(Mode.RELEASE, candidate=ByNumber("3"), candidate_named=True).code is ExitCode.DONE
    assert (is_held(scene, "2"), is_held(scene, "3")) == (True, False)


def test_a_version_that_is_not_held_needs_nothing() -> None:
    scene = a_held_scene()
    outcome = scene.call(Mode.RELEASE, candidate=ByNumber("3"), candidate_named=True)
    assert (outcome.code, scene.writer.sent) == (ExitCode.DONE, [])


def test_while_something_runs_nothing_is_released() -> None:
    scene = a_held_scene()
    scene.tag_by_hand(INTENT_TAG, "theirs")
    with pytest.raises(Conflict) as busy:
        scene.call(Mode.RELEASE)
    assert "--recover" in busy.value.hint
    assert scene.writer.sent == []


def test_a_release_that_is_not_allowed_ends_with_4_and_the_hold_stays() -> None:
    scene = a_held_scene().fail(1, refused)
    with pytest.raises(Denied) as denied:
        scene.call(Mode.RELEASE)
    assert denied.value.hint
    assert is_held(scene, "2")
    assert scene.journal.records == []


def test_a_lost_reply_is_settled_by_reading() -> None:
    scene = a_held_scene().fail(1, lost_reply)
    assert (scene.call(Mode.RELEASE).code, is_held(scene, "2")) == (ExitCode.DONE, False)


@pytest.mark.parametrize("at", [1, 2])
def test_ctrl_c_before_the_record_of_a_release_puts_the_hold_back(at: int) -> None:
    scene = a_held_scene()
    before = scene.state()
    with pytest.raises(Interrupted):
        scene.fail(at, interrupted_after).call(Mode.RELEASE)
    assert (scene.state(), scene.journal.records) == (before, [])


def test_ctrl_c_while_a_release_is_recorded_waits_for_its_record() -> None:
    scene = a_held_scene().fail(3, interrupted_after)
    scene.call(Mode.RELEASE)
    assert (is_held(scene, "2"), len(scene.journal.records), scene.fits()) == (False, 1, True)
    assert not scene.noted


# Written: the announcement, the hold, the head of the records, the end.
@pytest.mark.parametrize(("at", "effect"), product([1, 2, 3, 4], [killed_before, killed_after]))
@pytest.mark.parametrize("how", ["resume", "abandon"])
def test_a_killed_release_is_finished_or_undone(at: int, effect: Effect, how: str) -> None:
    scene = a_held_scene().fail(at, effect)
    before = scene.registry.version(MODEL, "2").tags
    with pytest.raises(Killed):
        scene.call(Mode.RELEASE)
    begun, recorded = bool(scene.noted), len(scene.journal.records) == 1
    outcome = scene.heal().recover(how)
    assert outcome.code is ExitCode.DONE
    released = recorded or (begun and how == "resume")
    assert scene.registry.version(MODEL, "2").tags == ({} if released else before)
    assert len(scene.journal.records) == released
    assert (scene.fits(), scene.noted) == (True, {})
    assert ("is held" in outcome.summary) is (begun and not recorded and how == "abandon")


def test_a_killed_release_is_told_to_whoever_comes_next() -> None:
    scene = a_held_scene().fail(2, killed_after)
    with pytest.raises(Killed):
        scene.call(Mode.RELEASE)
    with pytest.raises(Conflict, match="a release of v2 is under way or was cut off"):
        scene.heal().rollback()


def test_with_the_record_unread_a_release_that_was_cut_off_waits_for_it() -> None:
    scene = a_held_scene().fail(3, killed_before)
    with pytest.raises(Killed):
        scene.call(Mode.RELEASE)
    scene.heal().journal.broken = True
    with pytest.raises(Unavailable, match="whether a release of v2 is recorded already cannot be read"):
        scene.recover("abandon")
    scene.journal.broken = False
    assert scene.recover("abandon").code is ExitCode.DONE
    assert (is_held(scene, "2"), scene.fits()) == (False, True)


def test_a_head_that_cannot_be_written_is_a_warning() -> None:
    outcome = a_held_scene().fail(3, lost_request).call(Mode.RELEASE)
    assert outcome.code is ExitCode.WARNED
    assert "promotion_head" in outcome.warnings[0]
    assert "--recover resume" in outcome.warnings[0]


def test_a_hold_of_any_length_is_lifted_and_its_beginning_comes_back_when_that_is_undone() -> None:
    """The note that keeps it is a tag itself, and holds no more than a tag does (the writer of these tests minds)."""
    scene = a_held_scene()
    scene.tag_by_hand(HOLD_TAG, "rolled back; " + "x" * 980, "2")
    with pytest.raises(Killed):
        scene.fail(2, killed_after).call(Mode.RELEASE)
    assert not is_held(scene, "2")
    assert scene.heal().recover("abandon").code is ExitCode.DONE
    assert scene.registry.version(MODEL, "2").tags[HOLD_TAG] == "rolled back; " + "x" * (LONGEST_HOLD - 13)
    assert scene.call(Mode.RELEASE).code is ExitCode.DONE


def test_a_release_of_a_version_that_was_deleted_since_is_not_finished_and_its_note_can_be_taken_away() -> None:
    scene = a_held_scene("4").fail(2, killed_after)
    with pytest.raises(Killed):
        scene.call(Mode.RELEASE)
    del scene.heal().registry.known[MODEL, "4"]
    with pytest.raises(NotFound) as deleted:
        scene.recover("resume")
    assert "--recover abandon" in deleted.value.hint
    outcome = scene.recover("abandon")
    assert (outcome.code, scene.noted, scene.journal.records) == (ExitCode.DONE, {}, [])
    assert outcome.summary == "a release of v4 was left as it was found: the version was deleted meanwhile"
