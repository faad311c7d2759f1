"""Labels and data beside what serves: the real program and the real engines, in the loopback workspace."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.e2e.conftest import Place
from tests.e2e.watched import a_shop, shares, watched  # noqa: F401 - a fixture
from tests.test_readme import blocks
from tests.workspace import USER

ID = "databricks_request_id"
LABELS = next(block for block in blocks("toml") if block.startswith('[watch]\nlabels = "churned.parquet"'))
FILES = {"churn_payload.parquet": "main.ml.churn_payload", "churned.parquet": "main.ml.churned"}
AT_ONCE, EVERY_S = 400, 0.2
Write = Callable[[int], None]


@contextmanager
def meanwhile(write: Write) -> Iterator[None]:
    """Some more every moment, by somebody else."""
    write(0)
    over = threading.Event()

    def run() -> None:
        times = 0
        while not over.wait(EVERY_S):
            write(times := times + 1)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def answers(times: int, wrong: float) -> tuple[pa.Table, pa.Table]:
    """What an inference table keeps of the requests so far, and labels of all but the newest of them."""
    n = times * AT_ONCE + 50
    truth = np.arange(n) % 2
    said = np.where(np.arange(n) * 387 % 1000 < 1000 * wrong, 1 - truth, truth)
    names = [f"req-{place}" for place in range(n)]
    responses = [json.dumps({"predictions": [float(one)]}) for one in said]
    kept = pa.table({ID: names, "status_code": [200] * n, "response": responses})
    known = max(0, n - AT_ONCE)
    order = np.random.default_rng(times).permutation(known)
    return kept, pa.table({ID: [names[place] for place in order], "churned": truth[order]})


def put(table: pa.Table, path: Path) -> None:
    new = path.with_suffix(".new")
    pq.write_table(table, new)
    new.replace(path)


def into_files(shop: Place, wrong: float) -> tuple[Write, tuple[str, ...]]:
    """As the README has it."""

    def write(times: int) -> None:
        for name, table in zip(FILES, answers(times, wrong), strict=True):
            put(table, shop.cwd / name)

    add(shop, LABELS)
    return write, ()


def into_tables(shop: Place, wrong: float) -> tuple[Write, tuple[str, ...]]:
    for needed in ("duckdb", "sqlglot"):
        pytest.importorskip(needed, reason="pip install '.[test]'")
    held = shop.workspace.warehouse
    shop.workspace.grant("main.ml", USER, "SELECT")

    def write(times: int) -> None:
        names = (tuple(name.split(".")) for name in FILES.values())
        held.tables |= dict(zip(names, answers(times, wrong), strict=True))  # type: ignore[arg-type]

    shop.settings["DATABRICKS_WAREHOUSE_ID"] = held.id
    labels = LABELS
    for file, table in FILES.items():
        labels = labels.replace(file, table)
    add(shop, labels)
    return write, ("--engine", "warehouse")


def add(shop: Place, table: str) -> None:
    """To the table [watch] of the policy, which stands in the middle."""
    policy = shop.cwd / "promotion.toml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("[watch]\n", table), encoding="utf-8")


def severities(document: dict[str, Any], name: str) -> list[str]:
    return [one["severity"] for look in document["looks"] for one in look["readings"] if one["name"] == name]


@pytest.mark.parametrize("source", [into_files, into_tables])
def test_answers_that_turn_out_wrong_are_rolled_back_and_the_old_version_is_looked_at(
    shop: Place, source: Callable[[Place, float], tuple[Write, tuple[str, ...]]]
) -> None:
    write, words = source(shop, 0.4)
    with meanwhile(write):
        back = shop.ask("--watch", "20s", *words)
    assert (back.code, shop.champion, shares(shop)) == (2, 1, {"1": 100, "2": 0}), back.all
    assert back.json["summary"].startswith("rolled back by its watch: accuracy_drop is"), back.json["summary"]
    assert "promotion_hold" in shop.workspace.tags(shop.model, 2)
    (validated,) = watched(back)["validated"]
    assert (validated["well"], "answers again: error_rate is 0 (" in validated["sentence"]) == (True, True), validated
    assert len(watched(back)["looks"]) < 10
    refused = shop.ask("--version", "2")
    assert (refused.code, refused.verdict("hold")) == (2, "failed")


@pytest.mark.parametrize(("wrong", "worst"), [(0.14, "warning"), (0.18, "critical")])
def test_answers_that_are_less_wrong_are_told_and_stay(
    shop: Place, wrong: float, worst: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.e2e.test_watch_data.AT_ONCE", 4000)
    write, _ = into_files(shop, wrong)
    with meanwhile(write):
        found = shop.ask("--watch", "4s")
    assert (found.code, shop.champion, shares(shop)) == (1, 2, {"1": 0, "2": 100}), found.all
    assert severities(watched(found), "accuracy_drop")[-1] == worst, watched(found)["looks"]
    assert [one["name"] for one in watched(found)["alerts"]] == (["accuracy_drop"] if worst == "critical" else [])


def test_inputs_that_drift_are_an_alert_and_nothing_is_rolled_back(shop: Place) -> None:
    made = np.random.default_rng(3)
    for name, shift in (("then", 0), ("now", 30)):
        ages, visits = made.integers(20, 60, 3000) + shift, made.integers(0, 9, 3000).astype(float)
        put(pa.table({"age": ages, "visits": visits}), shop.cwd / f"{name}.parquet")
    assert shop.ask("--version", "3", "--reference-data", "then.parquet").code in (0, 1)
    shop.workspace.add_endpoint("churn", (shop.model, 3))
    well = shop.ask("--watch", "2s", "--current-data", "then.parquet")
    assert (well.code, severities(watched(well), "data drift")) == (0, ["fine"] * 2), well.all
    drifted = shop.ask("--watch", "2s", "--current-data", "now.parquet")
    assert (drifted.code, shop.champion) == (1, 3), drifted.all
    assert severities(watched(drifted), "data drift") == ["critical"] * 2
    assert "1 of 2 columns drifted: age" in " ".join(drifted.json["warnings"])


def test_labels_in_tables_without_an_id_or_of_a_file_in_a_warehouse_are_a_wrong_call(shop: Place) -> None:
    _, words = into_tables(shop, 0.0)
    policy = shop.cwd / "promotion.toml"
    named = policy.read_text(encoding="utf-8").replace("main.ml.churned", "labels.csv")
    policy.write_text(named, encoding="utf-8")
    refused = shop.ask("--watch", "2s", *words)
    assert (refused.code, "labels.csv is no table of Unity Catalog" in refused.all) == (64, True), refused.all
    (shop.cwd / "promotion.toml").write_text('[watch]\nlabels = "main.ml.churned"\n', encoding="utf-8")
    refused = shop.ask("--watch", "2s", *words)
    assert (refused.code, "labels need an id" in refused.all) == (64, True), refused.all
