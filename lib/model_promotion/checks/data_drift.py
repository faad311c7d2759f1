"""Do the current data look like the reference?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model_promotion.core.dataset import Dataset
from model_promotion.core.errors import BadCall
from model_promotion.core.event import Table
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model_promotion.evidence.drift import Distance, Drift
    from model_promotion.evidence.profiling import Change

TOPIC = "Data drift"
WEIGHT = Weight.ADVISES
HEADER = ("column", "statistic", "value", "matters from", "by chance up to", "p", "verdict")
SHOWN = 5


def ask(witness: Witness) -> Finding | None:
    """With --reference-data and --current-data: has no column changed by more than chance and more than is small?"""
    asked = witness.request
    if not (asked.reference_data or asked.current_data):
        return None
    if not (asked.reference_data and asked.current_data):
        lacking = "--current-data" if asked.reference_data else "--reference-data"
        raise BadCall("drift is a difference of two samples", hint=f"name the other one: {lacking} PATH")
    from model_promotion.evidence.drift import DriftPolicy, drift
    from model_promotion.evidence.profiling import changes, columns_of

    engine, rules = witness.engine(asked.engine), witness.policy.drift
    with engine.open(Dataset(asked.reference_data)) as before, engine.open(Dataset(asked.current_data)) as now:
        edges = before.fit_edges()
        reference, current = before.profile(edges), now.profile(edges)
        facts = {
            "reference": {"data": asked.reference_data, "digest": before.digest(), "rows": before.rows},
            "current": {"data": asked.current_data, "digest": now.digest(), "rows": now.rows},
            "engine": asked.engine,
        }
    found = drift(columns_of(reference, current, edges), DriftPolicy(rules.all_thresholds, rules.alpha, rules.seed))
    return finding(found, changes(reference, current), facts)


def finding(found: Drift, changed: Sequence[Change], facts: Mapping[str, Any]) -> Finding:
    """What drifted, with the numbers; what else is new, in words."""
    every = {**facts, **found.facts, "distances": list(found.distances), "changes": list(changed)}
    columns = {one.column for one in found.distances}
    aside = _aside(changed)
    if found.drifted:
        table = Table(HEADER, [_row(one) for one in found.distances if one.value >= one.threshold])
        said = f"{len(found.drifted)} of {len(columns)} columns drifted: {_some(found.drifted)}{aside}"
        hint = "a threshold can be set in promotion.toml: [drift]"
        return Finding(Verdict.FAILED, said, every, table, hint)
    if found.too_few or not columns:
        said = f"too few rows to tell of {_some(found.too_few)}" if found.too_few else "there is no column to compare"
        return Finding(Verdict.UNKNOWN, said + aside, every, hint="name data with more rows")
    return Finding(Verdict.PASSED, f"none of {len(columns)} columns drifted{aside}", every)


def _aside(changed: Sequence[Change]) -> str:
    new = [f"{one.column} has new values ({_some(one.new_levels)})" for one in changed if one.new_levels]
    new += [f"{one.column} goes beyond the range of the reference" for one in changed if one.beyond]
    gone = [
        f"{one.column} is missing in {one.missing[1]:.1%} (was {one.missing[0]:.1%})"
        for one in changed
        if abs(one.missing[1] - one.missing[0]) >= 0.01  # noqa: PLR2004 - a percent point
    ]
    return "".join(f"; {said}" for said in (*gone, *new)[:SHOWN])


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _row(one: Distance) -> tuple[str, ...]:
    chance = "-" if one.chance is None else f"{one.chance:.3f}"
    p = "-" if one.p_holm is None else f"{one.p_holm:.3g}"
    verdict = "drifted" if one.drifted else "by chance"
    return (one.column, one.statistic, f"{one.value:.3f}", f"{one.threshold:.3f}", chance, p, verdict)
