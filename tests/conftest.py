"""What every test may ask for: the loopback workspace, and one real mlflow server a session."""

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.endpoints.scoring import *  # noqa: F403 - fixtures are found by name
from tests.shown import *  # noqa: F403 - fixtures are found by name
from tests.warm.fixtures import *  # noqa: F403 - fixtures are found by name
from tests.workspace.fixtures import *  # noqa: F403 - fixtures are found by name

# How long an example takes says nothing on a machine that does other things too.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


# The files that take longest are begun first: whoever is done early then still finds something small to do.
LONGEST_FIRST = (
    "test_readme.py",
    "test_demo.py",
    "e2e/",
    "torture/",
    "engines/",
    "scoring/",
    "examples/",
    "workspace/",
    "serving/",
    "connections/",
    "journals/",
    "registries/",
    "test_house.py",
    "test_cli.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files stay whole: each is for one test process, so that what a file has made is made once."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    below = item.nodeid.removeprefix("tests/")
    return next((turn for turn, name in enumerate(LONGEST_FIRST) if below.startswith(name)), len(LONGEST_FIRST))


ADDRESSES = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")


@pytest.fixture(autouse=True)
def _addresses_forgotten() -> Iterator[None]:
    """MLflow keeps its addresses for the process, and writes them into the environment: not into the next test."""
    before = dict(os.environ)
    yield
    if mlflow := sys.modules.get("mlflow"):
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)
    os.environ.clear()
    # A fixture of the whole file may have named one before the first of its tests.
    os.environ.update({name: value for name, value in before.items() if name not in ADDRESSES})
