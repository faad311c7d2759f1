"""The program as real processes, by way of the fork server."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.program import Result

START_WITHIN_S = 60.0
END_WITHIN_S = 120.0
SERVER = Path(__file__).with_name("fork_server.py")


class Child:
    """One call as a process, not yet let go."""

    def __init__(self, address: str, args: Sequence[str], env: Mapping[str, str], cwd: Path, **death: object) -> None:
        self._streams = [Path(tempfile.mkstemp(dir=cwd.parent, suffix=name)[1]) for name in (".out", ".err")]
        self._line = socket.socket(socket.AF_UNIX)
        self._line.settimeout(END_WITHIN_S)
        self._line.connect(address)
        self._file = self._line.makefile("rw")
        out, err = map(str, self._streams)
        job = {"args": [*args], "env": dict(env), "cwd": str(cwd), "out": out, "err": err, "die_at": 0, **death}
        self._say(json.dumps(job))
        self.number = int(self._file.readline())
        self._code: int | None = None

    def _say(self, text: str) -> None:
        self._file.write(f"{text}\n")
        self._file.flush()

    def go(self) -> "Child":
        self._say("go")
        return self

    def kill(self) -> None:
        """SIGKILL; it is gone, and no zombie either, when this returns."""
        os.kill(self.number, signal.SIGKILL)
        while Path(f"/proc/{self.number}").exists():
            time.sleep(0.001)

    def ended(self) -> Result:
        """Waits for its end."""
        code = int(self._file.readline())
        self._file.close()
        self._line.close()
        return Result(code, *(path.read_text(encoding="utf-8") for path in self._streams))


@dataclass(frozen=True)
class Forks:
    """The fork server's address."""

    address: str

    def child(self, args: Sequence[str], env: Mapping[str, str], cwd: Path, **death: object) -> Child:
        """`die_at` and `when`: see fork_server._die_at_commit."""
        return Child(self.address, args, env, cwd, **death)


@contextmanager
def running(folder: Path) -> Iterator[Forks]:
    """The fork server, once it answers."""
    address = folder / "door"
    env = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    process = subprocess.Popen([sys.executable, str(SERVER), str(address)], env=env, cwd=folder)
    try:
        end = time.monotonic() + START_WITHIN_S
        while not address.exists() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        yield Forks(str(address))
    finally:
        process.kill()
        process.wait()
