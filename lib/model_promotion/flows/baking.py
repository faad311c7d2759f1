"""The end of a rollout: the new version has all traffic, the old one waits beside it, and goes if all is well."""

from model_promotion.core.errors import PromotionError
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Request
from model_promotion.core.say import version
from model_promotion.flows.canary import Canary
from model_promotion.flows.hands import Hands
from model_promotion.flows.rolling_out import baked, closed, let_go
from model_promotion.flows.taking_back import Because, take_back
from model_promotion.undisturbed import undisturbed


def watched(outcome: Outcome, hands: Hands, request: Request, canary: Canary) -> Outcome:
    """The promotion is done and recorded: only what is surely worse takes it back, whatever else goes wrong is told."""
    assert hands.intent is not None  # noqa: S101 - it was announced; tells the type checker
    try:
        baked(canary, hands.intent)
        return outcome.warned(*let_go(canary.rolling, hands))
    except (PromotionError, KeyboardInterrupt) as error:
        why = str(error) or "the interrupt came when the promotion was done already"
    if canary.failed:
        because = Because(why, hands.intent.move.to)
        return undisturbed(lambda: take_back(outcome, hands, request, because))[0]
    return outcome.warned(*_left_beside(hands, why))


def _left_beside(hands: Hands, why: str) -> tuple[str, ...]:
    assert hands.intent is not None  # noqa: S101 - as above
    was = hands.intent.rollouts[0].was
    return (f"{why}; {version(was)} may still stand beside it, without traffic", *closed(hands))
