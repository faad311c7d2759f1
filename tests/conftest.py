"""What every test may ask for: the loopback workspace, and one real mlflow server a session."""

import os
import sys
from collections.abc import Iterator

import pytest

from tests.shown import *  # noqa: F403 - fixtures are found by name
from tests.workspace.fixtures import *  # noqa: F403 - fixtures are found by name


@pytest.fixture(autouse=True)
def _addresses_forgotten() -> Iterator[None]:
    """MLflow keeps its addresses for the process, and writes them into the environment: not into the next test."""
    before = dict(os.environ)
    yield
    if mlflow := sys.modules.get("mlflow"):
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)
    os.environ.clear()
    os.environ.update(before)
