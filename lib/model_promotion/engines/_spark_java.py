"""Java for Spark on this machine: started with none of our secrets, in time, and gone when we are.

pyspark would start it with our whole environment, which its workers inherit, and wait for it however long it takes.
"""

from __future__ import annotations

import atexit
import os
import signal
import struct
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from model_promotion.core.environment import harmless
from model_promotion.core.errors import Unavailable
from model_promotion.core.trial import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NEEDED = "Spark needs Java 17 or newer: install it (apt-get install openjdk-17-jre-headless), or set JAVA_HOME"
OF_SPARK = ("SPARK_HOME", "SPARK_CONF_DIR", "HADOOP_HOME", "HADOOP_CONF_DIR")
STARTS_WITHIN_S = 120
LOOKS_EVERY_S = 0.1
ENDS_WITHIN_S = 10
LISTENS = "listens"
"""The file in which Java says where it listens; it is there only when it is whole."""


@contextmanager
def started(settings: Mapping[str, str], folder: Path, more: Mapping[str, str]) -> Iterator[None]:
    """Java of our own; what pyspark makes meanwhile talks to it. It lives as long as we do.

    Args:
        settings: of Spark.
        folder: its home, and where it keeps what does not fit into memory.
        more: what it may know of us beside what is harmless.

    Raises:
        Unavailable: when it ends, or does not say in time where it listens.
    """
    process = _process(settings, folder, more)
    port, secret = _listens(process, folder)
    ours = {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": secret}
    os.environ |= ours  # as spark-submit tells a script where its Java is
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]


def _process(settings: Mapping[str, str], folder: Path, more: Mapping[str, str]) -> subprocess.Popen[bytes]:
    from pyspark.find_spark_home import _find_spark_home

    name = "spark-submit.cmd" if os.name == "nt" else "spark-submit"
    command = [str(Path(_find_spark_home(), "bin", name))]
    for key, value in settings.items():
        command += ["--conf", f"{key}={value}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            [*command, "pyspark-shell"],
            stdin=subprocess.PIPE,  # Java ends when this does
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd=folder,
            env={**_environment(folder), **more},
            start_new_session=True,  # so that Ctrl-C is ours
        )
    atexit.register(_end, process)
    return process


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in OF_SPARK if name in os.environ}
    places = {name: str(folder) for name in ("HOME", "TMPDIR")}
    ours = {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_CONNECT_MODE": "0"}
    return {**harmless(os.environ), **kept, **places, **ours, "_PYSPARK_DRIVER_CONN_INFO_PATH": str(folder / LISTENS)}


def _listens(process: subprocess.Popen[bytes], folder: Path) -> tuple[int, str]:
    for _ in range(int(STARTS_WITHIN_S / LOOKS_EVERY_S)):
        with suppress(subprocess.TimeoutExpired):
            process.wait(LOOKS_EVERY_S)
        if (folder / LISTENS).exists():
            with (folder / LISTENS).open("rb") as file:
                return _whole(file), file.read(_whole(file)).decode()
        if process.returncode is not None:
            raise Unavailable(f"Spark's Java ended with {process.returncode}{_last_words(folder)}", hint=NEEDED)
    _end(process)
    raise Unavailable(f"Spark's Java did not start within {STARTS_WITHIN_S} s{_last_words(folder)}", hint=NEEDED)


def _whole(file: IO[bytes]) -> int:
    return int(struct.unpack("!i", file.read(4))[0])


def _last_words(folder: Path) -> str:
    lines = (folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()
    said = [line for line in lines if line.strip() and not line.startswith("\t")]
    return f": {one_line(said[0])}" if said else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """It is asked to, by closing its stdin, then made to."""
    if process.stdin:
        with suppress(OSError):
            process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(ENDS_WITHIN_S if process.returncode is None else 0)
        return
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
