"""Promotion, rollback, hold, record and recovery where versions stand in stages instead of behind aliases."""

from dataclasses import replace
from itertools import product

import pytest

from model_promotion.core.better import Goal
from model_promotion.core.errors import Conflict, NotFound
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.request import Mode
from model_promotion.core.selector import ByAlias
from tests.worlds import (
    MODEL,
    Effect,
    Killed,
    Scene,
    a_scene,
    interrupted_after,
    killed_after,
    killed_before,
    refused,
    version,
)

PRODUCTION, STAGING = "stage:Production", "stage:Staging"
# Written by a promotion: intent, backup, stage, head, end.
WRITES = list(product([1, 2, 3, 4, 5], [killed_before, killed_after]))


def a_staged_scene(**stages: str) -> Scene:
    """v1 is in Production and v2 in Staging unless `stages` says otherwise; nobody has an alias."""
    where = {"v1": "Production", "v2": "Staging", "v3": "None", "v4": "None", **stages}
    scene = a_scene(*(version(name[1:], stage=stage) for name, stage in sorted(where.items())), aliases={})
    return scene.heal()


def stages(scene: Scene) -> dict[str, str]:
    return {number: known.stage for (_, number), known in scene.registry.known.items()}


def test_a_promotion_archives_the_version_in_place_and_keeps_its_number() -> None:
    scene = a_staged_scene()
    outcome = scene.promote("2", target_alias=PRODUCTION)
    assert (outcome.code, stages(scene)) == (
        ExitCode.DONE,
        {"1": "Archived", "2": "Production", "3": "None", "4": "None"},
    )
    assert scene.aliases == {"prev_stage_production": "1"}
    assert "stage Production: v1 -> v2" in outcome.summary
    assert outcome.undo.endswith("--rollback --to-stage Production")
    assert (scene.fits(), scene.noted) == (True, {})


def test_a_first_promotion_has_nothing_to_archive() -> None:
    scene = a_staged_scene(v1="None")
    assert scene.promote("2", target_alias=PRODUCTION).code is ExitCode.DONE
    assert stages(scene)["2"] == "Production"


@pytest.mark.parametrize("effect", [refused, interrupted_after])
def test_a_promotion_that_fails_puts_both_versions_back_into_their_stages(effect: Effect) -> None:
    scene = a_staged_scene()
    before = scene.state()
    outcome = scene.fail(3, effect).promote("2", target_alias=PRODUCTION)
    assert outcome.code in (ExitCode.DENIED, ExitCode.INTERRUPTED)
    assert (stages(scene)["1"], stages(scene)["2"], scene.state()) == ("Production", "Staging", before)


def test_a_rollback_goes_by_the_record_and_archives_and_holds_what_it_leaves() -> None:
    scene = a_staged_scene()
    scene.promote("2", target_alias=PRODUCTION)
    outcome = scene.rollback(target_alias=PRODUCTION)
    assert (outcome.code, stages(scene)["1"], stages(scene)["2"]) == (ExitCode.DONE, "Production", "Archived")
    assert HOLD_TAG in scene.registry.version(MODEL, "2").tags
    assert scene.promote("2", target_alias=PRODUCTION).code is ExitCode.REFUSED
    assert [(record.alias, record.was, record.to) for record in scene.journal.records] == [
        (PRODUCTION, "1", "2"),
        (PRODUCTION, "2", "1"),
    ]


@pytest.mark.parametrize(("at", "effect"), WRITES)
@pytest.mark.parametrize("how", ["resume", "abandon"])
def test_a_killed_promotion_is_finished_or_each_version_is_back_in_its_stage(at: int, effect: Effect, how: str) -> None:
    scene = a_staged_scene()
    before = stages(scene)
    with pytest.raises(Killed):
        scene.fail(at, effect).promote("2", target_alias=PRODUCTION)
    begun, recorded = bool(scene.noted), len(scene.journal.records) == 1
    assert scene.heal().recover(how).code is ExitCode.DONE
    done = recorded or (begun and how == "resume")
    assert stages(scene) == ({**before, "1": "Archived", "2": "Production"} if done else before)
    assert (scene.fits(), scene.noted) == (True, {})


