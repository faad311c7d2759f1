"""The other models of a group that was cut off: recovery goes one way for all of them, or the group is split."""

from dataclasses import replace
from functools import partial

from model_promotion.core.entities import RegisteredModel
from model_promotion.core.errors import Conflict, PromotionError
from model_promotion.core.intent import Intent, intents
from model_promotion.core.request import Request
from model_promotion.flows.announcing import head_of
from model_promotion.together import together
from model_promotion.world import World

ENDED = {"resume": "stands at its new version", "abandon": "was put back, or never begun"}


def go_the_same_way(request: Request, intent: Intent, seen: RegisteredModel, world: World) -> tuple[str, ...]:
    """What is left to type for the others, that cannot be seen to have been recovered already.

    Raises:
        Conflict: when one of them has gone the other way, without --force.
    """
    others = intent.others(seen.name)
    ways = dict(zip(others, together([partial(_way, other, intent, world) for other in others]), strict=True))
    split = {other: way for other, way in ways.items() if way not in (None, request.recovery)}
    if split and not request.force:
        names, way = ", ".join(split), next(iter(split.values()))
        raise Conflict(
            f"not recovered: of the group of {seen.name}, {names} {ENDED[str(way)]}; {request.recovery} would split it",
            hint=f"the same for all of it: {request.command('--recover', str(way))}; to split it all the same: "
            + request.command("--recover", str(request.recovery), "--force"),
        )
    left = (replace(request, model=other) for other, way in ways.items() if way is None)
    return tuple(f"the same for its group: {one.command('--recover', str(request.recovery))}" for one in left)


def _way(model: str, intent: Intent, world: World) -> str | None:
    """How that model was recovered; None while it is announced still, or nobody can tell."""
    try:
        seen = world.registry.model(model)
    except PromotionError:
        return None
    left = intents(seen.tags)
    if any(one.kind == "rollback" for one in left):
        return "abandon"
    if left:
        return None
    return "resume" if head_of(seen).record == intent.work else "abandon"
