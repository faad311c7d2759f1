"""A rollback while a rollout is under way: it takes it over at once, from any machine, whoever is at work on it.

What it needs are registry writes, as ever: the endpoints are told to go back first, but nothing waits for them before
the alias stands where it should. How the one that is at work finds out is told in keeping_on.py.
"""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from model_promotion.core.deployment import Served
from model_promotion.core.entities import RegisteredModel
from model_promotion.core.errors import Conflict, NotFound, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG, ROOM, Intent, intents, notes, under_way, way_out
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import Line
from model_promotion.core.request import Request
from model_promotion.core.say import version
from model_promotion.core.steps import Entry, SetTag, Step
from model_promotion.flows.acting import Acted, Meanwhile, go_on, take_each, take_over
from model_promotion.flows.announcing import head_of, next_number, recorded_since
from model_promotion.flows.hands import Hands
from model_promotion.flows.recording import Deed, adopt, write_down
from model_promotion.flows.rollouts.rolling_out import rolling_of
from model_promotion.flows.rollouts.routes_back import rollouts_back
from model_promotion.undisturbed import undisturbed
from model_promotion.world import World

SETTLING_S, SETTLING_LOOK_S = 10.0, 0.25


@dataclass(frozen=True)
class Overruled:
    """The rollout that is taken over, and the model as it was seen.

    `recorded` is whether its promotion is done, and only its bake is not; `loose` is the record of how that ended,
    where it was cut off right after that was written.
    """

    intent: Intent
    recorded: bool
    seen: RegisteredModel
    loose: tuple[Line, ...] = ()

    @property
    def facts(self) -> dict[str, Any]:
        """For the record."""
        return {"what": self.intent.what, "work": self.intent.work, "recorded": self.recorded}


def overruled(request: Request, seen: RegisteredModel, leaving: str | None, world: World) -> Overruled:
    """The rollout under way that this rollback may take over: one of the same alias, and of nothing else.

    `leaving` is the version that the rollback is about: of a rollout of another one it knows nothing.

    Raises:
        Conflict: when something else is under way.
    """
    found, told = intents(seen.tags), str(under_way(seen.tags))
    begun = found[0] if len(notes(seen.tags)) == len(found) == 1 else None
    fits = begun and begun.kind == "promote" and begun.rollouts and begun.target == request.target_alias
    if not (begun and fits and leaving in (None, begun.move.to)):
        raise Conflict(told, hint=way_out(seen.tags, request.command))
    recorded = _recorded(seen, begun)
    if not recorded and request.to_version not in (None, begun.move.was):
        first = f"take it back first: {request.command('--rollback')}"
        raise Conflict(f"{told}, and is not recorded yet", hint=first)
    world.voice.tell(Event(Kind.WORKING, "Rollback", f"{begun.what} is under way, it is taken over"))
    return Overruled(begun, recorded, seen)


def settled(request: Request, seen: RegisteredModel, world: World) -> None:
    """Whoever has just moved the alias in a rollout gets the moment that it takes to record that.

    Two that write their records at the same time would write two with the same number.
    """
    until = world.clock.now() + SETTLING_S
    while (moving := _moving(request, seen)) and world.clock.now() < until:
        if moving.until <= world.clock.now() or world.owner.is_gone(moving.owner):
            break
        world.clock.sleep(SETTLING_LOOK_S)
        seen = world.registry.model(seen.name)


def _moving(request: Request, seen: RegisteredModel) -> Intent | None:
    """The rollout that has moved its alias, and has not recorded that."""
    for one in intents(seen.tags):
        if one.rollouts and one.kind == "promote" and one.target == request.target_alias:
            moved = one.move.was != one.move.to == seen.at(one.target)
            return one if moved and not _recorded(seen, one) else None
    return None


def _recorded(seen: RegisteredModel, begun: Intent) -> bool:
    return head_of(seen).record == begun.work or recorded_since(seen, begun)


def taken(ours: Intent, first: Step, over: Overruled, world: World) -> tuple[Acted, tuple[Served, ...]]:
    """The first step of a rollback in place of the rollout: its endpoints are told to go back, then the alias moves."""
    sent: list[Served] = []
    if first.to == over.intent.move.was:
        with_routes = replace(ours, rollouts=over.intent.rollouts)
        ours = with_routes if len(with_routes.text) <= ROOM else ours
    acted = take_over(ours, (over.intent.key,), world, over.seen)
    if acted.failure:
        return acted, ()

    def told() -> None:
        if over.loose:
            with suppress(PromotionError):  # The rollback is worth more than a record that nobody can read.
                adopt(acted.hands)
        if ours.rollouts:
            sent.extend(_told(acted.hands, over))

    return go_on(acted.hands, (first,), told), tuple(sent)


def _told(hands: Hands, over: Overruled) -> tuple[Served, ...]:
    """The endpoints are told to give the traffic back, as far as that can be done from here: what was sent."""
    if hands.world.endpoints is None or hands.intent is None:
        return ()
    return rolling_of(hands, replace(hands.intent, rollouts=over.intent.rollouts)).turned()