def test_the_history_of_a_stage_is_told_in_its_own_words() -> None:
    scene = a_staged_scene()
    scene.promote("2", target_alias=PRODUCTION)
    told = scene.call(Mode.HISTORY, target_alias=PRODUCTION)
    assert told.summary == f"stage Production of {MODEL} is v2 now"
    assert told.table is not None
    assert told.table.rows[0][3] == "stage Production"


@pytest.mark.parametrize(("target", "twin"), [("champion", PRODUCTION), (PRODUCTION, "production")])
def test_in_step_both_the_stage_and_the_alias_move_and_go_back(target: str, twin: str) -> None:
    scene = a_staged_scene()
    if target == "champion":
        scene.by_hand("champion", "1")
    call = {"target_alias": target, "sync_stages": True}
    outcome = scene.promote("2", **call)
    seen = scene.registry.model(MODEL)
    assert (outcome.code, seen.at(target), seen.at(twin)) == (ExitCode.DONE, "2", "2")
    assert "--sync-stages" in outcome.undo
    back = scene.rollback(**call)
    seen = scene.registry.model(MODEL)
    assert (back.code, seen.at(target), seen.at(twin)) == (ExitCode.DONE, "1", "1")
    assert (scene.fits(), scene.noted) == (True, {})


def test_without_the_option_the_stage_is_left_alone() -> None:
    scene = a_staged_scene()
    scene.by_hand("champion", "1")
    scene.promote("2")
    assert stages(scene)["1"] == "Production"


def test_a_stage_in_which_nothing_is_cannot_be_promoted_from() -> None:
    scene = a_staged_scene(v2="None")
    with pytest.raises(NotFound, match="has nothing in stage Staging; it has"):
        scene.promote(target_alias=PRODUCTION, candidate=ByAlias("stage:Staging"), candidate_named=True)


# --- the alias is right already, and the stage is not


def astray(**stages: str) -> Scene:
    """v2 is champion by a promotion, and v1 is in Production still."""
    scene = a_staged_scene(**stages)
    scene.by_hand("champion", "1")
    scene.promote("2")
    return scene.heal()


def test_a_stage_that_is_not_in_step_is_brought_in_step_though_the_alias_is_right_already() -> None:
    scene = astray()
    outcome = scene.promote("2", sync_stages=True)
    assert (outcome.code, stages(scene)["1"], stages(scene)["2"]) == (ExitCode.DONE, "Archived", "Production")
    assert scene.aliases == {"champion": "2", "prev_champion": "1"}
    assert "@champion is v2 already, brought in step: stage Production: v1 -> v2" in outcome.summary
    assert outcome.undo == f"promote_model.py {MODEL} --version 1 --to-stage Production"
    assert (len(scene.journal.records), scene.fits(), scene.noted) == (2, True, {})
    again = scene.heal().promote("2", sync_stages=True)
    assert (again.code, scene.writer.sent, "nothing to do" in again.summary) == (ExitCode.DONE, [], True)


def test_an_empty_stage_is_brought_in_step_and_there_is_nothing_to_go_back_to() -> None:
    outcome = astray(v1="None").promote("2", sync_stages=True)
    assert outcome.undo == "nothing was in stage Production before, so there is nothing to go back to"


def test_in_step_alone_it_is_not_asked_whether_the_champion_is_better_than_itself() -> None:
    scene = astray()
    outcome = scene.promote("2", sync_stages=True, if_better=(Goal("f1"),), else_alias="staging")
    assert (outcome.code, stages(scene)["2"], "staging" in scene.aliases) == (ExitCode.DONE, "Production", False)


@pytest.mark.parametrize("mode", [Mode.DRY_RUN, Mode.CHECK])
def test_bringing_it_in_step_can_be_looked_at_first(mode: Mode) -> None:
    scene = astray()
    outcome = scene.promote("2", sync_stages=True, mode=mode)
    assert (outcome.code, scene.writer.sent) == (ExitCode.DONE, [])
    assert "stage Production: v1 -> v2 may follow" in outcome.summary
    assert [step.sentence for step in outcome.planned if "stage" in step.sentence] == (
        ["stage Production: v1 -> v2"] if mode is Mode.DRY_RUN else []
    )


