"""Rollouts where something has changed meanwhile, or is not what it was taken for."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from model_promotion.core.deployment import Deployment, ServedEntity, SetServed, SetTraffic
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import Intent
from model_promotion.core.load import Due, Ending, Load, LoadRun, LoadTest, Sample
from model_promotion.core.policy import RolloutPolicy
from model_promotion.core.request import Mode
from model_promotion.core.rollout import obstacles
from model_promotion.serving._configs import changed
from model_promotion.serving.memory import MemoryLoader
from tests.flows.rollouts.test_canary import QUICK, Behaviour, a_shop, serves
from tests.flows.rollouts.test_disturbed import endpoints_of, killed_at_the_endpoint
from tests.worlds import MODEL, Scene

CONFIG = {
    "served_entities": [{"name": "a", "entity_name": MODEL, "entity_version": "1"}],
    "traffic_config": {"routes": [{"served_model_name": "a", "traffic_percentage": 100, "sticky": True}]},
    "a_new_setting": {"kept": True},
    "config_version": 4,
    "served_models": [{"name": "a", "model_name": MODEL, "model_version": "1"}],
}


def test_an_endpoint_that_was_deleted_meanwhile_keeps_nobody_from_abandoning() -> None:
    scene = killed_at_the_endpoint(a_shop(), 2)
    del endpoints_of(scene).raw["churn"]
    outcome = scene.recover("abandon")
    assert outcome.code in (ExitCode.DONE, ExitCode.WARNED), outcome.summary
    assert (scene.aliases["champion"], scene.noted) == ("1", {})
    assert "churn" in " ".join(event.sentence for event in scene.voice.events)


@pytest.mark.parametrize(("took_s", "gets"), [(0.01, 100), (2.0, 0)])
def test_a_resumed_rollout_is_loaded_before_it_gets_any_traffic(took_s: float, gets: int) -> None:
    scene = killed_at_the_endpoint(a_shop(), 1, load_test=LoadTest(20, 60))
    scene.loader = a_shop(Behaviour(took_s=took_s)).loader
    scene.recover("resume")
    assert serves(scene)["2"] == gets


def test_only_the_new_version_has_to_keep_the_budget() -> None:
    scene = a_shop()

    def ends(load: Load, due: Due) -> Sample:
        slow = 2.0 if load.targets[due.target].name.endswith("-1") else 0.01
        return Sample(due.target, due.at_s, 0.0, slow, Ending.ANSWERED)

    scene.loader = MemoryLoader(ends)
    outcome = scene.promote("2", update_endpoints=True, load_test=LoadTest(20, 60), bake_s=0)
    assert (outcome.code, serves(scene)) == (ExitCode.DONE, {"2": 100}), outcome.summary


@pytest.mark.parametrize("options", [{"load_test": LoadTest(1, 900), "bake_s": 0}, {"bake_s": 1000}])
def test_nobody_can_take_over_while_requests_are_sent(options: dict[str, object]) -> None:
    scene = a_shop()
    scene.policy = replace(QUICK, rollout=replace(QUICK.rollout, look_s=500))
    left: list[float] = []

    class Noted(MemoryLoader):
        def run(self, load: Load) -> LoadRun:
            (note,) = (Intent.parse(*one) for one in scene.noted.items())
            left.append(note.until - scene.clock.now() - load.test.duration_s)
            return super().run(load)

    scene.loader = Noted()
    scene.promote("2", update_endpoints=True, **options)
    assert min(left) > 0


@pytest.mark.parametrize("wrong", [{"look_s": 7200.0}, {"probes_per_s": 1e5}])
def test_looks_that_cannot_be_made_are_refused_where_they_are_written(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="look_s"):
        RolloutPolicy(**wrong)


def a_plan(scene: Scene):  # noqa: ANN201 - a Reviewed
    plan = scene.promote("2", update_endpoints=True, mode=Mode.DRY_RUN).reviewed
    assert plan is not None
    return plan


def configured_anew(scene: Scene) -> None:
    endpoints_of(scene).raw["churn"]["config"]["config_version"] = 7


def shared_out_anew(scene: Scene) -> None:
    endpoints_of(scene).serve("churn", MODEL, v1=60, v3=40)


@pytest.mark.parametrize("change", [configured_anew, shared_out_anew])
def test_a_plan_is_stale_once_its_endpoint_was_changed(change: Callable[[Scene], None]) -> None:
    scene = a_shop()
    plan = a_plan(scene)
    change(scene)
    with pytest.raises(Exception, match="stale"):
        scene.call(Mode.APPLY, reviewed=plan)
    assert endpoints_of(scene).written == []


def test_what_is_reviewed_is_what_is_done() -> None:
    scene = a_shop()
    plan = a_plan(scene)
    outcome = scene.call(Mode.APPLY, reviewed=plan)
    assert outcome.code is ExitCode.DONE, outcome.summary
    done = [step.sentence for step in endpoints_of(scene).written]
    assert [one for one in plan.writes if one.startswith("churn:")] == done


def test_settings_that_nobody_knows_yet_stay_in_the_configuration() -> None:
    added = changed(CONFIG, SetServed("churn", "b", MODEL, None, "2", like="a"))
    put = changed(added, SetTraffic("churn", "a", "b", 0, 5))
    assert put["a_new_setting"] == {"kept": True}
    assert put["traffic_config"]["routes"][0] == {"served_model_name": "a", "traffic_percentage": 95, "sticky": True}
    assert not {"config_version", "served_models"} & put.keys()


def test_a_version_that_is_there_already_needs_no_room() -> None:
    entities = tuple(ServedEntity(f"it-{one}", MODEL, str(one), state="ready") for one in range(15))
    full = Deployment("churn", entities, ready=True, updating=False)
    assert obstacles(full, needs_room=False) == ()
    assert obstacles(full) != ()


def test_an_endpoint_that_is_left_alone_is_named() -> None:
    scene = a_shop()
    endpoints_of(scene).serve("other", MODEL, v3=100)
    outcome = scene.promote("2", update_endpoints=True, mode=Mode.CHECK)
    said = next(one.sentence for one in outcome.findings if one.check == "endpoint_rollout")
    assert "other serves v3 100 % and is left alone" in said