def cleared(hands: Hands, over: Overruled) -> tuple[str, ...]:
    """The note of the rollout stands again when it was renewed in the very moment in which it was taken away."""
    try:
        hands.read()
        key = over.intent.key
        text = hands.seen.tags.get(key)
        return tuple(map(str, take_each((SetTag(hands.seen.name, key, text, None),), hands.afresh()))) if text else ()
    except PromotionError as error:
        return (str(error),)


def undone(request: Request, world: World, over: Overruled, lines: Sequence[Line]) -> Outcome:
    """A rollout that is not recorded yet is taken back: routes, the alias if it had just moved, a hold, a record."""
    begun, seen = over.intent, over.seen
    if begun.work in {line.id for line in lines}:
        raise Conflict(f"{begun.what} was cut off while it was recorded", way_out(seen.tags, request.command))
    now, new = round(world.clock.now(), 3), uuid.uuid4().hex[:12]
    ours = begun.turned(new, now, round(now + world.lease_s, 3), next_number(seen))
    ours = replace(ours, id=new, owner=world.owner.name, holds=_to_hold(seen.name, begun, world))
    if seen.at(begun.target) == begun.move.was:
        ours = replace(ours, moves=(replace(ours.moves[0], was=begun.move.was), *ours.moves[1:]))
    acted = take_over(ours, (begun.key,), world, seen)
    if isinstance(acted.failure, Meanwhile):
        raise acted.failure
    if acted.failure:
        return _failed(request, over, acted)
    hands = acted.hands.afresh()
    return undisturbed(lambda: _undone(request, hands, over))[0]


def _to_hold(model: str, begun: Intent, world: World) -> str | None:
    """The version that is to be held, unless it is held already, or is gone."""
    number = str(begun.move.to)
    try:
        return None if HOLD_TAG in world.registry.version(model, number).tags else number
    except NotFound:
        return None


def _undone(request: Request, hands: Hands, over: Overruled) -> Outcome:
    begun, ours, model = over.intent, hands.intent, hands.seen.name
    assert ours is not None  # noqa: S101 - it was announced; tells the type checker
    first, (_, *rest) = begun.move.step(model).undone(), ours.steps(model)
    sent = _told(hands, over)
    entries, failed = _each(hands, first)
    if failed and hands.seen.at(begun.target) == begun.move.to:
        return _failed(request, over, Acted(hands, failed[0], f"{request.where} is {version(begun.move.to)}"))
    for step in rest:
        also, wrong = _each(hands, step)
        entries, failed = (*entries, *also), (*failed, *wrong)
    routes = rollouts_back(hands, begun.rollouts)
    if hands.seen.at(begun.target) == begun.move.to:  # The last write of whoever was at work came after all this.
        also, wrong = _each(hands, first)
        entries, failed = (*entries, *also), (*failed, *wrong)
    done = tuple(one for one in entries if one.deed == "done")
    was = begun.move.to if first in [one.step for one in done] else begun.move.was
    why = "; ".join(filter(None, (f"{version(begun.move.to)} was not promoted yet", request.reason)))
    evidence = {"steps": done, "rollout": (*sent, *routes.done), "overruled": over.facts}
    litter = cleared(hands, over)
    written = write_down(Deed(ours.work, "rollback", begun.target, was, begun.move.was, why, (), evidence), hands)
    warnings = (*map(str, failed), *routes.warnings, *litter, *written.warnings)
    is_held = "is held" if HOLD_TAG in _tags(hands, begun) else "could not be held"
    left, stands = version(begun.move.to), version(begun.move.was)
    return Outcome(
        mode=request.mode,
        code=ExitCode.WARNED if warnings else ExitCode.DONE,
        summary=f"{model}: the rollout of {left} is taken back, {request.where} is {stands}; {left} {is_held}",
        model=model,
        was=was,
        to=begun.move.was,
        entries=(*done, *written.entries),
        record=written.place,
        warnings=warnings,
        hints=(f"when {left} is mended: {request.command('--version', str(begun.move.to), '--release')}",),
        undo=request.command("--version", str(begun.move.to), "--force"),
    )


def _each(hands: Hands, step: Step) -> tuple[tuple[Entry, ...], tuple[PromotionError, ...]]:
    """One step for itself, by the model as it stands now: what was done, and what failed."""
    try:
        hands.read()
    except PromotionError as error:
        return (), (error,)
    alone = hands.afresh()
    failed = take_each((step,), alone)
    hands.seen = alone.seen
    return tuple(alone.entries), failed


def _tags(hands: Hands, begun: Intent) -> Mapping[str, str]:
    try:
        return hands.world.registry.version(hands.seen.name, str(begun.move.to)).tags
    except PromotionError:
        return {}


def _failed(request: Request, over: Overruled, acted: Acted) -> Outcome:
    failure = acted.failure or PromotionError("unknown")
    return Outcome(
        mode=request.mode,
        code=failure.code,
        summary=f"not rolled back: {failure}; {acted.stands}",
        model=acted.hands.seen.name,
        was=over.intent.move.was,
        to=over.intent.move.was,
        entries=acted.entries,
        hints=(failure.hint or f"try again: {request.command('--rollback')}",),
    )