def test_a_rollback_goes_past_what_only_brought_the_stage_in_step_and_tells_every_move() -> None:
    scene = astray()
    scene.promote("2", sync_stages=True)
    scene.voice.events.clear()
    outcome = scene.rollback(sync_stages=True)
    assert (outcome.code, scene.aliases["champion"], stages(scene)["1"]) == (ExitCode.DONE, "1", "Production")
    told = [event.sentence for event in scene.voice.events if event.sentence.endswith("read back")]
    assert told == ["@champion: v2 -> v1, read back", "stage Production: v2 -> v1, read back"]


def test_a_rollback_to_where_it_is_says_how_to_bring_the_stage_in_step() -> None:
    outcome = astray().rollback("2", sync_stages=True)
    assert outcome.hints == (
        f"stage Production is elsewhere; bring it in step: promote_model.py {MODEL} --version 2 --sync-stages",
    )


@pytest.mark.parametrize(("at", "effect"), list(product([1, 2, 3, 4], [killed_before, killed_after])))
@pytest.mark.parametrize("how", ["resume", "abandon"])
def test_bringing_it_in_step_that_was_cut_off_is_finished_or_undone(at: int, effect: Effect, how: str) -> None:
    scene = astray()  # Written are the note, the stage, the head, the end.
    with pytest.raises(Killed):
        scene.fail(at, effect).promote("2", sync_stages=True)
    begun, recorded = bool(scene.noted), len(scene.journal.records) == 2
    assert scene.heal().recover(how).code is ExitCode.DONE
    done = recorded or (begun and how == "resume")
    assert (stages(scene)["2"], scene.aliases["champion"]) == ("Production" if done else "Staging", "2")
    assert (scene.fits(), scene.noted) == (True, {})


# --- a version has one stage only


def on_its_way_up() -> Scene:
    """v1 went to Staging and on to Production, v2 to Staging after it."""
    scene = a_staged_scene(v1="None", v2="None")
    for number, target in (("1", STAGING), ("1", PRODUCTION), ("2", STAGING)):
        scene.promote(number, target_alias=target)
    assert (stages(scene)["1"], stages(scene)["2"]) == ("Production", "Staging")
    return scene.heal()


def test_a_rollback_of_staging_passes_over_what_is_in_production_and_that_is_said() -> None:
    scene = on_its_way_up()
    with pytest.raises(NotFound, match="v1 is passed over, it is in stage Production") as passed:
        scene.rollback(target_alias=STAGING)
    assert passed.value.hint.endswith("--to-version N --to-stage Staging; there is v4, v3")
    with pytest.raises(Conflict, match="v1 is in stage Production, and a version has one stage only"):
        scene.rollback("1", target_alias=STAGING)
    assert scene.writer.sent == []
    scene.promote("3", target_alias=STAGING)
    assert scene.rollback(target_alias=STAGING).code is ExitCode.DONE
    assert (stages(scene)["1"], stages(scene)["2"]) == ("Production", "Staging")


def test_without_records_the_backup_that_is_in_production_is_passed_over_too() -> None:
    scene = on_its_way_up()
    scene.by_hand("prev_stage_staging", "1")
    scene.journal.records.clear()
    with pytest.raises(NotFound, match="no earlier verified version of stage Staging"):
        scene.rollback(target_alias=STAGING)


def test_a_rollback_in_step_takes_nothing_out_of_production() -> None:
    scene = a_staged_scene(v1="None", v2="None")
    for number in ("1", "2"):
        scene.promote(number, target_alias="staging", sync_stages=True)
    scene.promote("1", target_alias=PRODUCTION)
    with pytest.raises(Conflict, match="v1 is in stage Production"):
        scene.heal().rollback(target_alias="staging", sync_stages=True)
    assert scene.writer.sent == []
    assert scene.rollback(target_alias="staging").code is ExitCode.DONE


