"""A real mlflow server over HTTP, without a login and with one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from model_promotion import PromotionJob
from tests.connections.test_as_found import state
from tests.e2e.program import DOOR, Result, clean_env, inside, python
from tests.workspace import mlflow_server as server
from tests.workspace.mlflow_server import ADMIN, PASSWORD, PROXIED
from tests.workspace.seed import write_model

MODEL = "churn"
STEP = DOOR.parent / "examples" / "promotion_job.py"
USERS = {"reader": "READ", "editor": "EDIT", "manager": "MANAGE", "newcomer": ""}


@dataclass
class Registry:
    """A server with a model of its own for this test, and the program as one of its users."""

    url: str
    cwd: Path
    model: str
    user: str = ""
    password: str = PASSWORD

    @property
    def env(self) -> dict[str, str]:
        login = {"MLFLOW_TRACKING_USERNAME": self.user, "MLFLOW_TRACKING_PASSWORD": self.password}
        return clean_env(self.cwd, MLFLOW_TRACKING_URI=self.url, **(login if self.user else {}))

    def call(self, *args: str) -> Result:
        return inside([self.model, *args, "--json"], self.env, self.cwd)

    def champion(self) -> str:
        login = (ADMIN, PASSWORD) if self.user else None
        path = f"{self.url}/api/2.0/mlflow/registered-models/alias"
        found = requests.get(path, {"name": self.model, "alias": "champion"}, auth=login, timeout=30)
        return str(found.json()["model_version"]["version"])


def filled(registry: Registry) -> Registry:
    """Versions 1 good, 2 better, 3 worse: their files lie beside an artifact server that hands them out."""
    from mlflow import MlflowClient

    login = {"MLFLOW_TRACKING_USERNAME": ADMIN, "MLFLOW_TRACKING_PASSWORD": PASSWORD} if registry.user else {}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in login.items():
            patch.setenv(name, value)
        client = MlflowClient(registry.url, registry.url)
        experiment = client.create_experiment(f"training of {registry.model}")
        client.create_registered_model(registry.model)
        for number, f1 in enumerate((0.80, 0.85, 0.70), start=1):
            run = client.create_run(experiment).info
            client.log_metric(run.run_id, "f1", f1)
            client.log_artifacts(run.run_id, str(write_model(registry.cwd.parent / str(number), number / 10)), "model")
            client.create_model_version(registry.model, f"{run.artifact_uri}/model", run.run_id)
        client.set_registered_model_alias(registry.model, "champion", "1")
        client.set_registered_model_alias(registry.model, "staging", "2")
    return registry


@pytest.fixture(scope="session")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server.running(tmp_path_factory.mktemp("open"), *PROXIED) as url:
        yield url


@pytest.fixture(scope="session")
def guarded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that asks for a password, with a model that each user has another permission on."""
    folder = tmp_path_factory.mktemp("guarded")
    with server.guarded(folder) as url:
        filled(Registry(url, folder, MODEL, ADMIN))
        for name, permission in USERS.items():
            told(f"{url}/api/2.0/mlflow/users/create", username=name, password=PASSWORD)
            what = {"resource_type": "registered_model", "resource_id": MODEL, "permission": permission}
            _ = permission and told(f"{url}/api/3.0/mlflow/users/permissions/grant", username=name, **what)
        yield url


def told(url: str, **body: str) -> requests.Response:
    """What the admin tells the server."""
    answer = requests.post(url, json=body, auth=(ADMIN, PASSWORD), timeout=30)
    assert answer.ok, answer.text
    return answer


@pytest.fixture
def registry(open_server: str, tmp_path: Path) -> Registry:
    (tmp_path / "cwd").mkdir()
    return filled(Registry(open_server, tmp_path / "cwd", MODEL))


@pytest.fixture
def guarded(guarded_server: str, tmp_path: Path) -> Registry:
    (tmp_path / "cwd").mkdir()
    return Registry(guarded_server, tmp_path / "cwd", MODEL, ADMIN)


