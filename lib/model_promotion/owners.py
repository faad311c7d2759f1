"""Who is at work: a name for this very process that tells no person, and whether the one behind such a name is gone."""

import hashlib
import os
import socket
import uuid
from pathlib import Path


class ProcessOwner:
    """Names this process by a hash of the machine, its number, and when it started (numbers are used again)."""

    @property
    def name(self) -> str:
        """For example `3f2a9c01-4711-8812`."""
        return f"{_machine()}-{os.getpid()}-{_started(os.getpid())}"

    def is_gone(self, name: str) -> bool:
        """Whether the process of that name ended for certain; False also where that cannot be known from here."""
        machine, _, rest = name.partition("-")
        number, _, started = rest.partition("-")
        if machine != _machine() or not number.isdecimal():
            return False
        try:
            os.kill(int(number), 0)
        except (ProcessLookupError, OverflowError, ValueError):
            return True
        except PermissionError:
            return False
        return _started(int(number)) != started


class MemoryOwner:
    """An owner for tests: those in `gone` have ended."""

    def __init__(self, name: str = "test-1-1", gone: frozenset[str] = frozenset()) -> None:
        self.name = name
        self.gone = gone

    def is_gone(self, name: str) -> bool:
        """Whether it is among those that have ended."""
        return name in self.gone


def _machine() -> str:
    """Where a process number means the same process: this boot of this machine, and in it this container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        where = f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        where = f"{socket.gethostname()} {uuid.getnode()}"
    return hashlib.sha256(where.encode()).hexdigest()[:8]


def _started(number: int) -> str:
    """The start of a process in clock ticks since boot; 0 where there is no /proc; nothing for one that has ended."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "0"
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else fields[18]
