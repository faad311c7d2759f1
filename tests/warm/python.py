"""Takes the place of an interpreter: a script of ours under `-I` becomes a fork of the warm one, all else a fresh one.

`running` writes the first line, the socket beside it, and the name of the true interpreter. It hands over its open
files, arguments, environment and directory, and ends as the fork does.
"""

import json
import os
import signal
import socket
import sys
from pathlib import Path

# Their start is 2 s of imports; -I means that neither the environment nor the directory changes what is imported.
OURS = {"child.py", "score_child.py", "probe_child.py", "suite_child.py", "aside_child.py", "promote_model.py"}


def main() -> None:
    here = Path(__file__).parent
    if sys.argv[1:2] != ["-I"] or Path(sys.argv[2]).name not in OURS:
        true = (here / "true").read_text(encoding="utf-8")
        os.execv(true, [true, *sys.argv[1:]])  # noqa: S606 - what would have been started without us
    line = socket.socket(socket.AF_UNIX)
    line.connect(str(here / "door"))
    ours = (int(path.name) for path in Path("/dev/fd").iterdir())
    numbers = [number for number in ours if number != line.fileno() and is_open(number)]
    job = {"args": sys.argv[2:], "env": dict(os.environ), "cwd": str(Path.cwd()), "numbers": numbers}
    text = json.dumps({**job, "python": str(Path(__file__))}).encode()
    socket.send_fds(line, [len(text).to_bytes(4, "big")], numbers)
    line.sendall(text)
    for number in numbers:  # The other ends wait for ours to be closed, which is now the fork's to do.
        os.close(number)
    end(int(line.recv(16) or b"-9"))


def is_open(number: int) -> bool:
    """Not the one that the directory was read with."""
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def end(code: int) -> None:
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main()
