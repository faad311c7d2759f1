"""The order of the rows and how they are cut into files do not decide on what an AUC is."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from model_promotion.core.dataset import Dataset
from model_promotion.core.scores import Order
from model_promotion.engines.local import BATCH_ROWS, LocalEngine
from model_promotion.evidence.buckets import Draw
from model_promotion.evidence.comparing import Compared
from model_promotion.evidence.tables import Question, Task
from model_promotion.scoring.process import ChildScorer
from model_promotion.scoring.streams import ChildScores

pytestmark = pytest.mark.usefixtures("warm")
BINARY = Question(Task.BINARY, (0, 1))


def rows(count: int, seed: int) -> pd.DataFrame:
    made = np.random.default_rng(seed)
    frame = pd.DataFrame(made.normal(size=(count, 2)), columns=["a", "b"])
    return frame.assign(y=(frame["a"] + 0.3 * frame["b"] + made.normal(size=count) > 1).astype(int))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """v1 looks at a, which tells most; v2 at b."""
    import mlflow.sklearn

    folder, train = tmp_path_factory.mktemp("models"), rows(2000, seed=1)
    for label, column in (("v1", "a"), ("v2", "b")):
        fitted = LogisticRegression().fit(train[[column]], train["y"])
        how = {"serialization_format": "cloudpickle", "pip_requirements": ["scikit-learn"]}
        mlflow.sklearn.save_model(fitted, folder / label, **how)
    return {"a": folder / "v1", "b": folder / "v2"}


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    scorer = ChildScorer()
    yield LocalEngine(ChildScores(scorer))
    scorer.stop()


def aucs(engine: LocalEngine, models: dict[str, Path], path: Path, question: Question = BINARY) -> tuple[float, float]:
    first, second = (Order(name, models[name], [name], classes=(0, 1), probabilities=True) for name in "ab")
    with engine.open(Dataset(str(path), "y")) as data:
        tables = data.score_pair(question, (first, second))
        assert tables.rows == data.rows, "rows that only fit the edges are not counted"
    facts = Compared(tables, question, Draw(1)).measured(("roc_auc",))["roc_auc"].facts
    return facts["champion"], facts["candidate"]


def wanted(frame: pd.DataFrame) -> tuple[float, float]:
    """Both models rise with what they look at."""
    return roc_auc_score(frame["y"], frame["a"]), roc_auc_score(frame["y"], frame["b"])


def test_a_first_file_of_one_row_decides_nothing(engine: LocalEngine, models: dict[str, Path], tmp_path: Path) -> None:
    frame = rows(5000, seed=2)
    frame.head(1).to_parquet(tmp_path / "0.parquet")
    frame.tail(-1).to_parquet(tmp_path / "1.parquet")
    assert aucs(engine, models, tmp_path) == pytest.approx(wanted(frame), abs=1e-3)


def test_a_first_batch_that_is_alike_decides_nothing(
    engine: LocalEngine, models: dict[str, Path], tmp_path: Path
) -> None:
    alike = pd.DataFrame({"a": -3.0, "b": -3.0, "y": np.arange(BATCH_ROWS) % 50 == 0}, index=range(BATCH_ROWS))
    frame = pd.concat([alike.astype({"y": int}), rows(20_000, seed=2)], ignore_index=True)
    frame.to_parquet(tmp_path / "rows.parquet")
    assert aucs(engine, models, tmp_path) == pytest.approx(wanted(frame), abs=1e-3)
