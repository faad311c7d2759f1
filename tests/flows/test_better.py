"""Promotion with --if-better: the better one goes to the target, the other one elsewhere, and each says why."""

from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest

from model_promotion.core.better import Goal
from model_promotion.core.entities import Version
from model_promotion.core.errors import Conflict
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.metrics import Direction
from model_promotion.core.outcome import Outcome
from model_promotion.core.policy import CheckPolicy, MetricPolicy, Policy
from model_promotion.core.request import Mode
from model_promotion.core.selector import ByAlias
from model_promotion.core.stages import ARCHIVED, PRODUCTION, STAGING, as_target
from model_promotion.core.steps import SetAlias
from tests.worlds import MODEL, Killed, Scene, a_scene, killed_after, lost_request, version

IN_PRODUCTION = {"target_alias": as_target(PRODUCTION), "else_alias": as_target(STAGING)}


def asking(scene: Scene, number: str = "3", **options: Any) -> Outcome:
    """A trained version is promoted if its f1 is better."""
    return scene.promote(number, **{"if_better": (Goal("f1"),), "else_alias": "staging", **options})


def worse(number: str = "3", **changes: Any) -> Version:
    return version(number, **{"metrics": {"f1": 0.5, "loss": 0.5}, **changes})


def beside(candidate: Version, **parts: Any) -> Scene:
    """A registry in which it competes with version 1, which is champion; 2 is staging."""
    return a_scene(version("1"), version("2"), candidate, **parts)


def staged(scene: Scene) -> dict[str, str]:
    return {number: found.stage for (_, number), found in scene.registry.known.items() if found.stage}


def moved(outcome: Outcome) -> list[str]:
    return [entry.step.alias for entry in outcome.entries if isinstance(entry.step, SetAlias)]


# --- the three scenarios


@pytest.mark.parametrize("metrics", [{"f1": 0.1}, {}])
def test_the_first_version_goes_to_production_whatever_its_metrics(metrics: dict[str, float]) -> None:
    scene = a_scene(version("1", metrics=metrics), aliases={})
    outcome = asking(scene, "1")
    assert (outcome.code, scene.aliases) == (ExitCode.DONE, {"champion": "1"})


def test_a_better_one_is_promoted() -> None:
    scene = a_scene()
    outcome = asking(scene)
    assert (outcome.code, outcome.undo) == (ExitCode.DONE, f"promote_model.py {MODEL} --rollback")
    assert scene.aliases == {"champion": "3", "prev_champion": "1", "staging": "2"}


def test_one_that_is_not_better_gets_the_else_alias_and_it_is_said_why_and_recorded() -> None:
    scene = beside(worse())
    outcome = asking(scene, reason="nightly")
    assert (outcome.code, outcome.was, outcome.to) == (ExitCode.DONE, "2", "3")
    assert scene.aliases == {"champion": "1", "staging": "3", "prev_staging": "2"}
    assert moved(outcome) == ["prev_staging", "staging"]
    assert "v3 is not better than v1: f1 0.81 -> 0.5 (-0.31, worse); @champion stays at v1" in outcome.summary
    assert outcome.undo == f"promote_model.py {MODEL} --rollback --to staging"
    assert outcome.hints == (f"promote it all the same: promote_model.py {MODEL} --version 3 --reason nightly",)
    (record,) = scene.journal.records
    assert (record.kind, record.alias, record.was, record.to) == ("promote", "staging", "2", "3")
    assert record.evidence["metrics"] == {"f1": 0.5, "loss": 0.5}
    assert scene.fits()
    assert not scene.noted


def test_what_went_to_the_else_alias_can_be_taken_back_as_printed() -> None:
    scene = beside(worse())
    asking(scene)
    assert scene.rollback(target_alias="staging").code is ExitCode.DONE
    assert (scene.aliases["staging"], scene.aliases["champion"]) == ("2", "1")


def test_with_stages_the_better_one_archives_the_one_in_place_and_the_other_goes_to_staging() -> None:
    scene = a_scene(version("1", stage=PRODUCTION), version("2"), worse(), aliases={})
    assert asking(scene, "3", **IN_PRODUCTION).code is ExitCode.DONE
    assert staged(scene) == {"1": PRODUCTION, "3": STAGING}
    assert asking(scene, "2", **IN_PRODUCTION).code is ExitCode.DONE
    assert staged(scene) == {"1": ARCHIVED, "2": PRODUCTION, "3": STAGING}
    assert scene.fits()


