"""A real `mlflow models serve`."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest

from tests.e2e.program import clean_env

START_WITHIN_S = 120.0


@dataclass(frozen=True)
class Served:
    """A model's folder, and the address of a server that serves it."""

    model: Path
    url: str


@contextmanager
def serving(model: Path, folder: Path) -> Iterator[str]:
    """The server's address, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["models", "serve", "-m", str(model), "-h", "127.0.0.1", "-p", str(port), "--env-manager", "local"]
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *command],
            env=clean_env(folder, PATH=path),
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait(process, f"http://127.0.0.1:{port}", folder / "serve.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end, opener = time.monotonic() + START_WITHIN_S, build_opener(ProxyHandler({}))
    while time.monotonic() < end and process.poll() is None:
        try:
            with opener.open(f"{url}/ping", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"mlflow models serve did not start:\n{log.read_text()[-2000:]}")


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
    with serving(model, folder) as url:
        yield Served(model, url)
