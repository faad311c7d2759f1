"""Recovery: finish or undo a promotion or rollback that was cut off, from the note it left on the model."""

from dataclasses import replace
from functools import partial

from model_promotion.core.entities import READY, RegisteredModel
from model_promotion.core.errors import Conflict, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG, INTENT_TAG, Intent
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import HEAD_TAG, Head, Stored, body_of, digest
from model_promotion.core.request import Request
from model_promotion.core.say import version, when
from model_promotion.core.steps import SetAlias, SetTag, Step
from model_promotion.flows.acting import Hands, take_each
from model_promotion.flows.recording import Deed, all_stored, write_down
from model_promotion.flows.resolve import find_model, find_version
from model_promotion.undisturbed import undisturbed
from model_promotion.world import World


def run(request: Request, world: World) -> Outcome:
    """Look for a note; finish what it says, or put everything back to before it. An interrupt waits for the end."""
    return undisturbed(partial(_recovered, request, world))[0]


def _recovered(request: Request, world: World) -> Outcome:
    seen = find_model(request, world.registry)
    text = seen.tags.get(INTENT_TAG)
    if text is None:
        return Outcome(request.mode, ExitCode.DONE, f"nothing to recover for {seen.name}", seen.name)
    closing = SetTag(seen.name, INTENT_TAG, text, None)
    try:
        intent = Intent.parse(text)
    except ValueError as error:
        return _finished(request, Hands(world, seen), (closing,), f"{error}; it was removed")
    world.voice.tell(Event(Kind.WORKING, "Recover", told(intent)))
    if stored := _recorded(intent, seen, world):
        number = int(body_of(stored.text)["number"])
        head = Head(number, stored.id, digest(stored.text))
        steps = (SetTag(seen.name, HEAD_TAG, seen.tags.get(HEAD_TAG), head.text), closing)
        said = f"the {intent.kind} had ended (record #{number}); its note is gone"
        return _finished(request, Hands(world, seen), steps, said)
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
    if failed := take_each(_steps(intent, world, seen.name), hands):
        return _stuck(hands, failed[0], request, f"undo it instead: {request.command('--recover', 'abandon')}")
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
    hands = Hands(world, seen)
    back = {step.undone(): hands.value(step) for step in reversed(intent.steps(seen.name))}
    # What is as it was before needs nothing; what somebody else has moved on since is theirs.
    steps = [step for step, now in back.items() if now == step.was]
    strange = [step for step, now in back.items() if isinstance(step, SetAlias) and now not in (step.was, step.to)]
    warnings = tuple(f"@{step.alias} was moved by somebody else meanwhile and is left alone" for step in strange)
    alias = intent.target
    stands = seen.aliases.get(alias) if alias in {step.alias for step in strange} else intent.move.was
    said = f"the {intent.kind} was undone: {seen.name} @{alias} is {version(stands)}"
    outcome = _finished(request, hands, (*steps, intent.opening(seen.name).undone()), said)
    return replace(outcome, warnings=warnings, code=outcome.code or (ExitCode.WARNED if warnings else ExitCode.DONE))


def _finished(request: Request, hands: Hands, steps: tuple[Step, ...], said: str) -> Outcome:
    """Take the steps; the first that fails ends it, with the note still in place."""
    look = f"see what stands: {request.command('--history')}"
    if failed := take_each(steps, hands):
        return _stuck(hands, failed[0], request, look)
    return Outcome(
        mode=request.mode,
        code=ExitCode.DONE,
        summary=said,
        model=hands.seen.name,
        entries=tuple(hands.entries),
        hints=(look,),
    )


def _stuck(hands: Hands, error: PromotionError, request: Request, hint: str) -> Outcome:
    return Outcome(
        mode=request.mode,
        code=error.code,
        summary=f"not recovered: {error}",
        model=hands.seen.name,
        entries=tuple(hands.entries),
        hints=(error.hint or hint,),
    )
