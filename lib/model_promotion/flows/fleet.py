"""Many promotions in one call: independent ones at the same time, those of a group all or none.

Each is a promotion like any other, with all its checks and its own record. What has begun is brought to its end,
whatever happens to the others; a group of which one fails takes back those before it, newest first.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from model_promotion.core import say
from model_promotion.core.event import Event, Kind, Table
from model_promotion.core.exits import ExitCode
from model_promotion.core.fleet import Fleet, worst
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode, Request
from model_promotion.core.reviewed import Reviewed, ReviewedFleet, ReviewedUnit
from model_promotion.flows.copy import COPY_FIRST
from model_promotion.flows.crew import Crew
from model_promotion.flows.member import Half, may_go, none_begun
from model_promotion.world import World

HEADER = ("model", "from", "to", "code", "what")
STALE = "another plan of this file does not hold"
WORDS = {
    ExitCode.DONE: "done",
    ExitCode.WARNED: "with warnings",
    ExitCode.REFUSED: "refused",
    ExitCode.NOT_FOUND: "not found",
    ExitCode.DENIED: "not allowed or not reachable",
    ExitCode.USAGE: "wrongly asked",
    ExitCode.DEFECT: "defects of this program",
    ExitCode.INTERRUPTED: "interrupted",
}


def run(request: Request, world: World) -> Outcome:
    """Promote every member; the outcome has a line for each, and the worst of their codes.

    Raises:
        Exception: a defect met by a member, once all have ended and are told.
    """
    fleet = request.fleet
    assert fleet is not None  # noqa: S101 - only called with one; tells the type checker
    fleet = replace(fleet, workers=min(fleet.workers, world.registry.features.at_once))
    groups = sum(bool(unit.name) for unit in fleet.units)
    told = f"{say.count(len(fleet.members), 'promotion')}, {say.count(groups, 'group')}"
    told += f", at most {fleet.workers} at the same time"
    world.voice.tell(Event(Kind.WORKING, "Fleet", told))
    with Crew(fleet, world, verbose=request.verbose) as crew:
        outcomes = _applied(crew) if request.mode is Mode.APPLY else crew.each(crew.promoted)
    ended = _summed_up(request, fleet, outcomes)
    world.voice.tell(Event(Kind.TABLE, "Fleet", ended.summary, ended.table))
    for defect in crew.defects:
        raise defect
    return ended


def _applied(crew: Crew) -> list[list[Outcome]]:
    """Every plan is looked at before the first write: if one does not hold, none is applied."""
    halves: list[list[Half]] = crew.each(crew.judged, quiet=True)
    if all(may_go(half) for unit in halves for half in unit):
        looked = iter(halves)
        waiting = {id(members): next(looked) for members in crew.units}
        return crew.each(lambda members: crew.carried_out(members, waiting[id(members)]))
    return [none_begun(members, unit, STALE) for members, unit in zip(crew.units, halves, strict=True)]


def _summed_up(request: Request, fleet: Fleet, ended: Sequence[Sequence[Outcome]]) -> Outcome:
    outcomes = [outcome for unit in ended for outcome in unit]
    counted = Counter(outcome.code for outcome in outcomes)
    promoted = [
        one for one in outcomes if one.code <= ExitCode.WARNED and one.entries and one.was not in (None, one.to)
    ]
    code = worst(counted)
    if unplanned := _unplanned(request, outcomes):
        return _no_plan(request, outcomes, unplanned)
    reviewed = _reviewed(fleet, ended) if request.mode is Mode.DRY_RUN and code <= ExitCode.WARNED else None
    return Outcome(
        mode=request.mode,
        code=code,
        summary=_counted(counted, outcomes),
        reviewed=reviewed,
        warnings=tuple(f"{one.model}: {warning}" for one in outcomes for warning in one.warnings),
        hints=_hints(request, fleet, outcomes, reviewed),
        undo=f"each by itself, for example {promoted[0].undo}" if promoted else "",
        table=Table(HEADER, [_row(outcome) for outcome in outcomes]),
        facts={"promotions": [outcome.document for outcome in outcomes]},
    )


def _counted(counted: Counter[ExitCode], outcomes: Sequence[Outcome]) -> str:
    """How many ended how; after an interrupt also what stands all the same."""
    said = ", ".join(f"{counted[code]} {word}" for code, word in WORDS.items() if counted[code])
    moved = [one.model for one in outcomes if one.done and one.entries]
    return (
        f"{said}; promoted and left standing: {', '.join(moved)}" if counted[ExitCode.INTERRUPTED] and moved else said
    )


def _unplanned(request: Request, outcomes: Sequence[Outcome]) -> list[str]:
    """Who would be promoted, but has no plan: its copy is not there yet. A plan without it would be another deed."""
    if not request.plan_out:
        return []
    going = (one for one in outcomes if one.code <= ExitCode.WARNED and (one.was is None or one.was != one.to))
    return [one.model for one in going if one.reviewed is None]


def _no_plan(request: Request, outcomes: Sequence[Outcome], unplanned: Sequence[str]) -> Outcome:
    return Outcome(
        mode=request.mode,
        code=ExitCode.REFUSED,
        summary=f"no plan was made: there is none for {', '.join(unplanned)} before the copy is there",
        hints=(COPY_FIRST,),
        table=Table(HEADER, [_row(outcome) for outcome in outcomes]),
    )


def _row(outcome: Outcome) -> tuple[str, ...]:
    ends = (say.version(number) if number else "-" for number in (outcome.was, outcome.to))
    return (outcome.model, *ends, str(int(outcome.code)), outcome.summary.removeprefix(f"{outcome.model}: "))


def _hints(
    request: Request, fleet: Fleet, outcomes: Sequence[Outcome], reviewed: ReviewedFleet | None
) -> tuple[str, ...]:
    """What to type next for each that did not go; for a look that found nothing against it, the call that does it."""
    failed = [outcome for outcome in outcomes if outcome.code > ExitCode.WARNED]
    if failed:
        stopped = [one for one in failed if one.code is ExitCode.INTERRUPTED]
        own = [one for one in failed if one.hints and one not in stopped]
        again = (f"go on: {_same_call(request, fleet)}",) if stopped else ()
        return (*(f"{one.model}: {one.hints[0]}" for one in own), *again)
    if request.plan_out:
        apply = request.command("--apply", str(request.plan_out))
        return (f"the plan was written to {request.plan_out}; apply it: {apply}",) if reviewed else ()
    if request.mode in (Mode.DRY_RUN, Mode.CHECK):
        return (f"do it: {request.command('--manifest', fleet.file)}",)
    return ()


def _same_call(request: Request, fleet: Fleet) -> str:
    if request.mode is Mode.APPLY:
        return request.command("--apply", fleet.file)
    look = () if request.mode is Mode.PROMOTE else (f"--{request.mode.value}",)
    planned = ("--plan-out", str(request.plan_out)) if request.plan_out else look
    return request.command("--manifest", fleet.file, *planned)


def _reviewed(fleet: Fleet, ended: Sequence[Sequence[Outcome]]) -> ReviewedFleet | None:
    """The plans to be put before somebody; what is already there needs none, unless the others of its group do."""
    units = []
    for unit, outcomes in zip(fleet.units, ended, strict=True):
        plans = tuple(one.reviewed for one in outcomes if isinstance(one.reviewed, Reviewed))
        units += [ReviewedUnit(plans, unit.name)] if any(plan.writes for plan in plans) else []
    return ReviewedFleet(tuple(units), fleet.workers) if units else None
