"""Taking back a promotion that has ended well, because another one that belongs to it has not.

It is a rollback of exactly the moves that were made, and recorded. The version is not held: nothing is wrong with it.
"""

from collections.abc import Iterable

from model_promotion.core import say
from model_promotion.core.errors import PromotionError
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import Move
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode, Request
from model_promotion.core.steps import Entry, SetAlias
from model_promotion.flows.acting import Acted, announced, carry_out, take_each
from model_promotion.flows.recording import Deed, write_down
from model_promotion.undisturbed import undisturbed
from model_promotion.world import World


def take_back(done: Outcome, request: Request, why: str, world: World) -> Outcome:
    """The model as it was before `done`, the outcome of promoting `request`; `why` goes into the record.

    Raises:
        PromotionError: when the registry cannot be read.
    """
    world.renew()
    seen = world.registry.model(done.model)
    moves = _undoing(done.entries, request.target_alias)
    intent = announced("rollback", moves, seen, world)
    first, *rest = intent.steps(seen.name)
    acted = carry_out(intent, (first,), world, seen)
    if acted.failure:
        return _failed(done, request, acted, acted.failure)
    hands = acted.hands.afresh()
    warnings, _ = undisturbed(lambda: tuple(str(error) for step in rest for error in take_each((step,), hands)))
    entries = (*acted.entries, *hands.entries)
    move = intent.move
    deed = Deed(intent.work, "rollback", move.alias, move.was, move.to, why, (), {"steps": entries})
    written = write_down(deed, hands)
    return Outcome(
        mode=Mode.PROMOTE,
        code=ExitCode.REFUSED,
        summary=f"taken back, {request.where} is {say.version(move.to)} again: {why}",
        model=done.model,
        was=done.was,
        to=done.to,
        findings=done.findings,
        decision=done.decision,
        entries=(*done.entries, *entries, *written.entries),
        record=written.place,
        warnings=(*done.warnings, *warnings, *written.warnings),
    )


def _undoing(entries: Iterable[Entry], target: str) -> tuple[Move, ...]:
    """The moves that were made, each the other way round; the target comes first, as in any rollback, moved or not."""
    steps = ((entry.deed, entry.step) for entry in entries if isinstance(entry.step, SetAlias))
    made = (step for deed, step in steps if deed == "done" or step.alias == target)
    undone = sorted((step.undone() for step in made), key=lambda step: step.alias != target)
    return tuple(map(Move.of, undone))


def _failed(done: Outcome, request: Request, acted: Acted, failure: PromotionError) -> Outcome:
    return Outcome(
        mode=Mode.PROMOTE,
        code=failure.code,
        summary=f"not taken back: {failure}; {acted.stands}",
        model=done.model,
        was=done.was,
        to=done.to,
        entries=(*done.entries, *acted.entries),
        hints=(failure.hint or f"take it back by hand: {request.command('--rollback')}",),
    )
