"""The end of a process and of everything that it started."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

STRAY_ROUNDS = 5


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and everything it started that stayed in its group."""
    if hasattr(os, "killpg"):
        # The group outlives its leader, and no new process can take its number while a member lives.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def end_strays(mark: bytes) -> None:
    """Ends what left the group with setsid: a process keeps the environment it started with, and ours has a mark."""
    for _ in range(STRAY_ROUNDS):  # one that forks meanwhile is found in the next round
        strays = list(marked(mark))
        for pid in strays:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not strays:
            return


def marked(mark: bytes) -> Iterator[int]:
    """Processes whose environment holds the mark; none where there is no /proc."""
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in environ.read_bytes().split(b"\0"):
                yield int(environ.parent.name)
