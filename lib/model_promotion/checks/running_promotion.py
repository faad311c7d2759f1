"""Is somebody else moving this model's aliases right now?"""

from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.intent import notes, under_way, way_out
from model_promotion.witness import Witness

TOPIC = "Running"
WEIGHT = Weight.BARS


def ask(witness: Witness) -> Finding:
    """Does the registered model say that a promotion or a rollback is under way?"""
    tags = witness.plan.seen.tags
    going_on = under_way(tags)
    if going_on is None:
        return Finding(Verdict.PASSED, "no other promotion or rollback is under way")
    return Finding(Verdict.FAILED, going_on, {"intent": notes(tags)}, hint=way_out(tags, witness.request.command))
