"""Rollbacks: where they lead, what they hold, and what they do without."""

from dataclasses import replace

import pytest

from model_promotion.core.entities import RegisteredModel
from model_promotion.core.errors import Conflict, Denied, NotFound
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.request import Mode
from model_promotion.serving.memory import MemoryServing
from tests.worlds import MODEL, Registry, Scene, a_scene, version


def promoted(*numbers: str) -> Scene:
    scene = a_scene()
    for number in numbers:
        assert scene.promote(number).code is ExitCode.DONE
    return scene.heal()


def held(scene: Scene) -> set[str]:
    return {number for (_, number), one in scene.registry.known.items() if HOLD_TAG in one.tags}


def test_a_rollback_goes_back_holds_what_it_leaves_and_says_how_to_go_forward() -> None:
    scene = promoted("2")
    outcome = scene.rollback(reason="complaints")
    assert (outcome.code, outcome.was, outcome.to, scene.aliases["champion"]) == (ExitCode.DONE, "2", "1", "1")
    assert outcome.summary == f"{MODEL}: @champion is back at v1; v2 is held"
    assert outcome.undo.startswith(f"promote_model.py {MODEL} --version 2 --force")
    assert held(scene) == {"2"}
    assert (scene.journal.records[-1].kind, scene.journal.records[-1].why) == ("rollback", "complaints")
    assert scene.fits()
    assert not scene.noted


def test_each_rollback_goes_one_verified_version_further_back() -> None:
    scene = promoted("2", "3", "4")
    for champion, backup in (("3", "2"), ("2", "1"), ("1", "1")):
        assert scene.rollback().code is ExitCode.DONE
        assert (scene.aliases["champion"], scene.aliases["prev_champion"]) == (champion, backup)
    assert held(scene) == {"2", "3", "4"}
    assert scene.fits()
    with pytest.raises(NotFound) as end:
        scene.rollback()
    assert "--to-version N" in end.value.hint


def test_a_version_that_was_rolled_back_is_not_gone_back_to() -> None:
    scene = promoted("2")
    scene.rollback()
    scene.promote("3")
    assert scene.rollback().to == "1"


def test_a_version_that_was_named_is_gone_back_to() -> None:
    scene = promoted("2", "3", "4")
    outcome = scene.rollback("2")
    assert (outcome.code, scene.aliases["champion"], scene.aliases["prev_champion"]) == (ExitCode.DONE, "2", "1")
    assert held(scene) == {"4"}
    assert scene.rollback().to == "1"


@pytest.mark.parametrize("number", ["9", "7"])
def test_a_version_that_is_missing_or_not_ready_is_not_gone_back_to(number: str) -> None:
    scene = promoted("2")
    scene.registry.add(version("7", status="FAILED_REGISTRATION"))
    with pytest.raises(NotFound) as missing:
        scene.rollback(number)
    assert missing.value.hint
    assert scene.writer.sent == []


def test_the_version_in_place_is_already_there() -> None:
    scene = promoted("2")
    outcome = scene.rollback("2")
    assert (outcome.code, scene.writer.sent) == (ExitCode.DONE, [])


def test_with_nothing_behind_the_alias_there_is_nothing_to_go_back_from() -> None:
    with pytest.raises(NotFound) as nothing:
        a_scene(aliases={"staging": "2"}).rollback()
    assert nothing.value.hint == "promote a version first"


def test_without_record_metrics_files_and_endpoints_a_rollback_still_works() -> None:
    scene = promoted("2")
    scene.serving = MemoryServing(broken=Denied("not allowed"))
    scene.registry.metadata_of.clear()
    scene.journal.broken = scene.spare.broken = True
    outcome = scene.rollback()
    assert (outcome.code, scene.aliases["champion"], held(scene)) == (ExitCode.WARNED, "1", {"2"})
    assert any("keep this output" in warning for warning in outcome.warnings)


def test_a_backup_alias_that_an_older_script_set_is_understood() -> None:
    scene = a_scene(aliases={"champion": "3", "prev_champion": "2"})
    outcome = scene.rollback()
    assert (outcome.code, scene.aliases["champion"], scene.fits()) == (ExitCode.DONE, "2", True)
    with pytest.raises(NotFound):
        scene.rollback()


