"""A model in a loopback workspace, and the program pointed at it."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.program import Result, clean_env, inside, run
from tests.e2e.registry import copied, made
from tests.workspace import TOKEN, Workspace
from tests.workspace.seed import seed

QUICK = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "0",
}


@dataclass
class Place:
    """A model of its own in a seeded workspace, an empty working directory, and the login of `token`."""

    workspace: Workspace
    model: str
    cwd: Path
    settings: dict[str, str]
    token: str = TOKEN

    @property
    def env(self) -> dict[str, str]:
        return clean_env(self.cwd, **self.workspace.env(self.token, **self.settings))

    def ask(self, *args: str) -> Result:
        """A call for the model inside this process, answered in JSON."""
        return inside([self.model, *args, "--json"], self.env, self.cwd)

    def process(self, *args: str) -> Result:
        """The same as a process of its own."""
        return run([self.model, *args, "--json"], self.env, self.cwd)

    @property
    def aliases(self) -> dict[str, int]:
        return self.workspace.aliases(self.model)

    @property
    def tags(self) -> dict[str, str]:
        return self.workspace.tags(self.model)

    @property
    def champion(self) -> int | None:
        return self.aliases.get("champion")


@pytest.fixture(autouse=True)
def _models_start_warm(warm: None) -> None:
    """Of the models, what they answer is looked at here; how their processes start and end, in tests/scoring."""


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The registry that every desk is a copy of; a module may have its own."""
    return made(tmp_path_factory.mktemp("registry"))


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Path:
    """A working directory with a registry of its own: champion 1, staging 2, and 5, the latest, is worse."""
    return copied(template, tmp_path / "cwd")


@pytest.fixture
def place(workspace: Workspace, tmp_path: Path) -> Place:
    """Versions 1, 2, 3; champion 1, staging 2; an endpoint that serves 1. Tracking outlives a test, so names do not."""
    return _place(workspace, tmp_path)


@pytest.fixture
def quiet_place(quiet_workspace: Workspace, tmp_path: Path) -> Iterator[Place]:
    """The same without a tracking server: ready at once, for calls that end before there is a record."""
    yield _place(quiet_workspace, tmp_path)
    quiet_workspace.faults.clear()


def _place(workspace: Workspace, folder: Path) -> Place:
    model = f"main.ml.churn_{uuid.uuid4().hex[:8]}"
    seed(workspace, folder / "models", model)
    cwd = folder / "cwd"
    cwd.mkdir()
    return Place(workspace, model, cwd, dict(QUICK))
