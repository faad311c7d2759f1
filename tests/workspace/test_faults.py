"""What goes wrong on the way, as the real clients see it."""

import subprocess
import sys
import time

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.errors import ResourceConflict
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from tests.workspace import DROP, TOKEN, Call, Workspace
from tests.workspace.seed import MODEL

ALIAS = "registered-models/alias"


def test_latency_is_spent_on_every_request(churn: Workspace) -> None:
    churn.faults.latency = 0.05
    start = time.perf_counter()
    MlflowClient().get_registered_model(MODEL)
    assert 0.05 <= time.perf_counter() - start < 1


def test_an_error_comes_as_often_as_asked_and_says_when_to_retry(churn: Workspace) -> None:
    fault = churn.faults.fail(
        ALIAS, method="POST", status=429, error_code="REQUEST_LIMIT_EXCEEDED", retry_after=0, times=1
    )
    MlflowClient().set_registered_model_alias(MODEL, "champion", "2")
    assert (fault.met, churn.aliases(MODEL)["champion"]) == (1, 2)
    assert [each.status for each in churn.writes()] == [429, 200]


def test_a_proxy_page_and_an_empty_success_can_be_served(churn: Workspace) -> None:
    churn.faults.fail("registered-models/get", status=403, body="<html>log in first</html>", times=1)
    with pytest.raises(MlflowException) as refused:
        MlflowClient().get_registered_model(MODEL)
    assert refused.value.error_code == "PERMISSION_DENIED"
    churn.faults.fail("registered-models/get", status=200, body=b"", times=1)
    assert MlflowClient().get_registered_model(MODEL).name == ""


@pytest.mark.parametrize(("when", "alias"), [("before", 1), ("after", 2)])
def test_a_reply_is_lost_before_or_after_the_write(churn: Workspace, when: str, alias: int) -> None:
    churn.faults.lose_reply(ALIAS, when=when, times=None, method="POST")
    with pytest.raises(MlflowException):
        MlflowClient().set_registered_model_alias(MODEL, "champion", "2")
    assert churn.aliases(MODEL)["champion"] == alias
    assert {each.status for each in churn.writes()} == {0}


def test_a_lost_reply_to_an_update_comes_back_as_a_conflict(churn: Workspace) -> None:
    """The SDK sends it again, and meets its own accepted update."""
    config = Config(host=churn.url, token=TOKEN, auth_type="pat", retry_timeout_seconds=5)
    churn.faults.lose_reply("/config$", when="after")
    body = {"served_entities": [{"entity_name": MODEL, "entity_version": "2"}]}
    with pytest.raises(ResourceConflict):
        WorkspaceClient(config=config).api_client.do("PUT", "/api/2.0/serving-endpoints/churn/config", body=body)
    assert [each.status for each in churn.writes("serving")] == [0, 409]


def test_a_silent_server_hangs_until_the_faults_are_cleared(churn: Workspace) -> None:
    churn.faults.hang("scim")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{churn.url}/api/2.0/preview/scim/v2/Me", headers=headers, timeout=0.2)
    churn.faults.clear()
    assert requests.get(f"{churn.url}/api/2.0/preview/scim/v2/Me", headers=headers, timeout=5).ok


def test_a_rival_acts_between_two_writes(churn: Workspace) -> None:
    churn.faults.on_write(2, lambda _call: churn.set_alias(MODEL, "champion", 3))
    client = MlflowClient()
    client.set_registered_model_alias(MODEL, "prev_champion", "1")
    client.set_registered_model_alias(MODEL, "champion", "2")
    assert [each.to for each in churn.alias_history(MODEL, "champion")] == [1, 3, 2]


@pytest.mark.parametrize(("when", "written"), [("before", 1), ("after", 2)])
def test_a_process_is_killed_at_its_second_write(churn: Workspace, when: str, written: int) -> None:
    script = (
        "import os, urllib.request as u\n"
        "for n in range(1, 4):\n"
        f"    url = os.environ['DATABRICKS_HOST'] + '/api/2.1/unity-catalog/models/{MODEL}/aliases/a%d' % n\n"
        "    head = {'Authorization': 'Bearer ' + os.environ['DATABRICKS_TOKEN'], 'Content-Type': 'application/json'}\n"
        "    u.urlopen(u.Request(url, b'{\"version_num\": 1}', head, method='PUT')).read()\n"
    )
    process: list[subprocess.Popen[bytes]] = []

    def kill(_call: Call) -> str:
        process[0].kill()
        process[0].wait()
        return DROP

    churn.faults.on_write(2, kill, when=when)
    process.append(subprocess.Popen([sys.executable, "-c", script], env=churn.env()))
    assert process[0].wait(timeout=20) == -9
    assert [each.alias for each in churn.alias_history(MODEL)][2:] == ["a1", "a2"][:written]
