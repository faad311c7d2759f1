"""Where MLflow looks while a service runs, and that it looks elsewhere again afterwards."""

import os
from pathlib import Path

import mlflow
import pytest

from model_promotion import MlflowService, NotFound
from tests.e2e.registry import MODEL, copied, made


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("template"))


@pytest.fixture
def uri(template: Path, tmp_path: Path) -> str:
    return f"sqlite:///{copied(template, tmp_path / 'registry') / 'mlflow.db'}"


def looks_at() -> tuple[str, str]:
    return mlflow.get_tracking_uri(), mlflow.get_registry_uri()


def test_while_it_runs_mlflow_looks_there_and_afterwards_where_it_did(uri: str) -> None:
    before, environ = looks_at(), dict(os.environ)
    service = MlflowService(registry_uri=uri)
    service.start()
    assert looks_at() == (uri, uri)
    service.stop()
    assert (looks_at(), dict(os.environ)) == (before, environ)


def test_what_the_caller_told_mlflow_is_what_it_knows_afterwards(uri: str) -> None:
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    service = MlflowService(registry_uri=uri)
    service.start()
    service.stop()
    assert looks_at() == ("http://127.0.0.1:9",) * 2
    assert os.environ["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:9"


def test_a_client_sees_the_registry_and_leaves_nothing_behind(uri: str) -> None:
    before, environ = looks_at(), dict(os.environ)
    client = MlflowService(registry_uri=uri, registry_name=MODEL).client()
    assert str(client.get_model_version_by_alias(MODEL, "champion").version) == "1"
    assert (looks_at(), dict(os.environ)) == (before, environ)


def test_what_is_not_given_comes_from_the_environment(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert MlflowService().address.registry_uri == uri
    assert MlflowService().client().get_registered_model(MODEL).name == MODEL


def test_asking_for_a_client_makes_no_registry_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no registry"):
        MlflowService(registry_uri=f"sqlite:///{tmp_path}/none.db").client()
    assert list(tmp_path.iterdir()) == []
