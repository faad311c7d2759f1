"""How a call ended: the one value that the report, --json and the exit code are made of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from model_promotion.core.copying import Copy, NewModel
from model_promotion.core.decision import Decision
from model_promotion.core.deployment import ServingStep
from model_promotion.core.errors import PromotionError
from model_promotion.core.event import Event, Table
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding
from model_promotion.core.jsonable import jsonable
from model_promotion.core.request import Mode
from model_promotion.core.reviewed import Reviewed, ReviewedFleet
from model_promotion.core.steps import Entry, Step

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Outcome:
    """What was found, decided and done.

    Attributes:
        mode: what kind of call it was.
        code: how it ended; 0 and 1 are done, everything above is not.
        summary: the sentence a person reads last.
        model: the registered model's name.
        was: the version that stood behind the target when it was looked at, None when there was none.
        to: the version that was to stand there; whether it does is for `code` to say.
        findings: what each check answered.
        decision: what followed from that; None where nothing had to be decided.
        planned: the writes that a dry run would have made.
        reviewed: the plan of a dry run, to be put before somebody.
        entries: what was written, and when.
        record: where the record lies.
        warnings: what went wrong without undoing anything.
        hints: the commands to type next.
        undo: the command that goes back.
        table: rows for a person, as of --history.
        listing: lines that show people what the facts hold; made while they are read, once.
        facts: more, by name, as each mode has it.
    """

    mode: Mode
    code: ExitCode
    summary: str
    model: str = ""
    was: str | None = None
    to: str | None = None
    findings: tuple[Finding, ...] = ()
    decision: Decision | None = None
    planned: tuple[Step | ServingStep | NewModel | Copy, ...] = ()
    reviewed: Reviewed | ReviewedFleet | None = None
    entries: tuple[Entry, ...] = ()
    record: str = ""
    warnings: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    undo: str = ""
    table: Table | None = None
    listing: Iterable[Event] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether it stands as asked, with warnings or without."""
        return self.code <= ExitCode.WARNED

    def warned(self, *warnings: str) -> "Outcome":
        """The same with these warnings: what was done stays done, and says so with its code."""
        code = self.code or (ExitCode.WARNED if warnings else ExitCode.DONE)
        return replace(self, code=code, warnings=(*self.warnings, *warnings))

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document of --json."""
        body = jsonable(replace(self, listing=()))
        del body["listing"]
        warned = self.decision.warned if self.decision else ()
        said = [finding.sentence for finding in self.findings if finding.check in warned]
        body["warnings"] = [*self.warnings, *said]
        return {"schema_version": SCHEMA_VERSION, "exit_code": int(self.code), **body}


class Refused(PromotionError):
    """A refusal as an exception, for those who asked for one: what was asked was not done.

    Attributes:
        outcome: what was found and decided.
    """

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.summary, outcome.hints[0] if outcome.hints else "")
        self.outcome = outcome
        self.code = outcome.code
