"""Which of several versions is the best? The winner of many looks better than it is, so it is counted how many."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from model_promotion.core.entities import READY, Listed, Version
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.metrics import Direction
from model_promotion.core.stages import stage_of
from model_promotion.core.wanted import Wanted

CAUTION = "the winner of many looks better than it is"
# Two scores that differ by less than this share of their size are one number that was computed twice.
ROUNDING = 1e-9
MOST = {Direction.HIGHER: "highest", Direction.LOWER: "lowest"}
NAMED = 8


@dataclass(frozen=True)
class Contender:
    """One version that may win: whether the target stands on it, its score and where that was found."""

    version: Version
    in_place: bool = False
    score: float | None = None
    found_in: str = ""

    @property
    def label(self) -> str:
        """How a sentence names this version."""
        return f"{self.version.model} {self.version.label}"

    @property
    def told(self) -> str:
        """The label with the score."""
        return self.label if self.score is None else f"{self.label} ({self.score:.6g}, {self.found_in})"


@dataclass(frozen=True)
class Choice:
    """Who won and why; or nobody, with those between whom nothing decides. `compared` counts those that could win.

    `held` are those of whom one would win if it were not held, where nobody else does. `not_readable` says which models
    nobody could look at: a better version may be among theirs.
    """

    winner: Contender | None
    because: str
    compared: int = 0
    equals: tuple[Contender, ...] = ()
    passed_over: Mapping[str, str] = field(default_factory=dict)
    not_readable: str = ""
    held: tuple[Contender, ...] = ()

    @property
    def left_out(self) -> str:
        """Who cannot win and why, for a person; nothing when everybody can."""
        named = "; ".join(f"{label} {why}" for label, why in [*self.passed_over.items()][:NAMED])
        more = len(self.passed_over) - NAMED
        return (
            f"{len(self.passed_over)} cannot win: {named}{f' (and {more} more)' if more > 0 else ''}" if named else ""
        )

    @property
    def evidence(self) -> dict[str, Any]:
        """What the record keeps about it."""
        won = self.winner
        return {
            "because": self.because,
            "compared": self.compared,
            "score": won.score if won else None,
            "found_in": won.found_in if won else "",
            "passed_over": len(self.passed_over),
            "why_passed_over": dict([*self.passed_over.items()][:NAMED]),
            "not_readable": self.not_readable,
            "caution": CAUTION if self.compared > 1 else "",
        }


def contenders(listed: Iterable[Listed], wanted: Wanted, target: str) -> tuple[Contender, ...]:
    """The versions that have the tag; where none has it, no tag was named and a metric is, all of them."""
    every = [(one.model, version) for one in listed for version in one.versions]
    tagged = [(model, version) for model, version in every if has(version, wanted.tag)]
    found = every if not tagged and wanted.metric and wanted.named is None else tagged
    # A version that is not the highest in a stage is in place there as well.
    return tuple(
        Contender(version, model.at(target) == version.number or version.stage == stage_of(target))
        for model, version in found
    )


def has(version: Version, tag: tuple[str, str]) -> bool:
    """Whether the version has the tag; Python scripts write True where shell scripts write true."""
    key, value = tag
    return version.tags.get(key, "").casefold() == value.casefold()


def tagged_score(version: Version, metric: str) -> tuple[float, str] | None:
    """The metric that somebody wrote into a tag: for a version for which none was measured."""
    if metric not in version.tags:
        return None
    try:
        return float(version.tags[metric]), "its tags"
    except ValueError:
        return math.nan, "its tags"


def choose(
    found: Sequence[Contender], metric: str = "", direction: Direction = Direction.HIGHER, *, force: bool = False
) -> Choice:
    """The winner among these versions. Who is not ready or has no finite score never wins, who is held only by force.

    Equal scores: the one already in place wins, else the newest.
    """
    unfit = {one.label: why for one in found if (why := _unfit(one, metric))}
    held = {} if force else {one.label: f"is held: {hold}" for one in found if (hold := one.version.tags.get(HOLD_TAG))}
    reasons = {**unfit, **held}
    barred = {one.label: reasons[one.label] for one in found if one.label in reasons}
    able = [one for one in found if one.label not in barred]
    if not able:
        would = tuple(one for one in found if one.label not in unfit)
        return Choice(None, "none of them may win" if found else "there is none", passed_over=barred, held=would)
    if metric:
        return _ranked(able, metric, direction, barred)
    if len(able) == 1:
        return Choice(able[0], f"{able[0].label} is the only one", 1, passed_over=barred)
    return Choice(None, f"{len(able)} of them, and nothing ranks them", len(able), tuple(able), barred)


def _ranked(able: Sequence[Contender], metric: str, direction: Direction, barred: Mapping[str, str]) -> Choice:
    best = (max if direction is Direction.HIGHER else min)(_score(one) for one in able)
    equals = [one for one in able if math.isclose(_score(one), best, rel_tol=ROUNDING)]
    winner = max(equals, key=lambda one: (one.in_place, one.version.created_at, int(one.version.number)))
    because = f"{metric} {_score(winner):.6g} ({winner.found_in}) is the {MOST[direction]} of {len(able)}"
    return Choice(winner, because + _tie(winner, equals), len(able), tuple(equals), barred)


def _tie(winner: Contender, equals: Sequence[Contender]) -> str:
    if len(equals) == 1:
        return ""
    others = ", ".join(one.label for one in equals if one is not winner)
    return f", as is that of {others}: {winner.label} is {'already in place' if winner.in_place else 'the newest'}"


def _unfit(one: Contender, metric: str) -> str:
    """Why this version cannot win, held or not; nothing when it can."""
    if one.version.status != READY:
        return f"is {one.version.status}, not READY"
    if not metric:
        return ""
    if one.score is None:
        return f"has no {metric}"
    return "" if math.isfinite(one.score) else f"has a {metric} that is not a number"


def _score(one: Contender) -> float:
    return math.nan if one.score is None else one.score
