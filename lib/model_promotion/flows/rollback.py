"""Rollback: back to the last verified version, with registry writes; endpoints follow where there are any.

It asks for no metrics, no data, no approval, no endpoint and no download, and reads the record only if it answers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from model_promotion.core import say
from model_promotion.core.deployment import Served
from model_promotion.core.entities import READY, RegisteredModel, Version
from model_promotion.core.errors import Conflict, NotFound, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.history import moved_together
from model_promotion.core.intent import HOLD_TAG, Intent, Move, notes
from model_promotion.core.outcome import Outcome
from model_promotion.core.plan import PRODUCTION_KEEPS, displaced, leaves_production
from model_promotion.core.record import Line
from model_promotion.core.request import Request
from model_promotion.core.stages import ARCHIVED, stage_of
from model_promotion.core.steps import Step
from model_promotion.flows.acting import Acted, Meanwhile, carry_out, take_each
from model_promotion.flows.announcing import announced, next_number, with_record_before
from model_promotion.flows.hands import Hands
from model_promotion.flows.recording import Deed, all_lines, whoever, write_down
from model_promotion.flows.resolve import find_model, find_version
from model_promotion.flows.rollouts.routes_back import RoutesBack, routes_back
from model_promotion.flows.way_back import Way, but_for, choose, doubts_of, name_one
from model_promotion.together import both, together
from model_promotion.undisturbed import undisturbed
from model_promotion.world import World

if TYPE_CHECKING:
    from model_promotion.flows.rollouts.overruling import Overruled

LOOKS = 3


@dataclass(frozen=True)
class _Looked:
    """The model and its record, the version that the rollback is about, and the rollout that it takes over."""

    seen: RegisteredModel
    lines: list[Line] | None
    leaving: str | None = None
    over: "Overruled | None" = None


def run(request: Request, world: World, leaving: str | None = None) -> Outcome:
    """Point the alias at the last verified version, and hold the version it leaves.

    `leaving` is the version that it is about: where another stands by now, it stays.
    """
    try:
        return _run(request, world, leaving)
    except Meanwhile:  # A rollout that was to be taken over has just ended.
        return _run(request, world, leaving)


def _run(request: Request, world: World, leaving: str | None) -> Outcome:
    seen, lines = _looked(request, world)
    if not notes(seen.tags):
        return _back(request, world, _Looked(seen, lines, leaving))
    from model_promotion.flows.rollouts import overruling  # Nothing is under way for the most part.

    overruling.settled(request, seen, world)
    seen, lines = _looked(request, world)
    if not notes(seen.tags):
        return _back(request, world, _Looked(seen, lines, leaving))
    over = overruling.overruled(request, seen, leaving, world)
    if over.recorded:
        return _back(request, world, _Looked(seen, lines, leaving, over))
    return overruling.undone(request, world, over, lines or ())


def _back(request: Request, world: World, looked: _Looked) -> Outcome:
    seen, lines, over = looked.seen, looked.lines, looked.over
    current = _left(request, seen, looked.leaving)
    way = choose(request, seen, lines)
    if way is None:
        nowhere = f"no earlier verified version of {request.where} is known for {seen.name}{but_for(request, seen)}"
        raise NotFound(nowhere, hint=name_one(request, seen, world))
    if way.to == current:
        return _already_there(request, seen, current, world)
    ends = (way.to, current)
    # The model once more, beside the versions: what the first write relies on is as fresh as a read of its own.
    fresh, (target, left) = both(
        partial(find_model, request, world.registry),
        lambda: together([partial(find_version, seen.name, number, world.registry) for number in ends]),
    )
    if next_number(fresh) != next_number(seen):
        changed = Meanwhile if over else Conflict
        raise changed("something else was done and recorded meanwhile", hint=f"see it: {request.command('--history')}")
    loose = tuple(line for line in lines or () if line.number == next_number(fresh))
    way = replace(way, seen=fresh, over=replace(over, seen=fresh, loose=loose) if over else None)
    request = _together(request, way, lines or (), world)
    along = _along(request, fresh, target, world)
    if any(leaves_production(fresh, move.alias, move.to) for move in along):
        raise Conflict(f"{target.label} is in stage Production, and {PRODUCTION_KEEPS}", name_one(request, seen, world))
    if target.status != READY:
        raise NotFound(f"{target.label} is {target.status}, not READY", hint=name_one(request, seen, world))
    doubts = doubts_of(request, target, lines)
    if doubts and not request.to_version:
        raise NotFound(doubts[0], hint=name_one(request, seen, world))
    said = f"{seen.name}: {request.where} {left.label} -> {target.label} ({way.because})"
    world.voice.tell(Event(Kind.WORKING, "Rollback", said))
    doubts += displaced((move.step(fresh.name) for move in along), left.number, _beside(along, fresh, world))
    outcome = _act(request, world, way, (target, left))
    if not doubts or outcome.code > ExitCode.WARNED:
        return outcome
    return outcome.warned(*doubts)


def _left(request: Request, seen: RegisteredModel, expected: str | None) -> str:
    """The version that stands there, to be left.

    Raises:
        NotFound: when none does.
        Conflict: when it is another one than was expected.
    """
    current = seen.at(request.target_alias)
    if current is None:
        raise NotFound(f"nothing stands behind {request.where} of {seen.name}", hint="promote a version first")
    if expected not in (None, current):
        raise Conflict(f"{request.where} is {say.version(current)} by now, not {say.version(expected)}")
    return current


def _looked(request: Request, world: World) -> tuple[RegisteredModel, list[Line] | None]:
    """The model and the record as they stood at one time: what ends between the two readings makes them disagree."""
    for _ in range(LOOKS):
        seen, lines = _look(request, world)
        last = lines[-1].number if lines else 0
        if lines is None or next_number(seen) in (0, last + 1):
            break
    return seen, lines


def _look(request: Request, world: World) -> tuple[RegisteredModel, list[Line] | None]:
    """The model and, if it answers, the record, at the same time."""

    def lines() -> list[Line] | None:
        try:
            return all_lines(request.model, world)
        except PromotionError as error:
            world.voice.tell(Event(Kind.WARNED, "Record", f"cannot be read, going by the registry alone: {error}"))
            return None

    seen, (known, _) = both(
        partial(find_model, request, world.registry),
        # Who is asked here only so that the record need not wait for the answer later.
        lambda: both(lines, partial(whoever, world)),
    )
    return seen, known


def _move(alias: str, was: str | None, target: Version) -> Move:
    staged = (target.stage, ARCHIVED) if stage_of(alias) else ()
    return Move(alias, was, target.number, *staged)


def _together(request: Request, way: Way, lines: Sequence[Line], world: World) -> Request:
    """What was moved in step goes back in step, asked or not, as long as both stand there and can go."""
    in_step, seen, place = replace(request, sync_stages=True), way.seen, request.target_alias
    twin = in_step.twin(seen, world.registry.features)
    stays = twin is None or seen.at(twin) != seen.at(place) or leaves_production(seen, twin, way.to)
    return request if stays or not moved_together(place, str(twin), lines) else in_step


def _along(request: Request, seen: RegisteredModel, target: Version, world: World) -> tuple[Move, ...]:
    """The move itself, then that of the stage or alias which is kept in step with it."""
    twin = request.twin(seen, world.registry.features)
    places = (request.target_alias, *((twin,) if twin and seen.at(twin) != target.number else ()))
    return tuple(_move(place, seen.at(place), target) for place in places)


def _beside(moves: Iterable[Move], seen: RegisteredModel, world: World) -> Sequence[Version]:
    """The versions among which some may stand in a stage together."""
    try:
        return world.registry.versions(seen.name) if any(stage_of(move.alias) for move in moves) else ()
    except PromotionError:
        return ()  # Only what is said of others rests on it: no reason not to go back.


def _act(request: Request, world: World, way: Way, ends: tuple[Version, Version]) -> Outcome:
    """The alias first: the rest is worth a warning, not worth putting the bad version back."""
    target, left = ends
    seen, held = way.seen, left.tags.get(HOLD_TAG)
    move, *twin = _along(request, seen, target, world)
    kept = Move(request.backup_alias, seen.at(request.backup_alias), way.backup_to)
    moves = (replace(move, was=left.number), *twin, *((kept,) if way.backup_to not in (None, kept.was) else ()))
    holds = left.number if held is None else None
    beside = way.noticed or (way.over.loose if way.over else ())
    intent = with_record_before(replace(announced("rollback", moves, seen, world), holds=holds), beside)
    first, *rest = intent.steps(seen.name)
    acted, sent = _begun(intent, first, way, world)
    if way.over and isinstance(acted.failure, Meanwhile):
        raise acted.failure
    if acted.failure:
        return _failed(request, acted, move)
    hands = acted.hands.afresh()
    hands.versions[left.number] = left
    # Each for itself: a backup alias that cannot be set is no reason to leave the bad version without its hold.
    warnings, _ = undisturbed(lambda: tuple(str(error) for step in rest for error in take_each((step,), hands)))
    is_held = "is held" if HOLD_TAG in hands.versions[left.number].tags else "could not be held"
    done = {entry.step for entry in hands.entries}
    in_step = "".join(f"; in step: {one.sentence}" for one in (move.step(seen.name) for move in twin) if one in done)
    entries = (*acted.entries, *hands.entries)
    routes = _routes(request, hands, way, left.number)
    moved = (*sent, *routes.done)
    evidence: dict[str, Any] = {"steps": entries, **({"rollout": moved} if moved else {})}
    evidence |= {"overruled": way.over.facts} if way.over else {}
    deed = Deed(intent.work, "rollback", move.alias, move.was, move.to, request.reason, (), evidence, way.noticed)
    written = write_down(deed, hands)
    warnings += (*routes.warnings, *written.warnings)
    return Outcome(
        mode=request.mode,
        code=ExitCode.WARNED if warnings else ExitCode.DONE,
        summary=f"{seen.name}: {request.where} is back at {target.label}{in_step}; {left.label} {is_held}",
        model=seen.name,
        was=move.was,
        to=move.to,
        entries=(*entries, *written.entries),
        record=written.place,
        warnings=warnings,
        hints=(f"when {left.label} is mended: {request.command('--version', left.number, '--release')}",),
        undo=request.command("--version", left.number, "--force"),
    )


def _begun(intent: Intent, first: Step, way: Way, world: World) -> tuple[Acted, tuple[Served, ...]]:
    """The alias, and what was sent to endpoints before it."""
    if way.over is None:
        return carry_out(intent, (first,), world, way.seen), ()
    from model_promotion.flows.rollouts import overruling  # As above.

    return overruling.taken(intent, first, way.over, world)


def _routes(request: Request, hands: Hands, way: Way, left: str) -> RoutesBack:
    """The endpoints too; a note that was taken away may stand again, renewed in that very moment."""
    found = routes_back(request, hands, left, way.to)
    if way.over is None:
        return found
    from model_promotion.flows.rollouts import overruling  # As above.

    return replace(found, warnings=(*found.warnings, *overruling.cleared(hands, way.over)))


def _already_there(request: Request, seen: RegisteredModel, current: str, world: World) -> Outcome:
    twin, in_step = request.twin(seen, world.registry.features), request.command("--version", current)
    astray = twin is not None and seen.at(twin) != current
    return Outcome(
        mode=request.mode,
        code=ExitCode.DONE,
        summary=f"{seen.name}: {request.where} is {say.version(current)} already, nothing to do",
        model=seen.name,
        was=current,
        to=current,
        hints=(f"{say.target(str(twin))} is elsewhere; bring it in step: {in_step}",) if astray else (),
    )


def _failed(request: Request, acted: Acted, move: Move) -> Outcome:
    failure = acted.failure or PromotionError("unknown")
    return Outcome(
        mode=request.mode,
        code=failure.code,
        summary=f"not rolled back: {failure}; {acted.stands}",
        model=acted.hands.seen.name,
        was=move.was,
        to=move.to,
        entries=acted.entries,
        hints=(failure.hint or f"try again: {request.command('--rollback')}",),
    )
