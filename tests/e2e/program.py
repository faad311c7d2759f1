"""The program under test: as a whole process, or the same call inside this one, which costs a tenth of it."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# As it was before a test asked for a warm one.
PYTHON = sys.executable
DOOR = Path(__file__).parents[2] / "promote_model.py"
WITHIN_S = 120.0
START_S = 12.0
"""So long the start of a process may take on a busy machine, four times as long as on an idle one."""
FOREIGN = ("DATABRICKS_", "MLFLOW_", "SPARK_", "GITHUB_STEP_SUMMARY")


@dataclass(frozen=True)
class Result:
    """How a call ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one document that --json promises on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def all(self) -> str:
        """Everything that was printed anywhere."""
        return self.out + self.err

    def verdict(self, check: str) -> str:
        """What a check answered, out of --json."""
        found: dict[str, str] = {finding["check"]: finding["verdict"] for finding in self.json["findings"]}
        return found.get(check, "not asked")


def clean_env(home: Path, **more: str) -> dict[str, str]:
    """Our environment without anybody's settings, and a HOME of its own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
    return {**kept, "HOME": str(home), "NO_PROXY": "127.0.0.1", "MLFLOW_DISABLE_TELEMETRY": "true", **more}


def start(args: Sequence[str], env: Mapping[str, str], cwd: Path) -> subprocess.Popen[str]:
    """The whole program, under way."""
    command = [PYTHON, str(DOOR), *args]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)


def run(args: Sequence[str], env: Mapping[str, str], cwd: Path) -> Result:
    """The whole program, to its end."""
    return _ended(start(args, env, cwd))


def python(words: Sequence[str], env: Mapping[str, str], cwd: Path) -> Result:
    """A program of somebody who has this one installed."""
    whole = {**env, "PYTHONPATH": os.pathsep.join((str(DOOR.parent), str(DOOR.parent / "lib")))}
    pipe = subprocess.PIPE
    return _ended(subprocess.Popen([PYTHON, *words], env=whole, cwd=cwd, stdout=pipe, stderr=pipe, text=True))


def _ended(process: subprocess.Popen[str]) -> Result:
    try:
        out, err = process.communicate(timeout=WITHIN_S)
    finally:
        process.kill()
    return Result(process.returncode, out, err)


def inside(args: Sequence[str], env: Mapping[str, str], cwd: Path) -> Result:
    """The same call in this process: argv, environment, working directory and both streams as the program sees them."""
    from model_promotion.cli import main

    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with _environment(env, cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([*args])
    return Result(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def call(desk: Path, *args: str) -> Result:
    """A call at a desk: what only it set, and nothing of ours."""
    return inside(args, clean_env(desk.parent), desk)


@contextlib.contextmanager
def _environment(env: Mapping[str, str], cwd: Path) -> Iterator[None]:
    before = dict(os.environ)
    _forget_stores()
    try:
        os.environ.clear()
        os.environ.update(env)
        with contextlib.chdir(cwd):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _forget_stores() -> None:
    """MLflow keeps its stores by address, and with them the environment and the directory of an earlier call."""
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking
    from mlflow.tracking._model_registry.registry import ModelRegistryStoreRegistry
    from mlflow.tracking._tracking_service.registry import TrackingStoreRegistry

    for registry in (ModelRegistryStoreRegistry, TrackingStoreRegistry):
        registry._get_store_with_resolved_uri.cache_clear()  # noqa: SLF001 - there is no public way
    for store in (Registry, Tracking):
        store._engine_map.clear()  # noqa: SLF001 - as above
