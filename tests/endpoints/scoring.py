"""Real MLflow scoring servers."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.program import clean_env
from tests.servers import Server, running


@dataclass(frozen=True)
class Served:
    """A model's folder, and the address of a server that serves it."""

    model: Path
    url: str


@contextmanager
def serving(*models: Path) -> Iterator[list[str]]:
    """The addresses of servers of these models, once all of them answer.

    Each is the process that `mlflow models serve --env-manager local` becomes, without that command's own 3 s.
    """
    with running(*(Server(partial(_command, model), model.parent, _env(model), "/ping") for model in models)) as urls:
        yield urls


def _command(model: Path, port: int) -> list[str]:
    from mlflow.pyfunc.scoring_server import get_cmd

    command, _ = get_cmd(str(model), port, "127.0.0.1", nworkers=1)
    return [sys.executable, "-m", *shlex.split(command)]


def _env(model: Path) -> dict[str, str]:
    from mlflow.pyfunc.scoring_server import get_cmd

    _, env = get_cmd(str(model))
    return {**clean_env(model.parent), **{name: value for name, value in env.items() if name not in os.environ}}


def _saved(folder: Path) -> Path:
    """A model that knows its example."""
    import mlflow.sklearn
    import pandas as pd
    from mlflow.models import infer_signature
    from sklearn.linear_model import LinearRegression

    rows = pd.DataFrame({"age": [20.0, 40.0, 60.0], "visits": [1.0, 2.0, 4.0]})
    model = LinearRegression().fit(rows, [0.1, 0.4, 0.5])
    signature = infer_signature(rows, model.predict(rows))
    kept = {"pip_requirements": ["scikit-learn"], "serialization_format": "cloudpickle"}
    mlflow.sklearn.save_model(model, folder, signature=signature, input_example=rows, **kept)
    return folder


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One of them a session."""
    folder = tmp_path_factory.mktemp("served")
    model = _saved(folder / "model")
    with serving(model) as (url,):
        yield Served(model, url)
