"""Recovery: finish or undo a promotion or rollback that was cut off, from the note it left on the model."""

from model_promotion.core.entities import READY, RegisteredModel
from model_promotion.core.errors import Conflict, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG, INTENT_TAG, Intent
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import HEAD_TAG, Head, Stored, body_of, digest
from model_promotion.core.request import Request
from model_promotion.core.say import version, when
from model_promotion.core.steps import SetTag, Step
from model_promotion.flows.acting import Hands, take_each
from model_promotion.flows.recording import Deed, all_stored, write_down
from model_promotion.flows.resolve import find_model, find_version
from model_promotion.world import World


def run(request: Request, world: World) -> Outcome:
    """Look for a note; finish what it says, or put everything back to before it."""
    seen = find_model(request, world.registry)
    text = seen.tags.get(INTENT_TAG)
    if text is None:
        return Outcome(request.mode, ExitCode.DONE, f"nothing to recover for {seen.name}", seen.name)
    closing = SetTag(seen.name, INTENT_TAG, text, None)
    try:
        intent = Intent.parse(text)
    except ValueError as error:
        return _finished(request, seen, take_each((closing,), seen, world), f"{error}; it was removed")
    world.voice.tell(Event(Kind.WORKING, "Recover", told(intent)))
    if stored := _recorded(intent, seen, world):
        number = int(body_of(stored.text)["number"])
        head = Head(number, stored.id, digest(stored.text))
        steps = (SetTag(seen.name, HEAD_TAG, seen.tags.get(HEAD_TAG), head.text), closing)
        said = f"the {intent.kind} had ended (record #{number}); its note is gone"
        return _finished(request, seen, take_each(steps, seen, world), said)
    if request.recovery == "resume":
        return _resumed(request, intent, seen, world)
    return _abandoned(request, intent, seen, world)


def told(intent: Intent) -> str:
    """What was going on, for a person."""
    move = intent.move
    way = f"{version(move.was)} to {version(move.to)}"
    return f"a {intent.kind} of @{move.alias} from {way} is under way or was cut off, since {when(intent.since)}"


def _recorded(intent: Intent, seen: RegisteredModel, world: World) -> Stored | None:
    """The record of this very intent, if it got as far as that."""
    try:
        found = all_stored(seen.name, world)
    except PromotionError as error:
        world.voice.tell(Event(Kind.WARNED, "Record", f"cannot be read, taken as not written: {error}"))
        return None
    return next((stored for stored in found if body_of(stored.text).get("id") == intent.id), None)


def _steps(intent: Intent, world: World, model: str) -> tuple[Step, ...]:
    held = find_version(model, intent.holds, world.registry).tags.get(HOLD_TAG) if intent.holds else None
    return intent.steps(model, held)


def _resumed(request: Request, intent: Intent, seen: RegisteredModel, world: World) -> Outcome:
    move = intent.move
    target = find_version(seen.name, str(move.to), world.registry)
    if target.status != READY:
        raise Conflict(f"{target.label} is {target.status}, not READY", hint=request.command("--recover", "abandon"))
    opening = intent.opening(seen.name)
    hands = Hands(world, seen, opening)
    for step in _steps(intent, world, seen.name):
        hands.take(step)
    evidence = {"steps": hands.entries, "resumed": True}
    deed = Deed(intent.id, intent.kind, move.alias, move.was, move.to, request.reason, evidence=evidence)
    written = write_down(deed, hands.seen, opening.undone(), world)
    return Outcome(
        mode=request.mode,
        code=ExitCode.WARNED if written.warnings else ExitCode.DONE,
        summary=f"the {intent.kind} was finished: {seen.name} @{move.alias} is {version(move.to)}",
        model=seen.name,
        was=move.was,
        to=move.to,
        entries=(*hands.entries, *written.entries),
        record=written.place,
        warnings=written.warnings,
        undo=request.command("--rollback"),
    )


def _abandoned(request: Request, intent: Intent, seen: RegisteredModel, world: World) -> Outcome:
    back = [step.undone() for step in reversed(intent.steps(seen.name))]
    if intent.holds and HOLD_TAG not in find_version(seen.name, intent.holds, world.registry).tags:
        back = back[1:]  # The hold was not set yet.
    move = intent.move
    steps = (*back, intent.opening(seen.name).undone())
    said = f"the {intent.kind} was undone: {seen.name} @{move.alias} is {version(move.was)} as before"
    return _finished(request, seen, take_each(steps, seen, world), said)


def _finished(request: Request, seen: RegisteredModel, taken: tuple[Hands, tuple[str, ...]], said: str) -> Outcome:
    """The steps were taken; the first that failed ended it, with the note still in place."""
    hands, failed = taken
    return Outcome(
        mode=request.mode,
        code=ExitCode.REFUSED if failed else ExitCode.DONE,
        summary=f"not recovered: {failed[0]}" if failed else said,
        model=seen.name,
        entries=tuple(hands.entries),
        hints=(f"see what stands: {request.command('--history')}",),
    )
