"""The metadata file says what stands in the registry, also when nothing was promoted, and undoes nothing.

The file of the test results is written whenever models were tested, and undoes nothing either.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from model_promotion.core.better import Goal
from model_promotion.core.entities import Run, Version
from model_promotion.core.errors import Denied, Unavailable
from model_promotion.core.exam import Case, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.request import Mode
from model_promotion.core.stages import PRODUCTION, STAGING, as_target
from model_promotion.core.trial import TrialResult
from model_promotion.scoring.memory import MemoryScorer
from tests.worlds import METADATA, Registry, Scene, a_scene, press_ctrl_c, version

FOREST = Run({"max_depth": "3"}, {"estimator_name": "RandomForestClassifier"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "models" / "model_metadata.json"


def written(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def with_runs(scene: Scene) -> Scene:
    scene.registry.run_of = dict.fromkeys(("1", "2", "3"), FOREST)
    return scene


def test_a_promoted_version_is_described(path: Path) -> None:
    outcome = with_runs(a_scene()).promote(metadata_file=path)
    body = written(path)
    assert (outcome.code, body["promoted_to_production"], body["alias"]) == (ExitCode.DONE, True, "champion")
    assert (body["version"], body["run_id"], body["f1"], body["metrics"]) == ("2", "run2", 0.82, {"f1": 0.82})
    assert (body["model_type"], body["params"]) == ("RandomForestClassifier", {"max_depth": "3"})
    assert body["summary"] == outcome.summary


def test_one_that_was_left_in_staging_is_described_too(path: Path) -> None:
    scene = with_runs(a_scene(version("1"), version("2", metrics={"f1": 0.1})))
    scene.promote("2", metadata_file=path, if_better=(Goal("f1"),), else_alias="staging")
    body = written(path)
    assert (body["promoted_to_production"], body["alias"], body["f1"]) == (False, "staging", 0.1)
    assert "not better" in body["summary"]


def test_stages_are_told_as_stages(path: Path) -> None:
    scene = with_runs(a_scene(version("1", metrics={"f1": 0.1}), version("2")))
    asked = {"target_alias": as_target(PRODUCTION), "else_alias": as_target(STAGING), "if_better": (Goal("f1"),)}
    for number, promoted, stage in (("2", True, PRODUCTION), ("1", False, STAGING)):
        assert scene.promote(number, metadata_file=path, **asked).code is ExitCode.DONE
        body = written(path)
        assert (body["promoted_to_production"], body["stage"], body["alias"]) == (promoted, stage, None)


def test_in_step_the_stage_and_its_alias_are_told(path: Path) -> None:
    scene = with_runs(a_scene(aliases={"champion": "1"}))
    scene.promote("2", metadata_file=path, target_alias=as_target(PRODUCTION), sync_stages=True)
    assert (written(path)["stage"], written(path)["alias"]) == (PRODUCTION, "champion")


def test_a_refused_version_is_described_so_that_no_older_file_is_taken_for_it(path: Path) -> None:
    scene = with_runs(a_scene(version("1"), version("2", tags={HOLD_TAG: "rolled back"})))
    assert scene.promote(metadata_file=path).code is ExitCode.REFUSED
    assert (written(path)["version"], written(path)["promoted_to_production"]) == ("2", False)


def test_what_is_in_production_already_is_described(path: Path) -> None:
    scene = with_runs(a_scene())
    scene.promote()
    scene.promote(metadata_file=path)
    assert written(path)["promoted_to_production"] is True


@pytest.mark.parametrize("mode", [Mode.CHECK, Mode.DRY_RUN])
def test_looking_leaves_no_file(path: Path, mode: Mode) -> None:
    a_scene().promote(mode=mode, metadata_file=path)
    assert not path.parent.exists()


def models_that_answer(**parts: Any) -> Scene:
    sound = {"rows": 3, "predictions": 3, "columns": ("double",)}
    return a_scene(scorer=MemoryScorer({label: TrialResult(label, **sound) for label in ("v1", "v2")}, **parts))


@pytest.mark.parametrize("mode", [Mode.PROMOTE, Mode.CHECK, Mode.DRY_RUN])
def test_results_are_left_by_every_call_that_tests_a_model(tmp_path: Path, mode: Mode) -> None:
    path = tmp_path / "deep" / "junit.xml"
    assert models_that_answer().promote(mode=mode, run_tests=True, junit_xml=path).code is ExitCode.DONE
    assert 'tests="2" failures="0"' in path.read_text()


def test_results_are_left_by_a_call_that_is_refused_for_them(tmp_path: Path) -> None:
    scene = models_that_answer(cases=(Case("zero", Kind.FLAWED, "answered NaN to age = 0"),))
    assert scene.promote(run_tests=True, junit_xml=tmp_path / "j.xml").code is ExitCode.REFUSED
    assert 'message="answered NaN to age = 0"' in (tmp_path / "j.xml").read_text()


def test_results_that_cannot_be_written_undo_nothing_and_never_pass_in_silence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    scene = models_that_answer()
    outcome = scene.promote(run_tests=True, junit_xml=tmp_path / "file" / "j.xml")
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "2")
    assert ["there are no test results" in warning for warning in outcome.warnings] == [True]


def test_where_no_model_was_tested_there_are_no_results(tmp_path: Path) -> None:
    assert a_scene().promote(junit_xml=tmp_path / "j.xml").code is ExitCode.DONE
    assert not (tmp_path / "j.xml").exists()


def test_without_a_run_the_flavor_says_what_it_is(path: Path) -> None:
    scene = a_scene()
    scene.registry.metadata_of["2"] = {**METADATA, "flavors": {"python_function": {}, "sklearn": {}}}
    assert scene.promote(metadata_file=path).code is ExitCode.DONE
    assert (written(path)["model_type"], written(path)["params"]) == ("sklearn", {})


def test_a_file_that_cannot_be_written_undoes_nothing_and_never_passes_in_silence(path: Path) -> None:
    path.parent.write_text("a file where a folder should be")
    scene = with_runs(a_scene())
    outcome = scene.promote(metadata_file=path)
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "2")
    assert [str(path) in warning for warning in outcome.warnings] == [True]
    assert scene.fits()


class Silent(Registry):
    """A registry that does not tell of runs."""

    error: Exception = Unavailable("the tracking server does not answer")

    def run(self, version: Version) -> Run:
        del version
        raise self.error


def test_what_cannot_be_read_is_left_out_with_a_warning(path: Path) -> None:
    outcome = a_scene(registry=Silent()).promote(metadata_file=path)
    assert (outcome.code, written(path)["params"]) == (ExitCode.WARNED, {})
    assert "does not answer" in outcome.warnings[0]


def test_a_run_in_another_workspace_is_no_run(path: Path) -> None:
    registry = Silent()
    registry.error = Denied("not yours")
    assert a_scene(registry=registry).promote(metadata_file=path).code is ExitCode.DONE
    assert written(path)["params"] == {}


class Interrupted(Registry):
    """Ctrl-C is pressed while the file is made."""

    def run(self, version: Version) -> Run:
        press_ctrl_c()
        return super().run(version)


def test_an_interrupt_while_it_is_written_comes_too_late(path: Path) -> None:
    scene = with_runs(a_scene(registry=Interrupted()))
    outcome = scene.promote(metadata_file=path)
    assert (outcome.code, "came when" in outcome.warnings[0]) == (ExitCode.WARNED, True)
    assert written(path)["promoted_to_production"] is True
