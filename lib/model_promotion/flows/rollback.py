"""Rollback: back to the last verified version, with registry writes; endpoints follow where there are any.

It asks for no metrics, no data, no approval, no endpoint and no download, and reads the record only if it answers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from model_promotion.core import say
from model_promotion.core.entities import READY, RegisteredModel, Version
from model_promotion.core.errors import Conflict, NotFound, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.history import left_at, moved_outside, moved_together, moves_of, verified
from model_promotion.core.intent import HOLD_TAG, Move, under_way, way_out
from model_promotion.core.outcome import Outcome
from model_promotion.core.plan import PRODUCTION_KEEPS, displaced, leaves_production
from model_promotion.core.record import Line, Noticed
from model_promotion.core.request import Request
from model_promotion.core.stages import ARCHIVED, PRODUCTION, as_target, stage_of
from model_promotion.flows.acting import Acted, carry_out, take_each
from model_promotion.flows.announcing import announced, next_number, with_record_before
from model_promotion.flows.recording import Deed, all_lines, whoever, write_down
from model_promotion.flows.resolve import NAMED, find_model, find_version
from model_promotion.flows.routes_back import routes_back
from model_promotion.together import both, together
from model_promotion.undisturbed import undisturbed
from model_promotion.world import World

LOOKS = 3


@dataclass(frozen=True)
class Way:
    """Where a rollback leads: the version, why that one, and what the backup alias should keep afterwards."""

    seen: RegisteredModel
    to: str
    because: str
    backup_to: str | None = None
    noticed: Noticed = ()


def run(request: Request, world: World, leaving: str | None = None) -> Outcome:
    """Point the alias at the last verified version, and hold the version it leaves.

    `leaving` is the version that it is about: where another stands by now, it stays.
    """
    seen, lines = _looked(request, world)
    if going_on := under_way(seen.tags):
        raise Conflict(going_on, hint=way_out(seen.tags, request.command))
    current = _left(request, seen, leaving)
    way = choose(request, seen, lines)
    if way is None:
        nowhere = f"no earlier verified version of {request.where} is known for {seen.name}{_but_for(request, seen)}"
        raise NotFound(nowhere, hint=_name_one(request, seen, world))
    if way.to == current:
        return _already_there(request, seen, current, world)
    ends = (way.to, current)
    # The model once more, beside the versions: what the first write relies on is as fresh as a read of its own.
    fresh, (target, left) = both(
        partial(find_model, request, world.registry),
        lambda: together([partial(find_version, seen.name, number, world.registry) for number in ends]),
    )
    if next_number(fresh) != next_number(seen):
        raise Conflict("something else was done and recorded meanwhile", hint=f"see it: {request.command('--history')}")
    way = replace(way, seen=fresh)
    request = _together(request, way, lines or (), world)
    along = _along(request, fresh, target, world)
    if any(leaves_production(fresh, move.alias, move.to) for move in along):
        raise Conflict(
            f"{target.label} is in stage Production, and {PRODUCTION_KEEPS}", _name_one(request, seen, world)
        )
    if target.status != READY:
        raise NotFound(f"{target.label} is {target.status}, not READY", hint=_name_one(request, seen, world))
    doubts = _doubts(request, target, lines)
    if doubts and not request.to_version:
        raise NotFound(doubts[0], hint=_name_one(request, seen, world))
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


def _doubts(request: Request, target: Version, lines: list[Line] | None) -> tuple[str, ...]:
    """What speaks against going back to this version: said when it was asked for, refused when it was not."""
    doubts = []
    if HOLD_TAG in target.tags:
        doubts.append(f"{target.label} is held itself: {target.tags[HOLD_TAG]}")
    ends = {end for line in moves_of(request.target_alias, lines or ()) for end in (line.was, line.to)}
    if lines and target.number not in ends:
        doubts.append(f"{target.label} never stood behind {request.where} by the record")
    return tuple(doubts)


def choose(request: Request, seen: RegisteredModel, lines: list[Line] | None) -> Way | None:
    """Where to: the version that was asked for, else by the record, else the one behind the backup alias.

    None when nothing says where to.

    Raises:
        NotFound: when somebody moved the alias outside this tool.
    """
    target, current, kept = request.target_alias, seen.at(request.target_alias), _kept(request, seen)
    known = [number for number in verified(target, lines or ()) if not leaves_production(seen, target, number)]
    last = moved_outside(target, lines or (), current)
    if request.to_version:
        below = known[: known.index(request.to_version)] if request.to_version in known else ()
        return Way(seen, request.to_version, "as asked", below[-1] if below else None, (last.to,) if last else ())
    if last:
        raise NotFound(
            f"{request.where} is {say.version(current)}, but {left_at(last)}: "
            "it was moved outside this tool, so it is for you to say how far to go back",
            hint=f"for example {request.command('--rollback', '--to-version', last.to or 'N')}",
        )
    if len(known) > 1:
        return Way(seen, known[-2], "the last verified version by the record", known[-3] if len(known) > 2 else None)  # noqa: PLR2004
    if kept is not None and not known:
        unrecorded = "" if lines is not None else ", the record could not be read"
        return Way(seen, kept, f"kept as {say.target(request.backup_alias)}{unrecorded}")
    return None


def _name_one(request: Request, seen: RegisteredModel, world: World) -> str:
    """What to type to say where to, with the versions to choose from if they can be read."""
    try:
        listed = world.registry.versions(request.model)
    except PromotionError:
        listed = ()
    target, current = request.target_alias, seen.at(request.target_alias)
    ready = [one for one in listed if one.number != current and one.status == READY]
    others = [one.label for one in ready if not leaves_production(seen, target, one.number)]
    more = f" (and {len(others) - NAMED} more)" if len(others) > NAMED else ""
    there_is = f"; there is {', '.join(others[:NAMED])}{more}" if others else ""
    return f"name one: {request.command('--rollback', '--to-version', 'N')}{there_is}"


def _kept(request: Request, seen: RegisteredModel) -> str | None:
    """The version behind the backup alias, unless it is the one in place."""
    kept = seen.at(request.backup_alias)
    away = kept == seen.at(request.target_alias) or leaves_production(seen, request.target_alias, kept)
    return None if away else kept


def _but_for(request: Request, seen: RegisteredModel) -> str:
    """The version that is passed over, for a person."""
    number = seen.at(as_target(PRODUCTION))
    passed = leaves_production(seen, request.target_alias, number)
    return f"; {say.version(number)} is passed over, it is in stage Production" if passed else ""


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
    intent = with_record_before(replace(announced("rollback", moves, seen, world), holds=holds), way.noticed)
    first, *rest = intent.steps(seen.name)
    acted = carry_out(intent, (first,), world, seen)
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
    routes = routes_back(request, hands, left.number, target.number)
    evidence = {"steps": entries, **({"rollout": routes.done} if routes.done else {})}
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
