"""What somebody is told who does not sit at the terminal: how grave it is, and all that is needed to look further."""

from collections.abc import Iterable
from dataclasses import dataclass

from model_promotion.core import say
from model_promotion.core.alert_policy import Severity
from model_promotion.core.exits import ExitCode
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import NO_JOURNAL
from model_promotion.core.request import Mode, Request
from model_promotion.core.trial import one_line

GRAVE_IF_NOT_DONE = frozenset({Mode.ROLLBACK, Mode.VERIFY_AUDIT})
MOVE_NO_ALIAS = frozenset({Mode.RELEASE, Mode.CLEANUP, Mode.VERIFY_AUDIT})
SILENT = frozenset({ExitCode.USAGE})
SENT, FAILED, REPEATED, HELD_BACK = "sent", "failed", "repeated", "held back"


@dataclass(frozen=True)
class Alert:
    """One message. `said` is the sentence; what is empty is left out of the text."""

    severity: Severity
    said: str
    model: str = ""
    version: str = ""
    was: str = ""
    alias: str = ""
    who: str = ""
    why: str = ""
    exit_code: int | None = None
    record: str = ""
    next: str = ""
    subject: str = ""

    @property
    def title(self) -> str:
        """The subject: one line, whatever strangers wrote."""
        about = self.subject or " ".join(filter(None, (self.model, self.alias))) or "promote-model"
        return f"[{self.severity.value}] {one_line(about)}"

    @property
    def text(self) -> str:
        """The body: the sentence, then a line for each thing that is known; no secrets."""
        named = {
            "model": self.model,
            "version": self.version,
            "before": self.was,
            "where": self.alias,
            "who": self.who,
            "why": self.why,
            "exit code": "" if self.exit_code is None else str(self.exit_code),
            "record": self.record,
            "next": self.next,
        }
        lines = (f"{name}: {one_line(value)}" for name, value in named.items() if value)
        return "\n".join((one_line(self.said), "", *lines))


@dataclass(frozen=True)
class Sent:
    """What became of one alert on one way out; `why` says why it did not go, or was not sent again."""

    to: str
    severity: Severity
    title: str
    state: str
    attempts: int = 0
    why: str = ""

    @property
    def failed(self) -> bool:
        """Whether it was to arrive, and is not known to have."""
        return self.state == FAILED


def severity_of(outcome: Outcome) -> Severity | None:
    """How grave an outcome is; None where nothing was done and nothing is wrong, so that nobody needs to know."""
    rolled_back = outcome.mode is Mode.ROLLBACK and outcome.entries
    put_back = (not outcome.done and outcome.entries) or _put_back_in_fleet(outcome)
    if rolled_back or put_back or NO_JOURNAL in outcome.record or _unhealthy(outcome):
        return Severity.CRITICAL
    if not outcome.done:
        return severity_of_end(outcome.mode, outcome.code)
    if outcome.code is ExitCode.WARNED:
        return Severity.WARNING
    changed = outcome.entries or outcome.record or outcome.mode in (Mode.WATCH, Mode.VERIFY_AUDIT)
    return Severity.INFO if changed or _of_fleet(outcome) else None


def severity_of_end(mode: Mode, code: ExitCode) -> Severity | None:
    """How grave it is that a call ended so without having changed anything."""
    if code in SILENT:
        return None
    grave = mode in GRAVE_IF_NOT_DONE or code is ExitCode.DEFECT
    return Severity.CRITICAL if grave else Severity.WARNING


def _unhealthy(outcome: Outcome) -> bool:
    """Whether a watch, alone or after a promotion, found what it rolls back for."""
    return outcome.facts.get("watch", {}).get("ended") in ("rolled back", "not rolled back")


def _of_fleet(outcome: Outcome) -> bool:
    return any(one.get("entries") for one in outcome.facts.get("promotions", ()))


def _put_back_in_fleet(outcome: Outcome) -> bool:
    members = outcome.facts.get("promotions", ())
    return any(one.get("entries") and one.get("exit_code", 0) > ExitCode.WARNED for one in members)


def alert_of(outcome: Outcome, request: Request) -> Alert | None:
    """What is to be told of how a call ended, if anything is."""
    severity = severity_of(outcome)
    if severity is None:
        return None
    return Alert(
        severity,
        outcome.summary,
        model=outcome.model or request.a_model,
        version=say.version(outcome.to) if outcome.to else "",
        was=say.version(outcome.was) if outcome.was else "",
        alias=request.where if outcome.model and request.mode not in MOVE_NO_ALIAS else "",
        why=request.reason,
        exit_code=int(outcome.code),
        record=outcome.record,
        next=_next(outcome.hints, outcome.undo),
    )


def alert_of_end(code: ExitCode, said: str, request: Request) -> Alert | None:
    """What is to be told of a call that an error has ended."""
    severity = severity_of_end(request.mode, code)
    if severity is None:
        return None
    where = request.where if request.model and request.mode not in MOVE_NO_ALIAS else ""
    return Alert(severity, said, request.a_model, alias=where, why=request.reason, exit_code=int(code))


def _next(hints: Iterable[str], undo: str) -> str:
    return next(iter(hints), "") or (f"go back: {undo}" if undo else "")
