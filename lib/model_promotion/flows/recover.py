"""Recovery: take over what was cut off, from the note it left on the model; then finish it, or undo it."""

import uuid
from contextlib import suppress
from dataclasses import replace
from functools import partial

from model_promotion.core.entities import RegisteredModel
from model_promotion.core.errors import Conflict, NotFound, PromotionError, Unavailable
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG, STRANGE, Intent, intents, lease, notes, way_out
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import HEAD_TAG, Head, Stored, body_of, digest
from model_promotion.core.request import Request
from model_promotion.core.steps import SetTag, Step
from model_promotion.flows.acting import go_first
from model_promotion.flows.announcing import head_of, recorded_since
from model_promotion.flows.deleting import is_gone
from model_promotion.flows.ending import abandoned, finished, let_go_at_last, resumed, stuck, swept
from model_promotion.flows.hands import Hands
from model_promotion.flows.recording import adopt, all_lines, all_stored
from model_promotion.flows.resolve import find_model
from model_promotion.flows.siblings import go_the_same_way
from model_promotion.flows.taking_back import abandoned_though_recorded
from model_promotion.undisturbed import undisturbed
from model_promotion.world import World


def run(request: Request, world: World) -> Outcome:
    """Look for notes; finish what they say, or put everything back to before. An interrupt waits for the end."""
    return undisturbed(partial(_recovered, request, world))[0]


def _recovered(request: Request, world: World) -> Outcome:
    seen = find_model(request, world.registry)
    left = notes(seen.tags)
    if not left:
        return Outcome(request.mode, ExitCode.DONE, f"nothing to recover for {seen.name}", seen.name)
    if any(_may_be_at_work(request, key, text, world) for key, text in left.items()):
        # Who takes over although the lease runs says that nobody is at work, not that nothing is recorded or deleted.
        request = replace(request, force=False)
    begun = _begun(seen, world)
    said = _said(begun, seen, left)
    if begun is None:
        return finished(request, Hands(world, seen), tuple(_removal(seen, left)), said)
    to_type = go_the_same_way(request, begun, seen, world)
    _end(request, begun, seen, world)  # Before anything is written: it raises when that cannot be known.
    world.voice.tell(Event(Kind.WORKING, "Recover", begun.told))
    until = round(world.clock.now() + world.lease_s, 3)
    again = begun.resumed + bool(begun.rollouts and request.recovery == "resume")
    ours = replace(begun, id=uuid.uuid4().hex[:12], owner=world.owner.name, until=until, resumed=again)
    hands = Hands(world, world.registry.model(seen.name))
    if failed := _taken_over(hands, ours, left):
        return stuck(hands, failed, request, way_out(seen.tags, request.command))
    hands = _adopted(hands)
    outcome = _ended(request, hands, _end(request, ours, hands.seen, world))
    summary = "; ".join(filter(None, (outcome.summary, said)))
    return replace(outcome, summary=summary, hints=(*outcome.hints, *(to_type if outcome.done else ())))


def _adopted(hands: Hands) -> Hands:
    """The head moved on to a record beside that of the work, written just before it was cut off.

    It is one of a move from outside, or one of how a rollout ended.
    """
    if not (hands.intent and (hands.intent.noticed or hands.intent.rollouts)):
        return hands
    with suppress(PromotionError):  # A journal that cannot be read is told of where it decides.
        adopt(hands)
    return hands.afresh()


def _ended(request: Request, hands: Hands, end: tuple[Step, ...]) -> Outcome:
    intent = hands.intent
    if end and intent:
        return _ended_though_recorded(request, hands, end, intent)
    if intent and intent.kind == "cleanup":
        return swept(request, hands)
    if intent and intent.kind == "approval":
        # Whoever finishes it is not who approved.
        said = "it was taken back, not finished: only its approver can type it again"
        return abandoned(request, hands).warned(*([said] if request.recovery == "resume" else []))
    if intent and _overtaken(hands.seen, intent):
        closing = intent.opening(hands.seen.name).undone()
        said = f"{intent.what} had moved nothing, and something else was recorded since; its note is gone"
        outcome = finished(request, hands, (closing,), said)
        # Nothing is there to be undone; but what was to be finished was not.
        again = ("it was not finished: type the call itself again",) if request.recovery == "resume" else ()
        return outcome.warned(*again)
    if intent and intent.kind == "rollback" and intent.rollouts and request.recovery == "abandon":
        return resumed(request, hands).warned("finished, not undone: the endpoints had gone back already")
    return (resumed if request.recovery == "resume" else abandoned)(request, hands)


def _ended_though_recorded(request: Request, hands: Hands, end: tuple[Step, ...], intent: Intent) -> Outcome:
    """What is recorded already is ended, or taken back where it belongs to something that has not ended."""
    abandons = request.recovery == "abandon"
    goes_on = bool(intent.kind == "promote" and intent.rollouts and not recorded_since(hands.seen, intent))
    if abandons and (intent.group or goes_on):
        return abandoned_though_recorded(request, hands, end)
    if goes_on:
        return let_go_at_last(request, hands, end)
    kept = f", so it is not undone; that is {request.command('--rollback')}" if abandons and intent.moves else ""
    return finished(request, hands, end, f"the {intent.kind} had ended and is recorded{kept}; its note is gone")