@pytest.mark.parametrize("champion", ["4", "2", "1"])
def test_past_a_move_made_outside_a_rollback_asks_how_far(champion: str) -> None:
    scene = promoted("2", "3")
    scene.by_hand("prev_champion", "1" if champion != "1" else "2")
    scene.by_hand("champion", champion)
    with pytest.raises(NotFound, match="moved outside this tool") as refused:
        scene.rollback()
    assert (scene.writer.sent, "--rollback --to-version 3" in refused.value.hint) == ([], True)
    assert refused.value.code is ExitCode.NOT_FOUND


def test_a_rollback_past_a_move_made_outside_records_that_move_first() -> None:
    scene = promoted("2", "3")
    scene.by_hand("champion", "4")
    outcome = scene.rollback("3")
    assert (outcome.code, scene.aliases["champion"], held(scene)) == (ExitCode.DONE, "3", {"4"})
    outside, back = scene.journal.records[-2:]
    assert (outside.kind, outside.was, outside.to, outside.by) == ("outside", "3", "4", "unknown")
    assert (back.kind, back.was, back.to) == ("rollback", "4", "3")
    assert scene.fits()


def test_behind_a_move_made_outside_nothing_is_verified_but_what_came_after() -> None:
    scene = promoted("2", "3")
    scene.by_hand("champion", "1")
    scene.promote("4")
    assert [record.kind for record in scene.journal.records[-2:]] == ["outside", "promote"]
    assert (scene.rollback().to, scene.fits()) == ("1", True)
    with pytest.raises(NotFound) as end:
        scene.rollback()
    assert "--to-version N" in end.value.hint


def test_the_candidate_a_rollback_holds_is_refused_until_it_is_released_or_forced() -> None:
    scene = promoted("2")
    scene.rollback()
    refused = scene.promote("2")
    assert (refused.code, scene.aliases["champion"]) == (ExitCode.REFUSED, "1")
    assert refused.hints == (
        f"when the cause is mended: promote_model.py {MODEL} --version 2 --release",
        f"look again: promote_model.py {MODEL} --check --version 2",
    )
    forced = scene.promote("2", force=True)
    assert (forced.code, scene.journal.records[-1].forced) == (ExitCode.WARNED, ("hold",))
    assert scene.rollback().to == "1"


def test_a_version_held_already_keeps_its_hold() -> None:
    scene = promoted("2")
    scene.tag_by_hand(HOLD_TAG, "rolled back from @production", "2")
    outcome = scene.rollback()
    assert outcome.summary.endswith("v2 is held")
    assert scene.registry.version(MODEL, "2").tags[HOLD_TAG] == "rolled back from @production"


def test_a_rollback_of_one_alias_leaves_the_others() -> None:
    scene = promoted("2")
    scene.promote("2", target_alias="production")
    scene.promote("3", target_alias="production")
    before = scene.aliases
    scene.call(Mode.ROLLBACK, target_alias="production")
    assert scene.aliases == {**before, "production": "2"}


def test_what_was_recorded_while_a_rollback_looked_around_is_a_conflict_although_everything_stands_as_it_did() -> None:
    """Somebody goes back to v1 and forth to v3 again: v3 stands as before, and v1 is now what stood there before it."""
    scene = promoted("2", "3")
    other = replace(scene)

    class Looked(Registry):
        """Is read the second time: the way back is chosen by then."""

        reads = 0

        def model(self, name: str) -> RegisteredModel:
            self.reads += 1
            if self.reads == 2:
                other.rollback("1")
                other.promote("3", force=True)
            return super().model(name)

    mine = replace(scene)
    mine.registry = Looked()
    mine.registry.models, mine.registry.known = scene.registry.models, scene.registry.known
    with pytest.raises(Conflict, match="something else was done and recorded meanwhile") as since:
        mine.rollback()
    assert ("--history" in since.value.hint, mine.writer.sent) == (True, [])
    assert (scene.aliases["champion"], scene.fits()) == ("3", True)
    assert scene.rollback().to == "1"


def test_who_must_say_how_far_to_go_back_is_told_which_versions_there_are() -> None:
    scene = a_scene()  # v1 is champion, and nothing is recorded.
    with pytest.raises(NotFound, match="no earlier verified version") as nowhere:
        scene.rollback()
    named = f"name one: promote_model.py {MODEL} --rollback --to-version N; there is v4, v3, v2"
    assert nowhere.value.hint == named
