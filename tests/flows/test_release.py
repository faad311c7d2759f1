import pytest

from model_promotion.core.errors import Conflict, Denied, NotFound
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG, INTENT_TAG
from model_promotion.core.request import Mode
from model_promotion.core.selector import ByNumber
from tests.worlds import MODEL, Scene, a_scene, interrupted_after, lost_reply, lost_request, refused


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


def test_ctrl_c_in_a_release_waits_for_its_record() -> None:
    scene = a_held_scene().fail(1, interrupted_after)
    scene.call(Mode.RELEASE)
    assert (is_held(scene, "2"), len(scene.journal.records), scene.fits()) == (False, 1, True)


def test_a_head_that_cannot_be_written_is_a_warning() -> None:
    outcome = a_held_scene().fail(2, lost_request).call(Mode.RELEASE)
    assert outcome.code is ExitCode.WARNED
    assert "promotion_head" in outcome.warnings[0]
    assert "--recover" not in outcome.warnings[0]
