"""Fixtures for a team's own tests of a model: `candidate`, `champion` and `eval_data`.

Loaded by `--tests`; on one's own machine `pytest -p model_promotion.scoring.suite_plugin --candidate DIR`, where DIR is
a saved model. Imports nothing of ours, so it works beside any model.
"""
# ruff: noqa: ANN401 - as in child.py

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

AIDE = Path(__file__).with_name("aside_child.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the models and the rows lie."""
    group = parser.getgroup("model", "promote-model")
    group.addoption("--candidate", metavar="DIR", help="the saved model that is tested")
    group.addoption("--champion", metavar="DIR", help="the saved model that it is compared with")
    group.addoption("--champion-python", metavar="PATH", default=sys.executable, help="the Python that runs it")
    group.addoption("--eval-rows", metavar="FILE", help="rows to test on, as Parquet")


@pytest.fixture(scope="session")
def candidate(request: pytest.FixtureRequest) -> Any:
    """The candidate, loaded by mlflow.pyfunc."""
    folder = request.config.getoption("--candidate")
    if folder is None:
        pytest.fail("no model was named: --candidate DIR")
    import mlflow.pyfunc

    return mlflow.pyfunc.load_model(folder)


@pytest.fixture(scope="session")
def champion(request: pytest.FixtureRequest) -> Iterator[Aside]:
    """What answers as the champion, in a process of its own; the test is skipped where there is none."""
    folder = request.config.getoption("--champion")
    if folder is None:
        pytest.skip("there is no champion")
    aside = Aside(request.config.getoption("--champion-python"), folder)
    yield aside
    aside.close()


@pytest.fixture
def eval_data(request: pytest.FixtureRequest) -> Any:
    """The first rows of --eval-data as a DataFrame that a test may change; None where none were named."""
    path = request.config.getoption("--eval-rows")
    if path is None:
        return None
    import pandas as pd

    return pd.read_parquet(path)


class Aside:
    """A model in another process: two models never share one. It has `predict` and `metadata`, and nothing else."""

    def __init__(self, python: str, folder: str) -> None:
        (asked_here, asked), (answered, answered_here) = os.pipe(), os.pipe()
        self._process = subprocess.Popen(  # noqa: S603 - the file is beside this one
            [python, "-I", str(AIDE), folder, str(asked_here), str(answered_here)],
            pass_fds=(asked_here, answered_here),
            stdin=subprocess.DEVNULL,
        )
        os.close(asked_here)
        os.close(answered_here)
        self._ask, self._answer = os.fdopen(asked, "wb"), os.fdopen(answered, "rb")
        self._folder = folder

    @property
    def metadata(self) -> Any:
        """Its MLmodel file."""
        from mlflow.models import Model

        return Model.load(self._folder)

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Its answer.

        Raises:
            RuntimeError: with what the model raised, or when it has left without an answer.
        """
        try:
            pickle.dump((data, params), self._ask)
            self._ask.flush()
            # From a process like this one, which is nobody's friend either: no credentials are in reach of the two.
            worked, answer = pickle.load(self._answer)  # noqa: S301
        except (EOFError, OSError):
            raise RuntimeError(f"the champion ended with exit code {self._process.wait()}") from None
        if not worked:
            raise RuntimeError(f"the champion cannot answer: {answer}")
        return answer

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
