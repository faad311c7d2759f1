"""Records in memory: the double for tests."""

from collections.abc import Mapping, Sequence
from typing import Any

from model_promotion.core.errors import Unavailable
from model_promotion.core.record import Line, Record, Stored, line_of


class MemoryJournal:
    """Keeps what it is given, unless it is told to be broken."""

    place = "memory"

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.facts: dict[str, Sequence[Mapping[str, Any]]] = {}
        self.broken = False

    def append(self, record: Record) -> str:
        """Keep a record."""
        self._awake()
        self.records.append(record)
        return f"memory-{record.number}"

    def lines(self, model: str) -> Sequence[Line]:
        """The short form of a model's records."""
        return [line for stored in self.stored(model) if (line := line_of(stored))]

    def stored(self, model: str) -> Sequence[Stored]:
        """A model's records in full."""
        self._awake()
        return [Stored(f"memory-{record.number}", record.text) for record in self.records if record.model == model]

    def models(self) -> Sequence[str]:
        """The models that have records."""
        return sorted({record.model for record in self.records})

    def keep(self, work: str, facts: Sequence[Mapping[str, Any]]) -> None:
        """Keep these facts."""
        self._awake()
        self.facts[work] = facts

    def kept(self, work: str) -> Sequence[Mapping[str, Any]]:
        """The facts again."""
        return self.facts.get(work, ())

    def beside(self, line: Line, name: str) -> bytes | None:
        """A file of a record."""
        self._awake()
        return next((record.files.get(name) for record in self.records if record.id == line.id), None)

    def _awake(self) -> None:
        if self.broken:
            raise Unavailable("the journal is down")
