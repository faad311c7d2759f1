"""Forks: `python -I server.py FD`, a listening socket. It has no threads, so a fork is as good as a fresh process."""

import contextlib
import fcntl
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
from typing import Any

LOOK_ROUND_S = 5.0
HEAVY = (
    "mlflow.pyfunc.scoring_server",
    "mlflow.sklearn",
    "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store",
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
    "pytest",
)
APART = 500
"""Above the number of every open file that is handed over."""


def serve(door: socket.socket) -> dict[str, Any]:
    """A fork for every connection, until whoever started this is gone; what returns is a job, in its fork."""
    parent = os.getppid()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    door.settimeout(LOOK_ROUND_S)
    while os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            line, _ = door.accept()
            line.setblocking(True)  # noqa: FBT003 - the socket's own word
            if os.fork() == 0:
                door.close()
                return attend(line)
            line.close()
    os._exit(0)


def attend(line: socket.socket) -> dict[str, Any]:
    """Lets a fork do the job, and ends it when the process that it stands for is gone."""
    job, files = received(line)
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    worker = os.fork()
    if worker == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number in (awake, wake, line.detach()):
            os.close(number)
        settle(job, files)
        return job
    for number in (*files, 0, 1, 2):
        os.close(number)
    if awake not in select.select([line, awake], [], [])[0]:
        for kill in (os.killpg, os.kill):  # It may not have its group yet.
            with contextlib.suppress(ProcessLookupError):
                kill(worker, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
    with contextlib.suppress(OSError):
        line.sendall(str(code).encode())
    os._exit(0)


def received(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """The job, and its files under numbers that are nobody's."""
    size, files, _, _ = socket.recv_fds(line, 4, 253)
    left, text = int.from_bytes(size, "big"), b""
    while len(text) < left:
        text += line.recv(left - len(text))
    apart = [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, APART) for file in files]
    for file in files:
        os.close(file)
    return json.loads(text), apart


def settle(job: dict[str, Any], files: list[int]) -> None:
    """This process as the one that it stands for: files, directory, environment, arguments."""
    os.setsid()
    for file, number in zip(files, job["numbers"], strict=True):
        os.dup2(file, number)
        os.close(file)
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["env"])
    sys.argv = job["args"]
    sys.executable = job["python"]
    sys.orig_argv = [sys.executable, "-I", *sys.argv]


def warm_up() -> None:
    """Imports what forks will need, also what is imported only when a model answers or a table is first read."""
    for name in HEAVY:
        importlib.import_module(name)
    from pandas import DataFrame
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sqlalchemy.orm import configure_mappers

    configure_mappers()

    rows = DataFrame({"a": [0.0, 1.0]})
    for model in (LinearRegression(), LogisticRegression()):
        model.fit(rows, [0, 1]).predict(rows)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    warm_up()
    print("ready", flush=True)  # noqa: T201 - for whoever waits
    job = serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_path(job["args"][0], run_name="__main__")