def test_the_version_in_production_is_not_promoted_to_staging_with_force_either() -> None:
    scene = on_its_way_up()
    outcome = scene.promote("1", target_alias=STAGING, force=True)
    assert (outcome.code, outcome.decision and outcome.decision.refused) == (ExitCode.REFUSED, ("leaves_production",))
    assert scene.writer.sent == []


# --- others, whom it takes something from


def test_a_rollback_says_who_else_loses_a_place_by_it() -> None:
    scene = a_staged_scene(v1="None", v2="None")
    for number in ("1", "2"):
        scene.promote(number, sync_stages=True)
    scene.by_hand(PRODUCTION, "4")
    outcome = scene.rollback(sync_stages=True)
    assert (outcome.code, stages(scene)["1"], stages(scene)["4"]) == (ExitCode.WARNED, "Production", "Archived")
    assert outcome.warnings == ("v4 loses stage Production as well, and a rollback does not give it back",)


def test_a_rollback_of_a_stage_in_which_another_was_put_beside_says_so() -> None:
    scene = a_staged_scene(v1="None", v2="None")
    for number in ("2", "4"):
        scene.promote(number, target_alias=PRODUCTION)
    scene.registry.known[MODEL, "3"] = version("3", stage="Production")
    outcome = scene.rollback(target_alias=PRODUCTION)
    assert outcome.warnings == ("v3 loses stage Production as well, and a rollback does not give it back",)


@pytest.mark.parametrize("how", ["resume", "abandon"])
def test_an_undoing_that_was_cut_off_between_its_two_requests_is_not_taken_for_done(how: str) -> None:
    scene = a_staged_scene()
    with pytest.raises(Killed):
        scene.fail(3, killed_after).promote("2", target_alias=PRODUCTION)
    for number, stage in (("1", "Production"), ("2", "Archived")):
        known = scene.registry.known[MODEL, number]
        scene.registry.known[MODEL, number] = replace(known, stage=stage)
    assert scene.heal().recover(how).code is ExitCode.DONE
    assert (stages(scene)["1"], stages(scene)["2"]) == (
        ("Archived", "Production") if how == "resume" else ("Production", "Staging")
    )


def test_in_step_the_alias_that_the_model_has_moves_with_the_stage() -> None:
    scene = a_staged_scene()
    scene.by_hand("champion", "1")
    outcome = scene.promote("2", target_alias=PRODUCTION, sync_stages=True)
    assert (outcome.code, scene.aliases) == (ExitCode.DONE, {"champion": "2", "prev_stage_production": "1"})


# --- what the record expects where a version has one stage, or an alias and a stage are kept in step


def kinds(scene: Scene) -> list[str]:
    return [record.kind for record in scene.journal.records]


def test_from_staging_to_production_nothing_was_moved_outside() -> None:
    scene = a_staged_scene(v2="None")
    for number, place in (("3", STAGING), ("3", PRODUCTION), ("2", STAGING)):
        assert scene.promote(number, target_alias=place, force=False).code is ExitCode.DONE
    assert kinds(scene) == ["promote"] * 3
    assert scene.call(Mode.HISTORY, target_alias=STAGING).summary == f"stage Staging of {MODEL} is v2 now"


def test_while_it_is_in_production_the_history_says_that_staging_is_empty() -> None:
    scene = a_staged_scene(v2="None")
    for place in (STAGING, PRODUCTION):
        scene.promote("3", target_alias=place)
    assert scene.call(Mode.HISTORY, target_alias=STAGING).summary == f"stage Staging of {MODEL} is nothing now"
    then = scene.call(Mode.HISTORY, target_alias=STAGING, at=scene.clock.now()).summary
    assert f"stage Staging of {MODEL} was nothing at" in then
    assert "by record #2: promote" in then


def test_what_somebody_else_puts_into_the_stage_that_was_left_is_noticed() -> None:
    scene = on_its_way_up()
    scene.promote("2", target_alias=PRODUCTION)
    scene.by_hand(STAGING, "4")
    with pytest.raises(NotFound, match="stage Staging is v4, but record #4 left nothing there") as noticed:
        scene.rollback(target_alias=STAGING)
    assert noticed.value.hint.endswith("--rollback --to-version N --to-stage Staging")


