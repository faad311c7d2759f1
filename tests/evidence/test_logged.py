"""Rows are those that a run logged as far as MLflow tells: by their number, and by a digest that is found again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow.data
import numpy as np
import pandas as pd
import pytest

from model_promotion.core.dataset import Dataset
from model_promotion.core.errors import Conflict
from model_promotion.core.run_inputs import LoggedInput
from model_promotion.engines.local import LocalEngine
from model_promotion.evidence.logged import as_logged, pandas_digest
from model_promotion.scoring.process import ChildScorer
from model_promotion.scoring.streams import ChildScores


def rows(n: int = 300) -> pd.DataFrame:
    made = np.random.default_rng(5)
    days = pd.Timestamp("2026-01-01") + pd.to_timedelta(made.integers(0, 90, n), "D")
    frame = pd.DataFrame({"sold": made.choice(["yes", "no"], n), "age": made.normal(size=n), "seen": days})
    return frame.assign(visits=made.integers(0, 9, n), paid=made.random(n) < 0.5, note=[None, *["x"] * (n - 1)])


def logged(frame: pd.DataFrame, path: Path) -> LoggedInput:
    """What MLflow writes down of a frame that was read from there."""
    found = mlflow.data.from_pandas(frame, source=str(path), name="rows").to_dict()
    parts = [found[name] for name in ("source_type", "source", "schema", "profile")]
    return LoggedInput("rows", found["digest"], "test", *parts)


def told(one: LoggedInput, path: Path, folder: Path) -> dict[str, Any]:
    with LocalEngine(ChildScores(ChildScorer())).open(Dataset(str(path))) as data:
        return as_logged(one, data, folder)


@pytest.mark.parametrize("n", [1, 300, 25_000])
def test_the_digest_is_the_one_of_mlflow(n: int) -> None:
    frame = rows(n)
    assert pandas_digest(frame.head(10_000), n) == mlflow.data.from_pandas(frame).digest


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("rows.parquet", lambda frame, path: frame.to_parquet(path)),
        ("rows.csv", lambda frame, path: frame[["sold", "age", "visits"]].to_csv(path, index=False)),
    ],
)
def test_rows_that_were_logged_are_found_again(tmp_path: Path, name: str, write: Callable[..., None]) -> None:
    path = tmp_path / name
    write(rows(), path)
    frame = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    one = logged(frame, path)
    assert told(one, path, tmp_path) == {
        "name": "rows", "context": "test", "digest": one.digest, "source": "local", "digest_found_again": True,
    }  # fmt: skip


def test_another_digest_alone_concludes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    rows().to_parquet(path)
    shuffled = rows().set_index(np.arange(300)[::-1])
    assert told(logged(shuffled, path), path, tmp_path)["digest_found_again"] is None


def test_another_number_of_rows_is_not_what_was_logged(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    rows(299).to_parquet(path)
    with pytest.raises(Conflict, match=r"with 300 rows, and .*rows.parquet holds 299 now"):
        told(logged(rows(), path), path, tmp_path)


def test_where_nothing_but_the_place_was_recorded_nothing_is_compared(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    rows().to_parquet(path)
    bare = LoggedInput("rows", "0", "test", "local", f'{{"uri": "{path}"}}')
    assert told(bare, path, tmp_path)["digest_found_again"] is None
