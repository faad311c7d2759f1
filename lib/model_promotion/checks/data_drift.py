"""Do the current data look like the reference?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from model_promotion.core.dataset import Dataset
from model_promotion.core.errors import Conflict, NotFound
from model_promotion.core.event import Table
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.history import kept_with
from model_promotion.core.record import digest
from model_promotion.core.redaction import redacted
from model_promotion.core.say import count
from model_promotion.witness import Witness, beside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model_promotion.evidence.drift import Distance, Drift
    from model_promotion.evidence.keeping import Reference
    from model_promotion.evidence.profiling import Change

TOPIC = "Data drift"
WEIGHT = Weight.ADVISES
HEADER = ("column", "statistic", "value", "matters from", "by chance up to", "p", "verdict")
SHOWN = 5
NAME_IT = "name the reference: --reference-data PATH; a promotion that names it keeps its profile with the version"


def ask(witness: Witness) -> Finding | None:
    """With --current-data: has no column changed by more than chance and more than is small?

    It is compared with --reference-data, else with the profile that was kept with the champion. What is named as the
    reference of a promotion is kept with the candidate, as far as the candidate takes its columns.
    """
    asked = witness.request
    if not (asked.reference_data or asked.current_data):
        return None
    reference = _named(witness) if asked.reference_data else _kept(witness)
    found = _compared(witness, reference) if asked.current_data else None
    return _keeping(found, reference, witness) if asked.reference_data else found


def _named(witness: Witness) -> Reference:
    from model_promotion.evidence.keeping import Reference

    uri = witness.request.reference_data
    with witness.engine(witness.request.engine).open(Dataset(uri)) as data:
        edges = data.fit_edges()
        left_out = {name: kind for name, kind in data.kinds.items() if name not in edges.columns}
        return Reference(redacted(uri), data.digest(), data.rows, edges, data.profile(edges), left_out)


def _kept(witness: Witness) -> Reference:
    """The profile that was kept when the champion was promoted.

    Raises:
        NotFound: when there is none.
        Conflict: when it is not what the record says.
    """
    from model_promotion.evidence.keeping import FILE, unpacked

    champion, model = witness.plan.champion, witness.plan.seen.name
    if champion is None:
        raise NotFound("nothing stands there yet, so there is no profile to compare with", hint=NAME_IT)
    lines = [line for journal in witness.journals for line in journal.lines(model)]
    line = kept_with(champion.number, lines, FILE)
    if line is None:
        raise NotFound(f"no record keeps a profile with {champion.label}", hint=NAME_IT)
    content = beside(line, FILE, witness.journals)
    where = f"the profile that record #{line.number} keeps with {champion.label}"
    if content is None:
        raise NotFound(f"{where} is gone", hint=NAME_IT)
    if digest(content) != line.kept[FILE]:
        raise Conflict(f"{where} was changed: it has another SHA-256", hint=NAME_IT)
    try:
        return unpacked(content)
    except ValueError as error:
        raise Conflict(f"{where} cannot be used: {error}", hint=NAME_IT) from error


def _compared(witness: Witness, reference: Reference) -> Finding:
    from model_promotion.evidence.drift import DriftPolicy, drift
    from model_promotion.evidence.profiling import changes, columns_of

    asked, rules = witness.request, witness.policy.drift
    with witness.engine(asked.engine).open(Dataset(asked.current_data)) as now:
        gone = [name for name in reference.edges.columns if name not in now.kinds]
        reference = reference.only(frozenset(now.kinds)) if gone else reference
        edges, current = reference.edges, now.profile(reference.edges)
        facts = {
            "reference": {**_told(reference), "kept": not asked.reference_data},
            "current": {"data": asked.current_data, "digest": now.digest(), "rows": now.rows},
            "not_compared": reference.left_out,
            "missing": gone,
            "engine": asked.engine,
        }
    columns = columns_of(reference.profile, current, edges)
    found = drift(columns, DriftPolicy(rules.all_thresholds, rules.alpha, rules.seed))
    return _lacking(finding(found, changes(reference.profile, current), facts), gone, witness)


def _lacking(found: Finding, gone: Sequence[str], witness: Witness) -> Finding:
    """Data that lack a column of the reference: a target need not be there, what the model takes must."""
    if not gone:
        return found
    try:
        needed = [name for name in gone if name in _inputs(witness)]
    except ValueError:
        needed = [*gone]  # Nobody knows what the model takes.
    said = f"{found.sentence}; not in the current data: {_some(gone)}"
    verdict = Verdict.UNKNOWN if needed and found.verdict is Verdict.PASSED else found.verdict
    return replace(found, verdict=verdict, sentence=said)


def _told(reference: Reference) -> dict[str, Any]:
    return {"data": reference.data, "digest": reference.digest, "rows": reference.rows}


def _keeping(found: Finding | None, reference: Reference, witness: Witness) -> Finding:
    """The finding with what the record will keep: of the columns that the candidate takes, and of no other."""
    from model_promotion.evidence.keeping import FILE, packed

    label = witness.plan.candidate.label
    try:
        ours = reference.only(_inputs(witness))
        keeps = {FILE: packed(ours)}
    except ValueError as error:
        why = f"no profile is kept with {label}: {error}"
        return _with(found, why) if found else Finding(Verdict.UNKNOWN, why, {"reference": _told(reference)})
    facts = {"reference": _told(reference), "keeps": list(ours.edges.columns)}
    if found:
        return replace(found, facts={**found.facts, "keeps": facts["keeps"]}, keeps=keeps)
    said = f"once promoted, {label} keeps the profile of {count(len(ours.edges.columns), 'column')}"
    return Finding(Verdict.PASSED, f"{said}, of {reference.rows:,} rows", facts, keeps=keeps)


def _inputs(witness: Witness) -> frozenset[str]:
    """The columns that the candidate takes, by name.

    Raises:
        ValueError: when its signature names none, or makes no sense.
    """
    signature = witness.signature(witness.plan.candidate)
    named = [str(one.name) for one in signature.named_inputs] if signature else []
    if not named:
        raise ValueError("its signature names no columns")
    return frozenset(named)


def _with(found: Finding, aside: str) -> Finding:
    return replace(found, sentence=f"{found.sentence}; {aside}")


def finding(found: Drift, changed: Sequence[Change], facts: Mapping[str, Any]) -> Finding:
    """What drifted, with the numbers; what else is new, in words."""
    every = {**facts, **found.facts, "distances": list(found.distances), "changes": list(changed)}
    columns = {one.column for one in found.distances}
    aside = _aside(changed) + _left_out(facts.get("not_compared", {}))
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


def _left_out(columns: Mapping[str, str]) -> str:
    """Which columns nothing can be said about, and what they hold."""
    if not columns:
        return ""
    were = "column was" if len(columns) == 1 else "columns were"
    named = [f"{name} ({kind.removesuffix(' value')})" for name, kind in columns.items()]
    return f"; {len(columns)} {were} not compared: {_some(named)}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _row(one: Distance) -> tuple[str, ...]:
    chance = "-" if one.chance is None else f"{one.chance:.3f}"
    p = "-" if one.p_holm is None else f"{one.p_holm:.3g}"
    verdict = "drifted" if one.drifted else "by chance"
    return (one.column, one.statistic, f"{one.value:.3f}", f"{one.threshold:.3f}", chance, p, verdict)
