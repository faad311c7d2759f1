"""The end of a rollout: the new version has all traffic, the old one waits beside it, and goes if all is well.

How that ended is a record of its own after that of the promotion: what was seen, and what became of the old version.
"""

import uuid
from dataclasses import replace

from model_promotion.core.errors import PromotionError, Unavailable
from model_promotion.core.exits import ExitCode
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Request
from model_promotion.core.say import version
from model_promotion.flows.hands import Hands, TakenOver
from model_promotion.flows.recording import Deed, write_down
from model_promotion.flows.rollouts.canary import Canary
from model_promotion.flows.rollouts.rolling_out import baked, held, seen_of
from model_promotion.flows.taking_back import Because, take_back
from model_promotion.undisturbed import undisturbed


def watched(outcome: Outcome, hands: Hands, request: Request, canary: Canary) -> Outcome:
    """The promotion is done and recorded: only what is surely worse takes it back, whatever else goes wrong is told."""
    assert hands.intent is not None  # noqa: S101 - it was announced; tells the type checker
    was = version(hands.intent.rollouts[0].was)
    try:
        try:
            baked(canary, hands.intent)
            why = _retired(canary, was)
        except TakenOver:
            raise
        except (PromotionError, KeyboardInterrupt) as error:
            why = str(error) or "the interrupt came when the promotion was done already"
            if canary.failed:
                return _back(outcome, hands, request, Because(why, hands.intent.move.to, evidence=seen_of(canary)))
            why = f"{why}; {was} may still stand beside it, without traffic"
        return outcome.warned(*((why,) if why else ()), *_ended(why or f"{was} was let go", hands, canary))
    except TakenOver as theirs:
        return _theirs(outcome, theirs)


def failed_canary(outcome: Outcome, hands: Hands, request: Request, canary: Canary) -> Outcome:
    """What is surely worse, as the outcome says, goes back: routes, the alias if it had moved, hold, record, note."""
    assert hands.intent is not None  # noqa: S101 - as above
    move = hands.intent.move
    moved = hands.seen.at(move.alias) == move.to != move.was
    back = _back(outcome, hands, request, Because(outcome.summary, move.to, moved, seen_of(canary)))
    if back.record or not hands.ours:
        return back
    return back.warned(*held(str(move.to), hands))  # Its routes may have to be waited for.


def _back(outcome: Outcome, hands: Hands, request: Request, because: Because) -> Outcome:
    return undisturbed(lambda: take_back(outcome, hands, request, because))[0]


def _retired(canary: Canary, was: str) -> str:
    """The old version is taken from every endpoint; the answer says what of it failed."""
    try:
        canary.rolling.retire()
    except TakenOver:
        raise
    except PromotionError as error:
        return f"the old version {was} still stands beside the new one: {error}"
    return ""


def _ended(how: str, hands: Hands, canary: Canary) -> tuple[str, ...]:
    """The end of it is recorded, and the announcement goes with that; the answer says what of it failed."""
    assert hands.intent is not None  # noqa: S101 - as above
    move = hands.intent.move
    evidence = {"of": hands.intent.work, "steps": (), **seen_of(canary)}
    deed = Deed(uuid.uuid4().hex[:12], "bake", move.alias, move.to, move.to, how, (), evidence)
    try:
        return write_down(deed, hands).warnings
    except Unavailable as error:  # Nobody can tell whose the work is by now; the promotion itself is recorded.
        return (f"how the rollout ended is not recorded: {error}; to finish: --recover resume",)


def _theirs(outcome: Outcome, theirs: TakenOver) -> Outcome:
    said = f"promoted and recorded, then stopped: {theirs}"
    return replace(outcome, code=ExitCode.REFUSED, summary=said, hints=(theirs.hint,), undo="")
