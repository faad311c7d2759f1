"""A training pipeline that promotes when better: iris-classifier, on sqlite and on a server that asks for a login.

The models are those of examples/train_and_promote.py, trained and registered by it; the program is asked what it asks.
"""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from mlflow import MlflowClient

from tests.e2e.conftest import Place
from tests.e2e.program import DOOR, Result, clean_env, inside
from tests.workspace import mlflow_server as server

EXAMPLE = DOOR.parent / "examples" / "train_and_promote.py"
TRAIN = """
import json, runpy, sys
train = runpy.run_path(sys.argv[1])["train"]
print(json.dumps([train(params) for params in json.loads(sys.argv[2])]))
"""
FIRST, WORSE, BETTER = (
    {"n_estimators": 1, "max_depth": 2},
    {"n_estimators": 1, "max_depth": 1},
    {"n_estimators": 20, "max_depth": None},
)


@cache
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("train_and_promote", EXAMPLE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Pipeline:
    """A registry with three trained versions, and the program as the example calls it."""

    cwd: Path
    env: dict[str, str]
    stages: bool

    @property
    def production(self) -> str:
        return "Production" if self.stages else "champion"

    @property
    def staging(self) -> str:
        return "Staging" if self.stages else "staging"

    def train(self, *params: dict[str, Any]) -> list[str]:
        """The numbers of the versions that were trained and registered, in a process that is not ours."""
        command = [sys.executable, "-c", TRAIN, str(EXAMPLE), json.dumps(params)]
        done = subprocess.run(command, env=self.env, cwd=self.cwd, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        numbers: list[str] = json.loads(done.stdout.splitlines()[-1])
        return numbers

    def promote(self, version: str, *more: str) -> Result:
        return inside([*example().chosen(version, stages=self.stages), *more], self.env, self.cwd)

    @property
    def metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.cwd / "models" / "model_metadata.json").read_text())
        return found

    def where(self) -> dict[str, str]:
        """Where each version stands, as MLflow itself tells it."""
        uri = self.env.get("MLFLOW_TRACKING_URI", f"sqlite:///{self.cwd / 'mlflow.db'}")
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.env.items():
                patch.setenv(name, value)
            client = MlflowClient(uri, uri)
            aliases = client.get_registered_model("iris-classifier").aliases
            found = client.search_model_versions("name='iris-classifier'")
        stages = {one.current_stage: one.version for one in found if one.current_stage != "None"}
        return {name: str(number) for name, number in {**aliases, **stages}.items()}


@pytest.fixture(scope="module")
def guarded_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server.guarded(tmp_path_factory.mktemp("guarded")) as url:
        yield url


@pytest.fixture(params=["sqlite", "a server with a login"])
def env(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    if request.param == "sqlite":
        return clean_env(tmp_path)
    login = {"MLFLOW_TRACKING_USERNAME": server.ADMIN, "MLFLOW_TRACKING_PASSWORD": server.PASSWORD}
    return clean_env(tmp_path, MLFLOW_TRACKING_URI=request.getfixturevalue("guarded_url"), **login)


@pytest.mark.parametrize("stages", [True, False], ids=["stages", "aliases"])
def test_the_first_model_is_promoted_a_worse_one_stays_in_staging_a_better_one_takes_its_place(
    env: dict[str, str], tmp_path: Path, *, stages: bool
) -> None:
    (tmp_path / "cwd").mkdir()
    pipeline = Pipeline(tmp_path / "cwd", env, stages)
    first, worse, better = pipeline.train(FIRST, WORSE, BETTER)
    production, staging = pipeline.production, pipeline.staging

    done = pipeline.promote(first)
    told = pipeline.metadata
    assert (done.code, told["promoted_to_production"], told["version"]) == (0, True, first), done.all
    assert (told["model_name"], told["model_type"]) == ("iris-classifier", "RandomForestClassifier")
    assert told["params"]["max_depth"] == "2"
    assert 0 < told["test_accuracy"] == told["metrics"]["test_accuracy"] <= 1
    assert 0 < told["train_accuracy"] <= 1
    assert len(told["run_id"]) == 32

    looked = pipeline.promote(worse, "--dry-run")
    done = pipeline.promote(worse)
    told = pipeline.metadata
    assert (looked.code, done.code, told["promoted_to_production"], told["version"]) == (0, 0, False, worse), done.all
    assert f"v{worse} is not better than v{first}: test_accuracy 0." in done.out
    assert told["stage" if stages else "alias"] == staging
    where = pipeline.where()
    assert (where[production], where[staging]) == (first, worse)

    again = pipeline.promote(worse)
    assert (again.code, "nothing was written" in again.out) == (0, True), again.all

    done = pipeline.promote(better)
    told = pipeline.metadata
    assert (done.code, told["promoted_to_production"], told["version"]) == (0, True, better), done.all
    where = pipeline.where()
    assert where[production] == better
    assert where["Archived" if stages else "prev_champion"] == first
    assert where[staging] == worse

    back = ["iris-classifier", "--rollback", *(["--to-stage", "Production"] if stages else [])]
    assert inside(back, env, pipeline.cwd).code == 0
    assert pipeline.where()[production] == first
    assert inside(["iris-classifier", "--verify-audit"], env, pipeline.cwd).code == 0


def test_a_metadata_file_that_can_never_be_written_is_a_wrong_call_and_nothing_is_done(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("no folder")
    wrong = Pipeline(tmp_path, clean_env(tmp_path), stages=False).promote("1")
    assert (wrong.code, "models is no folder" in wrong.all) == (64, True), wrong.all


# --- Unity Catalog: no stages, metrics in the versions, no run in this workspace


def test_in_unity_catalog_a_worse_version_goes_to_staging_and_a_better_one_is_promoted(place: Place) -> None:
    asked = ["--if-better", "f1", "--metadata-file", "models/m.json"]
    worse = place.ask("--version", "3", *asked)
    assert (worse.code, place.aliases) == (0, {"champion": 1, "staging": 3, "prev_staging": 2}), worse.all
    assert json.loads((place.cwd / "models" / "m.json").read_text())["promoted_to_production"] is False
    better = place.ask("--version", "2", *asked, "--to-stage", "Production")
    assert (better.code, place.aliases["production"]) == (0, 2), better.all
    third = place.ask("--version", "3", *asked, "--to-stage", "Production")
    assert (third.code, place.aliases["production"], place.aliases["staging"]) == (0, 2, 3), third.all
    told = json.loads((place.cwd / "models" / "m.json").read_text())
    assert (told["promoted_to_production"], told["alias"], told["stage"], told["f1"]) == (False, "staging", None, 0.79)


@pytest.mark.parametrize("mode", ["--dry-run", "--check"])
def test_in_unity_catalog_looking_sends_no_writing_request(quiet_place: Place, mode: str) -> None:
    looked = quiet_place.ask("--version", "3", "--if-better", "f1", mode)
    assert (looked.code in (0, 1), quiet_place.workspace.writes()) == (True, []), looked.all
    assert "may go to @staging" in looked.json["summary"]
