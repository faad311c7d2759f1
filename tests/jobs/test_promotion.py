"""A promotion as a job: the same promotion, the same rules, and an outcome instead of an exit code."""

import logging
from pathlib import Path
from typing import Any

import pytest

from model_promotion import (
    BadCall,
    ExitCode,
    MlflowService,
    NotFound,
    Outcome,
    PromotionError,
    PromotionJob,
    Refused,
    wiring,
)
from model_promotion.core.request import Mode
from tests.jobs.stories import *  # noqa: F403 - fixtures are found by name
from tests.jobs.stories import Heard
from tests.worlds import MODEL, Scene


def outcome_of(job: PromotionJob) -> Outcome:
    found: Outcome = job.run()["outcome"]
    return found


def test_a_job_promotes_the_latest_version_and_says_what_came_of_it(scene: Scene) -> None:
    found = PromotionJob(model=MODEL).run()
    assert (found["model"], found["version"], found["was"]) == (MODEL, 4, "1")
    assert (found["outcome"].code, found["outcome"].to) == (ExitCode.DONE, "4")
    assert scene.aliases["champion"] == "4"


NAMED = {
    "a number": ({"version": 3}, "3"),
    "the latest in the address": ({"model": f"{MODEL}:latest"}, "4"),
    "a number in the address": ({"model": f"{MODEL}:3"}, "3"),
    "MLflow's own address": ({"model": f"models:/{MODEL}/3"}, "3"),
    "an alias in the address": ({"model": f"{MODEL}@staging"}, "2"),
    "an alias": ({"source": "staging"}, "2"),
}


@pytest.mark.parametrize(("values", "number"), NAMED.values(), ids=NAMED.keys())
def test_the_candidate_is_named_in_each_of_these_ways(values: dict[str, Any], number: str, scene: Scene) -> None:
    PromotionJob(**{"model": MODEL, **values}).run()
    assert scene.aliases["champion"] == number


def test_the_model_may_be_the_one_of_the_mlflow_service(scene: Scene) -> None:
    PromotionJob(mlflow_service=MlflowService(registry_name=MODEL), version=2).run()
    assert scene.aliases["champion"] == "2"


def test_another_alias_is_moved(scene: Scene) -> None:
    PromotionJob(model=MODEL, alias="Production", version=2).run()
    assert (scene.aliases["Production"], scene.aliases["champion"]) == ("2", "1")


def test_a_dry_run_writes_nothing(scene: Scene) -> None:
    before = scene.state()
    outcome = outcome_of(PromotionJob(model=MODEL, dry_run=True))
    assert (outcome.mode, bool(outcome.planned)) == (Mode.DRY_RUN, True)
    assert scene.state() == before


def test_the_same_promotion_again_changes_nothing_and_is_done(scene: Scene) -> None:
    PromotionJob(model=MODEL).run()
    before = scene.state()
    found = PromotionJob(model=MODEL).run()
    assert (found["outcome"].code, found["version"], scene.state()) == (ExitCode.DONE, 4, before)


@pytest.mark.usefixtures("scene")
def test_the_selected_version_the_promotion_and_the_notification_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    with PromotionJob(model=MODEL, version=2) as job:
        job.run()
    said = [(record.name, record.getMessage()) for record in caplog.records if record.levelno == logging.INFO]
    assert ("model_promotion", f"[Plan] {MODEL} v2 (version 2) -> @champion, where v1 stands") in said
    done = f"{MODEL}: @champion: v1 -> v2 (v1 kept as @prev_champion)"
    assert said.index(("model_promotion", f"[Promotion] {done}")) < len(said) - 1
    assert said[-1] == ("model_promotion.alerts", f"Promotion Job Completed: {done}")


def test_a_refusal_is_an_outcome_that_is_told(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.tag_by_hand("promotion_hold", "rolled back", "3")
    before, heard = scene.state(), Heard()
    found = PromotionJob(model=MODEL, version=3, alerts_service=heard).run()
    assert (found["outcome"].code, found["version"]) == (ExitCode.REFUSED, 3)
    assert scene.state() == before
    assert heard.told == [("Promotion Job Refused", "refused by hold; @champion stays at v1")]
    assert "refused by hold" in [record for record in caplog.records if record.levelno == logging.ERROR][-1].message


def test_a_refusal_is_raised_where_a_step_is_to_fail(scene: Scene) -> None:
    scene.tag_by_hand("promotion_hold", "rolled back", "3")
    with pytest.raises(Refused) as raised:
        PromotionJob(model=MODEL, version=3, raise_on_refusal=True).run()
    assert (raised.value.code, raised.value.outcome.to) == (ExitCode.REFUSED, "3")
    assert raised.value.hint
    assert isinstance(raised.value, PromotionError)


def test_a_promotion_with_warnings_is_no_refusal(scene: Scene) -> None:
    scene.tag_by_hand("promotion_hold", "rolled back", "3")
    found = PromotionJob(model=MODEL, version=3, force=True, raise_on_refusal=True).run()
    assert (found["outcome"].code, scene.aliases["champion"]) == (ExitCode.WARNED, "3")


def test_what_is_not_there_is_raised_and_told(scene: Scene) -> None:
    heard, before = Heard(), scene.state()
    with pytest.raises(NotFound, match="version 9"):
        PromotionJob(model=MODEL, version=9, alerts_service=heard).run()
    assert [title for title, _ in heard.told] == ["Promotion Job Failed"]
    assert scene.state() == before


def test_an_alert_that_fails_is_a_warning_and_undoes_nothing(scene: Scene) -> None:
    outcome = outcome_of(PromotionJob(model=MODEL, alerts_service=Heard(broken=True), raise_on_refusal=True))
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "4")
    assert outcome.warnings == ("the alert could not be sent: ConnectionError: nobody answers at the pager",)


@pytest.mark.usefixtures("scene")
def test_an_alert_that_fails_hides_no_error() -> None:
    with pytest.raises(NotFound):
        PromotionJob(model=MODEL, version=9, alerts_service=Heard(broken=True)).run()


def test_a_defect_of_ours_is_an_error_of_the_same_family(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a sum of ours")

    monkeypatch.setattr(wiring, "plug_in", broken)
    with pytest.raises(PromotionError, match="ZeroDivisionError: a sum of ours") as raised:
        PromotionJob(model=MODEL).run()
    assert (raised.value.code, scene.writer.sent) == (ExitCode.DEFECT, [])


def test_whoever_interrupts_a_notebook_stops_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(wiring, "plug_in", pressed)
    with pytest.raises(KeyboardInterrupt):
        PromotionJob(model=MODEL).run()
    assert scene.writer.sent == []


@pytest.mark.usefixtures("scene")
def test_the_policy_of_the_folder_holds_for_jobs_too(tmp_path: Path) -> None:
    (tmp_path / "promotion.toml").write_text("nonsense = 1", encoding="utf-8")
    with pytest.raises(BadCall, match=r"promotion\.toml"):
        PromotionJob(model=MODEL).run()
