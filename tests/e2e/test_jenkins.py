"""The best of several models, as a Jenkins job promotes it: its documented workflow, on sqlite and behind a login."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.program import DOOR, Result, clean_env, inside
from tests.e2e.test_mlflow_server import ADMIN, PASSWORD, guarded_server  # noqa: F401 - a fixture is found by name
from tests.workspace.seed import write_model

JENKINSFILE = (DOOR.parent / "examples" / "Jenkinsfile").read_text(encoding="utf-8")
SHELL = dict(re.findall(r"(?s)stage\('([^']+)'\).*?sh '''\n(.*?)'''", JENKINSFILE))
SETTINGS = dict(re.findall(r"(?m)^        (\w+) = '([^']*)'", JENKINSFILE))
SCORES = {"rf": 0.9665, "svm": 0.9102, "lr": 0.8911}


@dataclass
class Clinic:
    """Models `<prefix>-rf`, -svm and -lr; of rf, version 2 is tagged as the best of all."""

    uri: str
    cwd: Path
    prefix: str
    login: dict[str, str]

    @property
    def env(self) -> dict[str, str]:
        return clean_env(self.cwd, MLFLOW_TRACKING_URI=self.uri, **self.login)

    def call(self, *args: str) -> Result:
        return inside([*args, "--json"], self.env, self.cwd)

    def shell(self, stage: str) -> subprocess.CompletedProcess[str]:
        """One stage's shell part, as Jenkins runs it, with this registry in the place of the example's."""
        job = {**SETTINGS, "PROMOTE": shlex.join((sys.executable, "-I", str(DOOR))), "BUILD_TAG": "jenkins-heart-7"}
        env = {**job, **self.env, "MODELS": f"{self.prefix}-*", "PATH": os.environ["PATH"]}
        command = [shutil.which("sh") or "sh", "-xe", "-c", SHELL[stage]]
        return subprocess.run(command, cwd=self.cwd, env=env, capture_output=True, text=True, check=False)

    def champions(self) -> dict[str, str]:
        listed = self.call("--list", f"{self.prefix}-*").json["facts"]["models"]
        found = [(one["name"], version) for one in listed for version in one["versions"] if version["in_production"]]
        return {name.removeprefix(f"{self.prefix}-"): version["number"] for name, version in found}


def train(clinic: Clinic) -> None:
    """What the training jobs leave: two versions of each model, with their scores as tags, the best of all tagged."""
    from mlflow import MlflowClient

    with pytest.MonkeyPatch.context() as patch:
        for name, value in clinic.login.items():
            patch.setenv(name, value)
        client = MlflowClient(clinic.uri, clinic.uri)
        place = None if clinic.login else (clinic.cwd / "artifacts").as_uri()
        experiment = client.create_experiment(f"training of {clinic.prefix}", place)
        for at, (kind, score) in enumerate(SCORES.items()):
            name = f"{clinic.prefix}-{kind}"
            client.create_registered_model(name)
            for number, value in ((1, score - 0.05), (2, score)):
                run = client.create_run(experiment).info
                client.log_metric(run.run_id, "recall", value)
                folder = write_model(clinic.cwd.parent / f"{kind}{number}", (at + number) / 10)
                client.log_artifacts(run.run_id, str(folder), "model")
                tags = {"roc_auc": str(value), **({"best_model": "true"} if value == max(SCORES.values()) else {})}
                client.create_model_version(name, f"{run.artifact_uri}/model", run.run_id, tags=tags)


@pytest.fixture(params=["sqlite", "a server with a login"])
def clinic(request: pytest.FixtureRequest, tmp_path: Path) -> Clinic:
    cwd = tmp_path / "cwd"
    cwd.mkdir()
    prefix, login = f"heart-disease-{uuid.uuid4().hex[:6]}", {}
    if request.param == "sqlite":
        uri = f"sqlite:///{cwd / 'mlflow.db'}"
    else:
        uri = request.getfixturevalue("guarded_server")
        login = {"MLFLOW_TRACKING_USERNAME": ADMIN, "MLFLOW_TRACKING_PASSWORD": PASSWORD}
    made = Clinic(uri, cwd, prefix, login)
    train(made)
    return made


def test_the_job_of_the_example_promotes_the_best_of_all(clinic: Clinic) -> None:
    """Every shell part in order; a second run of the job changes nothing."""
    assert list(SHELL) == ["What there is", "What would happen", "Promote the best", "What is old"]
    listed = clinic.shell("What there is")
    assert listed.returncode == 0, listed.stderr
    assert f"📦 [{clinic.prefix}-rf] 2 versions" in listed.stdout
    assert "📌 [v2] best_model=true, roc_auc=0.9665" in listed.stdout
    would = clinic.shell("What would happen")
    assert would.returncode == 0, would.stdout
    assert (f"{clinic.prefix}-rf v2 may go to @champion" in would.stdout, clinic.champions()) == (True, {})
    done = clinic.shell("Promote the best")
    assert done.returncode == 0, done.stderr
    outcome = json.loads((clinic.cwd / "outcome.json").read_text(encoding="utf-8"))
    assert (outcome["exit_code"], outcome["facts"]["chosen"]["compared"]) == (0, 1), outcome
    assert "🏆 [v2] @champion; best_model=true, roc_auc=0.9665" in done.stderr
    assert clinic.champions() == {"rf": "2"}
    old = clinic.shell("What is old")
    assert (old.returncode, "every version stays" in old.stdout) == (0, True), old.stderr
    again = clinic.shell("Promote the best")
    assert (again.returncode, clinic.champions()) == (0, {"rf": "2"}), again.stderr
    rows = clinic.call(f"{clinic.prefix}-rf", "--history").json["table"]["rows"]
    assert [(row[2], row[7]) for row in rows] == [("promote", "jenkins-heart-7")]


def test_without_the_tag_a_metric_of_the_runs_finds_the_best(clinic: Clinic) -> None:
    found = clinic.call(f"{clinic.prefix}-*", "--auto", "--tag", "best_model=yes", "--metric", "roc_auc")
    assert (found.code, "tag best_model=yes" in found.all) == (3, True)
    ranked = clinic.call(f"{clinic.prefix}-svm", "--auto", "--metric", "recall", "--dry-run").json
    chosen = ranked["facts"]["chosen"]
    assert (ranked["to"], chosen["compared"], chosen["found_in"]) == ("2", 2, "its run")


Wrong = Callable[[Clinic], tuple[list[str], int, str]]
NOT_THERE: dict[str, Wrong] = {
    "no such model": lambda one: (["--list", f"{one.prefix}-x*"], 3, "train and register one first"),
    "no such model to be the best": lambda one: ([f"{one.prefix}-x*", "--auto"], 3, "another registry? --registry-uri"),
    "a model that is nearly named": lambda one: (["--list", f"{one.prefix}-rff"], 3, f"did you mean {one.prefix}-rf"),
    "nobody tagged": lambda one: ([f"{one.prefix}-svm", "--auto"], 3, "-svm --auto --metric NAME"),
    "a registry that is not there": lambda _: (["--list", "--registry-uri", "sqlite:////nowhere/x.db"], 3, "/nowhere"),
}


@pytest.mark.parametrize("wrong", NOT_THERE.values(), ids=NOT_THERE.keys())
def test_nothing_found_says_what_to_do(clinic: Clinic, wrong: Wrong) -> None:
    words, code, said = wrong(clinic)
    ended = clinic.call(*words)
    assert (ended.code, said in ended.all) == (code, True), ended.all


def test_old_versions_are_deleted_and_what_is_needed_stays(clinic: Clinic) -> None:
    name = f"{clinic.prefix}-rf"
    assert clinic.call(name).json["to"] == "2"
    nothing = clinic.call("--cleanup", name, "--keep", "0", "--older-than", "1d")
    assert (nothing.code, nothing.json["facts"]["going"]) == (0, [])
    would = clinic.call("--cleanup", name, "--keep", "0", "--older-than", "0.001s")
    assert (would.json["facts"]["going"], would.json["facts"]["kept"]["2"][:12]) == (["1"], "@champion is")
    done = clinic.call("--cleanup", name, "--keep", "0", "--older-than", "0.001s", "--yes")
    assert (done.code, done.json["facts"]["deleted"], clinic.champions()) == (0, ["1"], {"rf": "2"}), done.all
    assert clinic.call(name, "--verify-audit").code == 0
    (listed,) = clinic.call("--list", name).json["facts"]["models"]
    assert [version["number"] for version in listed["versions"]] == ["2"]
