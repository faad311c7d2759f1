"""Records in a local JSON-lines file: where they go when MLflow cannot take them."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from model_promotion.core.errors import Unavailable
from model_promotion.core.jsonable import jsonable
from model_promotion.core.record import MOST_KEPT_BYTES, Line, Record, Stored, body_of, line_of

SAFE = re.compile(r"\w[\w.-]*", re.ASCII)
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
        """Add a line; the answer names the file and the line. What is kept beside it is there first."""
        for name, content in record.files.items():
            self._put(self._place_of(record.id, name), content)
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

    def beside(self, line: Line, name: str) -> bytes | None:
        """A file of a record, from the folder beside this file."""
        # What names it was read from a file that anybody can edit.
        if not (SAFE.fullmatch(line.id) and SAFE.fullmatch(name)):
            return None
        path = self._place_of(line.id, name)
        try:
            with path.open("rb") as file:
                content = file.read(MOST_KEPT_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"could not read {path.absolute()}: {error.strerror}") from error
        return content if len(content) <= MOST_KEPT_BYTES else None

    def _place_of(self, record_id: str, name: str) -> Path:
        return self._path.with_suffix(".files") / f"{record_id}-{name}"

    def _put(self, path: Path, content: bytes) -> None:
        try:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise Unavailable(f"could not write {path.absolute()}: {error.strerror}") from error

    def _texts(self) -> list[str]:
        try:
            # A byte that was damaged must not hide the other records; the chain shows which one it hit.
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Unavailable(f"could not read {self._path.absolute()}: {error.strerror}") from error
        return [line for line in text.split("\n") if line]
