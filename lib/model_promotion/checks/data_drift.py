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
    from model_promotion.evidence.picking import Picked, Wanted
    from model_promotion.evidence.profiling import Change
    from model_promotion.ports import Data

TOPIC = "Data drift"
WEIGHT = Weight.ADVISES
MORE = "name data with rows"
HEADER = ("column", "statistic", "value", "matters from", "by chance up to", "p", "verdict")
SHOWN = 5
NAME_IT = "name the reference: --reference-data PATH; a promotion that names it keeps its profile with the version"


def ask(witness: Witness) -> Finding | None:
    """With --current-data: has no column changed by more than chance and more than is small?

    It is compared with --reference-data, else with the profile that was kept with the champion, in the columns that the
    candidate takes and those that the policy names. Of these the reference of a promotion is kept with the candidate.
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
        rows, edges, wanted = _rows(data, uri), data.fit_edges(), _wanted(witness)
        edges = edges.only(wanted.names) if wanted else edges
        left_out = {name: kind for name, kind in data.kinds.items() if name not in edges.columns}
        return Reference(redacted(uri), data.digest(), rows, edges, data.profile(edges), left_out)


def _rows(data: Data, uri: str) -> int:
    """How many there are.

    Raises:
        NotFound: when there is none.
    """
    if not (rows := data.rows):
        raise NotFound(f"{redacted(uri)} holds no row", hint=MORE)
    return rows


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
    from model_promotion.evidence.picking import Wanted, picked
    from model_promotion.evidence.profiling import changes, columns_of

    asked, rules = witness.request, witness.policy.drift
    with witness.engine(asked.engine).open(Dataset(asked.current_data)) as now:
        rows, wanted = _rows(now, asked.current_data), _wanted(witness)
        columns = picked(reference.columns, list(now.kinds), wanted or Wanted(frozenset(reference.columns)))
        reference = reference.only(frozenset(columns.both))
        current = now.profile(reference.edges)
        facts = {
            "reference": {**_told(reference), "kept": not asked.reference_data},
            "current": {"data": asked.current_data, "digest": now.digest(), "rows": rows},
            "not_compared": reference.left_out,
            "missing": columns.gone,
            "not_in_reference": columns.unknown,
            "not_judged": columns.others,
            "engine": asked.engine,
        }
    counted = columns_of(reference.profile, current, reference.edges)
    found = drift(counted, DriftPolicy(rules.all_thresholds, rules.alpha, rules.seed))
    why = f"no input of {witness.plan.candidate.label}" if wanted else "not in the reference"
    return _beside(finding(found, changes(reference.profile, current), facts), columns, f"{why}, so not judged")


def _beside(found: Finding, columns: Picked, why: str) -> Finding:
    """With the columns that were not compared; without one that should have been, nothing has passed."""
    lists = {"not in the current data": columns.gone, "not in the reference": columns.unknown, why: columns.others}
    said = "".join(f"; {what}: {_some(names)}" for what, names in lists.items() if names)
    lacks = found.verdict is Verdict.PASSED and (columns.gone or columns.unknown)
    return replace(found, verdict=Verdict.UNKNOWN if lacks else found.verdict, sentence=found.sentence + said)


def _told(reference: Reference) -> dict[str, Any]:
    return {"data": reference.data, "digest": reference.digest, "rows": reference.rows}


def _keeping(found: Finding | None, reference: Reference, witness: Witness) -> Finding:
    """The finding with what the record will keep: of the columns that are judged, and of no other."""
    from model_promotion.evidence.keeping import FILE, packed

    label = witness.plan.candidate.label
    try:
        ours = _kept_of(reference, _inputs(witness))
        keeps = {FILE: packed(ours)}
    except ValueError as error:
        why = f"no profile is kept with {label}: {error}"
        return _with(found, why) if found else Finding(Verdict.UNKNOWN, why, {"reference": _told(reference)})
    facts = {"reference": _told(reference), "keeps": list(ours.edges.columns)}
    if found:
        return replace(found, facts={**found.facts, "keeps": facts["keeps"]}, keeps=keeps)
    said = f"once promoted, {label} keeps the profile of {count(len(ours.edges.columns), 'column')}"
    return Finding(Verdict.PASSED, f"{said}, of {reference.rows:,} rows", facts, keeps=keeps)


def _kept_of(reference: Reference, wanted: Wanted) -> Reference:
    ours = reference.only(wanted.names)
    if not ours.edges.columns:
        raise ValueError(f"{reference.data} has no column that it takes and that can be counted")
    return ours


def _wanted(witness: Witness) -> Wanted | None:
    """The columns that are judged; None where nobody says which, so that all are."""
    try:
        return _inputs(witness)
    except ValueError:
        return None


def _inputs(witness: Witness) -> Wanted:
    """The columns that the candidate takes, and those that the policy names.

    Raises:
        ValueError: when there is none, or the signature makes no sense.
    """
    from model_promotion.evidence.picking import Wanted

    signature = witness.signature(witness.plan.candidate)
    named = signature.named_inputs if signature else ()
    must = {str(one.name) for one in named if one.required}
    wanted = Wanted(frozenset({*must, *witness.policy.drift.columns}), frozenset(str(one.name) for one in named))
    if not wanted.names:
        raise ValueError("its signature names no columns")
    return wanted


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
        hint = (
            f"the bound and p are those of all {len(found.distances)} distances; thresholds: [drift] in promotion.toml"
        )
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
    chance = "more" if one.chance is None else f"{one.chance:.3f}"
    p = "-" if one.p_all is None else f"{'<= ' if one.is_least else ''}{one.p_all:.3g}"
    verdict = "drifted" if one.drifted else "by chance"
    return (one.column, one.statistic, f"{one.value:.3f}", f"{one.threshold:.3f}", chance, p, verdict)