def test_the_main_story_over_http(registry: Registry) -> None:
    assert (registry.call("--compare-metrics").code, registry.champion()) == (0, "2")
    assert (registry.call("--version", "3", "--compare-metrics").code, registry.champion()) == (2, "2")
    assert (registry.call("--rollback", "--reason", "slow").code, registry.champion()) == (0, "1")
    assert [row[2] for row in registry.call("--history").json["table"]["rows"]] == ["promote", "rollback"]
    assert registry.call("--verify-audit").code == 0
    assert list(registry.cwd.iterdir()) == []


@pytest.mark.parametrize(
    ("user", "mode"), [("reader", "--reason=x"), ("reader", "--dry-run"), ("newcomer", "--reason=x")]
)
def test_who_may_only_read_is_refused_with_4_and_nothing_changes(guarded: Registry, user: str, mode: str) -> None:
    before = guarded.champion()
    guarded.user = user
    ended = guarded.call(mode, "--version", "3")
    assert (ended.code, guarded.champion()) == (4, before), ended.all
    assert "Traceback" not in ended.all


@pytest.mark.parametrize("mode", ["--check", "--rollback"])
def test_a_wrong_password_is_4(guarded: Registry, mode: str) -> None:
    guarded.password = "wrong-password-9"
    ended = guarded.call(mode)
    assert (ended.code, "not logged in" in ended.all) == (4, True), ended.all
    assert "wrong-password-9" not in ended.all


def test_who_may_edit_moves_aliases_and_the_record_names_the_login(guarded: Registry) -> None:
    """The experiment of the records belongs to who wrote the first; the next one's record falls to the local file."""
    guarded.user = "editor"
    done = guarded.call("--reason", "better")
    assert (done.code, guarded.champion()) == (0, "2"), done.all
    guarded.user = "manager"
    back = guarded.call("--rollback")
    assert (back.code, guarded.champion()) == (1, "1"), back.all
    rows = guarded.call("--history").json["table"]["rows"]
    assert [row[6] for row in rows] == ["editor", "manager"]


def test_stages_over_http(open_server: str, tmp_path: Path) -> None:
    (tmp_path / "cwd").mkdir()
    registry = filled(Registry(open_server, tmp_path / "cwd", f"churn of {tmp_path.name}"))
    up = ("--to-stage", "Production")
    first = registry.call(*up, "--version", "1")
    assert (first.code, first.json["was"]) == (0, None), first.all
    better = registry.call(*up, "--version", "2")
    assert (better.code, better.json["was"]) == (0, "1"), better.all
    back = registry.call("--rollback", *up)
    assert (back.code, back.json["to"]) == (0, "1"), back.all


def test_a_pipeline_with_a_login_promotes_and_goes_back(guarded_server: str, tmp_path: Path) -> None:
    (tmp_path / "cwd").mkdir()
    registry = filled(Registry(guarded_server, tmp_path / "cwd", f"churn of {tmp_path.name}", ADMIN))
    # Who writes the first record owns its experiment, and that is for another test to be.
    (registry.cwd / "promotion.toml").write_text('[record]\nexperiment = "the pipeline"\n')
    job = f"model: {registry.model}, raise_on_refusal: true"
    for kind, ends_with, stands in (
        ("PromotionJob, source: staging, compare_metrics: true", 0, "2"),
        ("PromotionJob, version: 3, compare_metrics: true", 1, "2"),
        ("RollbackJob, reason: slow", 0, "1"),
    ):
        (registry.cwd / "job.yaml").write_text(f"job: {{KIND: {kind}, {job}}}", encoding="utf-8")
        ran = python([str(STEP), "job.yaml"], registry.env, registry.cwd)
        assert (ran.code, registry.champion()) == (ends_with, stands), ran.all
        assert PASSWORD not in ran.all
    registry.password = "wrong-password-9"
    refused = python([str(STEP), "job.yaml"], registry.env, registry.cwd)
    assert refused.code == 1
    assert "Denied: " in refused.err.splitlines()[-1]
    assert "wrong-password-9" not in refused.all


def test_a_job_over_http_leaves_the_process_as_it_found_it(open_server: str, tmp_path: Path) -> None:
    (tmp_path / "cwd").mkdir()
    registry = filled(Registry(open_server, tmp_path / "cwd", f"churn of {tmp_path.name}"))
    before = state()
    found = PromotionJob(model=registry.model, version=2, tracking_uri=registry.url).run()
    assert (found["outcome"].code, registry.champion()) == (0, "2")
    assert state() == before