def test_from_stage_to_stage_a_candidate_that_is_not_better_stays_where_it_is() -> None:
    scene = a_scene(version("1", stage=PRODUCTION), worse(stage=STAGING), aliases={})
    asked = {"candidate": ByAlias(as_target(STAGING)), "candidate_named": True, "if_better": (Goal("f1"),)}
    outcome = scene.call(Mode.PROMOTE, **asked, **IN_PRODUCTION)
    assert (outcome.code, scene.writer.sent) == (ExitCode.DONE, [])
    assert "stage Production stays at v1; stage Staging is v3 already, nothing was written" in outcome.summary


def test_who_else_stood_where_it_goes_instead_is_named_and_who_stands_where_it_does_not_go_is_not() -> None:
    crowd = (version("2", stage=STAGING), version("4", stage=STAGING), version("5", stage=PRODUCTION))
    scene = a_scene(version("1", stage=PRODUCTION), *crowd, worse(), aliases={})
    outcome = asking(scene, "3", **IN_PRODUCTION)
    assert (outcome.code, staged(scene)["3"], staged(scene)["1"]) == (ExitCode.WARNED, STAGING, PRODUCTION)
    (told,) = [finding.sentence for finding in outcome.findings if finding.check == "crowded_stage"]
    assert told == "v2 loses stage Staging as well, and a rollback does not give it back"


@pytest.mark.parametrize("mode", [Mode.PROMOTE, Mode.DRY_RUN])
def test_the_version_in_production_is_not_put_elsewhere_though_it_is_not_better(mode: Mode) -> None:
    scene = a_scene(version("1"), worse(stage=PRODUCTION), aliases={"champion": "1"}).heal()
    outcome = asking(scene, "3", mode=mode, sync_stages=True)
    assert (outcome.code, scene.writer.sent, staged(scene)) == (ExitCode.REFUSED, [], {"3": PRODUCTION})
    assert "refused by leaves_production" in outcome.summary


def test_an_alias_can_be_named_beside_a_stage() -> None:
    scene = a_scene(version("1", stage=PRODUCTION), worse(), aliases={})
    assert asking(scene, "3", **{**IN_PRODUCTION, "else_alias": "rejected"}).code is ExitCode.DONE
    assert (staged(scene), scene.aliases) == ({"1": PRODUCTION}, {"rejected": "3"})


# --- what else can be


def test_where_it_stands_there_already_nothing_is_written_and_the_same_call_again_writes_nothing() -> None:
    scene = a_scene(version("1"), version("2"), worse(), aliases={"champion": "1", "staging": "3"})
    before = scene.state()
    outcome = asking(scene)
    assert (outcome.code, scene.writer.sent, scene.state()) == (ExitCode.DONE, [], before)
    assert "@staging is v3 already, nothing was written" in outcome.summary


@pytest.mark.parametrize("metrics", [{"f1": nan}, {"f1": inf}, {}, {"recall": 0.9}])
def test_when_nobody_can_tell_it_is_not_promoted_and_that_is_a_warning(metrics: dict[str, float]) -> None:
    scene = a_scene(version("1"), worse(metrics=metrics), aliases={"champion": "1"})
    outcome = asking(scene)
    assert (outcome.code, scene.aliases) == (ExitCode.WARNED, {"champion": "1", "staging": "3"})
    assert "cannot be told" in outcome.summary
    assert any("cannot be told" in warning for warning in outcome.document["warnings"])


def test_a_champion_without_the_metric_can_be_got_past_as_the_hint_says() -> None:
    scene = a_scene(version("1", metrics={"f1": nan}), version("2"), aliases={"champion": "1"})
    outcome = asking(scene, "2")
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "1")
    assert outcome.hints[0].endswith("--version 2")
    assert (scene.promote("2").code, scene.aliases["champion"]) == (ExitCode.WARNED, "2")


@pytest.mark.parametrize(
    ("candidate", "options"),
    [
        (worse(tags={HOLD_TAG: "rolled back"}), {}),
        (worse(status="PENDING_REGISTRATION"), {}),
        (worse(), {"compare_metrics": True}),
        (version("3", tags={HOLD_TAG: "rolled back"}), {}),
    ],
)
def test_what_refuses_a_promotion_refuses_it_before_anything_is_chosen(
    candidate: Version, options: dict[str, Any]
) -> None:
    scene = beside(candidate)
    outcome = asking(scene, **options)
    assert (outcome.code, scene.writer.sent) == (ExitCode.REFUSED, [])


def test_a_policy_can_make_being_better_a_condition() -> None:
    scene = beside(worse(), policy=Policy(checks={"better_than_champion": CheckPolicy(required=True)}))
    assert (asking(scene).code, scene.writer.sent) == (ExitCode.REFUSED, [])


