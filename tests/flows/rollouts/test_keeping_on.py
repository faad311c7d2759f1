"""Notes of others beside that of a rollout: who takes it over, and who only came too late."""

from dataclasses import replace

import pytest

from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import Intent, Move
from model_promotion.core.record import HEAD_TAG, Head
from model_promotion.flows.acting import begin
from model_promotion.flows.hands import Hands, TakenOver
from model_promotion.flows.rollouts.keeping_on import keep_on
from tests.flows.rollouts.test_canary import RUNGS, a_shop, serves
from tests.flows.rollouts.test_disturbed import meddled
from tests.worlds import MODEL, Scene

FORTH = Move("champion", "1", "2")
ROLLOUT = Intent("a" * 12, "a" * 12, "promote", "champion", (FORTH,), 0.0, until=1e10, record=1)
LATE = replace(ROLLOUT, id="b" * 12, work="b" * 12)
BACK = replace(LATE, kind="rollback", moves=(Move("champion", "2", "1"),))


def noted(scene: Scene, intent: Intent) -> None:
    scene.tag_by_hand(intent.key, intent.text)


def at_work(scene: Scene) -> Hands:
    return begin(ROLLOUT, scene.world, scene.registry.model(MODEL)).hands


def test_a_note_of_somebody_who_came_too_late_and_died_does_not_end_a_rollout() -> None:
    scene = a_shop()
    meddled(scene, lambda: serves(scene).get("2") == 5, lambda: noted(scene, LATE))
    outcome = scene.promote("2", canary=RUNGS)
    assert (outcome.code, serves(scene), scene.aliases["champion"]) == (ExitCode.DONE, {"2": 100}, "2"), outcome.summary
    assert set(scene.noted) == {LATE.key}


@pytest.mark.parametrize("other", [BACK, replace(LATE, work=ROLLOUT.work)], ids=["rollback", "recovery"])
def test_who_is_taken_over_brings_nothing_on(other: Intent) -> None:
    scene = a_shop()
    hands = at_work(scene)
    noted(scene, other)
    with pytest.raises(TakenOver):
        keep_on(hands, blindly=False)
    assert set(scene.noted) == {other.key}


def test_who_was_taken_over_does_not_go_on_once_that_has_ended_either() -> None:
    scene = a_shop()
    hands = at_work(scene)
    noted(scene, BACK)
    sleep = scene.clock.sleep

    def ends(seconds: float) -> None:
        sleep(seconds)
        scene.tag_by_hand(HEAD_TAG, Head(1, "there", "0" * 64, BACK.work).text)
        scene.tag_by_hand(BACK.key, None)

    scene.clock.sleep = ends  # type: ignore[method-assign]
    with pytest.raises(TakenOver):
        keep_on(hands, blindly=False)
    assert scene.noted == {}
