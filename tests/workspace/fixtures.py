"""Fixtures for everybody: put `from tests.workspace.fixtures import *  # noqa: F403` into a conftest.py."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workspace import mlflow_server as server
from tests.workspace.workspace import Workspace

__all__ = ["mlflow_server", "quiet_workspace", "workspace", "workspace_env"]
_FOREIGN = ("DATABRICKS_", "MLFLOW_", "SPARK_")


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real mlflow server; 5 to 17 s to start, once a session."""
    with server.running(tmp_path_factory.mktemp("mlflow")) as url:
        yield url


@pytest.fixture
def workspace(mlflow_server: str) -> Iterator[Workspace]:
    """An empty workspace with working tracking. Experiments live as long as the session: name them after the test."""
    with Workspace(mlflow_server) as ws:
        yield ws


@pytest.fixture
def quiet_workspace() -> Iterator[Workspace]:
    """An empty workspace whose tracking is down (503), ready at once."""
    with Workspace() as ws:
        yield ws


@pytest.fixture
def workspace_env(workspace: Workspace, tmp_path: Path) -> dict[str, str]:
    """The whole environment for a subprocess: ours without foreign settings, an own HOME, and the way here."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
    return {**kept, **workspace.env(HOME=str(tmp_path))}
