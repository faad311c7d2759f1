"""The Python API: the same promotion, the same rules, and an outcome instead of lines."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import model_promotion
from model_promotion import ExitCode, PromotionJob, wiring
from model_promotion.core.errors import BadCall
from model_promotion.core.request import Mode
from tests.worlds import MODEL, Scene, a_scene


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Scene:
    monkeypatch.chdir(tmp_path)
    made = a_scene()
    monkeypatch.setattr(wiring, "plug_in", lambda _settings, _voice: made.world)
    return made


def test_a_job_promotes_and_says_how_it_ended(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = PromotionJob(MODEL).run()
    assert (outcome.code, outcome.was, outcome.to) == (ExitCode.DONE, "1", "2")
    assert scene.aliases["champion"] == "2"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "name", [{"version": 3}, {"version": "3"}, {"model": f"{MODEL}:3"}, {"model": f"models:/{MODEL}/3"}]
)
def test_a_version_is_named_as_on_the_command_line(name: dict[str, Any], scene: Scene) -> None:
    assert PromotionJob(**{"model": MODEL, **name}).run().to == "3"
    assert scene.aliases["champion"] == "3"


def test_a_dry_run_writes_nothing(scene: Scene) -> None:
    before = scene.state()
    outcome = PromotionJob(MODEL, dry_run=True).run()
    assert outcome.mode is Mode.DRY_RUN
    assert outcome.planned
    assert scene.state() == before


WRONG: dict[str, Callable[[], PromotionJob]] = {
    "a reserved target": lambda: PromotionJob(MODEL, alias="latest"),
    "a target whose backup has no name": lambda: PromotionJob(MODEL, alias="a" * 251),
    "a source that is none": lambda: PromotionJob(MODEL, source="a b"),
    "a version that is none": lambda: PromotionJob(MODEL, version="seven"),
    "a model that is none": lambda: PromotionJob("a/b"),
}


@pytest.mark.parametrize("job", WRONG.values(), ids=WRONG.keys())
def test_a_value_that_makes_no_sense_is_refused_before_anything_is_read(
    job: Callable[[], PromotionJob], scene: Scene
) -> None:
    with pytest.raises(BadCall):
        job().run()
    assert scene.writer.sent == []


def test_the_roof_knows_no_other_names() -> None:
    with pytest.raises(AttributeError):
        model_promotion.Nothing  # noqa: B018 - asking is the test
