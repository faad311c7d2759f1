"""The one way to run, and the names that Python gets from the roof."""

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import model_promotion
import promote_model
from model_promotion import ExitCode, wiring
from model_promotion.core.better import Goal
from model_promotion.core.errors import BadCall, NotFound
from model_promotion.core.request import Mode, Request
from model_promotion.core.selector import ByAlias, ByNumber
from model_promotion.core.stages import Features, as_target
from model_promotion.core.wanted import Wanted
from model_promotion.job import carry_through
from model_promotion.settings import Flags, settle
from model_promotion.voices import Silent
from tests.worlds import MODEL, a_scene, version

REPO = Path(__file__).parents[1]
WHAT_THE_DOOR_IMPORTS = "import sys, promote_model; print(*sys.modules)"


def test_a_request_is_carried_through_without_a_word_on_the_streams(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = a_scene()
    monkeypatch.setattr(wiring, "plug_in", lambda _settings, _voice: scene.world)
    outcome = carry_through(Request(Mode.PROMOTE, MODEL), settle(Flags(), MODEL, {}), Silent())
    assert (outcome.code, outcome.was, outcome.to) == (ExitCode.DONE, "1", "2")
    assert scene.aliases["champion"] == "2"
    assert capsys.readouterr() == ("", "")


UC = Features(stages=False, because="Unity Catalog has no stages")
PRODUCTION, BETTER = as_target("Production"), (Goal("f1"),)


@pytest.mark.parametrize(
    ("options", "features", "told"),
    [
        (
            {"candidate": ByAlias("production"), "target_alias": PRODUCTION},
            UC,
            "source and target are both @production",
        ),
        ({"target_alias": PRODUCTION, "if_better": BETTER, "else_alias": "production"}, UC, "cannot go to @production"),
        (
            {"sync_stages": True, "if_better": BETTER, "else_alias": "production"},
            Features(),
            "cannot go to @production",
        ),
        (
            {"sync_stages": True, "target_alias": PRODUCTION, "if_better": BETTER, "else_alias": "champion"},
            Features(),
            "cannot go to @champion: it is stage Production itself, keeps its earlier version, or is kept in step",
        ),
    ],
)
def test_what_is_one_place_in_this_registry_is_a_wrong_call_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], features: Features, told: str
) -> None:
    scene = a_scene(aliases={"champion": "1", "staging": "2", "production": "1"}).heal()
    scene.registry.features = features
    monkeypatch.setattr(wiring, "plug_in", lambda _settings, _voice: scene.world)
    with pytest.raises(BadCall, match=told):
        carry_through(Request(Mode.PROMOTE, MODEL, **options), settle(Flags(), MODEL, {}), Silent())
    assert scene.writer.sent == []


def test_where_there_are_no_stages_it_is_said_that_none_is_kept_in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = a_scene()
    monkeypatch.setattr(scene.registry, "features", Features(stages=False, because="Unity Catalog has no stages"))
    monkeypatch.setattr(wiring, "plug_in", lambda _settings, _voice: scene.world)
    request = Request(Mode.PROMOTE, MODEL, sync_stages=True)
    assert carry_through(request, settle(Flags(), MODEL, {}), Silent()).code is ExitCode.DONE
    told = [event.sentence for event in scene.voice.events if event.topic == "Stages"]
    assert told == ["Unity Catalog has no stages: --sync-stages has nothing to keep in step"]


NOBODY: dict[str, Request] = {
    "no such version": Request(Mode.PROMOTE, MODEL, ByNumber("77"), candidate_named=True),
    "no such model": Request(Mode.PROMOTE, "shop.pricing.chrun"),
    "several, and nothing ranks them": Request(Mode.PROMOTE, MODEL, best=Wanted(("fit", "yes"))),
}


@pytest.mark.parametrize("case", NOBODY)
def test_a_call_that_ends_without_a_version_leaves_no_older_metadata_file(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = a_scene(version("1", tags={"fit": "yes"}), version("2", tags={"fit": "yes"}))
    monkeypatch.setattr(wiring, "plug_in", lambda _settings, _voice: scene.world)
    path = tmp_path / "m.json"
    settings = settle(Flags(), MODEL, {})
    carry_through(Request(Mode.PROMOTE, MODEL, metadata_file=path), settings, Silent())
    assert json.loads(path.read_text())["promoted_to_production"] is True
    for mode, version_told in ((Mode.DRY_RUN, "2"), (Mode.PROMOTE, None)):
        with suppress(NotFound):
            carry_through(replace(NOBODY[case], mode=mode, metadata_file=path), settings, Silent())
        body = json.loads(path.read_text())
        assert (body["version"], body["promoted_to_production"]) == (version_told, version_told is not None)
    assert body["summary"]


@pytest.mark.parametrize("name", model_promotion.__all__)
def test_every_public_name_comes_from_the_package_and_from_the_door(name: str) -> None:
    assert getattr(promote_model, name) is getattr(model_promotion, name)


@pytest.mark.parametrize("module", [model_promotion, promote_model], ids=["package", "door"])
@pytest.mark.parametrize("name", ["Nothing", "__wrapped__"])
def test_there_are_no_other_names(module: object, name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(module, name)


def test_the_door_imports_nothing_heavy_until_a_job_is_asked_for() -> None:
    env = {"PYTHONPATH": str(REPO)}
    words = [sys.executable, "-c", WHAT_THE_DOOR_IMPORTS]
    modules = subprocess.run(words, env=env, capture_output=True, text=True, check=True).stdout.split()
    assert "promote_model" in modules
    assert not {"pydantic", "mlflow", "yaml", "model_promotion.jobs"} & set(modules)
