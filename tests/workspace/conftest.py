"""The clients the loopback workspace is proved with: every API family, with the SDK on and off."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workspace.seed import seed
from tests.workspace.workspace import Workspace

FAMILIES = [(native, sdk) for native in ("legacy", "native") for sdk in ("sdk off", "sdk on")]


def forget_stores() -> None:
    """Mlflow keeps its stores by address; the next client has to see the environment of its own test."""
    from mlflow.tracking._model_registry.registry import ModelRegistryStoreRegistry

    ModelRegistryStoreRegistry._get_store_with_resolved_uri.cache_clear()  # noqa: SLF001 - there is no public way


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """An environment without anybody's settings, and quick to give up."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0")
    monkeypatch.setenv("MLFLOW_DATABRICKS_ENDPOINT_HTTP_RETRY_TIMEOUT", "1")
    forget_stores()
    yield monkeypatch
    forget_stores()


@pytest.fixture
def churn(quiet_workspace: Workspace, home: pytest.MonkeyPatch, tmp_path: Path) -> Workspace:
    """The seeded workspace; this process is its client, over the legacy API without the SDK."""
    for name, value in quiet_workspace.env(MLFLOW_ENABLE_DB_SDK="false").items():
        home.setenv(name, value)
    return seed(quiet_workspace, tmp_path / "models")


@pytest.fixture(params=FAMILIES, ids=" ".join)
def family(request: pytest.FixtureRequest, churn: Workspace, home: pytest.MonkeyPatch) -> Workspace:
    """The seeded workspace through each API family in turn."""
    native, sdk = request.param
    home.setenv("MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY", str(native == "native").lower())
    home.setenv("MLFLOW_ENABLE_DB_SDK", str(sdk == "sdk on").lower())
    return churn
