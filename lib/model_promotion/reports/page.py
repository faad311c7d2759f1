"""A decision as one page of HTML that needs nothing else: no script, no address, no font, no picture from elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from model_promotion.core.event import Table
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding
from model_promotion.core.jsonable import jsonable
from model_promotion.core.redaction import redacted
from model_promotion.core.say import when
from model_promotion.reports import plots, serving_plots
from model_promotion.reports.drawing import Drawing
from model_promotion.reports.told import Told

if TYPE_CHECKING:
    from jinja2 import Template

MOST_ROWS = 200
"""Of a longer table the rest is in the record."""
MARKS = {"passed": "✓", "warned": "!", "failed": "✗", "unknown": "?"}
LOOKS = ("first", "worst", "last")
HEALTH = ("pass", "inconclusive", "error", "fail")


@dataclass(frozen=True)
class Asked:
    """One check on the page: its answer, what that did to the promotion, and what there is to see of it."""

    finding: Finding
    effect: str
    drawings: Sequence[Drawing]

    @property
    def mark(self) -> str:
        """A sign for the verdict; the word stands beside it."""
        return MARKS[self.finding.verdict.value]

    @property
    def table(self) -> Table | None:
        """Its table, if there is one with rows."""
        found = self.finding.table
        return Table(found.header, found.rows[:MOST_ROWS]) if found and found.rows else None

    @property
    def more(self) -> int:
        """How many rows of its table are not shown."""
        return max(len(self.finding.table.rows) - MOST_ROWS, 0) if self.finding.table else 0

    @property
    def is_shown(self) -> bool:
        """Whether there is more to see than its sentence."""
        return bool(self.table or self.drawings)


@dataclass(frozen=True)
class Canary:
    """What was seen while endpoints were given the new version step by step."""

    drawings: Sequence[Drawing]
    rungs: Sequence[Sequence[str]]
    looks: Sequence[Sequence[str]]


def render(told: Told) -> str:
    """The page."""
    kind = "failed" if told.code > ExitCode.WARNED else "warned" if told.code else "passed"
    return _template().render(
        told=told,
        kind=kind,
        asked=[_asked(one, told) for one in told.findings],
        when=when,
        canary=_canary(told.seen),
        HEALTH=HEALTH,
    )


def _asked(finding: Finding, told: Told) -> Asked:
    return Asked(finding, _effect(finding.check, told), plots.drawings(finding.check, jsonable(finding.facts)))


def _effect(check: str, told: Told) -> str:
    if told.decision is None:
        return ""
    named = {
        "refuses": told.decision.refused,
        "skipped by --force": told.decision.skipped,
        "sends it elsewhere": told.decision.diverted,
        "warns": told.decision.warned,
    }
    return next((effect for effect, checks in named.items() if check in checks), "")


def _canary(seen: Mapping[str, Any]) -> Canary | None:
    told = seen.get("canary") or {}
    load = told.get("load_test", {}).get("finding", {}).get("facts", {})
    drawn = (*serving_plots.latencies(load), *serving_plots.canary(seen))
    looks = tuple(_look(name, told[name]) for name in LOOKS if told.get(name))
    rungs = tuple(
        (f"{rung} %", *(str(counts.get(one, 0)) for one in HEALTH)) for rung, counts in told.get("verdicts", {}).items()
    )
    return Canary(drawn, rungs, looks) if drawn or looks else None


def _look(name: str, look: Mapping[str, Any]) -> tuple[str, ...]:
    said = "; ".join(f"{one['source']}: {one['sentence']}" for one in look["readings"])
    return name, when(look["at"]), f"{look['rung']} %", str(look["verdict"]), said


@cache
def _template() -> "Template":
    from jinja2 import Environment, PackageLoader, StrictUndefined  # A call that writes no page needs none of it.

    made = Environment(
        loader=PackageLoader("model_promotion", "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return made.get_template("page.html.j2")


def _shown(value: object) -> object:
    """What strangers wrote, without secrets, and without what would hide or turn round other text."""
    if hasattr(value, "__html__"):
        return value
    return "".join(map(_letter, redacted(str(value))))


def _letter(letter: str) -> str:
    if letter.isprintable():
        return letter
    return " " if letter.isspace() else "\N{REPLACEMENT CHARACTER}"
