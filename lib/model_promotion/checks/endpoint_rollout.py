"""Can the candidate be rolled out to the endpoints that serve the champion?"""

from collections.abc import Sequence

from model_promotion.core.deployment import Deployment
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.rollout import Rollout, obstacles
from model_promotion.core.say import count
from model_promotion.witness import Witness

TOPIC = "Rollout"
WEIGHT = Weight.BARS


def ask(witness: Witness) -> Finding | None:
    """With --update-endpoints or --canary: is there an endpoint, at rest, with room, that the caller may change?"""
    if not witness.request.rolls_out:
        return None
    if witness.serving is None:
        said = "there is no serving backend here: endpoints are those of a Databricks workspace"
        return Finding(Verdict.FAILED, said, hint="leave --update-endpoints and --canary out")
    return judge(witness.deployments, witness.rollouts, canary=bool(witness.request.canary))


def judge(seen: Sequence[Deployment], rollouts: Sequence[Rollout], *, canary: bool) -> Finding:
    """The finding for these endpoints, of which `rollouts` are to be changed; a canary needs one of them."""
    facts = {"endpoints": list(seen), "rollouts": list(rollouts)}
    changed = {one.endpoint for one in rollouts}
    in_the_way = [f"{one.endpoint}: {why}" for one in seen if one.endpoint in changed for why in obstacles(one)]
    if in_the_way:
        return Finding(Verdict.FAILED, "; ".join(in_the_way), facts, hint="wait, or leave that endpoint out")
    if not rollouts:
        said = "no endpoint serves the champion, so there is nothing to roll out to"
        verdict = Verdict.FAILED if canary else Verdict.PASSED
        return Finding(verdict, said, facts, hint="name one: --endpoint NAME" if canary else "")
    told = "; ".join(f"{one.endpoint} serves {one.told}" for one in seen if one.endpoint in changed)
    return Finding(Verdict.PASSED, f"{count(len(rollouts), 'endpoint')} can be changed: {told}", facts)
