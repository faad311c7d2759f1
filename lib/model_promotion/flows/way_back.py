"""Where a rollback leads, by the record and the registry, and what speaks against it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_promotion.core import say
from model_promotion.core.entities import READY, RegisteredModel, Version
from model_promotion.core.errors import NotFound, PromotionError
from model_promotion.core.history import left_at, moved_outside, moves_of, verified
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.plan import leaves_production
from model_promotion.core.record import Line, Noticed
from model_promotion.core.request import Request
from model_promotion.core.stages import PRODUCTION, as_target
from model_promotion.flows.resolve import NAMED
from model_promotion.world import World

if TYPE_CHECKING:
    from model_promotion.flows.rollouts.overruling import Overruled


@dataclass(frozen=True)
class Way:
    """Where a rollback leads: the version, why that one, and what the backup alias should keep afterwards.

    `over` is the rollout under way that it takes over.
    """

    seen: RegisteredModel
    to: str
    because: str
    backup_to: str | None = None
    noticed: Noticed = ()
    over: "Overruled | None" = None


def choose(request: Request, seen: RegisteredModel, lines: list[Line] | None) -> Way | None:
    """Where to: the version that was asked for, else by the record, else the one behind the backup alias.

    None when nothing says where to.

    Raises:
        NotFound: when somebody moved the alias outside this tool.
    """
    target, current, kept = request.target_alias, seen.at(request.target_alias), _kept(request, seen)
    known = [number for number in verified(target, lines or ()) if not leaves_production(seen, target, number)]
    last = moved_outside(target, lines or (), current)
    if request.to_version:
        below = known[: known.index(request.to_version)] if request.to_version in known else ()
        return Way(seen, request.to_version, "as asked", below[-1] if below else None, (last.to,) if last else ())
    if last:
        raise NotFound(
            f"{request.where} is {say.version(current)}, but {left_at(last)}: "
            "it was moved outside this tool, so it is for you to say how far to go back",
            hint=f"for example {request.command('--rollback', '--to-version', last.to or 'N')}",
        )
    if len(known) > 1:
        return Way(seen, known[-2], "the last verified version by the record", known[-3] if len(known) > 2 else None)  # noqa: PLR2004
    if kept is not None and not known:
        unrecorded = "" if lines is not None else ", the record could not be read"
        return Way(seen, kept, f"kept as {say.target(request.backup_alias)}{unrecorded}")
    return None


def name_one(request: Request, seen: RegisteredModel, world: World) -> str:
    """What to type to say where to, with the versions to choose from if they can be read; empty when there is none."""
    try:
        listed = world.registry.versions(request.model)
    except PromotionError:
        listed = ()
    target, current = request.target_alias, seen.at(request.target_alias)
    ready = [one for one in listed if one.number != current and one.status == READY]
    others = [one.label for one in ready if not leaves_production(seen, target, one.number)]
    if listed and not others:
        return ""
    more = f" (and {len(others) - NAMED} more)" if len(others) > NAMED else ""
    there_is = f"; there is {', '.join(others[:NAMED])}{more}" if others else ""
    return f"name one: {request.command('--rollback', '--to-version', 'N')}{there_is}"


def doubts_of(request: Request, target: Version, lines: list[Line] | None) -> tuple[str, ...]:
    """What speaks against going back to this version: said when it was asked for, refused when it was not."""
    doubts = []
    if HOLD_TAG in target.tags:
        doubts.append(f"{target.label} is held itself: {target.tags[HOLD_TAG]}")
    ends = {end for line in moves_of(request.target_alias, lines or ()) for end in (line.was, line.to)}
    if lines and target.number not in ends:
        doubts.append(f"{target.label} never stood behind {request.where} by the record")
    return tuple(doubts)


def _kept(request: Request, seen: RegisteredModel) -> str | None:
    """The version behind the backup alias, unless it is the one in place."""
    kept = seen.at(request.backup_alias)
    away = kept == seen.at(request.target_alias) or leaves_production(seen, request.target_alias, kept)
    return None if away else kept


def but_for(request: Request, seen: RegisteredModel) -> str:
    """The version that is passed over, for a person."""
    number = seen.at(as_target(PRODUCTION))
    passed = leaves_production(seen, request.target_alias, number)
    return f"; {say.version(number)} is passed over, it is in stage Production" if passed else ""
