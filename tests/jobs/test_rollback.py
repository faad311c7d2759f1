import pytest

from model_promotion import ExitCode, NotFound, PromotionJob, RollbackJob
from tests.jobs.stories import *  # noqa: F403 - fixtures are found by name
from tests.jobs.stories import Heard
from tests.worlds import MODEL, Scene


def test_a_job_goes_back_to_the_last_verified_version_and_holds_the_one_it_left(scene: Scene) -> None:
    PromotionJob(model=MODEL, version=2).run()
    heard = Heard()
    found = RollbackJob(model=MODEL, reason="precision fell", alerts_service=heard).run()
    assert (found["outcome"].code, found["version"], found["was"]) == (ExitCode.DONE, 1, "2")
    assert scene.aliases["champion"] == "1"
    assert "precision fell" in scene.journal.records[-1].why
    assert heard.told == [("Rollback Job Completed", f"{MODEL}: @champion is back at v1; v2 is held")]
    assert PromotionJob(model=MODEL, version=2).run()["outcome"].code is ExitCode.REFUSED


def test_a_job_goes_back_to_the_version_that_is_named(scene: Scene) -> None:
    for number in (2, 3):
        PromotionJob(model=MODEL, version=number).run()
    RollbackJob(model=MODEL, to_version=1).run()
    assert scene.aliases["champion"] == "1"


def test_where_there_is_no_way_back_the_error_says_so(scene: Scene) -> None:
    before = scene.state()
    with pytest.raises(NotFound, match="no earlier verified version"):
        RollbackJob(model=MODEL).run()
    assert scene.state() == before
