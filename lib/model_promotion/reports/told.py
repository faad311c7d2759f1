"""What a page tells: a call as it ended, or a record as it is about to be written; one form for both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from model_promotion.core import say
from model_promotion.core.decision import Decision
from model_promotion.core.entities import Identity
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding
from model_promotion.core.jsonable import jsonable
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import Record
from model_promotion.core.request import Mode, Request
from model_promotion.core.steps import Entry

ENDED = {
    ExitCode.DONE: "done",
    ExitCode.WARNED: "done, with warnings",
    ExitCode.REFUSED: "refused",
    ExitCode.NOT_FOUND: "not found",
    ExitCode.DENIED: "not allowed, or not reachable",
    ExitCode.INTERRUPTED: "interrupted",
}
LOOKED = {ExitCode.DONE: "may go", ExitCode.WARNED: "may go, with warnings"}
DEEDS = {Mode.DRY_RUN: "Dry run of a promotion", Mode.CHECK: "Check of a promotion", Mode.ROLLBACK: "Rollback"}


@dataclass(frozen=True)
class Told:
    """Everything that stands on a page.

    Attributes:
        deed: what kind of call it was, for the headline.
        ended: how it ended in a word or two; `code` is the exit code.
        about: what it was about, by term: the model, the versions, who, why, when.
        planned: the writes that a dry run would have made.
        seen: what was seen at endpoints, as the record has it: `rollout`, `canary`.
    """

    deed: str
    model: str
    code: ExitCode
    ended: str
    summary: str
    about: Mapping[str, str]
    findings: Sequence[Finding] = ()
    decision: Decision | None = None
    planned: Sequence[str] = ()
    entries: Sequence[Entry] = ()
    warnings: Sequence[str] = ()
    hints: Sequence[str] = ()
    undo: str = ""
    seen: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Circumstances:
    """What an outcome does not say of itself: who called, when, under which policy."""

    by: Identity
    at: float
    policy: str


def of_outcome(outcome: Outcome, request: Request, around: Circumstances) -> Told:
    """A call as it ended."""
    looked = not request.mode.writes
    asked = request.reviewed.asked if request.reviewed else {}
    about = {
        "Model": outcome.model or request.model or "none was found",
        "Target": say.target(str(asked.get("target_alias") or request.target_alias)),
        "Versions": f"{say.version(outcome.was)} stood there; this is about {say.version(outcome.to)}",
        "By": _who(around.by.name, around.by.vouched_by),
        "Why": request.reason or str(asked.get("reason", "")) or "no reason was given",
        "When": say.when(around.at),
        "Policy": around.policy,
        "Record": outcome.record or "none was written",
    }
    return Told(
        deed=DEEDS.get(request.mode, "Promotion"),
        model=about["Model"],
        code=outcome.code,
        ended=(LOOKED if looked else {}).get(outcome.code) or ENDED.get(outcome.code, "failed"),
        summary=outcome.summary,
        about=about,
        findings=outcome.findings,
        decision=outcome.decision,
        planned=[step.sentence for step in outcome.planned],
        entries=outcome.entries,
        warnings=outcome.warnings,
        hints=outcome.hints,
        undo=outcome.undo,
        seen=jsonable(outcome.facts),
    )


def of_record(record: Record, said: str, undo: str) -> Told:
    """A record before it is written; `said` is what was done in a sentence, `undo` the command that goes back."""
    evidence, decision = record.evidence, record.evidence.get("decision")
    code = decision.code if decision else ExitCode.DONE
    about = {
        "Model": record.model,
        "Target": say.target(record.alias),
        "Versions": f"{say.version(record.was)} stood there; this is about {say.version(record.to)}",
        "By": _who(record.by, record.vouched_by),
        "Why": record.why or "no reason was given",
        "When": say.when(record.at),
        "Policy": str(evidence.get("policy", "none")),
        "Record": f"#{record.number} ({record.id}), after the one with SHA-256 {record.previous}",
    }
    return Told(
        deed="Promotion",
        model=record.model,
        code=code,
        ended=ENDED[code],
        summary=said,
        about=about,
        findings=evidence.get("findings", ()),
        decision=decision,
        entries=evidence.get("steps", ()),
        undo=undo,
        seen=jsonable({name: evidence[name] for name in ("rollout", "canary") if name in evidence}),
    )


def _who(name: str, vouched_by: str) -> str:
    return f"{name} (vouched for by {vouched_by})" if vouched_by else name
