"""Does stage Production keep its version?"""

from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.plan import PRODUCTION_KEEPS, leaves_production
from model_promotion.core.stages import PRODUCTION, as_target
from model_promotion.witness import Witness

TOPIC = "Production"
WEIGHT = Weight.BARS


def ask(witness: Witness) -> Finding | None:
    """Is the candidate free to go to another stage? A version has one stage only, so it would leave the one it has."""
    plan = witness.plan
    if not any(leaves_production(plan.seen, move.alias, move.to) for move in plan.moves):
        return None
    said = f"{plan.candidate.label} is in stage Production, and {PRODUCTION_KEEPS}"
    first = witness.request.toward(as_target(PRODUCTION)).command("--version", "N")
    return Finding(Verdict.FAILED, said, hint=f"put another one there first: {first}")
