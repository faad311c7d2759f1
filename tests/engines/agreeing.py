"""The rows that both engines count, and how their tables are compared."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from model_promotion.core.dataset import Dataset
from model_promotion.core.scores import Order
from model_promotion.engines.local import LocalEngine
from model_promotion.engines.spark import SparkEngine
from model_promotion.evidence.tables import PairTables, Question

Engines = tuple[LocalEngine, SparkEngine]
ROWS = 3000
FEATURES = ["a", "b"]
MAY_DIFFER = 4
"""Cells: a prediction whose last bit changes with the batch may fall on the other side of an edge."""
WHOLE = ("cells", "joint", "bucket_rows")
REAL = ("bucket_sums", "bucket_scores", "powers")


def rows() -> pd.DataFrame:
    """Every kind of column, with nulls, NaN and infinities."""
    made = np.random.default_rng(3)
    frame = pd.DataFrame(made.normal(size=(ROWS, 2)), columns=FEATURES)
    frame["amount"] = frame["a"] - frame["b"] + made.normal(size=ROWS)
    frame["sold"] = np.where(frame["amount"] > 0, "yes", "no")
    frame["grade"] = pd.cut(frame["amount"], [-99, -1, 1, 99], labels=["low", "mid", "top"]).astype(str)
    frame.loc[frame.index % 97 == 0, ["sold", "grade"]] = None
    frame["user"] = made.integers(0, 200, ROWS)
    frame["weight"] = made.random(ROWS)
    frame["region"] = made.choice(["north", "south", None], ROWS)
    frame["paid"] = made.choice([True, False, None], ROWS)
    frame["id"] = [f"r{number}" for number in range(ROWS)]
    odd = made.normal(size=ROWS)
    odd[::11], odd[1::11], odd[2::11] = np.nan, np.inf, -np.inf
    frame["odd"] = odd
    frame["some"] = pd.array([None if number % 7 == 0 else number for number in range(ROWS)], dtype="Int64")
    frame["seen"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(made.integers(0, 10**15, ROWS), unit="ns")
    frame["when"] = frame["seen"].dt.tz_localize("UTC")
    frame["day"] = frame["seen"].dt.date
    frame["raw"] = [b"x"] * ROWS
    frame["nested"] = [[1, 2]] * ROWS
    return frame


def counted(engines: Engines, shop: Path, dataset: Dataset, **more: Any) -> tuple[PairTables, PairTables]:
    """The tables of both; each finds the edges between scores itself."""
    first, second = (_counted(engine, shop, dataset, more) for engine in engines)
    return first, second


def _counted(engine: LocalEngine | SparkEngine, shop: Path, dataset: Dataset, more: dict[str, Any]) -> PairTables:
    with engine.open(dataset) as data:
        target = data.target()
        amounts = dataset.target == "amount"
        question = Question(target.task, () if amounts else target.labels, span=16.0, **more)
        usual = Order("", shop, FEATURES, classes=question.classes or None, probabilities=not amounts)
        first, second = (
            replace(usual, label=f"v{1 + place}", model_dir=shop / f"{dataset.target}_{letter}")
            for place, letter in enumerate("ab")
        )
        return data.score_pair(question, (first, second))


def assert_same(ours: PairTables, theirs: PairTables, *, units: bool = True) -> None:
    """Whole numbers equal up to MAY_DIFFER cells, real ones to 1e-9; without units each has buckets of its own."""
    assert ours.sums == theirs.sums
    assert (ours.rows, ours.unlabelled, ours.unanswered) == (theirs.rows, theirs.unlabelled, theirs.unanswered)
    names = WHOLE if units else ("cells", "joint")
    cells = sum(_differing(getattr(ours, name), getattr(theirs, name)) for name in names)
    print(f"{cells} cells differ")  # noqa: T201 - the number that was asked for
    assert cells <= MAY_DIFFER
    for name in REAL:
        one, other = getattr(ours, name), getattr(theirs, name)
        assert (one is None) == (other is None), name
        if one is not None:
            by_bucket = units or name == "powers"
            both = (one, other) if by_bucket else (one.sum(axis=0), other.sum(axis=0))
            np.testing.assert_allclose(both[1], both[0], rtol=1e-9, atol=1e-9, err_msg=name)
    assert ours.slices.keys() == theirs.slices.keys()
    for name, part in ours.slices.items():
        assert_same(part, theirs.slices[name], units=units)


def _differing(ours: Any, theirs: Any) -> int:
    assert (ours is None) == (theirs is None)
    return 0 if ours is None else int((np.asarray(ours) != np.asarray(theirs)).sum())
