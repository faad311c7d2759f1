"""Was the candidate rolled back before?"""

from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.intent import HOLD_TAG
from model_promotion.witness import Witness

TOPIC = "Hold"
WEIGHT = Weight.BLOCKS


def ask(witness: Witness) -> Finding:
    """Does an earlier rollback hold the candidate?"""
    candidate = witness.plan.candidate
    held = candidate.tags.get(HOLD_TAG)
    if held is None:
        return Finding(Verdict.PASSED, f"{candidate.label} is not held")
    return Finding(
        Verdict.FAILED,
        f"{candidate.label} is held: {held}",
        {"hold": held},
        hint="when the cause is mended: " + witness.request.command("--version", candidate.number, "--release"),
    )
