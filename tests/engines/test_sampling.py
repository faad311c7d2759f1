"""A sample of rows from all over the files."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_promotion.engines._columns import fitted
from model_promotion.engines._files import Files, opened
from model_promotion.engines._sampling import PIECES, spread

ROWS = 300_000


def sampled(folder: Path, rows: int, *groups: int) -> np.ndarray:
    """Which of 300,000 numbered rows are taken, where files have row groups of these sizes."""
    for number, group in enumerate(groups):
        part = np.arange(ROWS) * len(groups) // ROWS == number
        pq.write_table(pa.table({"at": np.arange(ROWS)[part]}), folder / f"{number}.parquet", row_group_size=group)
    with opened(str(folder)) as files:
        return np.asarray(spread(files, ["at"], rows).column("at").to_numpy())


@pytest.mark.parametrize("groups", [(ROWS,), (100_000,), (2_000,), (ROWS, 1_000), (150_000, 7_777, 60_000)])
def test_a_sample_is_of_all_parts_of_sorted_rows(tmp_path: Path, groups: tuple[int, ...]) -> None:
    found = sampled(tmp_path, 20_000, *groups)
    assert 19_000 < len(found) <= 20_000
    assert (np.diff(found) > 0).all(), "each row at most once, in their order"
    assert np.abs(np.arange(len(found)) / len(found) - found / ROWS).max() < 1.5 / PIECES


def test_few_rows_are_taken_whole(tmp_path: Path) -> None:
    assert (sampled(tmp_path, ROWS, 70_000) == np.arange(ROWS)).all()


def test_nothing_is_sampled_of_nothing(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": pa.array([], pa.float64()), "when": pa.array([], pa.date32())}), tmp_path / "0.pq")
    files = Files((tmp_path / "0.pq",), (tmp_path / "0.pq",))
    assert spread(files, ["x"], 10).num_rows == 0
    assert spread(files, [], 10).num_rows == 0


def test_edges_and_levels_come_from_all_of_one_big_sorted_row_group(tmp_path: Path) -> None:
    kinds = np.where(np.arange(ROWS) < ROWS * 9 // 10, "early", "late")
    pq.write_table(
        pa.table({"x": np.sort(np.random.default_rng(0).normal(size=ROWS)), "kind": kinds}), tmp_path / "r.pq"
    )
    with opened(str(tmp_path)) as files:
        edges = fitted(files)
    assert edges.levels["kind"] == ("early", "late")
    assert np.median(edges.numbers["x"]) == pytest.approx(0, abs=0.05)
