"""What a check found out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from model_promotion.core.event import Event, Kind, Table
from model_promotion.core.exits import ExitCode
from model_promotion.core.jsonable import ASIDE


class Verdict(StrEnum):
    """The answer to a check's question. UNKNOWN never counts as passed."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Weight(StrEnum):
    """What a failed check means for the promotion."""

    BARS = "bars"
    """Refused, and not even --force goes past it."""
    BLOCKS = "blocks"
    """Refused unless forced."""
    ADVISES = "advises"
    """Warned, unless a flag or the policy requires it."""
    DIVERTS = "diverts"
    """Nothing is wrong, but the candidate goes elsewhere, unless the policy requires it."""


@dataclass(frozen=True)
class Finding:
    """One check's answer: a verdict, one sentence with numbers, the facts behind it.

    `check`, `topic` and `weight` are stamped on by whoever asked; `refusal` is the exit code of a failure that bars.
    `keeps` are files, by name, that are kept beside the record if there will be one.
    """

    verdict: Verdict
    sentence: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    table: Table | None = None
    hint: str = ""
    refusal: ExitCode = ExitCode.REFUSED
    check: str = ""
    topic: str = ""
    weight: Weight = Weight.BLOCKS
    keeps: Mapping[str, bytes] = field(default_factory=dict, metadata=ASIDE)

    @property
    def event(self) -> Event:
        """The line a person reads."""
        return Event(Kind(self.verdict.value), self.topic, self.sentence, self.table)
