"""The gates' verdicts as one finding, and as what a record keeps."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from model_promotion.core.event import Table
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.gate import MIN_UNITS, GateVerdict, Judged, overall
from model_promotion.core.rescoring import Picked
from model_promotion.core.say import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model_promotion.evidence.slices import Slices
    from model_promotion.evidence.tables import Question

HEADER = ("metric", "champion", "candidate", "change", "bounds", "may lose", "verdict")
VERDICTS = {
    GateVerdict.PASSED: Verdict.PASSED,
    GateVerdict.FAILED: Verdict.FAILED,
    GateVerdict.INCONCLUSIVE: Verdict.UNKNOWN,
}
MOST_SHOWN, MOST_NAMED = 20, 5
"""So many slices that got worse have a row in the table, and are named in the sentence; the facts have them all."""
MOST_UNLABELLED = 0.5
MOST_SILENT = 0.01
MOST_FOREIGN = 0.5


class Counted(Protocol):
    """How many rows there were, and how many of them could not be used."""

    @property
    def rows(self) -> int:
        """Rows with a truth and two answers."""
        ...

    @property
    def unlabelled(self) -> int:
        """Rows without a truth."""
        ...

    @property
    def foreign(self) -> tuple[float, float]:
        """The share of champion's, candidate's answers that are none of the classes."""
        ...

    @property
    def unanswered(self) -> tuple[int, int]:
        """Rows on which champion, candidate gave no usable answer."""
        ...


def unfit(counted: Counted, champion: str, candidate: str, question: Question) -> tuple[Verdict, str] | None:
    """Why nothing can be judged on these rows; None when it can."""
    theirs, ours = counted.unanswered
    rows, labelled = counted.rows, counted.rows + counted.unlabelled
    silent = (
        f"{candidate} gave no usable answer on {count(ours, 'row')} (NaN, infinite or none), {champion} on {theirs}"
    )
    theirs_foreign, ours_foreign = counted.foreign
    classes = ", ".join(map(str, question.classes[:MOST_NAMED])) + (", ..." if question.classes[MOST_NAMED:] else "")
    foreign = f"{{:.0%}} of {{}}'s answers are none of the classes in the data ({classes})"
    none = "a truth, two answers and a weight above 0" if question.weighted else "both a truth and two answers"
    no_champion = f"there is nothing to compare with, {foreign.format(theirs_foreign, champion)}"
    reasons = (
        (ours > 0, Verdict.FAILED, silent),
        (theirs > MOST_SILENT * (rows + theirs), Verdict.UNKNOWN, f"{champion} gave no usable answer on {theirs} rows"),
        (not rows, Verdict.UNKNOWN, f"no row has {none}"),
        (
            counted.unlabelled > MOST_UNLABELLED * labelled,
            Verdict.UNKNOWN,
            f"{counted.unlabelled} of {labelled} rows have no truth",
        ),
        (rows < MIN_UNITS, Verdict.UNKNOWN, f"{count(rows, 'row')} with a truth are fewer than {MIN_UNITS}"),
        (ours_foreign > MOST_FOREIGN, Verdict.FAILED, foreign.format(ours_foreign, candidate)),
        (theirs_foreign > MOST_FOREIGN, Verdict.UNKNOWN, no_champion),
    )
    return next(((verdict, said) for holds, verdict, said in reasons if holds), None)


def finding(
    judged: tuple[Judged, ...], counted: Counted, facts: dict[str, Any], slices: Slices | None = None
) -> Finding:
    """All gates as one answer, with a row each; a slice that surely lost outweighs a whole that did not."""
    verdict = overall(judged)
    named = {kind: [one.metric for one in judged if one.verdict is kind] for kind in GateVerdict}
    missing = ((counted.unlabelled, "without a truth"), (sum(counted.unanswered), "without an answer"))
    left = "".join(f", {count:,} {why} left out" for count, why in missing if count)
    rows = f"{counted.rows:,} rows{left}"
    if verdict is GateVerdict.PASSED:
        said, hint = f"{', '.join(named[verdict])}: no worse within the margin, on {rows}", ""
    elif verdict is GateVerdict.FAILED:
        said, hint = f"{_failures(judged)}, on {rows}", "a margin can be set: [metrics.NAME] margin"
    else:
        unsure = next(one for one in judged if one.verdict is verdict)
        said = f"{unsure.metric} cannot be told on {rows}: {unsure.reason}"
        hint = f"{unsure.units.hint}, or a wider margin"
    if slices and slices.failed:
        also = "" if verdict is GateVerdict.PASSED else f"; {said}"
        hint = "mend the model for these rows; slices can be named: [evidence] slices"
        worse = [_row(one) for one in slices.failed[:MOST_SHOWN]]
        table = Table(HEADER, [*map(_row, judged), *worse])
        return Finding(Verdict.FAILED, f"got worse for {_worse(slices)}{also}", facts, table, hint)
    return Finding(VERDICTS[verdict], f"{said}{_looked(slices)}", facts, shown(judged), hint)


def _worse(slices: Slices) -> str:
    """Which slices got worse, the worst first; of many the rest is counted."""
    names = [one.metric for one in slices.failed]
    rest = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{rest} ({len(names)} of {count(len(slices.judged), 'slice')})"


def _looked(slices: Slices | None) -> str:
    """That none is known to be worse, and of how many nothing is known."""
    if not slices:
        return ""
    unsure = f", {len(slices.inconclusive)} of them cannot be told" if slices.inconclusive else ""
    return f"; none of {count(len(slices.judged), 'slice')} surely worse{unsure}"


def _failures(judged: Sequence[Judged]) -> str:
    """Which metrics failed, and how: a gain that is too small is no loss."""
    failed = [one for one in judged if one.verdict is GateVerdict.FAILED]
    lost = ", ".join(one.metric for one in failed if one.rule.min_gain is None)
    short = ", ".join(one.metric for one in failed if one.rule.min_gain is not None)
    each = (lost and f"{lost} got worse", short and f"{short} did not gain what was asked for")
    return " and ".join(filter(None, each))


def also(found: Finding, chosen: Picked | None) -> Finding:
    """The same, with what the candidate was chosen by."""
    return replace(found, sentence=f"{found.sentence}; {chosen.sentence}") if chosen else found


def alone(values: Mapping[str, float], counted: Counted, facts: dict[str, Any]) -> Finding:
    """The finding of a candidate that there is no champion for."""
    told = ", ".join(f"{name} {_number(value, '.4g', 'is not defined')}" for name, value in values.items())
    said = f"there is no champion to compare with; on {counted.rows:,} rows: {told}"
    known = all(map(math.isfinite, values.values()))
    return Finding(Verdict.PASSED if known else Verdict.UNKNOWN, said, facts)


def shown(judged: Sequence[Judged]) -> Table:
    """A row for each metric."""
    return Table(HEADER, [_row(one) for one in judged])


def _row(one: Judged) -> tuple[str, ...]:
    known, rule, estimate = one.estimate.facts, one.rule, one.estimate
    gain = f"must gain {rule.min_gain:.4g}" if rule.min_gain is not None else f"{rule.margin:.4g}"
    values = [_number(known.get(name, math.nan), ".4f") for name in ("champion", "candidate")]
    is_known = math.isfinite(estimate.low) and math.isfinite(estimate.high)
    bounds = f"[{estimate.low:+.4f}, {estimate.high:+.4f}]" if is_known else "not known"
    return (one.metric, *values, _number(estimate.change, "+.4f"), bounds, gain, one.verdict.value)


def _number(value: float, form: str, otherwise: str = "-") -> str:
    return f"{value:{form}}" if math.isfinite(value) else otherwise


def told(one: Judged) -> dict[str, Any]:
    """Everything that is needed to repeat the computation."""
    estimate, rule = one.estimate, one.rule
    return {
        **estimate.facts,
        "metric": one.metric,
        "verdict": one.verdict.value,
        "direction": rule.direction.value,
        "margin": rule.margin,
        "must_gain": rule.min_gain,
        "change": estimate.change,
        "low": estimate.low,
        "high": estimate.high,
        "low_alpha": estimate.low_alpha,
        "high_alpha": estimate.high_alpha,
        "method": estimate.method,
        "n": estimate.n,
        "rows_needed": one.rows_needed,
        "reason": one.reason,
    }
