"""The GitHub workflow: its shell parts run as GitHub runs them, and it obeys the published schema of workflows."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.program import DOOR, clean_env

REPO = DOOR.parent
WORKFLOW = REPO / "examples" / "github-workflow.yml"


def workflow() -> dict[str, Any]:
    # In YAML 1.1 the word "on" is a truth value; GitHub reads it as the word.
    found: dict[str, Any] = yaml.load(WORKFLOW.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - makes texts only
    return found


def steps() -> dict[str, dict[str, Any]]:
    """The steps that have a name, by it."""
    return {step["name"]: step for job in workflow()["jobs"].values() for step in job["steps"] if "name" in step}


def obeys_the_schema(path: Path) -> subprocess.CompletedProcess[str]:
    """The schema that check-jsonschema carries within it, so nothing is fetched."""
    words = ["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)


def test_it_obeys_the_published_schema_of_workflows() -> None:
    checked = obeys_the_schema(WORKFLOW)
    assert checked.returncode == 0, checked.stdout
    for step in (step for job in workflow()["jobs"].values() for step in job["steps"]):
        assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "actions/checkout@v4"))


@pytest.mark.parametrize(
    ("right", "wrong"), [("runs-on:", "run-on:"), ("  workflow_dispatch:", "  workflow_dispatched:")]
)
def test_the_schema_finds_a_word_that_github_does_not_know(right: str, wrong: str, tmp_path: Path) -> None:
    text = WORKFLOW.read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "workflow.yml").write_text(text.replace(right, wrong), encoding="utf-8")
    checked = obeys_the_schema(tmp_path / "workflow.yml")
    assert checked.returncode == 1, checked.stdout + checked.stderr


def test_jobs_and_steps_that_are_referred_to_are_there() -> None:
    made = workflow()
    for job in made["jobs"].values():
        assert {job["needs"]} <= made["jobs"].keys() if "needs" in job else True
        ids = {step["id"] for step in job["steps"] if "id" in step}
        assert set(re.findall(r"steps\.([\w-]+)\.", json.dumps(job))) <= ids
    outputs = set(re.findall(r"needs\.train-and-promote\.outputs\.(\w+)", json.dumps(made)))
    assert outputs <= made["jobs"]["train-and-promote"]["outputs"].keys()


def test_no_expression_of_github_is_pasted_into_a_script() -> None:
    """What somebody typed into an input would be run as a command."""
    assert not [name for name, step in steps().items() if "${{" in step.get("run", "")]


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """A checkout, and python as the job would have it; pip is not let out."""
    if not all(shutil.which(tool) for tool in ("bash", "jq")):
        pytest.skip("the scripts of the workflow need bash and jq")
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    pip = '[ "$1 $2" = "-m pip" ] && { echo "$@" >> "$HOME/installed"; exit 0; }'
    python.write_text(f'#!/bin/sh\n{pip}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("examples", "lib", "promote_model.py"):
        (checkout / name).symlink_to(REPO / name)
    return tmp_path


def shell(runner: Path, name: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A step's script, as GitHub runs `shell: bash`."""
    own = {"GITHUB_STEP_SUMMARY": str(runner / "summary.md"), "GITHUB_OUTPUT": str(runner / "output")}
    path = f"{runner / 'bin'}{os.pathsep}{os.environ['PATH']}"
    bash = str(shutil.which("bash"))
    return subprocess.run(
        [bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", steps()[name]["run"]],
        env={**clean_env(runner, PATH=path), **own, **env},
        cwd=runner / "checkout",
        capture_output=True,
        text=True,
        check=False,
    )


def output(runner: Path) -> dict[str, str]:
    lines = (runner / "output").read_text().splitlines()
    (runner / "output").unlink()
    return dict(line.split("=", 1) for line in lines)


def test_the_job_promotes_the_first_leaves_a_worse_one_in_staging_and_tells_both(runner: Path) -> None:
    assert shell(runner, "Install").returncode == 0
    assert "scikit-learn" in (runner / "installed").read_text()
    for trees, promoted, version in (("20", "true", "1"), ("1", "false", "2")):
        trained = shell(runner, "Train, and promote if better", N_ESTIMATORS=trees)
        assert trained.returncode == 0, trained.stdout + trained.stderr
        told = shell(runner, "Tell what became of it")
        assert told.returncode == 0, told.stderr
        assert output(runner) == {"promoted": promoted, "version": version}
    summary = (runner / "summary.md").read_text()
    assert summary.count("exit code 0") == 2
    assert "v2 is not better than v1: test\\_accuracy" in summary
    assert "**iris-classifier v2**: test accuracy 0." in summary
    assert shell(runner, "Roll it out").returncode == 0


@pytest.mark.parametrize(("code", "ends"), [(0, 0), (1, 0), (2, 2), (4, 4)])
def test_warnings_are_told_and_a_refusal_fails_the_job(runner: Path, code: int, ends: int) -> None:
    (runner / "bin" / "python").write_text(f"#!/bin/sh\nexit {code}\n")
    ended = shell(runner, "Train, and promote if better", N_ESTIMATORS="1")
    assert (ended.returncode, "::warning::" in ended.stdout) == (ends, code == 1)
