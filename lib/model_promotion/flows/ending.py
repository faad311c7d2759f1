"""Ending a piece of work that was cut off and is ours now: finish it, or undo it; then its note goes."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from model_promotion.core.entities import READY
from model_promotion.core.errors import Conflict, NotFound, Paused, PromotionError
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG, Intent
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Request
from model_promotion.core.say import target, version
from model_promotion.core.steps import SetAlias, Step
from model_promotion.flows.acting import by_now, take_each
from model_promotion.flows.deleting import close, is_gone
from model_promotion.flows.hands import Hands
from model_promotion.flows.recording import Deed, write_down
from model_promotion.flows.resolve import find_version
from model_promotion.flows.rollouts.canary import Canary
from model_promotion.flows.rollouts.rolling_out import canary_of, climb, first_routes, left_standing
from model_promotion.flows.rollouts.routes_back import RoutesBack, routes_back
from model_promotion.flows.rollouts.rows import asked_with


def _work(hands: Hands) -> Intent:
    if hands.intent is None:
        raise AssertionError("only what was taken over is ended")
    return hands.intent


def _steps(intent: Intent, hands: Hands) -> tuple[Step, ...]:
    """What there is to do, but for the hold of a version that was deleted meanwhile."""
    model, registry = hands.seen.name, hands.world.registry
    if intent.holds is None:
        return intent.steps(model)
    if is_gone(model, intent.holds, hands.world):
        return tuple(step for step in intent.steps(model) if isinstance(step, SetAlias))
    return intent.steps(model, registry.version(model, intent.holds).tags.get(HOLD_TAG))


def _as_found(hands: Hands) -> Intent:
    """The work; where a rollout's alias was moved at the last moment, after it was taken over, that goes back, too."""
    intent = _work(hands)
    move, rollouts = intent.move, intent.rollouts
    stood_still = intent.kind == "rollback" and rollouts and move.was == move.to
    if not (stood_still and hands.seen.at(move.alias) == rollouts[0].to):
        return intent
    return replace(intent, moves=(replace(move, was=rollouts[0].to), *intent.moves[1:]))


def resumed(request: Request, hands: Hands) -> Outcome:
    """Take the steps that are missing, and write the record.

    Raises:
        PromotionError: when the version cannot be found or is not ready any more.
    """
    hands, intent, model = hands.afresh(), _as_found(hands), hands.seen.name
    move, undo_it = intent.move, f"undo it instead: {request.command('--recover', 'abandon')}"
    try:
        target = find_version(model, move.to, hands.world.registry) if move.to else None
    except NotFound as gone:
        raise NotFound(str(gone), hint=undo_it) from gone
    if target and target.status != READY and intent.kind != "release":
        raise Conflict(f"{target.label} is {target.status}, not READY", hint=undo_it)
    steps = _steps(intent, hands)
    # Before the first write: half of a resumed promotion would be worse than none.
    if strange := [step for step in steps if hands.value(step) not in (step.was, step.to)]:
        error = Conflict(f"{strange[0].sentence}: somebody else changed that meanwhile")
        return stuck(hands, error, request, undo_it)
    canary = None
    try:
        if intent.kind == "promote" and intent.rollouts and target:
            canary = canary_of(hands, intent, asked_with(target, request, hands.world))
            climb(canary, intent)
    except PromotionError as not_rolled_out:
        return _not_rolled_out(request, hands, canary, not_rolled_out)
    if failed := take_each(steps, hands):
        return stuck(hands, failed[0], request, undo_it)
    back = routes_back(request, hands, str(move.was), str(move.to)) if intent.kind == "rollback" else RoutesBack()
    rollout = (*back.done, *(canary.rolling.hands.entries if canary else ()))
    evidence = {"steps": hands.entries, "resumed": True, **({"rollout": rollout} if rollout else {})}
    evidence |= {"canary": canary.told.summary} if canary else {}
    deed = Deed(intent.work, intent.kind, move.alias, move.was, move.to, request.reason, evidence=evidence)
    written = write_down(deed, hands, ends=canary is None)
    warnings = (*back.warnings, *written.warnings)
    outcome = Outcome(
        mode=request.mode,
        code=ExitCode.WARNED if warnings else ExitCode.DONE,
        summary=_said(intent, "finished", model, move.to),
        model=model,
        was=move.was,
        to=move.to,
        entries=(*hands.entries, *written.entries),
        record=written.place,
        warnings=warnings,
        undo=_way_back(request, intent),
    )
    return _watched(outcome, hands, request, canary) if canary else outcome