def _begun(seen: RegisteredModel, world: World) -> Intent | None:
    """The work that got furthest. Of several only one got past its announcement; the others left nothing but notes."""
    ours = {intent.work: intent for intent in intents(seen.tags)}
    if len(ours) <= 1:
        return next(iter(ours.values()), None)
    recorded = {line.id for line in all_lines(seen.name, world)}
    return max(
        ours.values(),
        key=lambda one: (one.work in recorded, not _overtaken(seen, one), _moves_made(seen, one, world)),
    )


def _overtaken(seen: RegisteredModel, intent: Intent) -> bool:
    """Whether anything was recorded since it was announced. What is not recorded itself has then moved nothing."""
    return 0 < intent.record <= head_of(seen).number  # 0: the head could not be read then.


def _moves_made(seen: RegisteredModel, intent: Intent, world: World) -> int:
    """How many of its moves stand; two promotions of one alias have that of the backup in common."""
    if intent.kind == "release":
        try:
            return HOLD_TAG not in world.registry.version(seen.name, str(intent.holds)).tags
        except NotFound:
            return 0
    if intent.kind == "cleanup":
        return sum(is_gone(seen.name, number, world) for number in intent.doomed)
    return sum(move.was != move.to == seen.at(move.alias) for move in intent.moves)


def _said(begun: Intent | None, seen: RegisteredModel, left: dict[str, str]) -> str:
    """What is taken away beside the work that is ended, for a person."""
    ours = intents(seen.tags)
    idle = {one.work: f"{one.what} had moved nothing" for one in ours if begun and one.work != begun.work}
    strange = [f"the tag {key} held {STRANGE}" for key in left if key not in {one.key for one in ours}]
    return "; ".join(f"{one}; its note was removed" for one in (*idle.values(), *strange))


def _removal(seen: RegisteredModel, left: dict[str, str]) -> list[SetTag]:
    return [SetTag(seen.name, key, text, None) for key, text in left.items()]


def _may_be_at_work(request: Request, key: str, text: str, world: World) -> bool:
    """Whether somebody may be at work on it; with --force that is taken upon oneself.

    Raises:
        Conflict: while its lease runs and its process may be alive, without --force.
    """
    owner, until, told = lease(key, text)
    left_s = until - world.clock.now()
    # A process that asks for recovery is not at work on what it asks about.
    over = left_s <= 0 or owner == world.owner.name or world.owner.is_gone(owner)
    if not over and not request.force:
        raise Conflict(
            f"{told}; it may be at work for another {left_s:.0f} s",
            hint=f"wait; if it is surely dead: {_forced(request)}",
        )
    return not over


def _taken_over(hands: Hands, ours: Intent, left: dict[str, str]) -> PromotionError | None:
    """Our own note first, then those that were left go; when somebody else is faster, ours goes again.

    Whoever is still at it misses its own note once its lease is over.
    """
    try:
        hands.announce(ours)
        go_first(hands, ours, over=left)
        if not notes(hands.seen.tags).keys() & left.keys():
            return _withdrawn(hands, Conflict("somebody else has recovered it meanwhile"))
        for step in _removal(hands.seen, left):
            hands.take(step)
    except PromotionError as error:
        return _withdrawn(hands, error)
    return None


def _withdrawn(hands: Hands, error: PromotionError) -> PromotionError:
    hands.put_back()
    return error


def _end(request: Request, intent: Intent, seen: RegisteredModel, world: World) -> tuple[Step, ...]:
    """What is left to write when the work had got as far as its record; nothing when it had not.

    Raises:
        Unavailable: when it may be recorded and the record cannot be read; with --force it is taken as not recorded.
    """
    head, closing = head_of(seen), intent.opening(seen.name).undone()
    if head.record == intent.work:
        return (closing,)
    try:
        stored = _recorded(intent, seen, world)
    except PromotionError as error:
        # The record comes after the move: what has not been moved is not recorded either.
        moved = intent.kind in ("release", "approval") or seen.at(intent.target) == intent.move.to
        if moved and not request.force and not _overtaken(seen, intent):
            raise Unavailable(
                f"not recovered: whether {intent.what} is recorded already cannot be read: {error}",
                hint=f"wait for the record; if it is surely not recorded, and nobody is at work: {_forced(request)}",
            ) from error
        world.voice.tell(Event(Kind.WARNED, "Record", f"cannot be read, taken as not written: {error}"))
        return ()
    if stored is None:
        return ()
    number = int(body_of(stored.text)["number"])
    if number <= head.number:
        return (closing,)
    ended = Head(number, stored.id, digest(stored.text), intent.work)
    return (SetTag(seen.name, HEAD_TAG, seen.tags.get(HEAD_TAG), ended.text), closing)


def _forced(request: Request) -> str:
    return request.command("--recover", str(request.recovery), "--force")


def _recorded(intent: Intent, seen: RegisteredModel, world: World) -> Stored | None:
    """The record of this very work, if it got as far as that."""
    # The short form tells whether it is there at all; only then is every record opened.
    if intent.work not in {line.id for line in all_lines(seen.name, world)}:
        return None
    return next(stored for stored in all_stored(seen.name, world) if body_of(stored.text).get("id") == intent.work)
