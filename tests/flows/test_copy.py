"""A version of another model is brought in once, without what was said about it there, and then promoted."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model_promotion.core.better import Goal
from model_promotion.core.copying import COPY_TAG, ORIGIN_TAG, Copy
from model_promotion.core.entities import Version
from model_promotion.core.errors import Conflict, Denied, Interrupted, NotFound, Unavailable
from model_promotion.core.exits import ExitCode
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode
from model_promotion.core.selector import ByAlias, ByNumber
from model_promotion.registries.memory import MemoryWriter
from tests.worlds import METADATA, MODEL, Killed, Scene, Write, a_scene, press_ctrl_c

LAB = "lab.pricing.churn"
ORIGIN = f"{LAB}/7"
TAGS = {"semver": "1.2.0", "approval_legal": "Approved", "promotion_origin": "desk.ml.churn/1"}


def a_lab(status: str = "READY", **tags: str) -> Scene:
    """Version 7 of another model, staging there; here 1 is champion."""
    scene = a_scene()
    source = Version(LAB, "7", status, run_id="run7", metrics={"f1": 0.9}, tags={**TAGS, **tags})
    scene.registry.add(source, "staging", metadata=METADATA)
    return scene


def bring(scene: Scene, mode: Mode = Mode.PROMOTE, **options: Any) -> Outcome:
    return scene.call(mode, copy_from=LAB, **options)


def copies(scene: Scene) -> list[str]:
    return [one.number for one in scene.registry.versions(MODEL) if one.tags.get(ORIGIN_TAG) == ORIGIN][::-1]


def pending(scene: Scene, number: str = "5", origin: str = ORIGIN, status: str = "PENDING_REGISTRATION") -> None:
    """A copy that somebody began."""
    scene.registry.add(Version(MODEL, number, status, tags={ORIGIN_TAG: origin}), metadata=METADATA)


def test_the_version_behind_the_alias_over_there_is_copied_and_the_copy_promoted() -> None:
    scene = a_lab()
    outcome = bring(scene)
    assert (outcome.code, outcome.was, outcome.to, scene.aliases["champion"]) == (ExitCode.DONE, "1", "5", "5")
    assert outcome.undo.endswith(f"{MODEL} --rollback")
    tags = scene.registry.version(MODEL, "5").tags
    assert tags == {"semver": "1.2.0", ORIGIN_TAG: ORIGIN, COPY_TAG: tags[COPY_TAG]}
    assert scene.fits()


def test_it_is_never_copied_twice() -> None:
    scene = a_lab()
    bring(scene)
    again = bring(scene)
    assert (again.code, "nothing to do" in again.summary) == (ExitCode.DONE, True)
    assert (len(scene.writer.copies), copies(scene)) == (1, ["5"])
    scene.rollback()
    scene.call(Mode.RELEASE, candidate=ByNumber("5"))
    assert (bring(scene).code, len(scene.writer.copies)) == (ExitCode.DONE, 1)


def test_of_a_source_that_was_deleted_and_made_anew_the_new_one_is_copied() -> None:
    scene = a_lab()
    bring(scene)
    scene.registry.known[LAB, "7"] = replace(scene.registry.version(LAB, "7"), run_id="another", metrics={"f1": 0.95})
    outcome = bring(scene)
    assert (outcome.to, scene.registry.version(MODEL, "6").run_id) == ("6", "another")


def test_only_what_may_be_the_copy_is_read_where_a_search_leaves_tags_out() -> None:
    scene = a_lab()
    read: list[str] = []
    one = scene.registry.version

    def noted(name: str, number: str) -> Version:
        read.append(f"{name}/{number}")
        return one(name, number)

    scene.registry.version = noted  # type: ignore[method-assign]
    bring(scene, Mode.DRY_RUN)
    assert not {f"{MODEL}/2", f"{MODEL}/3", f"{MODEL}/4"} & set(read)


def test_a_copy_that_was_refused_stays_and_is_taken_the_next_time() -> None:
    scene = a_lab()
    scene.by_hand("champion", "4")
    scene.registry.known[MODEL, "4"] = Version(MODEL, "4", metrics={"f1": 0.99})
    refused = bring(scene, compare_metrics=True)
    assert (refused.code, scene.aliases["champion"]) == (ExitCode.REFUSED, "4")
    assert bring(scene).code is ExitCode.WARNED
    assert (len(scene.writer.copies), scene.aliases["champion"]) == (1, "5")


def test_a_version_is_named_by_its_number_over_there() -> None:
    scene = a_lab()
    assert bring(scene, candidate=ByNumber("7")).to == "5"
    with pytest.raises(NotFound, match="version 3 of lab"):
        bring(scene, candidate=ByNumber("3"))


def test_the_model_is_made_if_it_is_not_there_and_the_copy_is_its_first_version() -> None:
    scene = a_lab()
    outcome = bring(scene, model="shop.pricing.new")
    assert (outcome.code, outcome.to) == (ExitCode.DONE, "1")
    assert scene.registry.models["shop.pricing.new"].aliases == {"champion": "1"}


@pytest.mark.parametrize("mode", [Mode.DRY_RUN, Mode.CHECK])
@pytest.mark.parametrize("model", [MODEL, "shop.pricing.new"])
def test_a_look_copies_nothing_and_says_what_would_be_copied(mode: Mode, model: str) -> None:
    scene = a_lab()
    before = scene.state()
    looked = bring(scene, mode, model=model)
    assert (looked.code, scene.state(), scene.writer.copies) == (ExitCode.DONE, before, [])
    assert f"{ORIGIN} would be copied to {model}" in looked.summary
    assert "nothing was written" in looked.summary
    assert f"--copy-from {LAB}" in looked.hints[0]


@pytest.mark.parametrize("model", [MODEL, "shop.pricing.new"])
def test_a_dry_run_lists_the_copy_and_every_write_after_it(model: str) -> None:
    scene = a_lab()
    dry = [one.sentence for one in bring(scene, Mode.DRY_RUN, model=model).planned]
    made = [f"the registered model {model}: made"] if model != MODEL else []
    kept = ["@prev_champion: nothing -> v1"] if model == MODEL else []
    was = "v1" if model == MODEL else "nothing"
    assert dry == [
        *made,
        f"a version of {model}: copied from {ORIGIN}, tagged promotion_origin and promotion_copy",
        f"tag promotion_intent_<id> on {model}: set",
        *kept,
        f"@champion: {was} -> v<copy>",
        f"tag promotion_head on {model}: set",
        f"tag promotion_intent_<id> on {model}: removed",
    ]
    bring(scene, model=model)
    assert len(scene.writer.sent) + len(scene.writer.copies) + len(made) == len(dry)
    assert bring(scene, Mode.CHECK, model=model).planned == ()


def test_a_dry_run_of_a_copy_that_is_not_better_lists_where_it_would_go() -> None:
    scene = a_lab()
    scene.registry.known[MODEL, "1"] = Version(MODEL, "1", metrics={"f1": 0.99})
    looked = bring(scene, Mode.DRY_RUN, if_better=(Goal.parse("f1"),), else_alias="challenger")
    assert "the copy promoted to @challenger" in looked.summary
    assert "@challenger: nothing -> v<copy>" in [one.sentence for one in looked.planned]


def test_a_source_that_has_the_champions_number_is_compared_with_it_all_the_same() -> None:
    scene = a_lab()
    scene.registry.add(Version(LAB, "1", run_id="run7", metrics={"f1": 0.1}), "staging", metadata=METADATA)
    looked = bring(scene, Mode.CHECK, if_better=(Goal.parse("f1"),), else_alias="challenger")
    assert "the copy promoted to @challenger" in looked.summary


def test_no_plan_is_made_before_the_copy_is_there_and_the_call_does_not_end_as_if_one_were() -> None:
    scene = a_lab()
    looked = bring(scene, Mode.DRY_RUN, plan_out=Path("plan.json"))
    assert (looked.code, looked.reviewed, scene.writer.copies) == (ExitCode.REFUSED, None, [])
    assert looked.summary.startswith(f"no plan was made: {ORIGIN} would be copied to {MODEL} first")
    assert "--to candidate" in looked.hints[0]
    bring(scene, target_alias="candidate")
    made = bring(scene, Mode.DRY_RUN, plan_out=Path("plan.json"))
    assert (made.code, bool(made.reviewed)) == (ExitCode.DONE, True)


def test_a_look_at_what_is_copied_already_is_a_look_at_the_copy() -> None:
    scene = a_lab()
    bring(scene)
    scene.rollback()
    looked = bring(scene, Mode.DRY_RUN, force=True)
    assert (looked.to, bool(looked.planned), bool(looked.reviewed)) == ("5", True, True)


def test_a_look_is_refused_as_the_call_would_be() -> None:
    scene = a_lab()
    scene.registry.known[MODEL, "1"] = Version(MODEL, "1", metrics={"f1": 0.99})
    looked = bring(scene, Mode.CHECK, compare_metrics=True)
    assert (looked.code, "refused by recorded_metrics" in looked.summary) == (ExitCode.REFUSED, True)


@pytest.mark.parametrize("mode", [Mode.PROMOTE, Mode.DRY_RUN])
def test_what_is_held_or_not_ready_over_there_is_not_copied(mode: Mode) -> None:
    held = a_lab(promotion_hold="rolled back")
    with pytest.raises(Conflict, match="is held there") as refused:
        bring(held, mode)
    assert refused.value.hint.endswith(f"{LAB} --version 7 --release")
    unfinished = a_lab("PENDING_REGISTRATION")
    with pytest.raises(Conflict, match="not READY: nothing was copied"):
        bring(unfinished, mode)
    assert held.writer.copies == unfinished.writer.copies == []


def test_force_copies_what_is_held_over_there_and_the_copy_is_not_held() -> None:
    scene = a_lab(promotion_hold="rolled back")
    assert bring(scene, force=True).code is ExitCode.WARNED
    assert "promotion_hold" not in scene.registry.version(MODEL, "5").tags


def test_a_missing_version_over_there_is_not_found_with_the_call_that_names_another() -> None:
    scene = a_lab()
    scene.registry.models[LAB] = scene.registry.models[LAB].__class__(LAB)
    with pytest.raises(NotFound, match=f"{LAB} has no alias @staging") as missing:
        bring(scene, candidate=ByAlias("staging"), candidate_named=True)
    assert f"{MODEL} --version latest --copy-from {LAB}" in missing.value.hint


def test_a_copy_that_somebody_is_at_work_on_is_waited_for() -> None:
    scene = a_lab()
    pending(scene)
    ends = scene.clock.sleep

    def ready_meanwhile(wait_s: float) -> None:
        ends(wait_s)
        pending(scene, status="READY")

    scene.clock.sleep = ready_meanwhile  # type: ignore[method-assign]
    assert (bring(scene).to, scene.writer.copies) == ("5", [])


def test_a_copy_that_was_cut_off_is_left_alone_and_another_one_is_made() -> None:
    """Killed in the middle of an upload: nobody can know whether somebody is still at it, so it is not deleted."""
    scene = a_lab()
    pending(scene)
    begun = scene.clock.now()
    outcome = bring(scene)
    assert (outcome.code, outcome.to, copies(scene)) == (ExitCode.DONE, "6", ["5", "6"])
    assert 60 <= scene.clock.now() - begun - 60 < 70
    told = [event.sentence for event in scene.voice.events if event.topic == "Copy"]
    assert any("v5 is an unfinished copy" in sentence for sentence in told)
    again = scene.clock.now()
    assert (bring(scene).code, scene.clock.now() - again, len(scene.writer.copies)) == (ExitCode.DONE, 60, 1)


def test_a_copy_that_failed_is_not_waited_for() -> None:
    scene = a_lab()
    pending(scene, status="FAILED_REGISTRATION")
    begun = scene.clock.now()
    assert (bring(scene).to, scene.clock.now() - begun) == ("6", 60)


def test_of_two_that_copy_at_the_same_time_both_take_the_lower_number_and_it_is_said() -> None:
    scene = a_lab()

    def overtaken(write: Write) -> None:
        MemoryWriter(scene.registry).copy(Copy(LAB, "7", MODEL, "rival"))
        write()

    scene.writer.at_copy = overtaken
    outcome = bring(scene)
    assert (outcome.to, copies(scene), scene.aliases["champion"]) == ("5", ["5", "6"], "5")
    told = [event.sentence for event in scene.voice.events if event.topic == "Copy"]
    assert "somebody else copied it at the same time: v5 is taken, v6 has no alias" in told
    assert bring(scene).code is ExitCode.DONE
    assert len(scene.writer.copies) == 1


@pytest.mark.parametrize("error", [Denied("not allowed"), Unavailable("the connection broke")])
def test_a_copy_that_could_not_be_made_touches_no_alias(error: Exception) -> None:
    scene = a_lab()
    before = scene.state()

    def fails(_: Write) -> None:
        raise error

    scene.writer.at_copy = fails
    with pytest.raises(type(error)):
        bring(scene)
    assert scene.state() == before


def test_an_interrupt_while_copying_says_how_to_go_on_and_what_was_copied_is_found() -> None:
    scene = a_lab()

    def pressed(write: Write) -> None:
        write()
        press_ctrl_c()

    scene.writer.at_copy = pressed
    with pytest.raises(Interrupted) as stopped:
        bring(scene)
    assert str(stopped.value) == "interrupted while copying; the copy is there, as v5; no alias was touched"
    assert f"--version 7 --copy-from {LAB}" in stopped.value.hint
    assert (scene.aliases["champion"], copies(scene)) == ("1", ["5"])
    assert (bring(scene.heal()).to, scene.writer.copies) == ("5", [])


@pytest.mark.parametrize("after", [True, False])
def test_killed_at_the_copy_the_next_call_goes_on(*, after: bool) -> None:
    scene = a_lab()

    def killed(write: Write) -> None:
        if after:
            write()
        raise Killed

    scene.writer.at_copy = killed
    with pytest.raises(Killed):
        bring(scene)
    assert (bring(scene.heal()).code, copies(scene), scene.aliases["champion"]) == (ExitCode.DONE, ["5"], "5")
