"""How a call ended: the one value that the report, --json and the exit code are made of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from model_promotion.core.decision import Decision
from model_promotion.core.event import Event, Table
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding
from model_promotion.core.jsonable import jsonable
from model_promotion.core.request import Mode
from model_promotion.core.reviewed import Reviewed
from model_promotion.core.steps import Entry, Step

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Outcome:
    """What was found, decided and done.

    `summary` is the sentence a person reads last, `hints` are the commands to type next, `undo` is the one that goes
    back. `planned` holds the writes a dry run would have made, `reviewed` the plan to be put before somebody, `listing`
    the lines that show people what the facts hold; they are made while they are read, once.
    """

    mode: Mode
    code: ExitCode
    summary: str
    model: str = ""
    was: str | None = None
    to: str | None = None
    findings: tuple[Finding, ...] = ()
    decision: Decision | None = None
    planned: tuple[Step, ...] = ()
    reviewed: Reviewed | None = None
    entries: tuple[Entry, ...] = ()
    record: str = ""
    warnings: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    undo: str = ""
    table: Table | None = None
    listing: Iterable[Event] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document of --json."""
        body = jsonable(replace(self, listing=()))
        del body["listing"]
        warned = self.decision.warned if self.decision else ()
        said = [finding.sentence for finding in self.findings if finding.check in warned]
        body["warnings"] = [*self.warnings, *said]
        return {"schema_version": SCHEMA_VERSION, "exit_code": int(self.code), **body}
