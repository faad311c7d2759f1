"""For a conftest.py whose tests look at what models answer, not at how their processes start and end."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["warm", "warm_python"]
HERE = Path(__file__).parent
# The libraries read these when they are imported, so they are the server's.
SETTINGS = {"OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}


@contextmanager
def running(folder: Path) -> Iterator[Path]:
    """The interpreter's stand-in, ready: what models may take is not to be used up by the server's start."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(folder / "door"))
        door.listen(64)
        command = [sys.executable, "-I", str(HERE / "server.py"), str(door.fileno())]
        env, theirs = {**os.environ, **SETTINGS}, (door.fileno(),)
        server = subprocess.Popen(command, env=env, cwd=folder, pass_fds=theirs, stdout=subprocess.PIPE, text=True)
    python = folder / "python"
    python.write_text(f"#!{sys.executable} -IS\n{(HERE / 'python.py').read_text(encoding='utf-8')}", encoding="utf-8")
    python.chmod(0o755)
    (folder / "true").write_text(sys.executable, encoding="utf-8")
    with server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"
            yield python
        finally:
            server.kill()


@pytest.fixture(scope="session")
def warm_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One a session."""
    with running(tmp_path_factory.mktemp("warm")) as python:
        yield python


@pytest.fixture
def warm(warm_python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is started with the interpreter of this process is started warm."""
    monkeypatch.setattr(sys, "executable", str(warm_python))
