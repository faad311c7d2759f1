"""Tables that a SQL warehouse counts: the real SDK against the loopback workspace, the same SQL on Spark."""

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_promotion.clocks import SystemClock
from model_promotion.connections.databricks import DatabricksConnection
from model_promotion.connections.deadline import Deadline
from model_promotion.connections.warehouse import Warehouse
from model_promotion.core.dataset import Dataset
from model_promotion.core.errors import BadCall, Conflict, Denied, NotFound, NotLoggedIn, TimedOut, Unavailable
from model_promotion.core.sql import Statement
from model_promotion.engines.local import LocalEngine
from model_promotion.engines.warehouse import WarehouseEngine
from model_promotion.evidence.profiling import Counts, Edges, edges_of
from model_promotion.scoring.process import ChildScorer
from model_promotion.scoring.streams import ChildScores
from tests.spark_here import needs_spark
from tests.workspace import USER, Workspace

for needed in ("duckdb", "sqlglot"):
    pytest.importorskip(needed, reason="pip install '.[test]'")
NAME = "main.shop.sales"
TABLE = ("main", "shop", "sales")
ROWS = 997
HOSTILE = "x`; DROP TABLE main.shop.sales; --'\" :known ?"


def rows(seed: int = 1, shift: float = 0.0) -> pa.Table:
    made = np.random.default_rng(seed)
    amount = made.normal(shift, 1, ROWS)
    amount[:5] = [np.nan, np.inf, -np.inf, 0.0, -0.0]
    whole = [None if at % 10 == 0 else at % 7 * 2**53 for at in range(ROWS)]
    words = [("NA", "", None, "ü'`\"\\;", "a\nb", "x,y", f"w{shift}")[at % 7] for at in range(ROWS)]
    noon = dt.datetime(2026, 3, 8, 2, 30, 0, 123_456)  # noqa: DTZ001 - in New York this time does not exist
    times = [None if at % 9 == 0 else noon + dt.timedelta(minutes=at * (1 + shift)) for at in range(ROWS)]
    return pa.table(
        {
            "amount": amount,
            "single": pa.array(amount, pa.float32()),
            "whole": pa.array(whole, pa.int64()),
            "price": pa.array([dt_decimal(at) for at in range(ROWS)], pa.decimal128(10, 2)),
            "word": words,
            "ok": [(True, False, None)[at % 3] for at in range(ROWS)],
            "day": [one and one.date() for one in times],
            "local": pa.array(times, pa.timestamp("us")),
            "moment": pa.array(times, pa.timestamp("us", "UTC")),
            "nothing": pa.array([None] * ROWS, pa.float64()),
            "raw": [b"x"] * ROWS,
            "list": [[1]] * ROWS,
            HOSTILE: words,
            f"{HOSTILE}2": amount,
        }
    )


def dt_decimal(at: int) -> Any:
    from decimal import Decimal

    return Decimal(at * 37 % 1001) / 100


