"""Are the candidate's recorded metrics as good as the champion's?"""

import math
from collections.abc import Sequence

from model_promotion.core.entities import RecordedMetrics, Version
from model_promotion.core.errors import NotFound
from model_promotion.core.event import Table
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.metrics import TABLE_COLUMNS, Change, MetricChange, compare, table_rows
from model_promotion.core.say import count
from model_promotion.witness import Witness

TOPIC = "Metrics"
WEIGHT = Weight.ADVISES


def ask(witness: Witness) -> Finding | None:
    """Is no metric worse than the champion's beyond its tolerance? Missing and NaN are unknown, never passed."""
    candidate, champion = witness.plan.candidate, witness.plan.champion
    if witness.goals_decide("recorded_metrics"):
        return None  # The table of all of them is there, see better_than_champion.
    new = _recorded(witness, candidate)
    if champion is None:
        return _without_champion(candidate, new)
    old = _recorded(witness, champion)
    if new is None and old is None and witness.data_asked_for:
        return None  # They are measured here instead, see evaluation.
    missing = [version.label for version, found in ((candidate, new), (champion, old)) if found is None]
    if new is None or old is None:
        hint = "log metrics on the run or the logged model, then look again"
        return Finding(Verdict.UNKNOWN, f"no metric is recorded for {' and '.join(missing)}", hint=hint)
    changes = compare(old.values, new.values, witness.policy.metric_rules)
    return judge(changes, f"{champion.label} ({old.found_in}) -> {candidate.label} ({new.found_in})")


def judge(changes: Sequence[MetricChange], who: str) -> Finding:
    """The finding for these changes; `who` says whose they are, and where they were recorded."""
    facts = {"changes": list(changes)}
    table = Table(TABLE_COLUMNS, table_rows(changes))
    named = {kind: [change.name for change in changes if change.verdict is kind] for kind in Change}
    if worse := named[Change.WORSE]:
        hint = "--compare-metrics refuses it, a tolerance or a direction can be set in promotion.toml: [metrics.NAME]"
        return Finding(Verdict.FAILED, f"{', '.join(worse)} got worse, {who}", facts, table, hint)
    doubtful = named[Change.MISSING] + named[Change.NOT_A_NUMBER]
    if doubtful:
        return Finding(Verdict.UNKNOWN, f"{', '.join(doubtful)} missing or not a number, {who}", facts, table)
    passed = [change for change in changes if change.counts_as_pass]
    if not passed:
        return Finding(Verdict.UNKNOWN, f"no metric with a known direction in common, {who}", facts, table)
    better = len(named[Change.BETTER])
    said = f"{len(passed)} of {count(len(changes), 'metric')} judged, none worse, {better} better, {who}"
    return Finding(Verdict.PASSED, said, facts, table)


def _recorded(witness: Witness, version: Version) -> RecordedMetrics | None:
    try:
        return witness.metrics(version)
    except NotFound:
        return None


def _without_champion(candidate: Version, found: RecordedMetrics | None) -> Finding:
    if found is None:
        said = f"no metric is recorded for {candidate.label}; there is no champion to compare with"
        return Finding(Verdict.PASSED, said)
    facts = {"candidate": dict(found.values), "found_in": found.found_in}
    if odd := [name for name, value in found.values.items() if not math.isfinite(value)]:
        return Finding(Verdict.UNKNOWN, f"{', '.join(odd)} of {candidate.label} is not a number", facts)
    said = f"{len(found.values)} recorded for {candidate.label}; there is no champion to compare with"
    return Finding(Verdict.PASSED, said, facts)
