"""One Spark session a process, and models and data for both engines."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from model_promotion.engines.local import LocalEngine
from model_promotion.engines.spark import SparkEngine
from model_promotion.scoring.process import ChildScorer
from model_promotion.scoring.streams import ChildScores
from tests.engines.agreeing import FEATURES, Engines, rows

CURIOUS = "no secret of ours"


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models and data, made once."""
    import mlflow.sklearn

    folder = tmp_path_factory.mktemp("shop")
    train = rows().dropna(subset=["sold"])
    for target, first, second in (
        ("sold", LogisticRegression(), LogisticRegression(C=1e-4)),
        ("grade", LogisticRegression(), LogisticRegression(C=1e-3)),
        ("amount", LinearRegression(), LinearRegression(fit_intercept=False)),
    ):
        for letter, model in zip("ab", (first, second), strict=True):
            model.fit(train[FEATURES], train[target])
            # Named requirements need not be found out, which takes seconds.
            how = {"serialization_format": "cloudpickle", "pip_requirements": ["scikit-learn"]}
            mlflow.sklearn.save_model(model, folder / f"{target}_{letter}", **how)
    rows().to_parquet(folder / "rows.parquet", row_group_size=999, index=False)
    return folder


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """Both; the session starts here, with a secret in the environment that it must not get."""
    from model_promotion.engines._spark_session import session

    scorer = ChildScorer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "PROMOTE_TEST_TOKEN", CURIOUS)
        session()
    scores = ChildScores(scorer)
    yield LocalEngine(scores), SparkEngine(scores)
    scorer.stop()
