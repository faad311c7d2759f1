"""Does nobody else lose a place by this, or stay behind?"""

from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.plan import Plan, displaced
from model_promotion.core.say import version
from model_promotion.core.stages import aliases_of, stage_of
from model_promotion.witness import Witness

TOPIC = "Stage"
WEIGHT = Weight.ADVISES


def ask(witness: Witness) -> Finding | None:
    """Will only the champion be archived? Transitions that did not archive leave several versions in one stage."""
    plan = witness.plan
    if plan.nothing_to_do or not any(stage_of(place) for place in (plan.target_alias, plan.twin or "")):
        return None
    staged = any(stage_of(move.alias) for move in plan.moves)
    versions = witness.registry.versions(plan.seen.name) if staged else ()
    leaver = plan.moves[0].was if plan.in_place else plan.was
    lost = displaced(plan.moves, leaver, versions)
    behind = _behind(plan)
    if lost or behind:
        return Finding(Verdict.WARNED, "; ".join((*lost, *behind)), {"displaced": lost, "behind": behind})
    return Finding(Verdict.PASSED, "no other version loses its place by it")


def _behind(plan: Plan) -> tuple[str, ...]:
    """One alias is kept in step with a stage; another one that could be, too, is told of."""
    places = {plan.target_alias, plan.twin}
    stages = [stage for place in places if place and (stage := stage_of(place))]
    others = [alias for alias in aliases_of(stages[0]) if alias not in places] if plan.twin else []
    stood = {alias: plan.seen.at(alias) for alias in others}
    return tuple(
        f"@{alias} stays at {version(at)}" for alias, at in stood.items() if at not in (None, plan.candidate.number)
    )
