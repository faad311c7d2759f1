"""Is the champion the only version in the stage that the candidate goes to?"""

from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.stages import stage_of
from model_promotion.witness import Witness

TOPIC = "Stage"
WEIGHT = Weight.ADVISES


def ask(witness: Witness) -> Finding | None:
    """Will more than the champion be archived? Transitions that did not archive leave several versions in one stage."""
    plan = witness.plan
    stage = stage_of(plan.target_alias)
    if stage is None:
        return None
    inside = [version.number for version in witness.registry.versions(plan.seen.name) if version.stage == stage]
    others = [number for number in inside if number not in (plan.was, plan.candidate.number)]
    if not others:
        return Finding(Verdict.PASSED, f"{len(inside)} version in {plan.where}")
    crowd = ", ".join(f"v{number}" for number in inside)
    said = f"{crowd} are all in {plan.where}: all are archived, and a rollback goes to v{plan.was} alone"
    return Finding(Verdict.WARNED, said, {"inside": inside})
