"""What Spark reads, and what it must not know."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from model_promotion.core.dataset import Dataset
from model_promotion.core.errors import BadCall, Conflict, NotFound
from model_promotion.engines._spark_session import context, session
from model_promotion.evidence.profiling import Counts
from tests.engines.agreeing import ROWS, Engines, rows
from tests.engines.conftest import CURIOUS
from tests.spark_here import needs_spark

pytestmark = needs_spark


def alike(one: Counts, other: Counts) -> bool:
    same = {**vars(one), "bins": 0} == {**vars(other), "bins": 0}
    return same and one.bins.tolist() == other.bins.tolist()


@pytest.fixture(params=["rows.parquet", "a directory", "rows.csv"])
def path(request: pytest.FixtureRequest, shop: Path, tmp_path: Path) -> Path:
    """The same rows in every form."""
    if request.param == "rows.csv":
        rows().drop(columns=["raw", "nested"]).to_csv(tmp_path / "rows.csv", index=False)
        return tmp_path / "rows.csv"
    if request.param == "rows.parquet":
        return shop / "rows.parquet"
    rows().head(1000).to_parquet(tmp_path / "0[x].parquet", index=False)
    rows().tail(2000).assign(user=lambda frame: frame["user"] + 0.5).to_parquet(tmp_path / "1 2.parquet", index=False)
    return tmp_path


def test_both_know_the_same_of_the_columns_and_count_the_same_between_the_same_edges(
    engines: Engines, path: Path
) -> None:
    with engines[0].open(Dataset(str(path), id="id")) as ours, engines[1].open(Dataset(str(path), id="id")) as theirs:
        assert (ours.rows, ours.columns, ours.kinds) == (theirs.rows, theirs.columns, theirs.kinds)
        edges, others = ours.fit_edges(), theirs.fit_edges()
        assert (edges.levels, edges.times) == (others.levels, others.times)
        assert {name: one.tolist() for name, one in edges.numbers.items()} == {
            name: one.tolist() for name, one in others.numbers.items()
        }
        assert {"seen", "when", "day"} <= edges.times
        kept = type(edges)(edges.numbers, {**edges.levels, "region": ("north",)}, edges.times)
        first, second = ours.profile(kept), theirs.profile(kept)
        assert ours.levels(("region", "paid", "user", "id")) == theirs.levels(("region", "paid", "user", "id"))
    assert [name for name in first if not alike(first[name], second[name])] == []
    assert (first["odd"].infinite, first["some"].nulls) != (0, 0)
    assert first["region"].new_levels == {"south"}


@pytest.mark.parametrize("target", ["sold", "amount", "some", "paid", "odd", "user", "raw"])
def test_both_say_the_same_of_the_target(engines: Engines, shop: Path, target: str) -> None:
    said = []
    for engine in engines:
        with engine.open(Dataset(str(shop / "rows.parquet"), target)) as data:
            try:
                said.append(repr(data.target()))
            except BadCall as error:
                said.append(str(error))
    assert said[0] == said[1]


def test_edges_of_other_columns_are_refused_as_locally(engines: Engines, shop: Path, tmp_path: Path) -> None:
    rows()[["a"]].astype(str).to_parquet(tmp_path / "texts.parquet")
    said = []
    for engine in engines:
        with engine.open(Dataset(str(shop / "rows.parquet"))) as data:
            edges = data.fit_edges()
        with engine.open(Dataset(str(tmp_path / "texts.parquet"))) as data:
            with pytest.raises(NotFound, match="has no column b, "):
                data.profile(edges)
            only = type(edges)({"a": edges.numbers["a"]})
            with pytest.raises(Conflict, match="holds texts, and numbers in the reference") as caught:
                data.profile(only)
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_the_digest_is_of_the_rows_whatever_their_order(engines: Engines, shop: Path, tmp_path: Path) -> None:
    rows().sample(frac=1, random_state=1).to_parquet(tmp_path / "other.parquet", index=False)
    rows().assign(a=lambda frame: frame["a"] + 1e-9).to_parquet(tmp_path / "changed.parquet", index=False)
    digests = []
    for path in (shop / "rows.parquet", tmp_path / "other.parquet", tmp_path / "changed.parquet"):
        with engines[1].open(Dataset(str(path))) as data:
            digests.append(data.digest())
    assert digests[0] == digests[1] != digests[2]
    assert digests[0].startswith(f"sum-of-xxhash64:{ROWS}-")


def test_the_first_rows_are_written(engines: Engines, shop: Path, tmp_path: Path) -> None:
    for place, engine in enumerate(engines):
        with engine.open(Dataset(str(shop / "rows.parquet"))) as data:
            data.write_head(5, tmp_path / f"{place}.parquet")
    ours, theirs = (pd.read_parquet(tmp_path / f"{place}.parquet") for place in (0, 1))
    fine = {name: ours[name].dt.as_unit("us") for name in ("seen", "when")}
    to_microseconds = ours.assign(**fine)  # as Spark has them
    pd.testing.assert_frame_equal(to_microseconds, theirs, check_dtype=False)


@pytest.mark.parametrize("uri", ["nowhere.parquet", "shop.nowhere", "main.shop.nowhere", "/nowhere/rows.parquet"])
def test_what_is_not_there_is_not_found(engines: Engines, uri: str) -> None:
    """A wrong call, as for the local engine."""
    what = f"table {uri}, as Spark sees it" if uri.endswith(".nowhere") else f"data at {uri}"
    with pytest.raises(BadCall, match=f"^there is no {what}$"), engines[1].open(Dataset(uri)):
        pass


def test_what_spark_cannot_reach_is_told_in_its_own_words(engines: Engines) -> None:
    with pytest.raises(BadCall, match="No FileSystem for scheme"), engines[1].open(Dataset("nowhere3://bucket/rows")):
        pass


def test_a_table_is_opened_by_its_name(engines: Engines, shop: Path) -> None:
    session().sql("CREATE DATABASE IF NOT EXISTS shop")
    with engines[1].open(Dataset(str(shop / "rows.parquet"))) as data:
        data.frame.write.mode("overwrite").saveAsTable("shop.sales")  # type: ignore[attr-defined]
    with engines[1].open(Dataset("shop.sales")) as data:
        assert data.rows == ROWS


@pytest.mark.usefixtures("engines")
def test_neither_java_nor_a_worker_learns_our_secrets() -> None:
    def environ(batches: Any) -> Any:
        import os

        import pyarrow as pa

        for _ in batches:
            yield pa.record_batch([pa.array(f"{name}={value}" for name, value in os.environ.items())], ["said"])

    said = {row[0] for row in session().range(1).mapInArrow(environ, "said string").collect()}
    assert any(one.startswith("PATH=") for one in said)
    assert not any(CURIOUS in one for one in said)
    java = context()._jvm.java.lang.ProcessHandle.current().pid()  # noqa: SLF001 - to look at its environment
    assert CURIOUS.encode() not in Path(f"/proc/{java}/environ").read_bytes()
