"""Rollouts that are cut off, interrupted, or meddled with: traffic and alias go the same way, or somebody is told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from model_promotion.core.errors import TimedOut, Unavailable
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.load import Load, LoadRun
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode
from model_promotion.serving._configs import changed
from model_promotion.serving.memory import MemoryLoader
from model_promotion.serving.memory_endpoints import MemoryEndpoints
from tests.flows.rollouts.test_canary import QUICK, RUNGS, Behaviour, a_shop, serves, shifts
from tests.worlds import METADATA, MODEL, Killed, Scene, version


def held(scene: Scene) -> bool:
    return HOLD_TAG in scene.registry.version(MODEL, "2").tags


def endpoints_of(scene: Scene) -> MemoryEndpoints:
    assert scene.endpoints
    return scene.endpoints


def killed_at_the_endpoint(scene: Scene, number: int, **options: Any) -> Scene:
    """A canary that is killed right after its `number`-th change of the endpoint was taken."""
    sent = 0

    def dies(take: Callable[[], None]) -> None:
        nonlocal sent
        sent += 1
        if sent <= number:
            take()
        if sent >= number:
            scene.writer.dead = True
            raise Killed

    endpoints_of(scene).effect = dies
    with pytest.raises(Killed):
        scene.promote("2", **{"canary": RUNGS, **options})
    endpoints_of(scene).effect = lambda take: take()
    scene.heal().clock.sleep(1000)
    return scene


def rungs_judged(scene: Scene) -> set[int]:
    evidence = next(record for record in scene.journal.records if record.kind == "promote").evidence
    return set(evidence["canary"]["verdicts"])


class Meddled(MemoryLoader):
    """Something happens while the requests are sent, once the scene is so far; then all goes on."""

    def __init__(self, inner: MemoryLoader, when: Callable[[], bool], then: Callable[[], None]) -> None:
        super().__init__()
        self.inner, self.when, self.then, self.done = inner, when, then, False

    def run(self, load: Load) -> LoadRun:
        if not self.done and self.when():
            self.done = True
            self.then()
        return self.inner.run(load)


def meddled(scene: Scene, when: Callable[[], bool], then: Callable[[], None]) -> Scene:
    scene.loader = Meddled(scene.loader, when, then)
    return scene


def interrupt() -> None:
    raise KeyboardInterrupt


def uncut(call: Callable[[], Outcome]) -> Outcome:
    """The outcome; an interrupt that gets through would end the whole run of tests."""
    try:
        return call()
    except KeyboardInterrupt:
        pytest.fail("the interrupt left no outcome")


def test_a_resumed_canary_that_fails_goes_back_at_once_and_is_held() -> None:
    scene = killed_at_the_endpoint(a_shop(), 3)
    assert serves(scene) == {"1": 75, "2": 25}
    scene.loader = a_shop(Behaviour(errors=0.5)).loader
    outcome = scene.recover("resume")
    assert outcome.code is ExitCode.REFUSED
    assert (serves(scene), scene.aliases["champion"], scene.noted) == ({"1": 100}, "1", {}), outcome.summary
    assert held(scene)


def test_a_resumed_canary_judges_the_rung_that_it_was_killed_on() -> None:
    scene = killed_at_the_endpoint(a_shop(), 2)
    outcome = scene.recover("resume")
    assert outcome.code is ExitCode.DONE, outcome.warnings
    assert (serves(scene), scene.aliases["champion"], scene.noted) == ({"2": 100}, "2", {})
    assert rungs_judged(scene) >= {5, 25, 50}
    assert scene.fits()


def test_a_resumed_rollout_is_watched_at_the_top_before_the_old_version_goes() -> None:
    scene = killed_at_the_endpoint(a_shop(), 5)
    assert serves(scene) == {"1": 0, "2": 100}
    assert scene.recover("resume").code is ExitCode.DONE
    assert len(scene.loader.runs) >= 6
    assert serves(scene) == {"2": 100}


def test_what_the_record_of_a_resumed_rollout_says_was_done_to_the_endpoint() -> None:
    scene = killed_at_the_endpoint(a_shop(), 2)
    scene.recover("resume")
    record = next(one for one in scene.journal.records if one.kind == "promote")
    assert [one.step.to for one in record.evidence["rollout"]] == [25, 50, 100]


@pytest.mark.parametrize("killed_at", [11, 12, 13])
def test_what_was_going_back_on_the_first_of_two_endpoints_goes_back_on_both(killed_at: int) -> None:
    scene = a_shop(Behaviour(since_s=3 * 120 + 60, errors=0.5))
    endpoints_of(scene).serve("other", MODEL, v1=100)
    killed_at_the_endpoint(scene, killed_at)
    assert scene.aliases["champion"] == "2"
    scene.loader = a_shop().loader
    assert scene.recover("resume").code is ExitCode.REFUSED
    shares = [
        {one.number: one.share_pct for one in endpoints_of(scene).deployment(name).entities}
        for name in ("churn", "other")
    ]
    assert (shares, scene.aliases["champion"], scene.noted) == ([{"1": 100}, {"1": 100}], "1", {})


def test_an_interrupt_while_the_old_version_waits_leaves_a_promotion_that_is_done_and_says_so() -> None:
    scene = a_shop()
    meddled(scene, lambda: scene.aliases["champion"] == "2", interrupt)
    outcome = uncut(lambda: scene.promote("2", canary=RUNGS))
    assert outcome.code is ExitCode.WARNED
    assert "interrupt" in outcome.warnings[0]
    assert (serves(scene), scene.aliases["champion"], scene.noted) == ({"1": 0, "2": 100}, "2", {})


def test_a_registry_that_is_silent_for_a_moment_ends_no_canary() -> None:
    scene = a_shop()
    meddled(scene, lambda: serves(scene).get("2") == 25, lambda: setattr(scene.registry, "deaf_for", 5))
    outcome = scene.promote("2", canary=RUNGS)
    assert (outcome.code, serves(scene)) == (ExitCode.DONE, {"2": 100}), outcome.summary


def test_what_fails_goes_back_although_the_registry_is_silent() -> None:
    scene = a_shop(Behaviour(errors=0.5))
    meddled(scene, lambda: serves(scene).get("2") == 5, lambda: setattr(scene.registry, "deaf_for", 12))
    outcome = scene.promote("2", canary=RUNGS)
    assert outcome.code is ExitCode.REFUSED
    assert serves(scene) == {"1": 100}


def test_a_registry_that_is_silent_until_the_end_of_the_bake_hides_no_promotion() -> None:
    scene = a_shop()
    meddled(scene, lambda: scene.aliases["champion"] == "2", lambda: setattr(scene.registry, "deaf_for", 10_000))
    outcome = scene.promote("2", canary=RUNGS, bake_s=900)
    assert (outcome.code, outcome.to) == (ExitCode.WARNED, "2"), outcome.summary
    assert outcome.record
    assert "not recorded: the registry does not answer; to finish: --recover resume" in outcome.warnings[-1]
    scene.heal().clock.sleep(1000)
    assert scene.recover("resume").code is ExitCode.DONE
    assert (serves(scene), scene.aliases["champion"], scene.noted) == ({"2": 100}, "2", {})
    assert scene.fits()


def test_who_moves_the_alias_by_hand_while_the_old_version_waits_keeps_the_traffic_where_it_was() -> None:
    scene = a_shop()
    meddled(scene, lambda: scene.aliases["champion"] == "2", lambda: scene.by_hand("champion", "3"))
    outcome = scene.promote("2", canary=RUNGS, bake_s=900)
    assert outcome.code is ExitCode.WARNED, outcome.summary
    assert (serves(scene).get("2"), scene.aliases["champion"], scene.noted) == (100, "3", {})
    assert not held(scene)


def test_who_takes_traffic_away_by_hand_is_not_overruled() -> None:
    scene = a_shop()

    def by_hand() -> None:
        routes = endpoints_of(scene).raw["churn"]["config"]["traffic_config"]["routes"]
        for route, pct in zip(routes, (100, 0), strict=True):
            route["traffic_percentage"] = pct

    meddled(scene, lambda: serves(scene).get("2") == 25, by_hand)
    outcome = scene.promote("2", canary=RUNGS)
    assert outcome.code is ExitCode.REFUSED
    assert (serves(scene), scene.aliases["champion"]) == ({"1": 100, "2": 0}, "1")
    assert shifts(scene) == [5, 25]
    assert "somebody else" in outcome.summary


def test_a_change_that_may_land_later_leaves_the_note() -> None:
    scene = a_shop()
    endpoints, late = endpoints_of(scene), []

    def not_answered(take: Callable[[], None]) -> None:
        if len(endpoints.written) != 2:
            take()
            return
        late.append(changed(endpoints.raw["churn"]["config"], endpoints.written[-1]))
        raise TimedOut("no answer")

    endpoints.effect = not_answered
    outcome = scene.promote("2", update_endpoints=True)
    assert outcome.code is ExitCode.DENIED, outcome.summary
    assert scene.noted, "or nobody would know of it once the change has landed"
    for one in late[0]["served_entities"]:
        one["state"] = {"deployment": "DEPLOYMENT_READY"}
    endpoints.raw["churn"]["config"] = late[0]
    assert serves(scene) == {"1": 0, "2": 100}
    scene.clock.sleep(1000)
    assert scene.recover("abandon").code is ExitCode.DONE
    assert (serves(scene), scene.aliases["champion"], scene.noted) == ({"1": 100}, "1", {})


def test_an_interrupted_rollback_is_recorded_and_says_where_the_routes_are() -> None:
    scene = a_shop()
    endpoints_of(scene).serve("churn", MODEL, v1=0, v2=100)
    scene.promote("2")

    def interrupted(_: Callable[[], None]) -> None:
        raise KeyboardInterrupt

    endpoints_of(scene).effect = interrupted
    outcome = uncut(scene.rollback)
    assert outcome.code is ExitCode.WARNED
    assert "may still serve v2" in outcome.warnings[0]
    assert (scene.aliases["champion"], scene.noted) == ("1", {})
    assert scene.fits()


def test_a_dry_run_names_every_change_of_an_endpoint() -> None:
    scene = a_shop()
    outcome = scene.promote("2", canary=RUNGS, mode=Mode.DRY_RUN)
    said = [step.sentence for step in outcome.planned]
    assert [one for one in said if one.startswith("churn:")] == [
        "churn: v2 (churn-2) added at 0 %",
        *(
            f"churn: traffic of churn-2 {was} % -> {to} %, of it-1 the rest"
            for was, to in ((0, 5), (5, 25), (25, 50), (50, 100))
        ),
        "churn: v1 (it-1) removed",
    ]
    assert endpoints_of(scene).written == []


def test_a_dry_run_ends_as_the_rollout_would() -> None:
    ends = []
    for mode in (Mode.DRY_RUN, Mode.CHECK, Mode.PROMOTE):
        scene = a_shop()
        scene.registry.add(version("2"), metadata={**METADATA, "signature": None})
        try:
            ends.append(scene.promote("2", update_endpoints=True, mode=mode, force=True).code)
        except Exception as error:  # noqa: BLE001 - whatever the real run raises
            ends.append(getattr(error, "code", error))
    assert len(set(ends)) == 1, ends


def test_an_endpoint_that_was_named_and_serves_neither_version_is_told() -> None:
    scene = a_shop()
    endpoints_of(scene).serve("churn", MODEL, v3=100)
    outcome = scene.promote("2", update_endpoints=True, endpoints=("churn",), mode=Mode.CHECK)
    finding = next(one for one in outcome.findings if one.check == "endpoint_rollout")
    assert finding.verdict.value != "passed", finding.sentence


def test_a_promotion_with_endpoints_is_no_part_of_a_group() -> None:
    scene = a_shop()
    outcome = scene.promote("2", update_endpoints=True, in_group=True)
    assert (outcome.code, scene.aliases["champion"], scene.noted) == (ExitCode.REFUSED, "1", {})
    assert "group" in next(one.sentence for one in outcome.findings if one.check == "endpoint_rollout")


def test_what_nobody_could_tell_goes_on_when_somebody_says_so() -> None:
    scene = a_shop()
    scene.policy = replace(QUICK, rollout=replace(QUICK.rollout, probes_per_s=0.1))
    scene.promote("2", canary=(5, 50))
    assert serves(scene) == {"1": 95, "2": 5}
    scene.recover("resume")
    assert serves(scene) == {"1": 50, "2": 50}
    outcome = scene.recover("resume")
    assert outcome.code in (ExitCode.DONE, ExitCode.WARNED), outcome.summary
    assert (serves(scene).get("2"), scene.aliases["champion"], scene.noted) == (100, "2", {})


def test_a_renewal_of_the_lease_without_an_answer_is_settled_by_reading() -> None:
    scene = a_shop()
    lost = 0

    def renewal_lost(write: Callable[[], None]) -> None:
        nonlocal lost
        lost += 1
        write()
        scene.registry.deaf_for = 3
        raise Unavailable("the reply was lost")

    scene.fail(2, renewal_lost)
    outcome = scene.promote("2", canary=RUNGS)
    assert lost == 1
    assert (outcome.code, serves(scene), scene.noted) == (ExitCode.DONE, {"2": 100}, {}), outcome.summary
