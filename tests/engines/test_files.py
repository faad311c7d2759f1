"""What lies at a path, as Parquet files of one form."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_promotion.core.errors import BadCall
from model_promotion.engines._files import opened


def written(folder: Path, **columns: Any) -> Path:
    """Files named as the arguments are, each of one column x."""
    for name, values in columns.items():
        pq.write_table(pa.table({"x": values}), folder / f"{name}.parquet")
    return folder


def read(path: Path) -> Any:
    with opened(str(path)) as files:
        return pa.Table.from_batches(list(files.batches(["x"], 2)), files.schema)["x"]


@pytest.mark.parametrize(
    ("first", "second", "type_", "values"),
    [
        (pa.nulls(2), pa.array([1.5]), pa.float64(), [None, None, 1.5]),
        (pa.nulls(1), pa.array(["a"]), pa.string(), [None, "a"]),
        (pa.array([1, 2]), pa.array([0.5]), pa.float64(), [1.0, 2.0, 0.5]),
        (pa.array([1], pa.int8()), pa.array([700], pa.int64()), pa.int64(), [1, 700]),
        (pa.array(["a"]), pa.array(["b"]).dictionary_encode(), pa.string(), ["a", "b"]),
        (pa.array(["a"], pa.string_view()), pa.array(["b"], pa.string_view()), pa.string(), ["a", "b"]),
    ],
)
def test_all_files_together_tell_the_type_of_a_column(
    tmp_path: Path, first: Any, second: Any, type_: pa.DataType, values: list[Any]
) -> None:
    found = read(written(tmp_path, a=first, b=second))
    assert (found.type, found.to_pylist()) == (type_, values)


@pytest.mark.parametrize("other", [pa.array(["b"]), pa.array([True]), pa.array([b"b"])])
def test_types_that_do_not_fit_are_named_with_their_files(tmp_path: Path, other: Any) -> None:
    with pytest.raises(BadCall, match=r"x is not of one type in all files \(.*a\.parquet: int64, .*b\.parquet: "):
        read(written(tmp_path, a=pa.array([1]), b=other))


def test_a_whole_number_that_no_floating_one_holds_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadCall, match="cannot be used"):
        read(written(tmp_path, a=pa.array([2**53 + 1]), b=pa.array([0.5])))


def test_what_fits_is_read_where_it_lies(tmp_path: Path) -> None:
    with opened(str(written(tmp_path, a=pa.array([1]), b=pa.array([2])))) as files:
        assert files.parquet == files.given


def test_a_column_that_is_there_twice_is_named(tmp_path: Path) -> None:
    twice = pa.table([pa.array([1.0]), pa.array([2.0]), pa.array([3.0])], names=["a", "b", "a"])
    pq.write_table(twice, tmp_path / "rows.parquet")
    with pytest.raises(BadCall, match=r"more than one column a$"), opened(str(tmp_path)):
        pass


def test_a_column_with_a_dot_is_no_part_of_another(tmp_path: Path) -> None:
    pd.DataFrame({"x.log": [1.0], "x": [2.0], "a": [3.0]}).to_parquet(tmp_path / "rows.parquet")
    with opened(str(tmp_path)) as files:
        found = next(files.batches(["x", "a"], 5))
    assert found.to_pydict() == {"x": [2.0], "a": [3.0]}


def test_a_column_that_only_folders_name_is_not_lost_in_silence(tmp_path: Path) -> None:
    for country in ("de", "fr"):
        (tmp_path / f"country={country}").mkdir()
        written(tmp_path / f"country={country}", a=pa.array([1]))
    with pytest.raises(BadCall, match=r"column country stands in the names of folders \(country=de\)"):
        read(tmp_path)
    assert read(tmp_path / "country=fr").to_pylist() == [1]


def test_the_case_of_a_suffix_does_not_matter(tmp_path: Path) -> None:
    written(tmp_path, a=pa.array([1]), b=pa.array([2]), c=pa.array([3]))
    (tmp_path / "b.parquet").rename(tmp_path / "b.PARQUET")
    (tmp_path / "c.parquet").rename(tmp_path / "c.pq")
    assert read(tmp_path).to_pylist() == [1, 2, 3]


def test_files_that_nobody_reads_are_named_and_marks_of_other_programs_are_not(tmp_path: Path) -> None:
    written(tmp_path, a=pa.array([1]))
    for mark in ("_SUCCESS", ".a.parquet.crc"):
        (tmp_path / mark).touch()
    assert read(tmp_path).to_pylist() == [1]
    (tmp_path / "b.parquet.gz").write_bytes(b"more rows")
    with pytest.raises(BadCall, match=r"not read beside those that are: b\.parquet\.gz") as told:
        read(tmp_path)
    assert told.value.hint == "move them away, or let their names begin with _ or ."


def test_files_may_hold_their_columns_in_another_order(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1.0], "x": [2.0]}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"x": [3.0], "a": [np.nan]}).to_parquet(tmp_path / "b.parquet")
    with opened(str(tmp_path)) as files:
        assert [batch.to_pydict()["x"] for batch in files.batches(["a", "x"], 5)] == [[2.0], [3.0]]
