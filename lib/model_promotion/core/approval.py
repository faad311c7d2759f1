"""An approval: what somebody agreed to, word for word, and what a version's tag says of it."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from model_promotion.core.entities import ArtifactFile, Version
from model_promotion.core.jsonable import jsonable, mapping_of
from model_promotion.core.record import digest
from model_promotion.core.say import target, when

KIND = "promotion-approval"
SCHEMA_VERSION = 1
NAMESPACE = "promote-model"
TEXT_FILE, SIGNATURE_FILE = "approval.json", "approval.sig"
TAG = "approval_"
TRAINER_TAG = "mlflow.user"
STAMP = re.compile(r"(approved|rejected) (\S{1,40}) ([0-9a-f]{64}) ([0-9a-f]{12})")
Verdict = Literal["approved", "rejected"]


def tag_of(gate: str) -> str:
    """The key of the version's tag."""
    return f"{TAG}{gate}"


def source_digest(version: Version, files: Iterable[ArtifactFile], mlmodel: Mapping[str, Any]) -> str:
    """What a version is made of, as SHA-256: where it comes from, its files with their sizes, all of its MLmodel."""
    made = {"source": version.source, "run": version.run_id, "model_id": version.model_id, "at": version.created_at}
    listed = sorted((file.path, -1 if file.size is None else file.size) for file in files)
    return digest(json.dumps(jsonable({**made, "files": listed, "mlmodel": mlmodel}), sort_keys=True))


@dataclass(frozen=True)
class Bound:
    """What an approval is given for; of another version, place or policy it says nothing."""

    model: str
    version: str
    source: str
    alias: str
    policy: str

    def changes(self, now: "Bound") -> Iterator[str]:
        """One sentence for each that is not so now."""
        if self.model != now.model:
            yield f"it was given for the model {self.model}"
        if self.version != now.version:
            yield f"it was given for v{self.version}"
        if self.alias != now.alias:
            yield f"it was given for {target(self.alias)}"
        if self.source != now.source:
            yield "the version's source, run, files or MLmodel are not those that were approved"
        if self.policy != now.policy:
            yield "the policy file was changed since"


@dataclass(frozen=True)
class Approval:
    """Who said what about which version and why; `text` is what is signed, and what the record keeps.

    `identity` is what vouches for the approver, `vouched_by` the same for a person. `typed_by` is the login under which
    it was typed. `id` is that of its record. `at` and `until` are seconds since the epoch.
    """

    id: str
    gate: str
    verdict: Verdict
    bound: Bound
    approver: str
    identity: Literal["login", "ssh", "unverified"]
    vouched_by: str
    typed_by: str
    reason: str
    at: float
    until: float

    @property
    def text(self) -> str:
        """The canonical form: readable JSON, keys sorted."""
        body = {name: value for name, value in asdict(self).items() if name != "bound"}
        whole = {"kind": KIND, "schema_version": SCHEMA_VERSION, **asdict(self.bound), **body}
        return json.dumps(whole, indent=2, sort_keys=True) + "\n"

    @classmethod
    def parse(cls, text: str) -> "Approval":
        """The approval in a text that anybody may have written.

        Raises:
            ValueError: when it is none that this program wrote.
        """
        body = mapping_of(text)
        try:
            bound = Bound(**{one.name: _text(body.pop(one.name)) for one in fields(Bound)})
            times = {name: float(body.pop(name)) for name in ("at", "until")}
            rest = {one.name: _text(body[one.name]) for one in fields(cls) if one.name not in ("bound", *times)}
            found = cls(bound=bound, **rest, **times)  # type: ignore[arg-type]
            sound = found.text == text and bool(when(found.at)) and bool(when(found.until))
        except (TypeError, LookupError, ValueError, OverflowError, OSError) as error:
            raise ValueError(f"it is no approval: {error}") from error
        if not sound or not found.approver.isprintable():
            raise ValueError("it is no approval that this program wrote")
        return found

    @property
    def stamp(self) -> "Stamp":
        """What the version's tag says of it."""
        return Stamp(self.verdict, when(self.at).replace(" ", "T"), digest(self.text), self.id)

    @property
    def who(self) -> str:
        """The approver, and what vouches for that."""
        return f"{self.approver} ({'unverified' if self.identity == 'unverified' else self.vouched_by})"


@dataclass(frozen=True)
class Stamp:
    """An approval as a version's tag has it, without anybody's name: verdict, time, the text's SHA-256, the record."""

    verdict: str
    at: str
    sha256: str
    record: str

    @property
    def text(self) -> str:
        """The tag's value."""
        return f"{self.verdict} {self.at} {self.sha256} {self.record}"

    @classmethod
    def parse(cls, text: str | None) -> "Stamp | None":
        """The stamp in a tag; None where there is none."""
        found = STAMP.fullmatch(text or "")
        return cls(*found.groups()) if found else None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
