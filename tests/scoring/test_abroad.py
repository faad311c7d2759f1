"""A model that travels answers what it answers here, in a process that knows nothing of the one that asks it."""

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from model_promotion.core.scores import NoAnswerError, Order
from model_promotion.scoring.process import ChildScorer
from model_promotion.scoring.streams import ChildScores

CURIOUS = """
import os, sys
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel
class Curious(PythonModel):
    def predict(self, context, model_input, params=None):
        if model_input["x"].max() > 99:
            os._exit(3)
        return [float("PROMOTE_TEST_TOKEN" in os.environ)] * len(model_input)
set_model(Curious())
"""


@pytest.fixture(scope="module")
def curious(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import mlflow.pyfunc

    folder = tmp_path_factory.mktemp("abroad")
    (folder / "curious.py").write_text(CURIOUS)
    mlflow.pyfunc.save_model(folder / "model", python_model=str(folder / "curious.py"), pip_requirements=[])
    return folder / "model"


def rows(values: list[float]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pandas(pd.DataFrame({"x": values}))


def test_it_answers_batch_by_batch_and_sees_no_secret(curious: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMOTE_TEST_TOKEN", "a secret")
    packed = pickle.loads(pickle.dumps(ChildScores(ChildScorer()).abroad(Order("v7", Path("nowhere"), ["x"]))))  # noqa: S301
    with packed.answering(curious) as asking:
        for values in ([1.0, 2.0], [3.0]):
            asking.give(rows(values))
            np.testing.assert_array_equal(asking.take().numbers, np.zeros(len(values)))
        asking.finish()


def test_a_model_that_dies_is_told_with_its_label(curious: Path) -> None:
    packed = ChildScores(ChildScorer()).abroad(Order("v7", Path("nowhere"), ["x"]))
    with packed.answering(curious) as asking:
        asking.give(rows([100.0]))
        with pytest.raises(NoAnswerError, match=r"^v7: ended with exit code 3"):
            asking.take()
