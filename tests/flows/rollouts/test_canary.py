"""A canary in memory: it goes up while the candidate does as well as the champion, and comes back when it does not."""

from dataclasses import dataclass

import pytest

from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.load import Due, Ending, Load, LoadTest, Sample
from model_promotion.core.policy import Policy, RolloutPolicy
from model_promotion.serving.memory import MemoryLoader
from model_promotion.serving.memory_endpoints import MemoryEndpoints
from tests.worlds import MODEL, Scene, a_scene

RUNGS = (5, 25, 50)
QUICK = Policy(rollout=RolloutPolicy(bake_s=120, look_s=20, least_requests=100))


@dataclass(frozen=True)
class Behaviour:
    """How version 2 answers from a time on; before it, and version 1 always: within 10 ms, without an error."""

    since_s: float = 0.0
    errors: float = 0.0
    took_s: float = 0.01


def a_shop(behaviour: Behaviour = Behaviour(), **more: object) -> Scene:
    scene = a_scene(endpoints=MemoryEndpoints().serve("churn", MODEL, v1=100), policy=QUICK, **more)
    begun = scene.clock.monotonic()
    asked = 0

    def ends(load: Load, due: Due) -> Sample:
        nonlocal asked
        asked += 1
        jitter = (asked * 37 % 100) / 100_000
        theirs = load.targets[due.target].name.endswith("2")
        if not theirs or scene.clock.monotonic() - begun < behaviour.since_s:
            return Sample(due.target, due.at_s, 0.0, 0.01 + jitter, Ending.ANSWERED)
        bad = (asked * 7919 % 1000) / 1000 < behaviour.errors
        return Sample(
            due.target, due.at_s, 0.0, behaviour.took_s + jitter, Ending.SERVER_ERROR if bad else Ending.ANSWERED
        )

    scene.loader = MemoryLoader(ends)
    return scene


def serves(scene: Scene) -> dict[str, int]:
    assert scene.endpoints
    return {one.number: one.share_pct for one in scene.endpoints.deployment("churn").entities}


def shifts(scene: Scene) -> list[int]:
    assert scene.endpoints
    return [step.to for step in scene.endpoints.written if hasattr(step, "source")]


def test_it_goes_up_rung_by_rung_and_the_alias_moves_at_the_top() -> None:
    scene = a_shop()
    outcome = scene.promote("2", canary=RUNGS)
    assert outcome.code is ExitCode.DONE, (outcome.summary, outcome.warnings)
    assert (shifts(scene), serves(scene), scene.aliases["champion"]) == ([5, 25, 50, 100], {"2": 100}, "2")
    assert {one for rung in outcome.facts["canary"]["verdicts"].values() for one in rung} <= {"pass", "inconclusive"}
    assert scene.noted == {}
    assert scene.fits()


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (Behaviour(errors=0.2), "error rate"),
        (Behaviour(took_s=0.2), "p95 latency"),
        (Behaviour(200, errors=0.5), "25 %"),
    ],
)
def test_what_is_worse_goes_back_at_once_and_is_held(behaviour: Behaviour, said: str) -> None:
    scene = a_shop(behaviour)
    outcome = scene.promote("2", canary=RUNGS)
    assert outcome.code is ExitCode.REFUSED
    assert said in outcome.summary
    assert (serves(scene), scene.aliases["champion"], scene.noted) == ({"1": 100}, "1", {})
    assert "canary" in scene.registry.version(MODEL, "2").tags[HOLD_TAG]
    assert shifts(scene)[-1] == 0


def test_what_breaks_once_it_has_all_of_the_traffic_is_taken_back_with_its_alias() -> None:
    scene = a_shop(Behaviour(since_s=3 * 120 + 60, errors=0.5))
    outcome = scene.promote("2", canary=RUNGS)
    assert outcome.code is ExitCode.REFUSED
    assert "100 %" in outcome.summary
    assert (serves(scene), scene.aliases["champion"], scene.noted) == ({"1": 100}, "1", {})
    assert HOLD_TAG in scene.registry.version(MODEL, "2").tags
    assert [record.kind for record in scene.journal.records] == ["promote", "rollback"]
    assert scene.fits()


@pytest.mark.parametrize(("how", "stands"), [("resume", "2"), ("abandon", "1")])
def test_where_nobody_can_tell_it_waits_for_somebody(how: str, stands: str) -> None:
    few = Policy(rollout=RolloutPolicy(bake_s=120, look_s=20, probes_per_s=0.1))
    scene = a_shop()
    scene.policy = few
    outcome = scene.promote("2", canary=RUNGS)
    assert outcome.code is ExitCode.REFUSED
    assert "nobody can tell" in outcome.summary
    assert (serves(scene), scene.aliases["champion"]) == ({"1": 95, "2": 5}, "1")
    assert [hint.split()[-1] for hint in outcome.hints] == ["resume", "abandon"]
    scene.policy = QUICK
    again = scene.recover(how)
    assert again.code in (ExitCode.DONE, ExitCode.WARNED), again.summary
    assert (serves(scene), scene.aliases["champion"], scene.noted) == ({stands: 100}, stands, {})
    assert scene.fits()


@pytest.mark.parametrize(("took_s", "stands"), [(0.01, "2"), (2.0, "1")])
def test_it_is_loaded_before_it_gets_any_traffic(took_s: float, stands: str) -> None:
    scene = a_shop(Behaviour(took_s=took_s))
    outcome = scene.promote("2", update_endpoints=True, load_test=LoadTest(20, 60), bake_s=0)
    assert (serves(scene), scene.aliases["champion"]) == ({stands: 100}, stands), outcome.summary
    assert shifts(scene) == ([100] if stands == "2" else [])
