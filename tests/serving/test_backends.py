"""Who serves is found by file name: which backend goes with which registry."""

import pytest

from model_promotion.connections.address import resolve
from model_promotion.wiring import backends


def beside(registry: str, named_by: str) -> list[str]:
    found = backends(resolve(registry, None, "a test"), named_by)
    return [one.__name__.rpartition(".")[2] for one in found]


@pytest.mark.parametrize("registry", ["databricks-uc", "databricks", "databricks-uc://prod"])
def test_the_endpoints_of_a_workspace_go_with_its_registry(registry: str) -> None:
    assert beside(registry, "name") == ["databricks"]


@pytest.mark.parametrize("registry", ["sqlite:///mlflow.db", "http://mlflow:5000", "./mlruns"])
def test_no_endpoints_with_a_name_go_with_another(registry: str) -> None:
    assert beside(registry, "name") == []


@pytest.mark.parametrize("registry", ["databricks-uc", "sqlite:///mlflow.db"])
def test_scoring_servers_stand_beside_any_registry(registry: str) -> None:
    assert beside(registry, "address") == ["scoring_server"]
