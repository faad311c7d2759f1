"""Where records are kept."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from model_promotion.core.record import Line, Record, Stored


class RecordReader(Protocol):
    """What can be asked of a journal."""

    def lines(self, model: str) -> Sequence[Line]:
        """The short form of a model's records, oldest first."""
        ...

    def stored(self, model: str) -> Sequence[Stored]:
        """A model's records in full, oldest first."""
        ...

    def models(self) -> Sequence[str]:
        """The models that have records."""
        ...

    def beside(self, line: Line, name: str) -> bytes | None:
        """A file that was kept beside a record; None where there is none, or one too large to be ours."""
        ...


class Journal(RecordReader, Protocol):
    """Where records are kept."""

    @property
    def place(self) -> str:
        """Where this is, for a person."""
        ...

    def append(self, record: Record) -> str:
        """Store a record and the files beside it; the answer says where it lies."""
        ...


class SpareJournal(Journal, Protocol):
    """Where records go that the journal cannot take, and what must outlive us if we are cut off."""

    def keep(self, work: str, facts: Sequence[Mapping[str, Any]]) -> None:
        """Keep what a piece of work is about to delete."""
        ...

    def kept(self, work: str) -> Sequence[Mapping[str, Any]]:
        """What was kept for a piece of work; nothing where nothing was."""
        ...
