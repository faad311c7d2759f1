"""Records in a local JSON-lines file: where they go when MLflow cannot take them."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from model_promotion.core.errors import Unavailable
from model_promotion.core.jsonable import jsonable
from model_promotion.core.record import Line, Record, Stored, body_of, line_of

KEPT_FOR = "kept_for"


class FileJournal:
    """One line per record, its exact text."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def place(self) -> str:
        """The file, for a person."""
        return f"file {self._path.absolute()}"

    def append(self, record: Record) -> str:
        """Add a line; the answer names the file and the line."""
        self._add(record.text)
        return f"file:{self._path.name}#{record.number}"

    def keep(self, work: str, facts: Sequence[Mapping[str, Any]]) -> None:
        """Add a line that is no record."""
        self._add(json.dumps({KEPT_FOR: work, "facts": jsonable(facts)}, separators=(",", ":")))

    def kept(self, work: str) -> Sequence[Mapping[str, Any]]:
        """The facts of that line again."""
        found = (body_of(text) for text in self._texts())
        facts = next((body.get("facts") for body in found if body.get(KEPT_FOR) == work), ())
        # The file is one that anybody can edit.
        return [one for one in facts if isinstance(one, dict) and "number" in one] if isinstance(facts, list) else ()

    def _add(self, text: str) -> None:
        try:
            with self._path.open("ab+") as file:
                # A line that was cut off, by a full disk say, must not swallow this one.
                file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
                whole = file.read() in (b"", b"\n")
                file.write(("" if whole else "\n").encode() + text.encode() + b"\n")
        except OSError as error:
            raise Unavailable(f"could not write {self._path.absolute()}: {error.strerror}") from error

    def lines(self, model: str) -> Sequence[Line]:
        """The short form of a model's records."""
        return [line for stored in self.stored(model) if (line := line_of(stored))]

    def stored(self, model: str) -> Sequence[Stored]:
        """A model's records in full, in the order of the file."""
        return [
            Stored(f"file:{self._path.name}#{body.get('number')}", text)
            for text in self._texts()
            if (body := body_of(text)).get("model") == model
        ]

    def models(self) -> Sequence[str]:
        """The models that have records here."""
        return sorted({str(body_of(text).get("model", "")) for text in self._texts()} - {""})

    def _texts(self) -> list[str]:
        try:
            # A byte that was damaged must not hide the other records; the chain shows which one it hit.
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Unavailable(f"could not read {self._path.absolute()}: {error.strerror}") from error
        return [line for line in text.split("\n") if line]
