"""JSON and queries: read by DuckDB once, and by nobody who could learn or change anything beside the data."""

import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_promotion.core.dataset import Dataset
from model_promotion.core.errors import BadCall
from model_promotion.core.installing import extra
from model_promotion.engines._files import opened
from model_promotion.engines.local import LocalEngine
from model_promotion.scoring.process import ChildScorer
from model_promotion.scoring.streams import ChildScores

pytest.importorskip("duckdb", reason="pip install '.[duckdb]'")
SECRET = "hush-5f2c"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where the program is started, with data in it, others beside it, and a secret in the environment."""
    monkeypatch.setenv("DATABRICKS_TOKEN", SECRET)
    folder = tmp_path / "here"
    folder.mkdir()
    pd.DataFrame({"x": [1.5, None, 3.0], "y": ["a", "b", "a"]}).to_parquet(folder / "rows.parquet")
    (tmp_path / "beside.csv").write_text(f"x\n{SECRET}\n")
    (folder / "link.csv").symlink_to(tmp_path / "beside.csv")
    (folder / "environ").symlink_to("/proc/self/environ")
    monkeypatch.chdir(folder)
    return folder


def asked(here: Path, query: str) -> Path:
    (here / "q.sql").write_text(query)
    return here / "q.sql"


def table(path: Path) -> pa.Table:
    with opened(str(path)) as files:
        return pa.concat_tables([pq.read_table(one) for one in files.parquet])


def test_a_query_is_counted_as_the_rows_that_it_answers(here: Path) -> None:
    query = asked(here, "select y, x * 2 as twice from 'rows.parquet' where y <> 'b'; -- both of them")
    assert table(query).to_pydict() == {"y": ["a", "a"], "twice": [3.0, 6.0]}
    with LocalEngine(ChildScores(ChildScorer())).open(Dataset(str(query))) as data:
        assert (data.rows, data.kinds) == (2, {"y": "text", "twice": "number"})
        assert data.profile(data.fit_edges())["twice"].high == 6.0


def test_the_digest_of_a_query_is_that_of_its_answer_and_the_same_each_time(here: Path) -> None:
    def digest() -> str:
        with opened(str(query)) as files:
            return files.digest()

    query = asked(here, "select i % 30007 as k, sum(i * 0.1) as s from range(300000) t(i) group by k")
    assert digest() == digest()
    before = digest()
    asked(here, "select i % 30007 as k, sum(i * 0.2) as s from range(300000) t(i) group by k")
    assert digest() != before


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_text('/proc/self/environ')",
        "select * from read_blob('environ')",
        "select getenv('DATABRICKS_TOKEN')",
        "select * from '../beside.csv'",
        "select * from 'link.csv'",
        "select * from read_csv('~/.databrickscfg')",
        "select * from glob('/etc/*')",
        "select * from 'https://127.0.0.1:9/rows.parquet'",
        "select * from os",
    ],
)
def test_a_query_reads_nothing_of_ours_and_nothing_outside(here: Path, query: str) -> None:
    with pytest.raises(BadCall, match=r"q\.sql cannot be read: ") as told:
        table(asked(here, query))
    assert "\n" not in str(told.value)
    assert SECRET not in f"{told.value} {told.value.hint}"


@pytest.mark.parametrize(
    "query",
    [
        "copy (select 1) to 'written.csv'",
        "with w as (copy (select 1) to 'written.csv') select 1 as x",
        "select * from (with w as (copy (select 1) to 'written.csv') select 1)",
        "select 1) t, (with w as (copy (select 1) to 'written.csv') select 1",
        "select 1; copy (select 1) to 'written.csv'",
        "attach 'written.duckdb'",
        "export database 'written'",
        "select * from enable_logging(storage = 'file', storage_path = 'written')",
        "set enable_external_access = true",
        "install httpfs",
        "select 1 from",
        "",
    ],
)
def test_a_query_is_one_select_and_writes_nothing(here: Path, query: str) -> None:
    with pytest.raises(BadCall, match=r"q\.sql cannot be read: "):
        table(asked(here, query))
    assert sorted(one.name for one in here.iterdir()) == ["environ", "link.csv", "q.sql", "rows.parquet"]


def test_a_query_knows_no_environment_even_where_everything_lies_below_the_current_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = asked(here, "select * from read_text('proc/self/environ')")
    monkeypatch.chdir("/")
    with pytest.raises(BadCall, match=r"below the current folder, and that is /$"):
        table(query)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select interval 1 day as x", "month_day_nano_interval"),
        ("select error('torn') from 'rows.parquet'", "torn"),
    ],
)
def test_what_cannot_be_used_of_an_answer_is_one_line(here: Path, query: str, said: str) -> None:
    with pytest.raises(BadCall, match=said) as told:
        table(asked(here, query))
    assert "\n" not in str(told.value)


def test_a_query_in_a_directory_is_a_file_that_is_not_read(here: Path) -> None:
    for one in ("link.csv", "environ"):
        (here / one).unlink()
    asked(here, "select 1")
    with pytest.raises(BadCall, match=r"not read beside those that are: q\.sql"):
        table(here)


ROWS = {"x": [1.0, 2.5, None], "y": ["01", None, "b"], "ok": [True, None, False]}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows.json", '[{"x":1,"y":"01","ok":true},{"x":2.5},{"y":"b","ok":false}]'),
        ("rows.jsonl", '{"x":1,"y":"01","ok":true}\n{"x":2.5}\n{"y":"b","ok":false}\n'),
        ("rows [1]*.NDJSON", '{"x":1,"y":"01","ok":true}\n{"x":2.5,"y":null}\n{"y":"b","ok":false}'),
    ],
)
def test_json_is_read_as_an_array_or_line_by_line(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert table(tmp_path / name).to_pydict() == ROWS


def test_json_files_of_a_directory_get_one_type_for_each_column(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"x":1,"y":null}]')
    (tmp_path / "b.jsonl").write_text('{"x":0.5,"y":"a"}')
    with opened(str(tmp_path)) as files:
        batches = list(files.batches(["x", "y"], 5))
    assert [one.to_pydict() for one in batches] == [{"x": [1.0], "y": [None]}, {"x": [0.5], "y": ["a"]}]


def test_the_last_row_of_a_long_file_tells_a_type_as_well(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"x":1}\n' * 50_000 + '{"x":0.5}\n')
    assert table(tmp_path / "a.jsonl")["x"][-1].as_py() == 0.5


@pytest.mark.parametrize("text", ["[1, 2]", '{"x":1', "x,y\n1,2\n", ""])
def test_what_is_no_json_of_objects_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(BadCall, match=r"a\.json cannot be read: |a\.json holds no") as told:
        table(tmp_path / "a.json")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", ["a.json", "q.sql"])
def test_without_duckdb_one_line_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    (tmp_path / name).write_text("select 1")
    with pytest.raises(BadCall, match="is read with duckdb, which is not installed here") as told:
        table(tmp_path / name)
    assert told.value.hint == extra("duckdb")


def test_a_sorted_answer_goes_to_the_disk_batch_by_batch(here: Path) -> None:
    query = asked(here, "select i as x, i * 0.5 as y from range(3000000) t(i) order by hash(i)")
    with opened(str(query)) as files:
        assert (files.rows, pq.ParquetFile(files.parquet[0]).num_row_groups) == (3_000_000, 30)