@pytest.fixture
def shop(quiet_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with a table that the caller may look at; this process is its client."""
    for name, value in quiet_workspace.env().items():
        monkeypatch.setenv(name, value)
    quiet_workspace.warehouse.tables[TABLE] = rows()
    quiet_workspace.grant("main.shop", USER, "SELECT")
    return quiet_workspace


def warehouse(shop: Workspace, timeout_s: float = 60, named: str | None = None) -> Warehouse:
    clock = SystemClock()
    connection = DatabricksConnection(None, Deadline(60, clock))
    return Warehouse(connection, clock, timeout_s, shop.warehouse.id if named is None else named)


def fitted(shop: Workspace) -> Edges:
    with WarehouseEngine(warehouse(shop)).open(Dataset(NAME)) as data:
        return data.fit_edges()


def profiled(shop: Workspace, edges: Edges) -> dict[str, Counts]:
    with WarehouseEngine(warehouse(shop)).open(Dataset(NAME)) as data:
        return dict(data.profile(edges))


def told(counts: Counts) -> tuple[Any, ...]:
    return (
        counts.bins.tolist(),
        counts.nulls,
        counts.nans,
        counts.infinite,
        counts.low,
        counts.high,
        sorted(counts.new_levels),
    )


def as_files(table: pa.Table, path: Path) -> tuple[Edges, dict[str, Counts], dict[str, str]]:
    """What the local engine says of the same rows, with edges of its own."""
    pq.write_table(table, path)
    with LocalEngine(ChildScores(ChildScorer())).open(Dataset(str(path))) as data:
        edges = data.fit_edges()
        return edges, dict(data.profile(edges)), dict(data.kinds)


def test_a_warehouse_counts_what_the_local_engine_counts(shop: Workspace, tmp_path: Path) -> None:
    edges, profile, kinds = as_files(rows(), tmp_path / "rows.parquet")
    with WarehouseEngine(warehouse(shop)).open(Dataset(NAME)) as data:
        assert (data.rows, data.kinds) == (ROWS, kinds)
    found = profiled(shop, edges)
    assert {name: told(one) for name, one in found.items()} == {name: told(one) for name, one in profile.items()}
    assert len(edges.numbers["amount"]) > 900, "the local engine's edges are 1,000 of a column without ties"


def test_other_rows_are_counted_between_kept_edges_as_well(shop: Workspace, tmp_path: Path) -> None:
    edges, _, _ = as_files(rows(), tmp_path / "rows.parquet")
    later = rows(seed=2, shift=0.5)
    pq.write_table(later, tmp_path / "later.parquet")
    with LocalEngine(ChildScores(ChildScorer())).open(Dataset(str(tmp_path / "later.parquet"))) as data:
        profile = data.profile(edges)
    shop.warehouse.tables[TABLE] = later
    found = profiled(shop, edges)
    assert {name: told(one) for name, one in found.items()} == {name: told(one) for name, one in profile.items()}
    assert found["word"].new_levels == {"w0.5"}


def test_its_own_edges_are_the_exact_quantiles_whatever_the_order(shop: Workspace) -> None:
    edges = fitted(shop)
    amount = rows()["amount"].to_numpy()
    assert np.array_equal(edges.numbers["amount"], edges_of(amount))
    assert edges.times == {"day", "local", "moment"}
    assert edges.levels["ok"] == ("false", "true")
    assert len(edges.numbers["nothing"]) == 0
    assert {"raw", "list"} & set(edges.columns) == set()
    shop.warehouse.tables[TABLE] = rows().take(list(reversed(range(ROWS))))
    assert json.dumps({name: one.tolist() for name, one in fitted(shop).numbers.items()}) == json.dumps(
        {name: one.tolist() for name, one in edges.numbers.items()}
    )


def test_the_digest_tells_other_rows_and_not_another_order(shop: Workspace) -> None:
    def digest() -> str:
        with WarehouseEngine(warehouse(shop)).open(Dataset(NAME)) as data:
            return data.digest()

    before = digest()
    shop.warehouse.tables[TABLE] = rows().take(list(reversed(range(ROWS))))
    assert digest() == before
    shop.warehouse.tables[TABLE] = rows(seed=2)
    assert digest() != before


def test_nothing_that_a_name_or_a_value_says_is_run(shop: Workspace) -> None:
    edges = fitted(shop)
    profiled(shop, edges)
    for one in shop.warehouse.ran.values():
        outside = one.text.replace(f"`{HOSTILE.replace('`', '``')}`", "").replace(
            f"`{HOSTILE.replace('`', '``')}2`", ""
        )
        assert "DROP" not in outside, "it stands between backticks only"
        assert "w0.0" not in one.text, "a level of the reference is a parameter"


@pytest.mark.parametrize(
    "name",
    ["rows.parquet", "main.shop", "main.shop.sales.more", "main.shop.sales; DROP TABLE x", "main..sales", "", "a.b.`c"],
)
def test_what_is_no_name_of_a_table_is_asked_of_nobody(shop: Workspace, name: str) -> None:
    with (
        pytest.raises(BadCall, match="is no table of Unity Catalog"),
        WarehouseEngine(warehouse(shop)).open(Dataset(name)),
    ):
        pass
    assert not shop.warehouse.ran


def test_parts_of_a_name_may_stand_between_backticks(shop: Workspace) -> None:
    shop.warehouse.tables["main", "shop", "a.b `c`"] = pa.table({"x": [1.0, 2.0]})
    with WarehouseEngine(warehouse(shop)).open(Dataset("main.`shop`.`a.b ``c```")) as data:
        assert data.rows == 2


def test_a_model_is_compared_elsewhere(shop: Workspace) -> None:
    with (
        WarehouseEngine(warehouse(shop)).open(Dataset(NAME)) as data,
        pytest.raises(BadCall, match="a SQL warehouse runs no models") as said,
    ):
        data.target()
    assert "--engine local" in said.value.hint


def asked(shop: Workspace, **how: Any) -> None:
    warehouse(shop, **how).answer(Statement("SELECT amount FROM `main`.`shop`.`sales`"))


def test_every_chunk_of_an_answer_is_read(shop: Workspace) -> None:
    shop.warehouse.tables[TABLE] = pa.table({"x": list(range(ROWS))})
    found = warehouse(shop).answer(Statement("SELECT x FROM `main`.`shop`.`sales` ORDER BY x"))
    assert [row[0] for row in found.rows] == [str(at) for at in range(ROWS)]
    assert [one.path for one in shop.log if "/chunks/" in one.path][-1].endswith("/chunks/19")


def test_a_statement_that_takes_too_long_is_cancelled(shop: Workspace) -> None:
    shop.warehouse.stuck = True
    with pytest.raises(TimedOut, match=r"did not answer within 0\.5 s"):
        asked(shop, timeout_s=0.5)
    assert [one.state for one in shop.warehouse.ran.values()] == ["CANCELED"]


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        (lambda shop: shop.warehouse.tables.clear(), NotFound, "`main`.`shop`.`sales` cannot be found"),
        (lambda shop: shop.revoke("main.shop", USER, "SELECT"), Denied, "Insufficient privileges"),
        (lambda shop: setattr(shop.warehouse, "users", ("somebody",)), Denied, "is not authorized to use"),
        (lambda shop: setattr(shop.warehouse, "ends_as", "CLOSED"), Unavailable, "did not finish: CLOSED"),
        (lambda shop: setattr(shop.warehouse, "ends_as", "CANCELED"), Unavailable, "did not finish: CANCELED"),
        (lambda shop: setattr(shop.warehouse, "ends_as", "SLEEPING"), Unavailable, "did not finish: None"),
        (lambda shop: setattr(shop.warehouse, "id", "another"), BadCall, "SQL warehouse none does not exist"),
    ],
    ids=["no table", "no right", "no right to the warehouse", "closed", "cancelled", "unknown", "no warehouse"],
)
def test_what_goes_wrong_is_one_line(shop: Workspace, change: Any, kind: type[Exception], said: str) -> None:
    named = "none" if "none" in said else shop.warehouse.id
    change(shop)
    with pytest.raises(kind, match=said) as raised:
        asked(shop, named=named)
    assert "\n" not in str(raised.value)


def test_a_table_that_is_not_there_is_a_wrong_call_as_a_file_is(shop: Workspace) -> None:
    with (
        pytest.raises(BadCall, match=r"^there is no table main\.shop\.gone, as the warehouse sees it$"),
        WarehouseEngine(warehouse(shop)).open(Dataset("main.shop.gone")),
    ):
        pass


def test_who_is_not_logged_in_is_told_so(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_TOKEN", "an old one")
    with pytest.raises(NotLoggedIn, match="not logged in"):
        asked(shop)
    monkeypatch.delenv("DATABRICKS_TOKEN")
    with pytest.raises(NotLoggedIn, match="no Databricks login was found"):
        asked(shop)


def test_a_statement_that_fails_says_why(shop: Workspace) -> None:
    with pytest.raises(Unavailable, match=r"the warehouse failed: .*nowhere"):
        warehouse(shop).answer(Statement("SELECT nowhere FROM `main`.`shop`.`sales`"))


def test_no_warehouse_is_guessed(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadCall, match="needs a SQL warehouse, and none is named") as said:
        asked(shop, named="")
    assert "DATABRICKS_WAREHOUSE_ID" in said.value.hint
    monkeypatch.setenv("DATABRICKS_WAREHOUSE_ID", shop.warehouse.id)
    asked(shop, named="of the policy, which the environment goes before")


def test_a_table_that_changes_meanwhile_is_told(shop: Workspace) -> None:
    edges = fitted(shop)
    with WarehouseEngine(warehouse(shop)).open(Dataset(NAME)) as data:
        assert data.rows == ROWS
        shop.warehouse.tables[TABLE] = rows().slice(1)
        with pytest.raises(Conflict, match="changed while it was counted"):
            data.profile(edges)


def test_columns_that_are_not_there_or_hold_something_else_are_named(shop: Workspace) -> None:
    edges = fitted(shop)
    shop.warehouse.tables[TABLE] = rows().drop_columns(["price"])
    with pytest.raises(NotFound, match=f"{NAME} has no column price"):
        profiled(shop, edges)
    shop.warehouse.tables[TABLE] = rows().set_column(0, "amount", pa.array(["a"] * ROWS))
    with pytest.raises(Conflict, match=f"amount of {NAME} holds texts, and numbers in the reference"):
        profiled(shop, edges)


def test_labels_are_the_same_texts_as_of_files(shop: Workspace, tmp_path: Path) -> None:
    columns = ("whole", "amount", "price", "word", "ok", HOSTILE)
    pq.write_table(rows(), tmp_path / "rows.parquet")
    engines = ((WarehouseEngine(warehouse(shop)), NAME), (LocalEngine(None), str(tmp_path / "rows.parquet")))  # type: ignore[arg-type]
    found = []
    for engine, uri in engines:
        with engine.open(Dataset(uri)) as data:
            found.append([*data.texts(columns)])
            with pytest.raises(BadCall, match="has no column nowhere"):
                [*data.texts(["nowhere"])]
    assert found[0] == found[1]
    assert len(found[0]) == ROWS


def test_more_rows_than_are_worth_sending_are_refused(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_promotion.engines.warehouse.MOST_TEXTS", ROWS - 1)
    with WarehouseEngine(warehouse(shop)).open(Dataset(NAME)) as data, pytest.raises(BadCall, match="more than 996"):
        [*data.texts(["whole"])]


def comparable(found: list[list[str | None]]) -> list[tuple[Any, ...]]:
    def value(text: str | None) -> Any:
        try:
            return "NaN" if text == "NaN" else float(text or "none")
        except ValueError:
            return text

    return sorted((tuple(map(value, row)) for row in found), key=repr)


@needs_spark
def test_spark_answers_the_same_statements_with_the_same_rows(shop: Workspace, tmp_path: Path) -> None:
    """The dialect is Spark's. Its session is in New York: no time may depend on that."""
    edges, _, _ = as_files(rows(), tmp_path / "rows.parquet")
    profiled(shop, edges)
    profiled(shop, fitted(shop))
    ran = [one for one in shop.warehouse.ran.values() if "xxhash64" not in one.text]
    statements = [{"text": one.text, "given": dict(one.given)} for one in ran]
    hashed = next(one.text for one in shop.warehouse.ran.values() if "xxhash64" in one.text)
    asked = {
        "table": str(tmp_path / "rows.parquet"),
        "name": "`main`.`shop`.`sales`",
        "statements": [*statements, {"text": hashed, "given": {}}],
    }
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("spark_sql.py"))],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    *said, digest = json.loads(done.stdout)
    assert digest[0][0] == str(ROWS)
    for one, found in zip(ran, said, strict=True):
        assert comparable(found) == comparable(one.rows), one.text
