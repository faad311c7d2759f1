"""A real `mlflow server` on sqlite, in a folder of its own, ended with its whole process group."""

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import servers
from tests.servers import Server

ADMIN, PASSWORD = "admin", "correct horse battery"
PROXIED = (
    "--artifacts-destination",
    "./artifacts",
    "--default-artifact-root",
    "mlflow-artifacts:/",
    "--serve-artifacts",
)


@contextmanager
def running(folder: Path, *options: str, **settings: str) -> Iterator[str]:
    """The server's URL, once /health answers; artifacts get addresses as on Databricks (see tracking.py).

    `options` of `mlflow server` come last, so they win; `settings` are more variables of its environment.
    """
    with servers.running(
        Server(lambda port: [*_command(folder, port), *options], folder, {**_env(), **settings}, "/health")
    ) as urls:
        yield urls[0]


@contextmanager
def guarded(folder: Path) -> Iterator[str]:
    """The URL of a server that asks for a password, knows ADMIN, and hands out artifacts itself."""
    if importlib.util.find_spec("flask_wtf") is None:
        pytest.skip("the login of mlflow server needs Flask-WTF: pip install 'mlflow[auth]'")
    (folder / "auth.ini").write_text(
        f"[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{folder}/auth.db\nadmin_username = {ADMIN}\n"
        f"admin_password = {PASSWORD}\nauthorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
        "auth_cache_max_size = 100\nauth_cache_ttl_seconds = 600\n"
    )
    settings = {"MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"), "MLFLOW_FLASK_SERVER_SECRET_KEY": "for the tests"}
    with running(folder, *PROXIED, "--app-name", "basic-auth", **settings) as url:
        yield url


def _command(folder: Path, port: int) -> list[str]:
    store, root = f"sqlite:///{folder}/mlflow.db", "dbfs:/databricks/mlflow-tracking"
    stores = ["--backend-store-uri", store, "--default-artifact-root", root, "--no-serve-artifacts"]
    address = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return [sys.executable, "-m", "mlflow", "server", *stores, *address]


def _env() -> dict[str, str]:
    """Ours, without what would make the server a client of something else."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "DATABRICKS_"))}
    # Without its job queue, which no test asks for: six processes, each of which imports MLflow.
    no_jobs = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    return {**ours, **no_jobs, "MLFLOW_DISABLE_TELEMETRY": "true", "NO_PROXY": "127.0.0.1"}
