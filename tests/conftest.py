"""What every test may ask for: the loopback workspace, and one real mlflow server a session."""

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.shown import *  # noqa: F403 - fixtures are found by name
from tests.workspace.fixtures import *  # noqa: F403 - fixtures are found by name

# How long an example takes says nothing on a machine that does other things too.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


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
