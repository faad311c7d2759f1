"""Promotions in a Python pipeline: the examples as they stand, in an sqlite file and in a Databricks workspace."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from model_promotion import PromotionJob
from model_promotion.jobs import load
from tests.connections.test_as_found import state
from tests.e2e.program import DOOR, Result, clean_env, python
from tests.e2e.registry import BETTER, GOOD, MODEL
from tests.workspace import TOKEN, Workspace
from tests.workspace.seed import seed, write_model

EXAMPLES = DOOR.parent / "examples"
STEP = EXAMPLES / "promotion_job.py"
NOTEBOOK = EXAMPLES / "promotion.ipynb"
# A kernel runs the cells one by one, in one namespace, while an event loop of its own is running.
KERNEL = """
import asyncio, json, sys
async def kernel():
    names = {"__name__": "__main__"}
    for number, cell in enumerate(json.load(open(sys.argv[1]))["cells"], start=1):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
    shown = {name: names[name].summary for name in ("first", "look", "back", "refused")}
    print(json.dumps({**shown, "version": names["found"]["version"], "aliases": names["aliases"]}))
asyncio.run(kernel())
"""


def step(desk: Path, text: str) -> Result:
    """The step of a pipeline with this configuration."""
    (desk / "job.yaml").write_text(text, encoding="utf-8")
    return python([str(STEP), "job.yaml"], clean_env(desk.parent), desk)


def test_the_example_of_a_configuration_obeys_the_schema_of_the_job() -> None:
    checker = Draft202012Validator(PromotionJob.model_json_schema())
    (job,) = yaml.safe_load((EXAMPLES / "promotion_job.yaml").read_text(encoding="utf-8")).values()
    checker.validate(job)
    for wrong in ({"KIND": "PromotionJobs"}, {"aliass": "champion"}, {"compare_metrics": "yes"}, {"version": "7"}):
        assert not checker.is_valid({**job, **wrong})


def champion(desk: Path) -> int:
    with sqlite3.connect(desk / "mlflow.db") as db:
        (found,) = db.execute("select version from registered_model_aliases where alias = 'champion'").fetchone()
    return int(found)


def test_a_pipeline_refuses_promotes_and_goes_back(desk: Path) -> None:
    """The configuration of those who have such jobs today, with an address and the wish to fail."""
    common = f"model: {MODEL}, raise_on_refusal: true, mlflow_service: {{registry_uri: 'sqlite:///mlflow.db'}}"
    refused = step(desk, f"job: {{KIND: PromotionJob, compare_metrics: true, {common}}}")
    assert (refused.code, champion(desk)) == (1, GOOD), refused.all
    assert refused.err.splitlines()[-1].startswith("model_promotion.core.outcome.Refused: refused by recorded_metrics")

    done = step(desk, f"job: {{KIND: PromotionJob, version: {BETTER}, compare_metrics: true, {common}}}")
    assert (done.code, champion(desk)) == (0, BETTER), done.all
    moved = f"{MODEL}: @champion: v1 -> v2 (v1 kept as @prev_champion)"
    assert done.out == f"{MODEL} version 2: {moved}\n"
    said = [line.partition("model_promotion")[2] for line in done.err.splitlines()]
    lines = [f": [Plan] {MODEL} v2 (version 2)", f": [Promotion] {moved}", f".alerts: Promotion Job Completed: {moved}"]
    places = [next(place for place, one in enumerate(said) if one.startswith(line)) for line in lines]
    assert places == sorted(places)

    back = step(desk, f"job: {{KIND: RollbackJob, reason: slow, {common}}}")
    assert (back.code, champion(desk)) == (0, GOOD), back.all


def test_a_configuration_that_makes_no_sense_fails_the_step_with_file_and_key(desk: Path) -> None:
    wrong = step(desk, f"job: {{KIND: PromotionJob, model: {MODEL}, alias: latest}}")
    assert wrong.code == 1
    assert "BadCall: job.yaml, job.alias: alias 'latest' is reserved" in wrong.err.splitlines()[-1]


def test_a_job_leaves_the_process_as_it_found_it(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    before = state()
    with PromotionJob(model=MODEL, version=BETTER, registry_uri="sqlite:///mlflow.db", run_tests=True) as job:
        assert job.run()["outcome"].done
    assert (state(), champion(desk)) == (before, BETTER)


# --- the notebook ---


def test_the_notebook_is_one_and_was_saved_without_what_it_showed() -> None:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["metadata"]["kernelspec"]["name"]) == (4, "python3")
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    for cell in notebook["cells"]:
        common = {"cell_type", "id", "metadata", "source"}
        assert set(cell) == common | ({"execution_count", "outputs"} if cell["cell_type"] == "code" else set())
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_the_notebook_runs_from_top_to_bottom(tmp_path: Path) -> None:
    (tmp_path / "cwd").mkdir()
    ran = python(["-c", KERNEL, str(NOTEBOOK)], clean_env(tmp_path), tmp_path / "cwd")
    assert ran.code == 0, ran.all
    shown = json.loads(ran.out.splitlines()[-1])
    assert shown["first"] == "tumours: @champion -> v1, the first one, so there is no backup"
    assert shown["look"].startswith("tumours v2 may go to @champion; nothing was written")
    assert shown["version"] == 2
    assert shown["back"] == "tumours: @champion is back at v1; v2 is held"
    assert shown["refused"] == "refused by hold; @champion stays at v1"
    assert {alias: int(number) for alias, number in shown["aliases"].items()} == {"champion": 1, "prev_champion": 1}


# --- the Databricks job ---


def bundle() -> dict[str, Any]:
    text = (EXAMPLES / "databricks-job.yml").read_text(encoding="utf-8")
    document = yaml.safe_load(text.replace("${workspace.file_path}", str(EXAMPLES)))
    assert list(document) == ["resources"]
    (job,) = document["resources"]["jobs"].values()
    found: dict[str, Any] = job
    return found


def known(job: dict[str, Any]) -> dict[str, Any]:
    """What is left of a job: the SDK's classes are made from the API's description, and drop what they do not know."""
    from databricks.sdk.service.jobs import JobSettings

    left: dict[str, Any] = JobSettings.from_dict(job).as_dict()
    return left


def test_every_key_of_the_databricks_job_is_one_that_its_jobs_api_knows() -> None:
    job = bundle()
    assert known(job) == job
    wrong = bundle()
    wrong["tasks"][0]["spark_python_task"]["python_files"] = "x"
    wrong["environments"][0]["spec"]["dependency"] = []
    assert known(wrong) == job, "the words that are none are gone, at any depth"
    environments = {one["environment_key"] for one in job["environments"]}
    assert {task["environment_key"] for task in job["tasks"]} == environments


def test_the_databricks_job_fails_on_a_worse_version_and_promotes_a_better_one(
    workspace: Workspace, tmp_path: Path
) -> None:
    (task,) = (task["spark_python_task"] for task in bundle()["tasks"])
    words = [str(EXAMPLES / task["python_file"]), *task["parameters"]]
    model = str(getattr(load(task["parameters"][0]), "model", ""))
    seed(workspace, tmp_path / "models", model)
    login = {name: value for name, value in workspace.env(TOKEN).items() if name.startswith("DATABRICKS_")}
    env = clean_env(tmp_path, DATABRICKS_RUNTIME_VERSION="client.4.1", **login)
    (tmp_path / "cwd").mkdir()

    refused = python(words, env, tmp_path / "cwd")
    assert (refused.code, workspace.aliases(model)["champion"]) == (1, 1), refused.all
    assert "Refused: refused by recorded_metrics; @champion stays at v1" in refused.err
    assert workspace.writes("registry") == []

    workspace.add_version(model, write_model(tmp_path / "models" / "4", 0.4), metrics={"f1": 0.91}, run_id="")
    done = python(words, env, tmp_path / "cwd")
    assert (done.code, workspace.aliases(model)["champion"]) == (0, 4), done.all
    assert done.out.startswith(f"{model} version 4: ")
    assert list((tmp_path / "cwd").iterdir()) == []
