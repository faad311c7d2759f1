"""A promotion whose version is delivered to endpoints: they come first, then the alias, then the time it is watched."""

from dataclasses import replace

from model_promotion.core.errors import Conflict, Paused
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG, ROOM, Intent
from model_promotion.core.jsonable import jsonable
from model_promotion.core.outcome import Outcome
from model_promotion.core.say import version, when
from model_promotion.core.steps import SetTag
from model_promotion.flows import promote
from model_promotion.flows.acting import Acted, begin, take_each
from model_promotion.flows.announcing import intent_of
from model_promotion.flows.canary import Canary
from model_promotion.flows.hands import Hands
from model_promotion.flows.probes import payloads_of
from model_promotion.flows.rolling_out import baked, canary_of, carry_out_with_endpoints, let_go
from model_promotion.flows.taking_back import Because, take_back
from model_promotion.world import World


def acted(judged: promote.Judged, world: World) -> Outcome:
    """Everything of it holds, or all of it is undone, or somebody has to decide."""
    intent = _announced(judged, world)
    payloads = payloads_of(judged.plan.candidate, world.registry)
    world.renew()
    begun = begin(intent, world, world.registry.model(judged.plan.seen.name))
    if begun.failure:
        return promote.failed(judged, begun)
    canary = replace(canary_of(begun.hands, intent, payloads), load_test=judged.request.load_test)
    done = carry_out_with_endpoints(intent, judged.plan.steps, canary, begun)
    if done.failure:
        return _not_delivered(judged, done, canary)
    evidence = {"rollout": tuple(canary.rolling.hands.entries), "canary": tuple(canary.told)}
    outcome = promote.recorded(judged, done.hands, ends=False, rollout=evidence)
    return _told(_baked(judged, outcome, canary, done.hands), canary)


def _announced(judged: promote.Judged, world: World) -> Intent:
    request = judged.request
    bake_s = float(world.policy.rollout.bake_s if request.bake_s is None else request.bake_s)
    alone = intent_of(judged.plan, world, judged.noticed)
    intent = replace(alone, rollouts=judged.rollouts, ladder=request.canary, bake_s=bake_s)
    if len(intent.text) > ROOM:
        several = f"{len(judged.rollouts)} endpoints at once are more than can be noted down on the model"
        raise Conflict(several, hint="name fewer of them: --endpoint NAME")
    return intent


def _baked(judged: promote.Judged, outcome: Outcome, canary: Canary, hands: Hands) -> Outcome:
    """The old version goes when the time is over in which the new one was watched."""
    assert hands.intent is not None  # noqa: S101 - it was announced; tells the type checker
    try:
        baked(canary, hands.intent)
    except Conflict as worse:
        return take_back(outcome, hands, judged.request, Because(str(worse), judged.plan.candidate.number))
    except Paused as unknown:
        stays = f"{unknown}; {version(judged.plan.was)} still stands beside it, without traffic"
        closing = hands.intent.opening(hands.seen.name).undone()
        failed = (str(error) for error in take_each((closing,), hands.afresh()))
        return _warned(outcome, (stays, *failed))
    return _warned(outcome, let_go(canary.rolling, hands))


def _warned(outcome: Outcome, warnings: tuple[str, ...]) -> Outcome:
    code = outcome.code or (ExitCode.WARNED if warnings else ExitCode.DONE)
    return replace(outcome, code=code, warnings=(*outcome.warnings, *warnings))


def _not_delivered(judged: promote.Judged, done: Acted, canary: Canary) -> Outcome:
    """What the canary was rolled back for holds the version; what nobody can tell is left for somebody to decide."""
    outcome, request = promote.failed(judged, done), judged.request
    if isinstance(done.failure, Paused):
        ways = {"go on": "resume", "undo it": "abandon"}
        hints = tuple(f"{way}: {request.command('--recover', how)}" for way, how in ways.items())
        return _told(replace(outcome, hints=hints), canary)
    if canary.failed:
        outcome = _warned(outcome, _held(judged, done.hands))
    return _told(outcome, canary)


def _held(judged: promote.Judged, hands: Hands) -> tuple[str, ...]:
    world, candidate = hands.world, judged.plan.candidate
    text = f"rolled back by its canary at {when(world.clock.now())}"
    step = SetTag(candidate.model, HOLD_TAG, candidate.tags.get(HOLD_TAG), text, candidate.number)
    failed = take_each((step,), Hands(world, hands.seen))
    world.voice.tell(Event(Kind.WARNED, "Hold", f"{candidate.label} could not be held" if failed else text))
    return tuple(map(str, failed))


def _told(outcome: Outcome, canary: Canary) -> Outcome:
    """With what was done to endpoints, and seen there."""
    done, looks = canary.rolling.hands.entries, canary.told
    return replace(outcome, facts={**outcome.facts, "rollout": jsonable(tuple(done)), "canary": jsonable(tuple(looks))})
