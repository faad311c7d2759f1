"""The endpoints of a rollback: they go back after the alias, as far as they can; the alias waits for nothing."""

from dataclasses import dataclass, replace

from model_promotion.core.deployment import Served
from model_promotion.core.errors import PromotionError
from model_promotion.core.request import Request
from model_promotion.core.rollout import WHOLE, Rollout, planned
from model_promotion.core.say import version
from model_promotion.flows.hands import Hands
from model_promotion.flows.rollouts.rolling_out import rolling_of


@dataclass(frozen=True)
class RoutesBack:
    """What was done to endpoints, and what did not go as it should."""

    done: tuple[Served, ...] = ()
    warnings: tuple[str, ...] = ()


def routes_back(request: Request, hands: Hands, left: str, to: str) -> RoutesBack:
    """The endpoints that serve the version that was left serve the other one again.

    Where that one still stands beside it, it is a change of routes; else a build, which is done when it is asked for.
    The one that was left stays beside it without traffic, to be looked at. What a rollout that is taken back has done
    to endpoints is undone.
    """
    if hands.intent and hands.intent.rollouts:
        return rollouts_back(hands, hands.intent.rollouts)
    try:
        found = _found(hands, left, to)
        ready = [one for one in found if one.before is not None or request.update_endpoints]
        unheard = tuple(_still_serves(one, request) for one in found if one not in ready)
        return _put_right(hands, ready, unheard)
    except (PromotionError, KeyboardInterrupt) as error:
        return RoutesBack(warnings=(f"an endpoint may still serve {version(left)}: {str(error) or 'interrupted'}",))


def rollouts_back(hands: Hands, rollouts: tuple[Rollout, ...]) -> RoutesBack:
    """The endpoints as they were before a rollout, whatever was sent there at the last moment."""
    serve = f"may still serve {version(rollouts[0].to)}"
    if hands.world.endpoints is None or hands.intent is None:
        return RoutesBack(warnings=(f"endpoints cannot be changed from here, {rollouts[0].endpoint} {serve}",))
    rolling = rolling_of(hands, replace(hands.intent, rollouts=rollouts))
    try:
        failed = rolling.back()
    except KeyboardInterrupt:
        failed = (f"an endpoint {serve}: interrupted",)
    return RoutesBack(tuple(rolling.hands.entries), failed)


def _found(hands: Hands, left: str, to: str) -> list[Rollout]:
    serving, model = hands.world.serving, hands.seen.name
    if serving is None:
        return []
    names = [one.name for one in serving.endpoints(model) if one.serves.get(left)]
    found = (planned(serving.deployment(name), model, left, to) for name in names)
    return [one for one in found if one]


def _put_right(hands: Hands, rollouts: list[Rollout], warnings: tuple[str, ...]) -> RoutesBack:
    if not rollouts or hands.intent is None:
        return RoutesBack(warnings=warnings)
    rolling = rolling_of(hands, replace(hands.intent, rollouts=tuple(rollouts)))
    try:
        rolling.to(WHOLE)
    except (PromotionError, KeyboardInterrupt) as error:
        said = str(error) or "interrupted"
        warnings = (*warnings, f"an endpoint may still serve {version(rollouts[0].was)}: {said}")
    return RoutesBack(tuple(rolling.hands.entries), warnings)


def _still_serves(one: Rollout, request: Request) -> str:
    again = request.command("--version", one.to, "--update-endpoints")
    return f"{one.endpoint} still serves {version(one.was)}, {version(one.to)} is not beside it; build it: {again}"
