"""Is somebody else moving this model's aliases right now?"""

from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.intent import INTENT_TAG, Intent
from model_promotion.core.say import version, when
from model_promotion.witness import Witness

TOPIC = "Running"
WEIGHT = Weight.BARS


def ask(witness: Witness) -> Finding:
    """Does the registered model say that a promotion or a rollback is under way?"""
    model = witness.plan.seen
    text = model.tags.get(INTENT_TAG)
    if text is None:
        return Finding(Verdict.PASSED, "no other promotion or rollback is under way")
    hint = f"if it is dead: {witness.request.command('--recover', 'resume')}, or --recover abandon to undo it"
    try:
        intent = Intent.parse(text)
    except ValueError as error:
        return Finding(Verdict.FAILED, str(error), hint=hint)
    move = intent.move
    way = f"{version(move.was)} to {version(move.to)}"
    return Finding(
        Verdict.FAILED,
        f"a {intent.kind} of @{move.alias} from {way} is under way since {when(intent.since)}",
        {"intent": text},
        hint=hint,
    )
