"""CSV says nothing about types: what is read is what somebody wrote."""

import gzip
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from model_promotion.core.errors import BadCall
from model_promotion.engines._csv import CSV_BLOCK_BYTES
from model_promotion.engines._files import opened


def columns(path: Path, *ids: str) -> dict[str, list[Any]]:
    with opened(str(path), ids) as files:
        found: dict[str, list[Any]] = {name: [] for name in files.schema.names}
        for one in files.parquet:
            for name, values in pq.read_table(one).to_pydict().items():
                found[name] += values
        return found


def csv(folder: Path, *texts: str) -> Path:
    for number, text in enumerate(texts):
        (folder / f"{number}.csv").write_text(text)
    return folder


def test_a_text_may_hold_lines(tmp_path: Path) -> None:
    long = "z\n" * (CSV_BLOCK_BYTES // 18_000)
    rows = "".join(f'{number % 2},"{long}line {number}"\n' for number in range(10_000))
    found = columns(csv(tmp_path, f"y,t\n{rows}"))
    assert len(found["y"]) == 10_000, "more than one block"
    assert found["t"][-1] == f"{long}line 9999"


def test_only_an_empty_text_is_none(tmp_path: Path) -> None:
    found = columns(csv(tmp_path, "country,said,x\nNA,null,NA\nDE,,1.5\n,nan,\n"))
    assert found == {"country": ["NA", "DE", None], "said": ["null", None, "nan"], "x": [None, 1.5, None]}


def test_a_file_with_nothing_but_na_does_not_lose_it(tmp_path: Path) -> None:
    found = columns(csv(tmp_path, "country,x\nNA,\nNA,\n", "country,x\nDE,2.5\n"))
    assert found == {"country": ["NA", "NA", "DE"], "x": [None, None, 2.5]}


def test_a_file_with_a_header_only_does_not_decide_on_types(tmp_path: Path) -> None:
    assert columns(csv(tmp_path, "x,y\n", "x,y\n1.5,a\n")) == {"x": [1.5], "y": ["a"]}


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (["01", "1", "001"], ["01", "1", "001"]),
        (["1.10", "1.1", ""], ["1.10", "1.1", None]),
        (["12345678901234567890", "7"], ["12345678901234567890", "7"]),
        (["7", "A7"], ["7", "A7"]),
        (["7", "", "12"], [7, None, 12]),
        (["1.0", "2.5"], [1.0, 2.5]),
        (["ada", "NA"], ["ada", "NA"]),
    ],
)
def test_names_stay_as_they_were_written_where_numbers_would_say_less(
    tmp_path: Path, values: list[str], read: list[Any]
) -> None:
    rows = "".join(f"{value},1\n" for value in values)
    assert columns(csv(tmp_path, f"user,y\n{rows}"), "user", "nowhere")["user"] == read


def test_all_files_together_tell_whether_names_are_texts(tmp_path: Path) -> None:
    found = columns(csv(tmp_path, "user,y\n1,0\n2,1\n", "user,y\n01,0\nB2,1\n"), "user")
    assert found["user"] == ["1", "2", "01", "B2"]


def test_a_compressed_file_is_read_as_one_that_is_not(tmp_path: Path) -> None:
    text = "user,x,country\n01,1.5,NA\n1,,DE\n"
    csv(tmp_path, text)
    (tmp_path / "0.csv.gz").write_bytes(gzip.compress(text.encode()))
    read = {"user": ["01", "1"], "x": [1.5, None], "country": ["NA", "DE"]}
    assert columns(tmp_path / "0.csv.gz", "user") == columns(tmp_path / "0.csv", "user") == read


@pytest.mark.parametrize("torn", [gzip.compress(b"x,user\n1,01\n" * 9999)[:90], b"x,user\n1,2\n"])
def test_a_compressed_file_that_is_torn_is_one_line(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / "rows.csv.gz").write_bytes(torn)
    with pytest.raises(BadCall, match=r"rows\.csv\.gz cannot be read as CSV: ") as told:
        columns(tmp_path / "rows.csv.gz", "user")
    assert "\n" not in str(told.value)
