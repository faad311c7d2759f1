"""History: who was behind an alias, when, and why."""

from functools import partial

from model_promotion.core import say
from model_promotion.core.entities import RegisteredModel
from model_promotion.core.event import Event, Kind, Table
from model_promotion.core.exits import ExitCode
from model_promotion.core.history import in_place, moves_of
from model_promotion.core.intent import STILL, under_way, way_out
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import Line
from model_promotion.core.request import Request
from model_promotion.flows.recording import all_lines
from model_promotion.flows.resolve import find_model
from model_promotion.together import both
from model_promotion.world import World

HEADER = ("#", "when (UTC)", "what", "alias", "from", "to", "by", "why")


def run(request: Request, world: World) -> Outcome:
    """Every record of the model; with --at, only who stood behind the target alias at that time."""
    seen, lines = both(partial(find_model, request, world.registry), partial(all_lines, request.model, world))
    if going_on := under_way(seen.tags):
        world.voice.tell(Event(Kind.WARNED, "Running", f"{going_on}; {way_out(seen.tags, request.command)}"))
    if request.at is not None:
        return _at(request, lines, min(request.at, world.clock.now()))
    table = Table(HEADER, [_row(line) for line in lines])
    told = f"{say.count(len(lines), 'record')} of {seen.name}" if lines else f"no record of {seen.name} yet"
    now = _now(request, seen, lines)
    world.voice.tell(Event(Kind.TABLE, "History", told, table if lines else None))
    return Outcome(
        mode=request.mode,
        code=ExitCode.DONE,
        summary=now,
        model=seen.name,
        to=seen.at(request.target_alias),
        table=table,
        facts={"records": lines},
    )


def _row(line: Line) -> tuple[str, ...]:
    ends = ("", "") if line.kind in STILL else (say.version(line.was), say.version(line.to))
    return (str(line.number), say.when(line.at), line.kind, _about(line), *ends, line.by, line.why)


def _about(line: Line) -> str:
    """What was moved; of what moves nothing, the version that it is about, where it is about one."""
    if line.kind in STILL:
        return "" if line.kind == "cleanup" else say.version(line.to)
    return _places(line)


def _places(line: Line) -> str:
    """What was moved, with what was moved there along with it."""
    return ", ".join(say.target(one.alias) for one in line.moved if one.to == line.to)


def _now(request: Request, seen: RegisteredModel, lines: list[Line]) -> str:
    stands = seen.at(request.target_alias)
    moves = moves_of(request.target_alias, lines)
    outside = ""
    if moves and moves[-1].to != stands:
        outside = f"; the record says {say.version(moves[-1].to)}, so it was moved outside this tool"
    return f"{request.where} of {seen.name} is {say.version(stands)} now{outside}"


def _at(request: Request, lines: list[Line], at: float) -> Outcome:
    line = in_place(request.target_alias, lines, at)
    who = f"{request.where} of {request.model}"
    if line is None:
        first = moves_of(request.target_alias, lines)[:1]
        was = f"; the first record says it was {say.version(first[0].was)} before" if first else ""
        summary = f"no record of {who} is as old as {say.when(at)}{was}"
    else:
        because = f", why: {line.why}" if line.why else ""
        summary = (
            f"{who} was {say.version(line.to)} at {say.when(at)}, "
            f"by record #{line.number}: {line.kind} by {line.by} at {say.when(line.at)}{because}"
        )
    return Outcome(
        mode=request.mode,
        code=ExitCode.DONE if line else ExitCode.NOT_FOUND,
        summary=summary,
        model=request.model,
        to=line.to if line else None,
        hints=() if line else (f"see all records: {request.command('--history')}",),
        facts={"at": at, "record": line},
    )
