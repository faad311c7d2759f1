"""The Spark engine on this machine beside the local engine: the same tables, and how long each takes.

`python benchmarks/engines.py [--rows 1e6] [--rounds 3]`: both count the same files, turn by turn in one run, with Spark
started beforehand; the median of the ratios is said. Ends with 1 where the tables are not the same.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "lib")]

import numpy as np

from benchmarks.evidence import FEATURES, MAKE, SAMPLES, child
from model_promotion.core.dataset import Dataset
from model_promotion.core.scores import Order
from model_promotion.engines.local import LocalEngine
from model_promotion.engines.spark import SparkEngine
from model_promotion.evidence.tables import PairTables, Question
from model_promotion.scoring.process import ChildScorer
from model_promotion.scoring.streams import ChildScores

MAY_DIFFER = 4
"""Cells: a score whose last bit changes with the batch may fall on the other side of an edge."""


def turns(rounds: int, works: Sequence[Callable[[], Any]]) -> tuple[list[float], list[Any]]:
    """Every work in turn, so often: the medians of their seconds and of the last's to the first's, and what came."""
    took: list[list[float]] = []
    for _ in range(rounds):
        walls, found = [], []
        for work in works:
            begun = time.perf_counter()
            found.append(work())
            walls.append(time.perf_counter() - begun)
        took.append([*walls, walls[-1] / walls[0]])
    return [statistics.median(one) for one in zip(*took, strict=True)], found


@contextmanager
def both(path: Path, target: str = "") -> Iterator[list[Any]]:
    """The same data, opened by both engines."""
    scores = ChildScores(ChildScorer())
    dataset = Dataset(str(path), target)
    with LocalEngine(scores).open(dataset) as ours, SparkEngine(scores).open(dataset) as theirs:
        yield [ours, theirs]


def scoring(rows: int, rounds: int) -> bool:
    """Two models on the same rows."""
    with tempfile.TemporaryDirectory() as folder:
        child(MAKE, folder, str(rows), "logistic")
        with both(Path(folder, "rows.parquet"), "y") as data:
            target = data[0].target()
            first, second = (
                Order(name, Path(folder, name), FEATURES, classes=target.labels, probabilities=True) for name in "ab"
            )
            question = Question(target.task, target.labels)
            # One pair of edges for both: the rows that say where they lie are a sample, and each takes its own.
            question = Question(
                target.task, target.labels, score_edges=data[0].score_pair(question, (first, second)).score_edges
            )
            works = [lambda one=one: one.score_pair(question, (first, second)) for one in data]
            walls, (ours, theirs) = turns(rounds, works)
    return told(f"scoring {rows:>9,} rows, two logistic models", walls, differing(ours, theirs))


def differing(ours: PairTables, theirs: PairTables) -> int:
    """The cells of whole numbers that are not the same; the sums are to be, to 1e-9."""
    for name in ("bucket_sums", "powers"):
        one, other = (getattr(tables, name) for tables in (ours, theirs))
        np.testing.assert_allclose(other.sum(axis=0), one.sum(axis=0), rtol=1e-9, atol=1e-6)
    pairs = [(getattr(ours, name), getattr(theirs, name)) for name in ("rows", "unanswered", "cells", "joint")]
    return sum(int((np.asarray(one) != np.asarray(other)).sum()) for one, other in pairs)


def profile(rows: int, rounds: int) -> bool:
    """Ten columns of numbers and three of texts, between edges that are kept."""
    with tempfile.TemporaryDirectory() as folder:
        child(SAMPLES, folder, str(rows))
        with both(Path(folder, "then.parquet")) as data:
            edges = data[0].fit_edges()
        with both(Path(folder, "now.parquet")) as data:
            walls, (ours, theirs) = turns(rounds, [lambda one=one: one.profile(edges) for one in data])
    cells = sum(int((ours[name].table != theirs[name].table).sum()) for name in ours)
    return told(f"profile {rows:>9,} rows, {len(ours)} columns", walls, cells)


def told(what: str, walls: list[float], cells: int) -> bool:
    """One line; whether the tables are the same."""
    ours_s, theirs_s, ratio = walls
    print(f"{what}: Spark {theirs_s:6.2f} s beside {ours_s:6.2f} s, ratio {ratio:.1f}; {cells} cells differ")
    return cells <= MAY_DIFFER


def main() -> None:
    """Both parts at every size."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rows", nargs="+", type=float, default=[1e6])
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    os.environ["MLFLOW_LOGGING_LEVEL"] = "ERROR"
    from model_promotion.engines._spark_session import session

    begun = time.perf_counter()
    version = session().version
    print(f"Spark {version} started in {time.perf_counter() - begun:.1f} s")
    held = [part(int(rows), asked.rounds) for rows in asked.rows for part in (scoring, profile)]
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