@pytest.mark.parametrize(("one", "other"), [("champion", PRODUCTION), (PRODUCTION, "champion")])
def test_what_was_moved_along_was_not_moved_outside(one: str, other: str) -> None:
    scene = a_staged_scene(v2="None")
    scene.by_hand("champion", "1")
    assert scene.promote("2", target_alias=one, sync_stages=True).code is ExitCode.DONE
    assert scene.call(Mode.HISTORY, target_alias=other).summary.endswith("is v2 now")
    assert scene.promote("3", target_alias=other, sync_stages=True).code is ExitCode.DONE
    assert scene.call(Mode.HISTORY, target_alias=one).summary.endswith("is v3 now")
    assert kinds(scene) == ["promote"] * 2
    assert scene.promote("4", target_alias=one, sync_stages=True).code is ExitCode.DONE


def test_a_twin_that_somebody_else_moves_is_noticed() -> None:
    scene = a_staged_scene(v2="None")
    scene.by_hand("champion", "1")
    scene.promote("2", target_alias=PRODUCTION, sync_stages=True)
    scene.by_hand("champion", "4")
    assert scene.promote("3").code is ExitCode.WARNED
    assert kinds(scene) == ["promote", "outside", "promote"]


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("back", ["champion", PRODUCTION])
@pytest.mark.parametrize("up", ["champion", PRODUCTION])
def test_a_rollback_of_either_end_takes_back_both(up: str, back: str, asked: bool) -> None:
    scene = a_staged_scene(v2="None")
    scene.by_hand("champion", "1")
    scene.promote("2", target_alias=up, sync_stages=True)
    outcome = scene.rollback(target_alias=back, sync_stages=asked)
    seen = scene.registry.model(MODEL)
    assert (outcome.code, seen.at("champion"), seen.at(PRODUCTION)) == (ExitCode.DONE, "1", "1")
    assert outcome.undo.endswith("--sync-stages")
    for place in ("champion", PRODUCTION):
        assert scene.call(Mode.HISTORY, target_alias=place).summary.endswith("is v1 now")
    assert (scene.fits(), scene.noted) == (True, {})


def test_what_was_moved_on_alone_goes_back_alone() -> None:
    scene = a_staged_scene(v2="None")
    scene.by_hand("champion", "1")
    scene.promote("2", sync_stages=True)
    scene.promote("3")
    assert scene.rollback().code is ExitCode.DONE
    seen = scene.registry.model(MODEL)
    assert (seen.at("champion"), seen.at(PRODUCTION)) == ("2", "2")
    assert scene.rollback().code is ExitCode.DONE
    assert scene.registry.model(MODEL).at(PRODUCTION) == "2"


def test_in_step_both_ends_are_named() -> None:
    scene = a_staged_scene(v2="None")
    scene.by_hand("champion", "1")
    up = scene.promote("2", target_alias=PRODUCTION, sync_stages=True)
    assert up.summary.endswith("(v1 kept as @prev_stage_production); in step: @champion: v1 -> v2")
    back = scene.rollback()
    assert back.summary == f"{MODEL}: @champion is back at v1; in step: stage Production: v2 -> v1; v2 is held"
    told = scene.call(Mode.HISTORY).table
    assert told is not None
    assert [row[3] for row in told.rows] == ["stage Production, @champion", "@champion, stage Production"]


def test_what_somebody_else_put_where_nothing_was_left_becomes_a_record_too() -> None:
    scene = on_its_way_up()
    scene.promote("2", target_alias=PRODUCTION)
    scene.by_hand(STAGING, "4")
    assert scene.promote("3", target_alias=STAGING, force=True).code is ExitCode.WARNED
    outside, own = scene.journal.records[-2:]
    assert [(one.kind, one.was, one.to) for one in (outside, own)] == [("outside", None, "4"), ("promote", "4", "3")]
    assert scene.rollback("4", target_alias=STAGING).code is ExitCode.DONE
    assert (scene.fits(), scene.noted) == (True, {})
