"""Can the candidate be rolled out to the endpoints that serve the champion?"""

from collections.abc import Collection, Sequence

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
    if witness.request.canary and not witness.rollouts:
        said = "a canary needs an endpoint that serves the champion, and there is none"
        return Finding(Verdict.FAILED, said, hint="name one: --endpoint NAME, or leave --canary out")
    if witness.request.in_group:
        said = "the promotions of a group hold together, and endpoints are not part of that yet"
        return Finding(Verdict.FAILED, said, hint="promote it outside of the group, or leave --update-endpoints out")
    if idle := _idle(witness):
        said = f"named, but serving neither what the candidate replaces nor the candidate: {'; '.join(idle)}"
        return Finding(Verdict.FAILED, said, hint="leave that endpoint out, or change it by hand")
    model = witness.plan.seen.name
    may = {one.creator: witness.access.may_execute(model, one.creator) for one in witness.deployments if one.creator}
    return judge(witness.deployments, witness.rollouts, unseen={who for who, sure in may.items() if not sure})


def _idle(witness: Witness) -> list[str]:
    """The endpoints that were asked for by name, where there would be nothing to do, and the candidate gets nothing."""
    names = {*witness.request.endpoints} - {one.endpoint for one in witness.rollouts}
    model, number = witness.plan.seen.name, witness.plan.candidate.number
    idle = [one for one in witness.deployments if one.endpoint in names]
    idle = [one for one in idle if not ((found := one.serving(model, number)) and found.share_pct)]
    return [f"{one.endpoint} serves {one.told}" for one in idle]


def _remarks(seen: Sequence[Deployment], unseen: Collection[str]) -> str:
    """What no check of ours can settle: Databricks asks the endpoint's creator for EXECUTE again at each update."""
    told = [
        f"{one.creator}, who created {one.endpoint}, is not seen to have EXECUTE"
        for one in seen
        if one.creator in unseen
    ]
    told += [f"{one.endpoint} is route-optimised: asked with OAuth only" for one in seen if one.route_optimized]
    return "".join(f"; {one}" for one in told)


def judge(seen: Sequence[Deployment], rollouts: Sequence[Rollout], unseen: Collection[str] = ()) -> Finding:
    """The finding for these endpoints, of which `rollouts` are to be changed.

    `unseen` are creators of whom it is not seen that they may execute the model.
    """
    facts = {"endpoints": list(seen), "rollouts": list(rollouts), "creators_not_seen_to_execute": sorted(unseen)}
    adds = {one.endpoint: one.before is None for one in rollouts}
    changed = [one for one in seen if one.endpoint in adds]
    in_the_way = [f"{one.endpoint}: {why}" for one in changed for why in obstacles(one, needs_room=adds[one.endpoint])]
    if in_the_way:
        return Finding(Verdict.FAILED, "; ".join(in_the_way), facts, hint="wait, or leave that endpoint out")
    if not rollouts:
        served = "; ".join(f"{one.endpoint} serves {one.told}" for one in seen)
        said = f"no endpoint serves what the candidate replaces ({served or 'none names the model'})"
        return Finding(Verdict.PASSED, f"{said}, so nothing is rolled out", facts)
    told = "; ".join(f"{one.endpoint} serves {one.told}" for one in changed)
    rest = "".join(f"; {one.endpoint} serves {one.told} and is left alone" for one in seen if one not in changed)
    said = f"{count(len(rollouts), 'endpoint')} can be changed: {told}{rest}{_remarks(changed, unseen)}"
    return Finding(Verdict.PASSED, said, facts)
