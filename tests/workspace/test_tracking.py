"""Tracking through the loopback workspace: a real mlflow server behind it, files in the workspace's own store."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException

from tests.workspace import Workspace

EXPERIMENT = "/Shared/model-promotions"


@pytest.fixture(params=["sdk off", "sdk on"])
def client(request: pytest.FixtureRequest, workspace: Workspace, home: pytest.MonkeyPatch) -> MlflowClient:
    sdk = str(request.param == "sdk on").lower()
    for name, value in workspace.env(MLFLOW_ENABLE_DB_SDK=sdk).items():
        home.setenv(name, value)
    return MlflowClient()


def experiment(client: MlflowClient) -> str:
    found = client.get_experiment_by_name(EXPERIMENT)
    return found.experiment_id if found else client.create_experiment(EXPERIMENT)


@pytest.mark.parametrize("presigned", [False, True], ids=["Files API", "presigned"])
def test_a_promotion_record_is_written_found_and_read_back(
    client: MlflowClient, workspace: Workspace, home: pytest.MonkeyPatch, *, presigned: bool
) -> None:
    home.setenv("MLFLOW_DISABLE_DATABRICKS_SDK_FOR_RUN_ARTIFACTS", str(presigned).lower())
    run = client.create_run(experiment(client), tags={"model": workspace.url}).info
    assert run.artifact_uri.startswith("dbfs:/databricks/mlflow-tracking/")
    client.log_batch(run.run_id, metrics=[Metric("f1", 0.9, 1, 0)], params=[Param("version", "2")])
    client.log_text(run.run_id, '{"to": 2}', "record/entry.json")
    client.set_terminated(run.run_id)
    (found,) = client.search_runs([run.experiment_id], f"tags.model = '{workspace.url}'")
    assert (found.data.metrics, found.data.params) == ({"f1": 0.9}, {"version": "2"})
    assert [each.path for each in client.list_artifacts(run.run_id, "record")] == ["record/entry.json"]
    assert Path(client.download_artifacts(run.run_id, "record/entry.json")).read_text() == '{"to": 2}'
    asked = {each.path.partition("?")[0] for each in workspace.log}
    assert ("/api/2.0/mlflow/artifacts/credentials-for-write" in asked) == presigned


def test_searches_read_and_runs_write(client: MlflowClient, workspace: Workspace) -> None:
    number = experiment(client)
    before = len(workspace.writes())
    client.search_runs([number])
    client.search_experiments()
    assert len(workspace.writes()) == before
    client.create_run(number)
    assert workspace.writes()[-1].area == "tracking"


def test_an_experiment_needs_an_absolute_path_in_a_folder_that_is_there(client: MlflowClient) -> None:
    with pytest.raises(MlflowException, match="absolute path"):
        client.create_experiment("promotions")
    with pytest.raises(MlflowException, match="Parent directory /Nowhere"):
        client.create_experiment("/Nowhere/promotions")


def test_without_a_server_tracking_is_down_and_the_registry_is_not(churn: Workspace) -> None:
    with pytest.raises(MlflowException, match="too many 503"):
        MlflowClient().search_experiments()
    assert MlflowClient().get_registered_model("main.ml.churn").name
    assert {each.status for each in churn.log if each.area == "tracking"} == {503}


def test_a_logged_model_is_registered_through_the_workspace(
    workspace: Workspace, workspace_env: dict[str, str]
) -> None:
    """The whole way of a data scientist, in a process of its own."""
    script = (
        "import mlflow, pandas as pd\n"
        "class Half(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        return [0.5] * len(model_input)\n"
        "mlflow.set_experiment('/Shared/half')\n"
        "rows = pd.DataFrame({'age': [1.0]})\n"
        "with mlflow.start_run():\n"
        "    mlflow.pyfunc.log_model(name='half', python_model=Half(), registered_model_name='main.ml.half',\n"
        "        signature=mlflow.models.infer_signature(rows, [0.5]), pip_requirements=['mlflow'])\n"
        "print(mlflow.pyfunc.load_model('models:/main.ml.half/1').predict(rows))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=workspace_env, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip().endswith("[0.5]"), done.stderr[-3000:]
    version = workspace.registry.version("main.ml.half", 1)
    assert (version.status, version.model_id[:2]) == ("READY", "m-")


def test_the_workspace_can_be_started_from_a_shell(home: pytest.MonkeyPatch) -> None:
    home.setenv("NO_PROXY", "127.0.0.1")
    start = [sys.executable, str(Path(__file__).with_name("__main__.py")), "--latency-ms", "1"]
    with subprocess.Popen(start, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        lines = dict(line.rstrip().split("=", 1) for line in iter(process.stdout.readline, "\n"))
        address = f"{lines['DATABRICKS_HOST']}/api/2.1/unity-catalog/models/main.ml.churn/aliases/champion"
        headers = {"Authorization": f"Bearer {lines['DATABRICKS_TOKEN']}"}
        assert requests.get(address, headers=headers, timeout=10).json()["version"] == 1
        process.terminate()
    assert process.returncode == 0
