"""What the program has to say while it works; how it looks is the console's business."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of lines of the contract, one emoji each."""

    WORKING = "working"
    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HINT = "hint"
    TABLE = "table"
    SUMMARY = "summary"
    UNDO = "undo"
    MODEL = "model"
    IN_PRODUCTION = "in_production"
    VERSION = "version"
    GOING = "going"


@dataclass(frozen=True)
class Table:
    """Rows of text under a header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Event:
    """One line: a kind, a topic in brackets, one sentence; a table may follow it."""

    kind: Kind
    topic: str
    sentence: str
    table: Table | None = None
