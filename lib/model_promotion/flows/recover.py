"""Recovery: take over what was cut off, from the note it left on the model; then finish it, or undo it."""

import uuid
from dataclasses import replace
from functools import partial

from model_promotion.core.entities import RegisteredModel
from model_promotion.core.errors import Conflict, PromotionError, Unavailable
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import STRANGE, Intent, intents, notes
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import HEAD_TAG, Head, Stored, body_of, digest
from model_promotion.core.request import Request
from model_promotion.core.steps import SetTag, Step
from model_promotion.flows.acting import Hands, go_first, next_number
from model_promotion.flows.ending import abandoned, finished, resumed, stuck, swept
from model_promotion.flows.recording import all_lines, all_stored
from model_promotion.flows.resolve import find_model
from model_promotion.undisturbed import undisturbed
from model_promotion.world import World


def run(request: Request, world: World) -> Outcome:
    """Look for notes; finish what they say, or put everything back to before. An interrupt waits for the end."""
    return undisturbed(partial(_recovered, request, world))[0]


def _recovered(request: Request, world: World) -> Outcome:
    seen = find_model(request, world.registry)
    found, ours = notes(seen.tags), intents(seen.tags)
    if not found:
        return Outcome(request.mode, ExitCode.DONE, f"nothing to recover for {seen.name}", seen.name)
    for intent in ours:
        _must_be_over(request, intent, world)
    # Of several only one got past its announcement and moved anything; the notes of the others are all they left.
    # A cleanup moves nothing either, so it is taken for the one that was at it before the others.
    begun = max(ours, key=lambda one: (_moves_made(seen, one), one.kind == "cleanup"), default=None)
    idle = {one.key: f"{one.what} had moved nothing" for one in ours if begun and one.work != begun.work}
    idle |= {key: f"the tag {key} held {STRANGE}" for key in found.keys() - {one.key for one in ours}}
    removal = tuple(SetTag(seen.name, key, found[key], None) for key in idle)
    said = f"{'; '.join(idle.values())}: what was left of that is removed"
    removed = finished(request, Hands(world, seen), removal, said)
    if begun is None or removed.code != ExitCode.DONE:
        return removed
    ended = _ended_one(request, begun, ours, world)
    if not idle:
        return ended
    return replace(ended, summary=f"{ended.summary}; {said}", entries=(*removed.entries, *ended.entries))


def _moves_made(seen: RegisteredModel, intent: Intent) -> int:
    """How many of its moves stand; two promotions of one alias have that of the backup in common."""
    return sum(move.was != move.to == seen.at(move.alias) for move in intent.moves)


def _must_be_over(request: Request, intent: Intent, world: World) -> None:
    """Nobody is at work on it any more.

    Raises:
        Conflict: while its lease runs and its process may be alive; --force does not wait.
    """
    left_s = intent.until - world.clock.now()
    # A process that asks for recovery is not at work on what it asks about.
    over = left_s <= 0 or intent.owner == world.owner.name or world.owner.is_gone(intent.owner)
    if not over and not request.force:
        raise Conflict(
            f"{intent.told}; it may be at work for another {left_s:.0f} s",
            hint=f"wait; if it is surely dead: {request.command('--recover', str(request.recovery), '--force')}",
        )


def _ended_one(request: Request, intent: Intent, over: tuple[Intent, ...], world: World) -> Outcome:
    """Take one piece of work over, then finish or undo it; `over` are all the notes that nobody is at work on."""
    world.voice.tell(Event(Kind.WORKING, "Recover", intent.told))
    until = round(world.clock.now() + world.lease_s, 3)
    ours = replace(intent, id=uuid.uuid4().hex[:12], owner=world.owner.name, until=until)
    hands = Hands(world, world.registry.model(request.model))
    if failed := _taken_over(hands, ours, over):
        return stuck(hands, failed, request, request.way_out)
    if end := _end(request, ours, hands.seen, world):
        said = f"the {ours.kind} had ended and is recorded; its note is gone"
        return finished(request, Hands(world, hands.seen), end, said)
    if ours.kind == "cleanup":
        return swept(request, ours, hands.seen, world)
    finish = resumed if request.recovery == "resume" else abandoned
    return finish(request, ours, hands.seen, world)


def _taken_over(hands: Hands, ours: Intent, over: tuple[Intent, ...]) -> PromotionError | None:
    """Our own note first, then those that were left go; when somebody else is faster, ours goes again.

    Whoever is still at it misses its own note before its next write.
    """
    model, left = hands.seen.name, [one for one in over if one.work == ours.work]
    try:
        hands.take(ours.opening(model))
        go_first(hands, ours.opening(model), over=[one.key for one in over])
        _must_be_left(hands.seen, left)
        for one in left:
            hands.take(one.opening(model).undone())
    except PromotionError as error:
        hands.put_back()
        return error
    return None


def _must_be_left(seen: RegisteredModel, left: list[Intent]) -> None:
    if not notes(seen.tags).keys() & {one.key for one in left}:
        raise Conflict("somebody else has recovered it meanwhile")


def _end(request: Request, intent: Intent, seen: RegisteredModel, world: World) -> tuple[Step, ...]:
    """What is left to write when the work had got as far as its record; nothing when it had not.

    Raises:
        Unavailable: when it may be recorded and the record cannot be read; with --force it is taken as not recorded.
    """
    closing = intent.opening(seen.name).undone()
    if 0 < intent.record < next_number(seen):
        return (closing,)
    try:
        stored = _recorded(intent, seen, world)
    except PromotionError as error:
        # The record comes after the move: what has not been moved is not recorded either.
        moved = intent.kind == "release" or seen.at(intent.target) == intent.move.to
        if moved and not request.force:
            sure = request.command("--recover", str(request.recovery), "--force")
            raise Unavailable(
                f"not recovered: whether {intent.what} is recorded already cannot be read: {error}",
                hint=f"wait for the record, or if it cannot be waited for: {sure}",
            ) from error
        world.voice.tell(Event(Kind.WARNED, "Record", f"cannot be read, taken as not written: {error}"))
        return ()
    if stored is None:
        return ()
    head = Head(int(body_of(stored.text)["number"]), stored.id, digest(stored.text))
    return (SetTag(seen.name, HEAD_TAG, seen.tags.get(HEAD_TAG), head.text), closing)


def _recorded(intent: Intent, seen: RegisteredModel, world: World) -> Stored | None:
    """The record of this very work, if it got as far as that."""
    # The short form tells whether it is there at all; only then is every record opened.
    if intent.work not in {line.id for line in all_lines(seen.name, world)}:
        return None
    return next(stored for stored in all_stored(seen.name, world) if body_of(stored.text).get("id") == intent.work)
