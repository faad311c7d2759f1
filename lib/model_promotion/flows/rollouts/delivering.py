"""A promotion whose version is delivered to endpoints: they come first, then the alias, then the time it is watched."""

from dataclasses import replace

from model_promotion.core.errors import Conflict, Paused
from model_promotion.core.intent import ROOM, Intent
from model_promotion.core.jsonable import jsonable
from model_promotion.core.outcome import Outcome
from model_promotion.flows import promote
from model_promotion.flows.acting import Acted, begin
from model_promotion.flows.announcing import intent_of
from model_promotion.flows.rollouts.baking import failed_canary, watched
from model_promotion.flows.rollouts.canary import Canary
from model_promotion.flows.rollouts.rolling_out import canary_of, carry_out_with_endpoints, seen_of
from model_promotion.flows.rollouts.rows import asked_with, own
from model_promotion.world import World


def acted(judged: promote.Judged, world: World) -> Outcome:
    """Everything of it holds, or all of it is undone, or somebody has to decide."""
    intent, rows = _announced(judged, world), asked_with(judged.plan.candidate, judged.request, world)
    world.renew()
    begun = begin(intent, world, world.registry.model(judged.plan.seen.name))
    if begun.failure:
        return promote.failed(judged, begun)
    canary = canary_of(begun.hands, intent, rows)
    done = carry_out_with_endpoints(intent, judged.plan.steps, canary, begun)
    if done.failure:
        return _not_delivered(judged, done, canary)
    outcome = promote.recorded(judged, done.hands, ends=False, rollout=seen_of(canary))
    return _told(watched(outcome, done.hands, judged.request, canary), canary)


def prepared(judged: promote.Judged, world: World) -> None:
    """Whether it could begin.

    Raises:
        Conflict: when there is no room for the announcement, or nothing to ask the new version.
    """
    _announced(judged, world)
    if not judged.request.eval_data.filled(world.policy.evidence.dataset):
        own(judged.plan.candidate, world.registry)


def _announced(judged: promote.Judged, world: World) -> Intent:
    request = judged.request
    bake_s = float(world.policy.rollout.bake_s if request.bake_s is None else request.bake_s)
    load = str(request.load_test or "")
    alone = intent_of(judged.plan, world, judged.noticed)
    intent = replace(alone, rollouts=judged.rollouts, ladder=request.canary, bake_s=bake_s, load=load)
    if len(intent.text) > ROOM:
        several = f"{len(judged.rollouts)} endpoints at once are more than can be noted down on the model"
        raise Conflict(several, hint="name fewer of them: --endpoint NAME")
    return intent


def _not_delivered(judged: promote.Judged, done: Acted, canary: Canary) -> Outcome:
    """What the canary was rolled back for holds the version; what nobody can tell is left for somebody to decide."""
    outcome, request = promote.failed(judged, done), judged.request
    if canary.failed:
        return _told(failed_canary(replace(outcome, summary=str(done.failure)), done.hands, request, canary), canary)
    if isinstance(done.failure, Paused):
        ways = {"go on": "resume", "undo it": "abandon"}
        hints = tuple(f"{way}: {request.command('--recover', how)}" for way, how in ways.items())
        return _told(replace(outcome, hints=hints), canary)
    return _told(outcome, canary)


def _told(outcome: Outcome, canary: Canary) -> Outcome:
    """With what was done to endpoints, and seen there."""
    return replace(outcome, facts={**outcome.facts, **jsonable(seen_of(canary))})
