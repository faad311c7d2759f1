"""Recovery: finish or undo a promotion or rollback that was cut off, from the note it left on the model."""

from dataclasses import replace
from functools import partial

from model_promotion.core.entities import READY, RegisteredModel
from model_promotion.core.errors import Conflict, NotFound, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG, INTENT_TAG, Intent
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import HEAD_TAG, Head, Stored, body_of, digest
from model_promotion.core.request import Request
from model_promotion.core.say import version
from model_promotion.core.steps import SetAlias, SetTag, Step
from model_promotion.flows.acting import Hands, next_number, take_each
from model_promotion.flows.recording import Deed, all_lines, all_stored, write_down
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
    try:
        intent = Intent.parse(text)
    except ValueError as error:
        closing = SetTag(seen.name, INTENT_TAG, text, None)
        return _finished(request, Hands(world, seen), (closing,), f"{error}; it was removed")
    world.voice.tell(Event(Kind.WORKING, "Recover", intent.told))
    ours, hands = _under_our_name(request, intent, world), Hands(world, seen)
    if failed := take_each([SetTag(seen.name, INTENT_TAG, text, ours.text)], hands):
        return _stuck(hands, failed[0], request, request.way_out)
    if ended := _ended(ours, hands.seen, world):
        said = f"the {ours.kind} had ended and is recorded; its note is gone"
        return _finished(request, Hands(world, hands.seen), ended, said)
    finish = _resumed if request.recovery == "resume" else _abandoned
    return finish(request, ours, hands.seen, world)


def _ended(intent: Intent, seen: RegisteredModel, world: World) -> tuple[Step, ...]:
    """What is left to write when the work had got as far as its record; nothing when it had not."""
    closing = intent.opening(seen.name).undone()
    if 0 < intent.record < next_number(seen):
        return (closing,)
    if stored := _recorded(intent, seen, world):
        number = int(body_of(stored.text)["number"])
        head = Head(number, stored.id, digest(stored.text))
        return (SetTag(seen.name, HEAD_TAG, seen.tags.get(HEAD_TAG), head.text), closing)
    return ()


def _under_our_name(request: Request, intent: Intent, world: World) -> Intent:
    """The same work as ours: whoever is still at it finds that out before its next write, and leaves it to us.

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
    return replace(intent, owner=world.owner.name, until=round(world.clock.now() + world.lease_s, 3))


def _recorded(intent: Intent, seen: RegisteredModel, world: World) -> Stored | None:
    """The record of this very intent, if it got as far as that."""
    try:
        # The short form tells whether it is there at all; only then is every record opened.
        found = all_stored(seen.name, world) if intent.id in {line.id for line in all_lines(seen.name, world)} else ()
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
    hands, steps = Hands(world, seen, opening), _steps(intent, world, seen.name)
    undo_it = f"undo it instead: {request.command('--recover', 'abandon')}"
    # Before the first write: half of a resumed promotion would be worse than none.
    if strange := [step for step in steps if hands.value(step) not in (step.was, step.to)]:
        error = Conflict(f"{strange[0].sentence}: somebody else changed that meanwhile")
        return _stuck(hands, error, request, undo_it)
    if failed := take_each(steps, hands):
        return _stuck(hands, failed[0], request, undo_it)
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
        undo=request.command(
            *(("--rollback",) if intent.kind == "promote" else ("--version", str(move.was), "--force"))
        ),
    )


def _abandoned(request: Request, intent: Intent, seen: RegisteredModel, world: World) -> Outcome:
    hands, undoing = Hands(world, seen), [step.undone() for step in reversed(intent.steps(seen.name))]
    # What was deleted meanwhile cannot be gone back to; that must not keep the note here for good.
    named = {intent.holds, *(move.was for move in intent.moves)} - {None}
    gone = {number for number in named if _is_gone(seen.name, str(number), world)}
    back = {step: hands.value(step) for step in undoing if _version_of(step) not in gone}
    # What is as it was before needs nothing; what somebody else has moved on since is theirs.
    steps = [step for step, now in back.items() if now == step.was]
    left = {
        step.alias: "was moved by somebody else meanwhile"
        for step, now in back.items()
        if isinstance(step, SetAlias) and now not in (step.was, step.to)
    }
    left |= {
        step.alias: f"cannot go back, {version(step.to)} was deleted meanwhile,"
        for step in undoing
        if isinstance(step, SetAlias) and step.to in gone and seen.aliases.get(step.alias) != step.to
    }
    warnings = tuple(f"@{alias} {why} and is left alone" for alias, why in left.items())
    alias = intent.target
    stands = seen.aliases.get(alias) if alias in left else intent.move.was
    said = f"the {intent.kind} was undone: {seen.name} @{alias} is {version(stands)}"
    outcome = _finished(request, hands, (*steps, intent.opening(seen.name).undone()), said)
    return replace(outcome, warnings=warnings, code=outcome.code or (ExitCode.WARNED if warnings else ExitCode.DONE))


def _version_of(step: Step) -> str | None:
    """The version that must be there for the step to be taken."""
    return step.to if isinstance(step, SetAlias) else step.version


def _is_gone(model: str, number: str, world: World) -> bool:
    try:
        world.registry.version(model, number)
    except NotFound:
        return True
    return False


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