def _watched(outcome: Outcome, hands: Hands, request: Request, canary: Canary) -> Outcome:
    from model_promotion.flows.rollouts.baking import (
        watched,  # It takes back what is worse, and that may end here again.
    )

    return watched(outcome, hands, request.toward(_work(hands).target), canary)


def _not_rolled_out(request: Request, hands: Hands, canary: Canary | None, error: PromotionError) -> Outcome:
    """What is surely worse goes back now, as it does without a resumption; all else is for somebody to decide."""
    if canary and isinstance(error, Paused):
        left_standing(canary, hands)
    if canary is None or not canary.failed:
        return stuck(hands, error, request, f"undo it instead: {request.command('--recover', 'abandon')}")
    return _worse(request, hands, canary, error)


def _worse(request: Request, hands: Hands, canary: Canary, error: PromotionError) -> Outcome:
    from model_promotion.flows.rollouts.baking import failed_canary  # As above.

    move, request = _work(hands).move, request.toward(_work(hands).target)
    outcome = Outcome(request.mode, error.code, str(error), hands.seen.name, move.was, move.to)
    return failed_canary(outcome, hands, request, canary)


def _way_back(request: Request, intent: Intent) -> str:
    match intent.kind:
        case "promote" if intent.move.was != intent.move.to:
            return request.toward(intent.target).command("--rollback")
        case "rollback":
            return request.command("--version", str(intent.move.was), "--force")
        case _:
            return ""


def _said(intent: Intent, how: str, model: str, stands: str | None) -> str:
    if intent.kind == "approval":
        return f"{intent.what} was {how}"
    if intent.kind == "release":
        held = "may be promoted again" if how == "finished" else "is held"
        return f"the release was {how}: {version(intent.holds)} of {model} {held}"
    return f"the {intent.kind} was {how}: {model} {target(intent.target)} is {version(stands)}"


def let_go_at_last(request: Request, hands: Hands, end: tuple[Step, ...]) -> Outcome:
    """What was left of a rollout that is recorded: the old version still stood beside the new one."""
    hands, intent = hands.afresh(), _work(hands)
    if failed := take_each(end[:-1], hands):
        return stuck(hands, failed[0], request, f"see what stands: {request.command('--history')}")
    number, registry = str(intent.move.to), hands.world.registry
    try:
        rows = asked_with(find_version(hands.seen.name, number, registry), request, hands.world)
        canary = canary_of(hands, intent, rows)
        gone_back = canary.rolling.has_gone_back
    except PromotionError as error:
        return stuck(hands, error, request, f"undo it instead: {request.command('--recover', 'abandon')}")
    if gone_back:  # It was being taken back when it was cut off.
        return _worse(request, hands, canary, Conflict("its endpoints had gone back already"))
    outcome = Outcome(
        mode=request.mode,
        code=ExitCode.DONE,
        summary=f"{_said(intent, 'recorded already', hands.seen.name, intent.move.to)}; what it had left was done",
        model=hands.seen.name,
        was=intent.move.was,
        to=intent.move.to,
        entries=tuple(hands.entries),
        undo=_way_back(request, intent),
    )
    return _watched(outcome, hands, request, canary)