def test_metrics_that_were_not_named_do_not_decide() -> None:
    before, after = {"test": 0.8, "train": 1.0}, {"test": 0.9, "train": 0.95}
    rules = {name: MetricPolicy(Direction.HIGHER) for name in before}
    scene = a_scene(
        version("1", metrics=before), version("2"), version("3", metrics=after), policy=Policy(metrics=rules)
    )
    assert (asking(scene, if_better=(Goal("test"),)).code, scene.aliases["champion"]) == (ExitCode.DONE, "3")


@pytest.mark.parametrize("mode", [Mode.CHECK, Mode.DRY_RUN])
@pytest.mark.parametrize("candidate", [version("3"), worse(), worse(metrics={"f1": nan})])
def test_looking_writes_nothing_and_shows_which_of_both_would_happen(mode: Mode, candidate: Version) -> None:
    scene, other = (beside(candidate) for _ in range(2))
    before = scene.state()
    looked, done = asking(scene, mode=mode), asking(other)
    assert (looked.code, scene.writer.sent, scene.state()) == (done.code, [], before)
    where = "champion" if other.aliases["champion"] == "3" else "staging"
    assert f"{MODEL} v3 may go to @{where}" in looked.summary
    planned = [step.alias for step in looked.planned if isinstance(step, SetAlias)]
    assert planned == (moved(done) if mode is Mode.DRY_RUN else [])
    assert "--if-better f1" in looked.hints[0]


def test_a_plan_that_leaves_the_candidate_in_staging_is_applied_as_reviewed() -> None:
    scene = beside(worse())
    plan = asking(scene, mode=Mode.DRY_RUN).reviewed
    done = scene.call(Mode.APPLY, reviewed=plan)
    assert (done.code, scene.aliases["staging"], scene.aliases["champion"]) == (ExitCode.DONE, "3", "1")


def test_a_plan_is_stale_when_the_champion_it_was_compared_with_has_gone() -> None:
    scene = beside(worse())
    plan = asking(scene, mode=Mode.DRY_RUN).reviewed
    scene.by_hand("champion", "2")
    with pytest.raises(Conflict, match="stale"):
        scene.call(Mode.APPLY, reviewed=plan)


@pytest.mark.parametrize("at", range(1, 4))
def test_when_the_else_alias_cannot_be_set_everything_is_put_back(at: int) -> None:
    scene = beside(worse()).fail(at, lost_request)
    outcome = asking(scene)
    assert (outcome.code, scene.aliases) == (ExitCode.DENIED, {"champion": "1", "staging": "2"})
    assert not scene.noted


@pytest.mark.parametrize("at", range(1, 6))
@pytest.mark.parametrize("how", ["resume", "abandon"])
def test_killed_on_the_way_to_the_else_alias_it_is_finished_or_undone(at: int, how: str) -> None:
    scene = beside(worse()).fail(at, killed_after)
    with pytest.raises(Killed):
        asking(scene)
    recovered = scene.heal().recover(how, force=True)
    assert recovered.code in (ExitCode.DONE, ExitCode.WARNED)
    assert scene.aliases["champion"] == "1"
    assert not scene.noted
    assert scene.fits()


def test_the_way_back_after_a_recovery_is_that_of_the_alias_it_was_about() -> None:
    scene = beside(worse()).fail(3, killed_after)
    with pytest.raises(Killed):
        asking(scene)
    assert scene.heal().recover("resume", force=True).undo.endswith("--rollback --to staging")


def test_an_outside_move_of_the_champion_is_no_record_about_staging() -> None:
    scene = a_scene(version("1"), version("2"), version("4"), worse())
    scene.promote("2")
    scene.by_hand("champion", "4")
    assert asking(scene).code is ExitCode.WARNED
    assert [(one.kind, one.alias) for one in scene.journal.records] == [("promote", "champion"), ("promote", "staging")]


def test_stage_and_alias_are_kept_in_step_when_asked() -> None:
    scene = a_scene(version("1", stage=PRODUCTION), worse(), aliases={"champion": "1"})
    scene.registry.features = replace(scene.registry.features, stages=True)
    assert asking(scene, sync_stages=True).code is ExitCode.DONE
    assert (scene.aliases["staging"], staged(scene)) == ("3", {"1": PRODUCTION, "3": STAGING})


def test_a_misspelt_metric_is_answered_with_the_near_name() -> None:
    scene = beside(version("3", metrics={"test_accuracy": 0.9}))
    outcome = asking(scene, if_better=(Goal("test_acuracy"),))
    assert outcome.code is ExitCode.WARNED
    (finding,) = (one for one in outcome.findings if one.check == "better_than_champion")
    assert "is recorded for neither (did you mean test_accuracy?)" in finding.sentence
    assert finding.hint.endswith("--version 3")
