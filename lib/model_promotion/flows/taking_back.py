"""Taking back a promotion that has ended well, because another one that belongs to it has not; or a canary that failed.

It is a rollback of exactly the moves that were made, and recorded. A version with which nothing is wrong is not held.
Where the alias had not moved yet, the record is one of a rollback to where it stands: of the endpoints alone.
The announcement that stands becomes that of the rollback: nobody comes in between, and nobody has to be waited for.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from model_promotion.core import say
from model_promotion.core.errors import Conflict, PromotionError
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import Move, notes, way_out
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode, Request
from model_promotion.core.steps import Entry, SetTag, Step
from model_promotion.flows.acting import take_each, tell_moved
from model_promotion.flows.announcing import next_number
from model_promotion.flows.ending import stuck
from model_promotion.flows.hands import Hands, TakenOver
from model_promotion.flows.recording import Deed, Written, write_down
from model_promotion.flows.rollouts.keeping_on import keep_on
from model_promotion.flows.rollouts.rolling_out import first_routes
from model_promotion.undisturbed import undisturbed


@dataclass(frozen=True)
class Because:
    """Why it is taken back, and what was seen, for the record.

    `holds` is the version that does not come again without a word; `moved` is whether the alias had got as far as that.
    """

    why: str
    holds: str | None = None
    moved: bool = True
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Back:
    """The move that was taken back, everything that was written, and what did not go as it should."""

    move: Move
    entries: tuple[Entry, ...]
    written: Written
    warnings: tuple[str, ...]


def take_back(done: Outcome, hands: Hands, request: Request, because: Because) -> Outcome:
    """The model as it was before `done`, the outcome of what `hands` announced."""
    hands.world.renew()
    why = because.why
    try:
        back = _undo(hands, because)
    except PromotionError as error:
        return _failed(done, hands, request, error)
    return Outcome(
        mode=Mode.PROMOTE,
        code=ExitCode.REFUSED,
        summary=f"{_how(because, request)} {say.version(back.move.to)}{' again' if because.moved else ''}: {why}",
        model=done.model,
        was=done.was,
        to=done.to,
        findings=done.findings,
        decision=done.decision,
        entries=(*done.entries, *back.entries),
        record=back.written.place,
        warnings=(*done.warnings, *back.warnings),
    )


def _how(because: Because, request: Request) -> str:
    return f"taken back, {request.where} is" if because.moved else f"not promoted, {request.where} stays at"


def abandoned_though_recorded(request: Request, hands: Hands, end: tuple[Step, ...]) -> Outcome:
    """Take back what is recorded already, but belongs to something that was cut off: a group, or a rollout.

    `end` is what its record lacked.
    """
    whole = "group" if hands.intent and hands.intent.group else "rollout"
    try:
        if failed := take_each(end[:-1], hands.afresh()):
            return stuck(hands, failed[0], request, way_out(hands.seen.tags, request.command))
        hands.read()
        back = _undo(hands, Because(request.reason or f"its {whole} was cut off"))
    except PromotionError as error:
        return stuck(hands, error, request, way_out(hands.seen.tags, request.command))
    return Outcome(
        mode=request.mode,
        code=ExitCode.WARNED if back.warnings else ExitCode.DONE,
        summary=f"taken back: {hands.seen.name} {say.target(back.move.alias)} is {say.version(back.move.to)} again",
        model=hands.seen.name,
        was=back.move.was,
        to=back.move.to,
        entries=back.entries,
        record=back.written.place,
        warnings=back.warnings,
    )


def _undo(hands: Hands, because: Because) -> Back:
    """Raises what keeps the target where it is.

    The announcement stands then, for recovery; unless somebody else has moved the target, so that it is theirs.
    """
    routes = first_routes(hands)
    hands = _turned(hands, because)
    back = hands.intent
    assert back is not None  # noqa: S101 - it was announced; tells the type checker
    model = hands.seen.name
    first, *rest = back.steps(model)
    if because.moved:
        _moved_back(first, hands)
    warnings, _ = undisturbed(lambda: tuple(str(error) for step in rest for error in take_each((step,), hands)))
    move, evidence = back.move, {"steps": tuple(hands.entries), **because.evidence}
    evidence |= {"routes_back": routes} if routes else {}
    written = write_down(Deed(back.work, "rollback", move.alias, move.was, move.to, because.why, (), evidence), hands)
    return Back(move, (*hands.entries, *written.entries), written, (*warnings, *written.warnings))


def _moved_back(first: Step, hands: Hands) -> None:
    try:
        hands.not_yet(first)
        hands.take(first)
        tell_moved(first, hands.world)
    except TakenOver:
        raise
    except Conflict:
        assert hands.intent is not None  # noqa: S101 - as above
        take_each((hands.intent.opening(hands.seen.name).undone(),), hands)
        raise


def _turned(hands: Hands, because: Because) -> Hands:
    """Hands that have announced the taking back, under the key of what is taken back."""
    promoted, hands = hands.intent, hands.afresh()
    assert promoted is not None  # noqa: S101 - it was announced; tells the type checker
    if promoted.rollouts:
        keep_on(hands, blindly=False)  # With patience: the routes are back, and nobody else would say so.
        promoted = hands.intent or promoted
    hands.read()
    now = round(hands.world.clock.now(), 3)
    until = round(now + hands.world.lease_s, 3)
    turned = promoted.turned(uuid.uuid4().hex[:12], now, until, next_number(hands.seen))
    if not because.moved:
        turned = replace(turned, moves=(Move(promoted.target, promoted.move.was, promoted.move.was),))
    turned = replace(turned, holds=because.holds)
    hands.take(SetTag(hands.seen.name, promoted.key, promoted.text, turned.text))
    return replace(hands.afresh(), intent=turned)


def _failed(done: Outcome, hands: Hands, request: Request, failure: PromotionError) -> Outcome:
    try:
        seen = hands.world.registry.model(done.model)
        stands = f"{request.where} is {say.version(seen.at(request.target_alias))}"
        tags = seen.tags
    except PromotionError:
        stands = f"{request.where} was {say.version(hands.seen.at(request.target_alias))} when last read"
        tags = hands.seen.tags
    return Outcome(
        mode=Mode.PROMOTE,
        code=failure.code,
        summary=f"not taken back, {stands}: {failure}",
        model=done.model,
        was=done.was,
        to=done.to,
        entries=done.entries,
        hints=tuple(filter(None, (_by_hand(request, tags, failure), failure.hint))),
    )


def _by_hand(request: Request, tags: Mapping[str, str], failure: PromotionError) -> str:
    """Nothing where somebody else has it in hand: one rollback more would go further back."""
    if isinstance(failure, TakenOver):
        return ""
    by_hand = f"take it back by hand: {request.command('--rollback')}"
    return way_out(tags, request.command) if notes(tags) else by_hand