def abandoned(request: Request, hands: Hands) -> Outcome:
    """Put everything back where it still stands, and say what somebody else has changed since."""
    hands, intent, seen = hands.afresh(), _work(hands), hands.seen
    try:
        first_routes(hands)
    except PromotionError as routes:
        return stuck(hands, routes, request, f"finish it instead: {request.command('--recover', 'resume')}")
    undoing = [step.undone() for step in reversed(intent.steps(seen.name))]
    # What was deleted meanwhile cannot be gone back to; that must not keep the note here for good.
    named = {intent.holds, *(move.was for move in intent.moves)} - {None}
    gone = {number for number in named if is_gone(seen.name, str(number), hands.world)}
    if intent.move.was in gone and seen.at(intent.target) == intent.move.to and not request.force:
        error = Conflict(f"{version(intent.move.was)} was deleted meanwhile, so nothing can go back to it")
        ways = f"finish it instead: {request.command('--recover', 'resume')}, or only take the note away: --force"
        return stuck(hands, error, request, ways)
    back = {step: hands.found(step) for step in undoing if _version_of(step) not in gone}
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
        if isinstance(step, SetAlias) and step.to in gone and seen.at(step.alias) != step.to
    }
    warnings = tuple(f"{target(alias)} {why} and is left alone" for alias, why in left.items())
    alias = intent.target
    stands = seen.at(alias) if alias in left else intent.move.was
    how = "left as it was found" if alias in left else "undone"
    said = _said(intent, how, seen.name, stands)
    if not alias and gone:
        said = f"{intent.what} was left as it was found: the version was deleted meanwhile"
    outcome = finished(request, hands, (*steps, intent.opening(seen.name).undone()), said)
    if not outcome.code and alias and alias not in left:
        warnings += by_now(hands, alias, intent.move.was)
    return outcome.warned(*warnings)


def swept(request: Request, hands: Hands) -> Outcome:
    """Write down what a cleanup has deleted; what it has not, stays."""
    hands, intent, model = hands.afresh(), _work(hands), hands.seen.name
    gone = [number for number in intent.doomed if is_gone(model, number, hands.world)]
    kept: dict[str, Mapping[str, Any]] = {}
    with suppress(PromotionError):
        kept = {str(one["number"]): one for one in hands.world.spare_journal.kept(intent.work)}
    written = close([kept.get(number, {"number": number}) for number in gone], hands, request.reason)
    lost = [version(number) for number in gone if number not in kept]
    place = hands.world.spare_journal.place
    untold = (
        (f"of {', '.join(lost)} the record has only the number: {place} of the cleanup is not here",) if lost else ()
    )
    warnings = (*untold, *written.warnings)
    return Outcome(
        mode=request.mode,
        code=ExitCode.WARNED if warnings else ExitCode.DONE,
        summary=f"{model}: {intent.what} was cut off; {len(gone)} of them are gone, the rest stays",
        model=model,
        entries=written.entries,
        record=written.place,
        warnings=warnings,
        hints=(f"see what is left: {request.command('--list')}",),
    )


def _version_of(step: Step) -> str | None:
    """The version that must be there for the step to be taken."""
    return step.to if isinstance(step, SetAlias) else step.version


def finished(request: Request, hands: Hands, steps: tuple[Step, ...], said: str) -> Outcome:
    """Take the steps; the first that fails ends it, with the note still in place."""
    look = f"see what stands: {request.command('--history')}"
    if failed := take_each(steps, hands):
        return stuck(hands, failed[0], request, look)
    return Outcome(
        mode=request.mode,
        code=ExitCode.DONE,
        summary=said,
        model=hands.seen.name,
        entries=tuple(hands.entries),
        hints=(look,),
    )


def stuck(hands: Hands, error: PromotionError, request: Request, hint: str) -> Outcome:
    """It could not be ended; the note is still in place."""
    return Outcome(
        mode=request.mode,
        code=error.code,
        summary=f"not recovered: {error}",
        model=hands.seen.name,
        entries=tuple(hands.entries),
        hints=(error.hint or hint,),
    )
