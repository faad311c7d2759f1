"""What a watch does about harm that is sure: back to the version before, and a look whether that helped."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from model_promotion.core import say
from model_promotion.core.endpoints import is_address
from model_promotion.core.errors import Conflict, NotFound, PromotionError, Unavailable
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.jsonable import jsonable
from model_promotion.core.load import Load, LoadTest
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode, Request
from model_promotion.core.rollout import WHOLE
from model_promotion.core.watch_rules import judged
from model_promotion.flows import rollback
from model_promotion.flows.rollouts import rows
from model_promotion.flows.rollouts.probes import Probes
from model_promotion.flows.watches.endpoint import serving_of

if TYPE_CHECKING:
    from model_promotion.flows.watches.watching import Watching
    from model_promotion.world import World

TRIES, WAIT_S = 5, 10.0
AGAIN = (ExitCode.REFUSED, ExitCode.DENIED)
VOID_TRIES = 3
STAYS = "not rolled back"
LONGEST_S = 10.0
"""So long the version that is back is asked."""


@dataclass(frozen=True)
class Validated:
    """Whether an endpoint is well again."""

    endpoint: str
    well: bool
    sentence: str


def rolled_back(watching: Watching) -> Outcome:
    """The outcome once the version is taken back, and what followed from that."""
    why, label = watching.breach, watching.version.label
    world = watching.world.beside(watching.world.voice)
    world.voice.tell(Event(Kind.FAILED, "Alert", f"{label} is to be rolled back: {why}"))
    facts = {"watch": watching.facts("rolled back")}
    try:
        back = _back(watching, world, why)
    except PromotionError as error:
        return _stays(watching, error, facts)
    if not back.done:
        facts["watch"]["ended"] = STAYS
        return replace(back, mode=Mode.WATCH, summary=f"{why}; {back.summary}", facts={**back.facts, **facts})
    found = [_validated(one.endpoint, back.to or "", watching) for one in watching.places]
    for one in found:
        world.voice.tell(Event(Kind.PASSED if one.well else Kind.FAILED, "Validation", one.sentence))
    facts["watch"]["validated"] = jsonable(found)
    ill = tuple(f"NOT WELL after the rollback: {one.sentence}" for one in found if not one.well)
    return replace(
        back,
        mode=Mode.WATCH,
        code=ExitCode.REFUSED,
        summary=f"rolled back by its watch: {why}; {back.summary}{_and(ill)}",
        warnings=(*back.warnings, *ill),
        facts={**back.facts, **facts},
    )


def _back(watching: Watching, world: World, why: str) -> Outcome:
    """The rollback; who else is at work on the model, or does not answer, is waited for a little.

    Raises:
        PromotionError: when it cannot be done.
    """
    request = _request(watching.request, f"watch: {why}")
    for left in reversed(range(TRIES)):
        try:
            back = rollback.run(request, world, leaving=watching.version.number)
            if back.code not in AGAIN or not left or watching.is_superseded():
                return back
            said = back.summary
        except (Unavailable, Conflict) as error:
            if not left or watching.is_superseded():
                raise
            said = str(error)
        world.voice.tell(Event(Kind.WARNED, "Rollback", f"tried again in {WAIT_S:g} s: {said}"))
        world.clock.sleep(WAIT_S)
        world.renew()
    raise AssertionError(why)


def _request(request: Request, reason: str) -> Request:
    """As `--rollback --update-endpoints`: an alias that is back helps nobody whose endpoint is not."""
    usual = Request(Mode.ROLLBACK, request.model, program=request.program, address_options=request.address_options)
    where = {"target_alias": request.target_alias, "sync_stages": request.sync_stages}
    return replace(usual, **where, reason=reason, update_endpoints=True)  # type: ignore[arg-type]


def _stays(watching: Watching, error: PromotionError, facts: dict[str, Any]) -> Outcome:
    request, version = watching.request, watching.version
    # Where nobody knows a version to go back to, to ask for the same once more is no way out.
    by_hand = "" if isinstance(error, NotFound) else f"by hand: {request.command('--rollback')}"
    return Outcome(
        mode=Mode.WATCH,
        code=error.code,
        summary=f"NOT rolled back, {request.where} was {version.label} when last seen: {error}; {watching.breach}",
        model=version.model,
        was=version.number,
        to=version.number,
        hints=tuple(filter(None, (error.hint, by_hand))),
        facts={"watch": {**facts["watch"], "ended": STAYS}},
    )


def _and(ill: tuple[str, ...]) -> str:
    return f"; {'; '.join(ill)}" if ill else ""


def _validated(endpoint: str, number: str, watching: Watching) -> Validated:
    if is_address(endpoint):
        said = f"{endpoint} serves what it was started with: start it with {say.version(number)}"
        return Validated(endpoint, well=False, sentence=said)
    try:
        found = _limits_kept(endpoint, number, watching)
    except PromotionError as error:
        return Validated(endpoint, well=False, sentence=f"{endpoint}: {error}")
    except KeyboardInterrupt:  # The rollback is done: only the look at what came of it ends here.
        return Validated(endpoint, well=False, sentence=f"{endpoint} was not looked at again: interrupted")
    return found


def _limits_kept(endpoint: str, number: str, watching: Watching) -> Validated:
    """Whether the version that is back gets the traffic, answers, and keeps the limits.

    Raises:
        PromotionError: when it does not answer, or somebody else does.
    """
    from model_promotion.evidence.health.in_service import Served, Sureness
    from model_promotion.evidence.under_load import void

    world, model = watching.world, watching.version.model
    policy, endpoints = world.policy.watch, serving_of(world)
    seen = endpoints.deployment(endpoint)
    entity = seen.serving(model, number)
    if entity is None or not entity.share_pct:
        raise Conflict(f"{say.version(number)} gets no traffic, it serves {seen.told}")
    known = rows.own(world.registry.version(model, number), world.registry)
    probes = Probes(endpoints, world.loader, known, world.clock)
    probes.answers(endpoint, "" if entity.share_pct == WHOLE else entity.name, named=entity.name)
    asked = LoadTest(policy.probes_per_s, min(watching.look_s, LONGEST_S))
    load = Load((endpoints.target(endpoint, entity.name),), known.payloads, asked, warm_up_s=0.0)
    runs = (world.loader.run(load) for _ in range(VOID_TRIES))
    run = next((one for one in runs if not (why := void(one, world.policy.load_test))), None)
    if run is None:
        raise Unavailable(f"own requests say nothing: {why}")
    measures = Served.none(policy, Sureness(policy.alpha, 1, 1)).after(run.samples).measures(policy)
    well = all(limits.rollback is None or one.value <= limits.rollback for one, limits in measures)
    said = "; ".join(judged(*one).sentence for one in measures)
    return Validated(endpoint, well=well, sentence=f"{endpoint}: {entity.name} answers again: {said}")
