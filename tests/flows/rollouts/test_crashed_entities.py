"""A version that crashes where it serves: its endpoint is not ready as long as it is there, and goes back at once."""

from dataclasses import dataclass, replace

import pytest

from model_promotion.core.deployment import Deployment
from model_promotion.core.exits import ExitCode
from model_promotion.core.load import Ending
from model_promotion.core.policy import Policy
from model_promotion.serving.memory_endpoints import MemoryEndpoints
from tests.flows import test_watch as watching
from tests.flows.rollouts.test_canary import RUNGS, a_shop, serves
from tests.flows.rollouts.test_disturbed import meddled
from tests.flows.rollouts.test_overruling import gone_back
from tests.worlds import MODEL, Scene


@dataclass
class Crashing(MemoryEndpoints):
    """Endpoints whose entity of that name has failed, and with it the whole, until it is gone."""

    crashed: str = ""

    def deployment(self, name: str) -> Deployment:
        seen = super().deployment(name)
        if not seen.entity(self.crashed):
            return seen
        down = [replace(one, state="failed") if one.name == self.crashed else one for one in seen.entities]
        return replace(seen, entities=tuple(down), ready=False)


def crashing(scene: Scene) -> Crashing:
    scene.endpoints = Crashing().serve("churn", MODEL, v1=100)  # type: ignore[assignment]
    assert isinstance(scene.endpoints, Crashing)
    return scene.endpoints


@pytest.mark.parametrize("pct", [5, 100])
def test_a_canary_that_crashes_goes_back_without_waiting_until_it_is_well_again(pct: int) -> None:
    scene = a_shop()
    endpoints, at = crashing(scene), []

    def crashes() -> None:
        endpoints.crashed = "churn-2"
        at.append(scene.clock.now())

    meddled(scene, lambda: serves(scene).get("2") == pct, crashes)
    outcome = scene.promote("2", canary=RUNGS)
    assert outcome.code is ExitCode.REFUSED, outcome.summary
    assert "churn-2 has failed" in outcome.summary
    gone_back(scene)
    assert scene.clock.now() - at[0] < 120


def test_what_crashed_in_service_is_left_for_the_version_before_it() -> None:
    scene = watching.a_shop(watching.Service(errors=1.0, bad=Ending.SERVER_ERROR))
    endpoints = crashing(scene).serve("churn", MODEL, v2=100, v1=0)
    assert isinstance(endpoints, Crashing)
    endpoints.crashed = "it-2"
    scene.policy = Policy(watch=watching.FEW)
    outcome = scene.watch(600)
    assert (outcome.code, scene.aliases["champion"], serves(scene)) == (ExitCode.REFUSED, "1", {"2": 0, "1": 100})
    assert outcome.warnings == ()
