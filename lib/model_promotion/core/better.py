"""Is the candidate better than the champion, by the metrics that were named? The rule behind --if-better."""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from model_promotion.core.errors import BadCall
from model_promotion.core.metrics import Change, MetricChange, MetricRule, compare, rule_for
from model_promotion.core.near import meant

GAIN = re.compile(r"\d*\.?\d+", re.ASCII)
EXAMPLE = "for example --if-better test_accuracy or --if-better test_accuracy:0.01"


class Answer(StrEnum):
    """What became of the question. Only the first one promotes."""

    BETTER = "better"
    NOT_BETTER = "not better"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Goal:
    """A metric that decides, and by more than how much it must be better; None leaves that to the policy."""

    metric: str
    gain: float | None = None

    def __str__(self) -> str:
        return self.metric if self.gain is None else f"{self.metric}:{self.gain!r}"

    @classmethod
    def parse(cls, text: str) -> "Goal":
        """`METRIC` or `METRIC:GAIN`; a colon that no number follows is part of the metric's name.

        Raises:
            BadCall: when there is no name or one that cannot be, or the gain is negative or not finite.
        """
        name, colon, number = text.rpartition(":")
        try:
            gain = float(number) if colon else None
        except ValueError:
            name, gain = text, None
        name = name if gain is not None else text
        if "=" in name.partition(" [")[0]:
            before, _, after = text.rpartition("=")
            like = f"did you mean {before}:{after}?" if before and GAIN.fullmatch(after) else EXAMPLE
            raise BadCall(f"{text!r} is no metric: no metric has = in its name", hint=like)
        if not name.strip() or name.endswith(":"):
            raise BadCall(f"{text!r} is no metric, or one without a gain after its colon", hint=EXAMPLE)
        if gain is not None and not (math.isfinite(gain) and gain >= 0):
            raise BadCall(f"the gain in {text!r} must be a finite number of at least 0", hint=EXAMPLE)
        return cls(name, gain)

    def means(self, name: str) -> bool:
        """Whether this is the metric itself, or the same one measured on a named dataset."""
        return self.metric in (name, name.partition(" [")[0])


@dataclass(frozen=True)
class Part:
    """What one metric says, in words, whether anything is known of it, and whether it is better, or worse."""

    told: str
    is_known: bool
    is_better: bool
    is_worse: bool


@dataclass(frozen=True)
class Judgement:
    """The answer, and the numbers it rests on, as part of a sentence."""

    answer: Answer
    because: str


def judge(
    goals: Sequence[Goal],
    champion: Mapping[str, float],
    candidate: Mapping[str, float],
    rules: Mapping[str, MetricRule],
) -> Judgement:
    """Better iff none of them is worse beyond its tolerance, and at least one is better by more than its gain.

    Whatever is missing, not a number, or of an unknown direction makes the whole answer unknown.
    """
    return together(recorded(goals, champion, candidate, rules))


def recorded(
    goals: Sequence[Goal],
    champion: Mapping[str, float],
    candidate: Mapping[str, float],
    rules: Mapping[str, MetricRule],
) -> tuple[Part, ...]:
    """What the recorded values say of each metric, and of each dataset it was measured on."""
    judged = [
        (change, gain_of(goal, change.name, rules))
        for goal in goals
        for change in _changes(goal, (champion, candidate), rules)
    ]
    known = {*champion, *candidate}
    return tuple(
        Part(
            _told(change, gain, known),
            change.is_judged,
            change.better_by_more_than(gain),
            change.verdict is Change.WORSE,
        )
        for change, gain in judged
    )


def together(parts: Sequence[Part]) -> Judgement:
    """All of it as one answer."""
    because = ", ".join(part.told for part in parts)
    if not all(part.is_known for part in parts):
        return Judgement(Answer.UNKNOWN, because)
    worse, better = any(part.is_worse for part in parts), any(part.is_better for part in parts)
    return Judgement(Answer.BETTER if better and not worse else Answer.NOT_BETTER, because)


def _changes(
    goal: Goal, ends: tuple[Mapping[str, float], Mapping[str, float]], rules: Mapping[str, MetricRule]
) -> tuple[MetricChange, ...]:
    """What became of this metric on every dataset it was measured on."""
    before, after = ({name: value for name, value in one.items() if goal.means(name)} for one in ends)
    ours = {name: rule for name, rule in rules.items() if goal.means(name)}
    asked = replace(ours.get(goal.metric) or rule_for(goal.metric, rules) or MetricRule(), asks=True)
    return compare(before, after, {**ours, goal.metric: asked})


def gain_of(goal: Goal, metric: str, rules: Mapping[str, MetricRule]) -> float:
    """By more than how much the metric has to be better: as it was typed, else as the policy says."""
    if goal.gain is not None:
        return goal.gain
    return (rule_for(metric, rules) or MetricRule()).min_gain


def _told(change: MetricChange, gain: float, known: Collection[str]) -> str:
    if change.champion is None and change.candidate is None:
        like = meant(change.name, known)
        return f"{change.name} is recorded for neither{f' ({like})' if like else ''}"
    _, champion, candidate, difference, _, verdict = change.row
    if change.verdict is Change.UNJUDGED and change.change is not None:
        verdict = "which way is better is not known"
    elif not change.is_judged:
        verdict = "missing or not a number"
    elif change.verdict is Change.BETTER and not change.better_by_more_than(gain):
        verdict = f"not more than {gain:g} better"
    said = verdict if change.change is None else f"{difference}, {verdict}"
    return f"{change.name} {champion} -> {candidate} ({said})"


def named(goals: Iterable[Goal]) -> str:
    """The metrics that decide, for a person."""
    return ", ".join(map(str, goals))
