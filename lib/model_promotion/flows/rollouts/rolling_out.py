"""A promotion that reaches the endpoints: they come first, the alias moves once all of them serve the new version.

Whatever fails, the endpoints go back before the alias does. The old version stays beside the new one, without traffic,
for the time that was asked for: until then going back is a change of routes.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from model_promotion.core.deployment import Served
from model_promotion.core.errors import Conflict, Paused, PromotionError, Unavailable
from model_promotion.core.event import Event, Kind
from model_promotion.core.intent import HOLD_TAG, Intent
from model_promotion.core.ladder import USUAL, Ladder, part
from model_promotion.core.load import LoadTest
from model_promotion.core.rollout import WHOLE
from model_promotion.core.rows import Rows
from model_promotion.core.say import version, when
from model_promotion.core.steps import SetTag, Step
from model_promotion.flows.acting import Acted, go_on, take_each
from model_promotion.flows.hands import Hands
from model_promotion.flows.rollouts.canary import Canary
from model_promotion.flows.rollouts.endpoints import EndpointHands
from model_promotion.flows.rollouts.keeping_on import KeepingOn, keep_on
from model_promotion.flows.rollouts.probes import Probes
from model_promotion.flows.rollouts.rolling import Rolling


def carry_out_with_endpoints(intent: Intent, steps: Sequence[Step], canary: Canary, acted: Acted) -> Acted:
    """Roll out, then take every step; all of it is undone unless all of it holds, or somebody has to decide."""
    rolling, hands = canary.rolling, acted.hands
    hands.first_back = lambda: not rolling.hands.may_land_later and not rolling.back()

    def climbed() -> None:
        try:
            climb(canary, intent)
        except Conflict as worse:
            if canary.failed:
                raise Paused(str(worse), worse.hint) from worse  # It is taken back under its note, and recorded.
            raise

    acted = go_on(hands, steps, climbed)
    if isinstance(acted.failure, Paused) and not canary.failed:
        left_standing(canary, hands)
    return acted


def left_standing(canary: Canary, hands: Hands) -> None:
    """Nobody is at work on it any more. Who goes on with it does so although the rung could not be judged."""
    assert hands.intent is not None  # noqa: S101 - it was announced; tells the type checker
    left = tuple(rung for rung in hands.intent.ladder if rung > canary.rung)
    with suppress(PromotionError):  # Then it has to be waited for until its lease is over.
        hands.prolong(round(hands.world.clock.now(), 3), ladder=left)


def rolling_of(hands: Hands, intent: Intent) -> Rolling:
    """The rollouts that were announced, in these hands.

    Raises:
        Unavailable: when there is no way to change an endpoint from here.
    """
    world = hands.world
    if world.endpoints is None:
        raise Unavailable("endpoints cannot be changed from here", hint="log in to the workspace that serves the model")
    on_endpoints = EndpointHands(world.endpoints, world, world.policy.rollout.timeout_s, partial(keep_on, hands))
    return Rolling(hands.seen.name, intent.rollouts, on_endpoints)


def canary_of(hands: Hands, intent: Intent, rows: Rows) -> Canary:
    """How the rollouts that were announced go up; without a ladder in one step, and held at the end all the same.

    Raises:
        Unavailable: when there is no way to change an endpoint from here.
    """
    rolling, world = rolling_of(hands, intent), hands.world
    loader = KeepingOn(world.loader, rolling.hands.ours, world.clock)
    probes = Probes(rolling.hands.endpoints, loader, rows, world.clock, world.policy.model_tests.tolerance)
    load_test = LoadTest.parse(intent.load) if intent.load else None
    ladder = Ladder(intent.ladder or USUAL, intent.bake_s or 1.0)
    return Canary(rolling, ladder, probes, load_test, alpha=world.policy.rollout.alpha * part(intent.resumed))


def seen_of(canary: Canary) -> dict[str, Any]:
    """What a rollout has done to endpoints and what its looks have said, for the record."""
    done, said = tuple(canary.rolling.hands.entries), canary.told.summary
    return {"rollout": done, "canary": said, "asked_with": canary.probes.rows.told}


def climb(canary: Canary, intent: Intent) -> None:
    """Up to all of the traffic: beside the old version first, where it is asked before anybody else asks it.

    Raises:
        PromotionError: when an endpoint does not follow, or the version does not answer as it should.
    """
    rolling, probes = canary.rolling, canary.probes
    rolling.to(0)
    for one in rolling.rollouts:
        probes.begin(one)
    if not canary.begun:
        canary.loaded()
    canary.climb() if intent.ladder else rolling.to(WHOLE)
    for one in rolling.rollouts:
        if one.share_pct == WHOLE:
            probes.answers(one.endpoint, "", named=one.new)
    rolling.hands.ours(blindly=False)  # The alias moves next: whoever takes the traffic back now is seen before that.


def baked(canary: Canary, intent: Intent) -> None:
    """The new version has all of the traffic, the old one stands beside it: is all well?

    Raises:
        Conflict: when it is not.
        Paused: when nobody can tell.
    """
    rolling = canary.rolling
    gone = [one.endpoint for one in rolling.rollouts if not rolling.hands.look(one.endpoint).entity(one.old)]
    if gone and not intent.resumed:
        raise Paused(f"nobody can tell how it does: the old version is gone from {', '.join(gone)} already")
    if intent.bake_s > 0 and not gone:  # Where it was taken up again, that time was over already.
        canary.hold(WHOLE)


def held(number: str, hands: Hands) -> tuple[str, ...]:
    """The version that did worse than the champion does not come again without a word; the answer says what failed."""
    world, model = hands.world, hands.seen.name
    text = f"rolled back by its canary at {when(world.clock.now())}"
    alone = Hands(world, hands.seen)
    try:
        stands = alone.value(SetTag(model, HOLD_TAG, None, text, number))
        failed: tuple[PromotionError, ...] = take_each((SetTag(model, HOLD_TAG, stands, text, number),), alone)
    except PromotionError as error:
        failed = (error,)
    said = f"{version(number)} could not be held" if failed else text
    world.voice.tell(Event(Kind.WARNED, "Hold", said))
    return tuple(map(str, failed))


def first_routes(hands: Hands) -> tuple[Served, ...]:
    """Before anything of a rollout is undone, the endpoints go back to what they served; the answer says how.

    Raises:
        Conflict: when one of them does not.
    """
    assert hands.intent is not None  # noqa: S101 - as above
    if not hands.intent.rollouts:
        return ()
    rolling = rolling_of(hands, hands.intent)
    if failed := rolling.back():
        raise Conflict("; ".join(failed))
    return tuple(rolling.hands.entries)


def closed(hands: Hands) -> tuple[str, ...]:
    """The announcement is taken away; the answer says what of it failed."""
    assert hands.intent is not None  # noqa: S101 - as above
    return tuple(str(error) for error in take_each((hands.intent.opening(hands.seen.name).undone(),), hands.afresh()))
