"""What was reviewed is what is applied; whatever changed since is named, and nothing is written."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model_promotion.core.answers import Asked
from model_promotion.core.errors import BadCall, Conflict
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.load import LoadTest
from model_promotion.core.outcome import Outcome
from model_promotion.core.policy import MetricPolicy, Policy
from model_promotion.core.record import HEAD_TAG
from model_promotion.core.request import Mode
from model_promotion.core.reviewed import Reviewed
from model_promotion.core.trial import TrialResult
from model_promotion.scoring.memory import MemoryScorer
from model_promotion.serving.memory import MemoryLoader, MemoryServers
from tests.worlds import MODEL, PERSON, Scene, a_scene, version


def reviewed(scene: Scene, number: str = "2", **options: Any) -> Reviewed:
    """The plan for a promotion, as it comes back from its file."""
    outcome = scene.promote(number, mode=Mode.DRY_RUN, **options)
    assert outcome.reviewed is not None
    assert scene.writer.sent == []
    return Reviewed.parse(outcome.reviewed.text)


def applied(scene: Scene, plan: Reviewed | None, **options: Any) -> Outcome:
    return scene.call(Mode.APPLY, reviewed=plan, **options)


def refusal(scene: Scene, plan: Reviewed | None, **options: Any) -> Conflict | BadCall:
    """Why the plan was not applied; nothing was written."""
    before = scene.heal().state()
    with pytest.raises((Conflict, BadCall)) as refused:
        applied(scene, plan, **options)
    assert (scene.writer.sent, scene.state()) == ([], before)
    assert refused.value.hint
    return refused.value


def test_what_was_reviewed_is_applied() -> None:
    scene = a_scene()
    plan = reviewed(scene, reason="the quarter's model")
    outcome = applied(scene, plan)
    assert (outcome.code, scene.aliases["champion"], scene.aliases["prev_champion"]) == (ExitCode.DONE, "2", "1")
    assert [record.why for record in scene.journal.records] == ["the quarter's model"]
    assert scene.fits()


def test_a_plan_tries_its_endpoints_again_when_it_is_applied() -> None:
    answer = Asked(1.0, 200, b'{"predictions": [1, 2, 3, 4, 5]}')
    scene = a_scene(servers=MemoryServers(answer), loader=MemoryLoader(asked=answer))
    tried: dict[str, Any] = {"endpoints": ("http://127.0.0.1:5001",), "load_test": LoadTest(20, 60)}
    plan = reviewed(scene, **tried)
    assert (plan.asked["endpoints"], plan.asked["load_test"]) == (["http://127.0.0.1:5001"], "20,60s")
    assert applied(scene, plan).code is ExitCode.DONE
    assert [str(load.test) for load in scene.loader.runs] == ["20,60s"] * 2
    plan = reviewed(scene.heal(), "3", **tried)
    scene.loader = MemoryLoader(asked=Asked(1.0, 503))
    assert (applied(scene, plan).code, scene.writer.sent) == (ExitCode.REFUSED, [])


def test_the_plan_says_what_was_seen_what_will_be_written_and_who_made_it() -> None:
    scene = a_scene()
    plan = reviewed(scene)
    assert (plan.made_by, plan.made_at) == (PERSON, scene.clock.now())
    assert (plan.asked["model"], plan.asked["candidate"], plan.asked["target_alias"]) == (MODEL, "2", "champion")
    assert plan.writes == ("@prev_champion: nothing -> v1", "@champion: v1 -> v2")
    assert {"@champion", "@staging", "candidate's run", "policy", "check signature"} <= set(plan.facts)


def test_a_plan_for_an_alias_is_applied_to_the_version_that_stood_there() -> None:
    scene = a_scene()
    plan = scene.promote(mode=Mode.DRY_RUN).reviewed
    assert plan is not None
    assert plan.asked["candidate"] == "2"
    assert (applied(scene, plan).code, scene.aliases["champion"]) == (ExitCode.DONE, "2")


def test_applying_it_twice_finds_nothing_to_do() -> None:
    scene = a_scene()
    plan = reviewed(scene)
    applied(scene, plan)
    again = applied(scene.heal(), plan)
    assert (again.code, scene.writer.sent, len(scene.journal.records)) == (ExitCode.DONE, [], 1)
    assert "already" in again.summary


def retag(scene: Scene) -> None:
    scene.tag_by_hand("best_model", "false", "2")


def register_again(scene: Scene) -> None:
    scene.registry.add(version("2", source="elsewhere", run_id="run9"), metadata=scene.registry.metadata_of["2"])


def lose_a_metric(scene: Scene) -> None:
    scene.registry.known[MODEL, "2"] = version("2", metrics={"f1": 0.1})


def other_policy(scene: Scene) -> None:
    scene.policy = Policy(metrics={"f1": MetricPolicy(tolerance=0.5)}, digest="another")


def other_registry(scene: Scene) -> None:
    scene.registry.uri = "elsewhere"


def newer_record(scene: Scene) -> None:
    scene.promote("3")
    scene.rollback()
    scene.by_hand("prev_champion", None)


STALE: dict[str, tuple[Callable[[Scene], None], str]] = {
    "the champion moved": (lambda scene: scene.by_hand("champion", "3"), "@champion was v1"),
    "another alias moved": (lambda scene: scene.by_hand("staging", "3"), "@staging was v2 when the plan was made"),
    "an alias came": (lambda scene: scene.by_hand("canary", "4"), "@canary was not there"),
    "the candidate was tagged": (retag, "candidate's tags was"),
    "the champion was tagged": (lambda scene: scene.tag_by_hand("a", "b", "1"), "champion's tags was"),
    "the version is another": (register_again, "candidate's run was run2 when the plan was made, and is run9 now"),
    "a check changed its mind": (lose_a_metric, "check recorded_metrics was passed"),
    "another policy": (other_policy, "policy was"),
    "another registry": (other_registry, "registry was memory when the plan was made, and is elsewhere now"),
    "a newer record": (newer_record, "newest record was none"),
}


@pytest.mark.parametrize("what", STALE)
def test_a_stale_plan_is_refused_with_the_fact_that_changed(what: str) -> None:
    scene = a_scene()
    plan = reviewed(scene)
    change, said = STALE[what]
    change(scene)
    stale = refusal(scene, plan)
    assert (stale.code, "the plan is stale" in str(stale)) == (ExitCode.REFUSED, True)
    assert said in str(stale)
    assert "--plan-out" in stale.hint


def test_a_check_that_refuses_now_is_not_talked_past_by_a_plan() -> None:
    scene = a_scene()
    plan = reviewed(scene)
    scene.tag_by_hand(HOLD_TAG, "rolled back from @champion", "2")
    before = scene.heal().state()
    outcome = applied(scene, plan)
    assert (outcome.code, scene.writer.sent, scene.state()) == (ExitCode.REFUSED, [], before)
    assert outcome.decision is not None
    assert outcome.decision.refused == ("hold",)


def test_a_plan_with_other_facts_is_stale_although_its_seal_fits() -> None:
    scene = a_scene()
    plan = reviewed(scene)
    forged = Reviewed.parse(replace(plan, facts={**plan.facts, "check signature": "passed"}).text)
    assert "check signature was passed when" in str(refusal(scene, forged))


def test_a_plan_with_other_writes_is_stale_although_its_seal_fits() -> None:
    scene = a_scene()
    forged = Reviewed.parse(replace(reviewed(scene), writes=("@champion: v1 -> v4",)).text)
    assert "would write something else" in str(refusal(scene, forged))


ODD: dict[str, dict[str, Any]] = {
    "no candidate": {"candidate": ""},
    "a candidate that is no number": {"candidate": "latest"},
    "a model that is a list": {"model": [MODEL]},
    "a force that is a word": {"force": "yes"},
    "an environment of its own": {"env_manager": "conda"},
    "an option that nobody knows": {"surprise": True},
    "an alias that is no name": {"target_alias": "a.b"},
    "an alias without room for its backup": {"target_alias": "a" * 251},
}


@pytest.mark.parametrize("what", ODD)
def test_a_plan_that_asks_for_what_no_call_can_ask_is_a_wrong_call(what: str) -> None:
    scene = a_scene()
    plan = reviewed(scene)
    forged = Reviewed.parse(replace(plan, asked={**plan.asked, **ODD[what]}).text)
    assert refusal(scene, forged).code is ExitCode.USAGE


def test_a_plan_for_another_model_is_not_applied_to_this_one() -> None:
    scene = a_scene()
    wrong = refusal(scene, reviewed(scene), model="shop.pricing.other")
    assert (wrong.code, f"the plan is for {MODEL}" in str(wrong)) == (ExitCode.USAGE, True)


def test_without_a_plan_there_is_nothing_to_apply() -> None:
    assert "no plan" in str(refusal(a_scene(), None))


def held_scene() -> Scene:
    scene = a_scene()
    scene.tag_by_hand(HOLD_TAG, "rolled back from @champion", "2")
    return scene


def test_force_in_the_plan_is_kept_and_recorded() -> None:
    scene = held_scene()
    outcome = applied(scene, reviewed(scene, force=True))
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "2")
    assert [record.forced for record in scene.journal.records] == [("hold",)]


def test_a_refused_promotion_leaves_no_plan_to_be_reviewed() -> None:
    outcome = held_scene().promote("2", mode=Mode.DRY_RUN)
    assert (outcome.code, outcome.reviewed) == (ExitCode.REFUSED, None)


def answers(latency_ms: float, **changes: Any) -> MemoryScorer:
    sound = {"rows": 3, "predictions": 3, "columns": ("double",), "load_s": latency_ms, "latency_ms": latency_ms}
    return MemoryScorer({label: TrialResult(label, **{**sound, **changes}) for label in ("v1", "v2")})


def test_times_that_were_measured_again_do_not_make_a_plan_stale() -> None:
    scene = a_scene(scorer=answers(5.0))
    plan = reviewed(scene, run_tests=True)
    scene.scorer = answers(7.5)
    assert (applied(scene, plan).code, len(scene.scorer.asked)) == (ExitCode.DONE, 2)


def test_the_teams_tests_are_in_the_plan_and_one_that_was_edited_makes_it_stale(tmp_path: Path) -> None:
    path = tmp_path / "test_a.py"
    path.write_text("def test_a(): pass\n")
    scene = a_scene(scorer=answers(5.0))
    plan = reviewed(scene, run_tests=True, tests=(str(path),))
    assert plan.asked["tests"] == [str(path)]
    assert scene.scorer.exams[-1].suite is not None
    path.write_text("def test_a(): assert True\n")
    with pytest.raises(Conflict, match="check model_tests was passed"):
        applied(scene, plan)
    path.write_text("def test_a(): pass\n")
    assert applied(scene, plan).code is ExitCode.DONE


def test_a_model_that_fails_its_tests_by_now_is_refused() -> None:
    scene = a_scene(scorer=answers(5.0))
    plan = reviewed(scene, run_tests=True)
    scene.scorer = answers(5.0, problems=("prediction 1 is NaN",))
    assert (applied(scene.heal(), plan).code, scene.writer.sent) == (ExitCode.REFUSED, [])


def test_the_first_promotion_of_a_model_can_be_planned_too() -> None:
    scene = a_scene(aliases={"staging": "2"})
    assert (applied(scene, reviewed(scene)).code, scene.aliases["champion"]) == (ExitCode.DONE, "2")
    assert HEAD_TAG in scene.tags
