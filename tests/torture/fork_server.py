"""Starts the program as forked children of a process that has mlflow imported: a real process without its 3 s of start.

Nothing of the program runs in the server itself, and it has no threads, so a child is as good as a fresh process.
"""

import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

LOOK_ROUND_S = 5.0


def serve(address: str) -> None:
    """A child for every connection, until whoever started this is gone."""
    _import_what_is_heavy()
    parent = os.getppid()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(address)
        door.listen(64)
        door.settimeout(LOOK_ROUND_S)
        while os.getppid() == parent:
            with contextlib.suppress(TimeoutError):
                line, _ = door.accept()
                line.setblocking(True)  # noqa: FBT003 - the socket's own word
                if os.fork() == 0:
                    _attend(line)
                line.close()


def _import_what_is_heavy() -> None:

    import model_promotion.flows.promote
    import model_promotion.wiring  # noqa: F401 - imported for the children


def _attend(line: socket.socket) -> NoReturn:
    """One call in a child of its own: tells its number, lets it go when told to, and tells how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    file = line.makefile("rw")
    job = json.loads(file.readline())
    ready, go = os.pipe()
    number = os.fork()
    if number == 0:
        os.close(go)
        os.read(ready, 1)
        line.detach()
        _work(job)
    file.write(f"{number}\n")
    file.flush()
    file.readline()
    os.write(go, b"!")
    _, status = os.waitpid(number, 0)
    file.write(f"{os.waitstatus_to_exitcode(status)}\n")
    file.flush()
    os._exit(0)


def _work(job: dict[str, Any]) -> NoReturn:
    from model_promotion.cli import door

    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["env"])
    for stream, name in enumerate((os.devnull, job["out"], job["err"])):
        file = os.open(name, os.O_RDONLY if stream == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, stream)
    sys.argv = ["promote_model.py", *job["args"]]
    sys.orig_argv = [sys.executable, *sys.argv]
    if job["die_at"]:
        _die_at_commit(job["die_at"], job["when"])
    door()


def _die_at_commit(k: int, when: str) -> None:
    """The k-th transaction that changes an sqlite file is this process's last, before or after it is committed."""
    from sqlalchemy.engine.default import DefaultDialect

    commit, seen = DefaultDialect.do_commit, 0

    def counted(self: DefaultDialect, connection: Any) -> None:
        nonlocal seen
        seen += connection.in_transaction
        mine = connection.in_transaction and seen == k
        if mine and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(self, connection)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)

    DefaultDialect.do_commit = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2] / "lib"))
    serve(sys.argv[1])
