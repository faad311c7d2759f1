"""Drift of tables, counted by a SQL warehouse, through the whole program."""

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pyarrow as pa
import pytest

from tests.e2e import program
from tests.e2e.conftest import Place
from tests.workspace import USER

for needed in ("duckdb", "sqlglot"):
    pytest.importorskip(needed, reason="pip install '.[test]'")
WORDS = ("--check", "--engine", "warehouse", "--reference-data", "main.shop.then", "--current-data")


def rows(seed: int, shift: float = 0.0) -> pa.Table:
    made = np.random.default_rng(seed)
    visits, shop = made.integers(0, 9, 2000), made.choice(["a", "b"], 2000)
    return pa.table({"age": made.normal(40 + shift, 9, 2000), "visits": visits, "shop": shop})


@pytest.fixture
def shop(quiet_place: Place) -> Place:
    """A workspace with tables like each other, and another, and a warehouse that the environment names."""
    made = {"then": rows(1), "same": rows(2), "moved": rows(3, shift=9)}
    held = quiet_place.workspace.warehouse
    held.tables = {("main", "shop", name): table for name, table in made.items()}
    quiet_place.workspace.grant("main.shop", USER, "SELECT")
    quiet_place.settings["DATABRICKS_WAREHOUSE_ID"] = held.id
    return quiet_place


def finding(shop: Place, *words: str, check: str = "data_drift") -> dict[str, Any]:
    done = shop.ask(*words)
    found: dict[str, Any] = next(one for one in done.json["findings"] if one["check"] == check)
    return found


def test_drift_is_told_of_tables_that_only_a_warehouse_has_seen(shop: Place) -> None:
    same = finding(shop, *WORDS, "main.shop.same")
    assert (same["verdict"], same["facts"]["engine"]) == ("passed", "warehouse"), same
    assert same["facts"]["reference"]["rows"] == same["facts"]["current"]["rows"] == 2000
    moved = finding(shop, *WORDS, "main.shop.moved")
    assert (moved["verdict"], moved["sentence"].startswith("1 of 2 columns drifted: age")) == ("failed", True), moved


def test_what_a_warehouse_cannot_do_is_told_in_one_line(shop: Place) -> None:
    words = ("--check", "--engine", "warehouse", "--eval-data", "main.shop.same", "--target", "shop")
    refused = shop.ask(*words)
    assert (refused.code, "runs no models" in refused.all, "--engine local" in refused.all) == (64, True, True)
    refused = shop.ask(*WORDS, "rows.parquet")
    assert (refused.code, "no table of Unity Catalog" in refused.all) == (64, True), refused.all
    refused = shop.ask(*WORDS, "main.shop.gone")
    assert (refused.code, "there is no table main.shop.gone, as the" in refused.all) == (64, True), refused.all


def test_without_a_login_the_call_ends_as_it_does_for_a_registry(tmp_path: Path) -> None:
    client = mlflow.MlflowClient(uri := f"sqlite:///{tmp_path}/mlflow.db", uri)
    client.create_registered_model("churn")
    client.create_model_version("churn", str(tmp_path))
    done = program.call(tmp_path, "churn", "1", "--registry-uri", uri, *WORDS, "main.shop.same")
    assert (done.code, "no Databricks login was found" in done.all) == (4, True), done.all


def test_the_policy_names_the_warehouse_and_how_long_it_may_take(shop: Place) -> None:
    named = shop.settings.pop("DATABRICKS_WAREHOUSE_ID")
    assert "none is named" in shop.ask(*WORDS, "main.shop.same").all
    policy = shop.cwd / "promotion.toml"
    policy.write_text(f'[evidence]\nwarehouse = "{named}"\n')
    assert finding(shop, *WORDS, "main.shop.same")["verdict"] == "passed"
    policy.write_text(f'[evidence]\nwarehouse = "{named}"\ntimeout_s = 0.5\n')
    shop.workspace.warehouse.stuck = True
    assert "did not answer within 0.5 s" in finding(shop, *WORDS, "main.shop.same")["sentence"]
