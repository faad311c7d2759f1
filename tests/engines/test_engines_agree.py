"""Both engines score the same: each case is counted by the local one and by Spark, and the tables are compared."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from model_promotion.core.dataset import Dataset
from model_promotion.core.errors import BadCall
from model_promotion.core.scores import NoAnswerError, Order
from model_promotion.engines import _roles
from model_promotion.evidence.tables import Question
from tests.engines.agreeing import FEATURES, Engines, assert_same, counted, rows
from tests.spark_here import needs_spark

pytestmark = needs_spark


@pytest.mark.parametrize(
    ("roles", "more"),
    [
        ({"target": "sold"}, {"slices": {"region": ("(null)", "north", "south"), "paid": ("true",)}}),
        ({"target": "grade", "id": "id"}, {"unit": "id"}),
    ],
    ids=["binary with slices", "many classes"],
)
def test_both_engines_make_the_same_tables(
    engines: Engines, shop: Path, roles: dict[str, str], more: dict[str, Any]
) -> None:
    dataset = Dataset(str(shop / "rows.parquet"), **roles)
    ours, theirs = counted(engines, shop, dataset, **more)
    assert ours.rows > 2900
    assert_same(ours, theirs, units=bool(dataset.group or dataset.id))
    assert (ours.score_edges is None) == (theirs.score_edges is None) == (dataset.target != "sold")
    for one, other in zip(ours.score_edges or (), theirs.score_edges or (), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-9)


def test_many_files_in_many_tasks_make_the_same_tables(
    engines: Engines, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_roles, "BATCH_ROWS", 1000)
    for number in range(3):
        rows()[number::3].sort_values("a").to_parquet(tmp_path / f"{number}.parquet", index=False)
    ours, theirs = counted(
        engines, shop, Dataset(str(tmp_path), "sold", group="user", weight="weight"), unit="user", weighted=True
    )
    assert_same(ours, theirs)


def test_amounts_in_a_csv_and_a_metric_of_the_team_make_the_same_tables(
    engines: Engines, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "team_metrics.py").write_text("def costs(truth, said):\n    return abs(truth - said) * 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    import team_metrics  # type: ignore[import-not-found]

    rows().assign(odd=0, raw="x", nested="y").to_csv(tmp_path / "rows.csv", index=False)
    try:
        dataset = Dataset(str(tmp_path / "rows.csv"), "amount", group="some")
        ours, theirs = counted(engines, shop, dataset, unit="user", losses={"team:costs": team_metrics.costs})
    finally:
        del sys.modules["team_metrics"]
    assert "team:costs" in ours.sums
    assert_same(ours, theirs)


def test_a_model_that_raises_is_named_as_locally(engines: Engines, shop: Path) -> None:
    with engines[1].open(Dataset(str(shop / "rows.parquet"), "amount")) as data:
        sound, wrong = (Order(f"v{1 + place}", shop / "amount_a", FEATURES[: 2 - place]) for place in (0, 1))
        with pytest.raises(NoAnswerError, match=r"^v2: cannot answer: "):
            data.score_pair(Question(data.target().task), (sound, wrong))


def test_weights_that_are_none_are_refused_as_locally(engines: Engines, shop: Path, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": 1.0, "b": 1.0, "amount": [0.5, 0.7], "weight": -1.0})
    frame.to_parquet(tmp_path / "rows.parquet")
    with engines[1].open(Dataset(str(tmp_path / "rows.parquet"), "amount", weight="weight")) as data:
        one = Order("v1", shop / "amount_a", FEATURES)
        with pytest.raises(BadCall, match="the weights in weight must be finite"):
            data.score_pair(Question(data.target().task, weighted=True), (one, one))


def test_labels_are_the_same_texts(engines: Engines, shop: Path) -> None:
    columns = ("id", "sold", "grade")
    found = []
    for engine in engines:
        with engine.open(Dataset(str(shop / "rows.parquet"), id="id")) as data:
            found.append(sorted(map(str, data.texts(columns))))
            with pytest.raises(BadCall, match="has no column nowhere"):
                list(data.texts(["nowhere"]))
    assert found[0] == found[1]
    assert len(found[0]) > 2900
