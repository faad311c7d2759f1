"""What the program's exit codes mean to the scripts that call it."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The codes of the contract; nothing else ever leaves the process."""

    DONE = 0
    WARNED = 1
    REFUSED = 2
    NOT_FOUND = 3
    DENIED = 4
    USAGE = 64
    DEFECT = 70
    INTERRUPTED = 130
