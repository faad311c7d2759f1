"""What is written down about a promotion: a chain in which every record holds the hash of the one before it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from model_promotion.core.jsonable import ASIDE, jsonable, mapping_of
from model_promotion.core.stages import TARGETS, as_target, kept_for

HEAD_TAG = "promotion_head"
SCHEMA_VERSION = 1
GENESIS = "0" * 64
NO_JOURNAL = "no journal at all"
"""Where a record lies that no journal could take."""

MOST_KEPT_BYTES = 8 * 2**20
"""The largest file that is kept beside a record, and the largest that is read there."""

PAGE = "report.html"
"""The file beside a record that tells people what it is about."""

Deeds = Literal["promote", "rollback", "release", "outside", "cleanup", "bake", "approval"]
# The version (or None, for nothing) that the record says stood there, where somebody moved it past this tool; else ().
Noticed = tuple[str | None, ...]


@dataclass(frozen=True)
class Head:
    """The newest record of a model: its number, where it lies, the SHA-256 of its text, and its own id."""

    number: int = 0
    id: str = ""
    sha256: str = GENESIS
    record: str = ""

    @property
    def text(self) -> str:
        """The value of the registered model's tag."""
        body = {"n": self.number, "id": self.id, "sha256": self.sha256, "record": self.record}
        return json.dumps(body, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str | None) -> "Head":
        """The head in a tag's value; the start of the chain when there is no tag.

        Raises:
            ValueError: when the value is none that this program wrote.
        """
        if text is None:
            return cls()
        try:
            raw = json.loads(text)
            return cls(int(raw["n"]), str(raw["id"]), str(raw["sha256"]), str(raw["record"]))
        except (TypeError, KeyError, ValueError, OverflowError, RecursionError) as error:
            raise ValueError(f"the tag {HEAD_TAG} holds something this program did not write: {text[:80]!r}") from error


@dataclass(frozen=True)
class Record:
    """One promotion or rollback: who, when, why, from, to, on what evidence.

    `id` is the intent's, so that a record can be told from a repetition of it. `previous` is the SHA-256 of the text of
    the record before it.
    """

    id: str
    number: int
    previous: str
    kind: Deeds
    model: str
    alias: str
    was: str | None
    to: str | None
    at: float
    by: str
    vouched_by: str
    why: str = ""
    forced: tuple[str, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    page: bytes = field(default=b"", metadata=ASIDE)

    def with_page(self, page: bytes) -> "Record":
        """The same with a page for people kept beside it, and its SHA-256 in the evidence."""
        kept = {**self.evidence.get("kept", {}), PAGE: digest(page)}
        return replace(self, page=page, evidence={**self.evidence, "kept": kept})

    @property
    def along(self) -> "tuple[Moved, ...]":
        """What was moved with it, as its steps say; see `Line`."""
        return _along(jsonable(self))

    @property
    def files(self) -> Mapping[str, bytes]:
        """What is kept beside it, by file name; `kept` of its evidence holds the SHA-256 of each."""
        found = {name: file for finding in self.evidence.get("findings", ()) for name, file in finding.keeps.items()}
        return found | ({PAGE: self.page} if self.page else {})

    @property
    def text(self) -> str:
        """The canonical form that is hashed and stored: one line of JSON, keys sorted."""
        body = {"schema_version": SCHEMA_VERSION, **jsonable(self)}
        return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the text, in hex: what the next record calls `previous`."""
        return digest(self.text)


def digest(text: str | bytes) -> str:
    """SHA-256 of bytes, or of a text's UTF-8 bytes, in hex; what sha256sum says of the file."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


@dataclass(frozen=True)
class Stored:
    """A record as a journal gives it back: the exact text it holds, and where."""

    id: str
    text: str


@dataclass(frozen=True)
class Moved:
    """One alias or stage, the version that stood there before, and the one that stands there afterwards."""

    alias: str
    was: str | None
    to: str | None


@dataclass(frozen=True)
class Line:
    """The short form of a record, for history and rollback: what a journal can list without opening each record.

    `along` is what was moved with the alias: the stage (or alias) that is kept in step with it, or the stage that a
    version went back to. Backups are none of it. `kept` are the files beside the record, by name, with their SHA-256.
    """

    number: int
    kind: str
    alias: str
    was: str | None
    to: str | None
    at: float
    by: str
    why: str = ""
    id: str = ""
    lies_at: str = ""
    along: tuple[Moved, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def moved(self) -> tuple[Moved, ...]:
        """All that was moved."""
        return (Moved(self.alias, self.was, self.to), *self.along)


LINE_FIELDS = ("number", "kind", "alias", "was", "to", "at", "by", "why", "id")


def body_of(text: str) -> dict[str, Any]:
    """A record's text as a mapping; empty when it is no record at all."""
    return mapping_of(text)


def line_of(stored: Stored) -> Line | None:
    """The short form of a stored record; None when its text is no record."""
    body = body_of(stored.text)
    if not set(LINE_FIELDS) <= set(body) or not _sound(body):
        return None
    return Line(
        **{name: body[name] for name in LINE_FIELDS},
        lies_at=stored.id,
        along=_along(body),
        kept=kept_of(body.get("evidence")),
    )


def kept_of(evidence: object) -> dict[str, str]:
    """The files beside a record, by name, with their SHA-256, as its evidence names them, if it names any."""
    kept = evidence.get("kept") if isinstance(evidence, dict) else None
    return {str(name): str(sha256) for name, sha256 in kept.items()} if isinstance(kept, dict) else {}


def _along(body: Mapping[str, Any]) -> tuple[Moved, ...]:
    """What the steps of a record moved beside its alias; of steps that are none, nothing."""
    try:
        steps = [entry["step"] for entry in body["evidence"]["steps"] if entry["deed"] != "undone"]
        others = [step for step in steps if "alias" in step and step["alias"] != body["alias"]]
        moved = [(step["alias"], step["was"], step["to"]) for step in others if not kept_for(step["alias"])]
        back = (step for step in steps if step.get("leaves_to") in TARGETS)
        moved += [(as_target(step["leaves_to"]), None, step["was"]) for step in back]
    except (LookupError, TypeError, AttributeError):
        return ()
    return tuple(Moved(*one) for one in moved if one[1] != one[2] and _versions(one[1:]))


def _versions(ends: Iterable[object]) -> bool:
    return all(end is None or isinstance(end, str) for end in ends)


def _sound(body: Mapping[str, Any]) -> bool:
    """Whether the fields that are sorted and compared are what they should be: a journal is a file anyone can edit."""
    versions = _versions((body["was"], body["to"]))
    numbers = type(body["number"]) is int and type(body["at"]) in (int, float)
    return numbers and versions and all(isinstance(body[name], str) for name in ("alias", "kind", "by", "why", "id"))
