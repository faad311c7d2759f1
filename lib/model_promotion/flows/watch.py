"""Watch: how does the version behind the alias do in service? What surely does harm is rolled back.

A watch that is cut off leaves everything as it is: until it rolls back it writes nothing.
"""

from dataclasses import replace

from model_promotion.core import say
from model_promotion.core.duration import as_age
from model_promotion.core.errors import Conflict, Interrupted, NotFound, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import way_out
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode, Request
from model_promotion.flows.resolve import find_model, find_version
from model_promotion.flows.watches.data import sources
from model_promotion.flows.watches.endpoint import places
from model_promotion.flows.watches.going_back import rolled_back
from model_promotion.flows.watches.watching import Ended, Watching, moves_it
from model_promotion.world import World

NOTHING = "name an endpoint (--endpoint NAME|URL), labels ([watch] labels in the policy) or --current-data PATH"


def run(request: Request, world: World) -> Outcome:
    """Watch what stands behind the target alias."""
    watching = _begun(request, world.beside(world.voice))
    if watching is None:
        raise Conflict(f"there is nothing to watch: no endpoint is known to serve {request.where}", hint=NOTHING)
    return _ended(watching, _undisturbed_by_ctrl_c(watching))


def after(done: Outcome, request: Request, world: World) -> Outcome:
    """The outcome of a promotion that has ended well, once what it promoted was watched."""
    if not done.done or done.to is None or (done.decision and done.decision.diverted):
        return done
    asked = replace(request, model=done.model)
    try:
        watching = _begun(asked, world.beside(world.voice), done.to)
    except PromotionError as error:
        return done.warned(f"{say.version(done.to)} was not watched: {error}")
    if watching is None:
        return done.warned(f"{say.version(done.to)} was not watched, there is nothing to watch: {NOTHING}")
    return _joined(done, _ended(watching, _undisturbed_by_ctrl_c(watching)))


def _begun(request: Request, world: World, number: str | None = None) -> Watching | None:
    """The watch of this version, by default of the one that stands there; None where there is nothing to look at.

    Raises:
        NotFound: when no version stands there.
        Conflict: when something else is at work there.
    """
    seen = find_model(request, world.registry)
    stands = seen.at(request.target_alias)
    if stands is None:
        raise NotFound(f"nothing stands behind {request.where} of {seen.name}", hint="promote a version first")
    if number not in (None, stands):
        raise Conflict(f"{request.where} is {say.version(stands)} already")
    if going_on := moves_it(seen.tags, request.target_alias):
        raise Conflict(going_on, hint=way_out(seen.tags, request.command))
    version = find_version(seen.name, stands, world.registry)
    watching = Watching(request, world, version)
    watching.places = places(request, world, version, watching.looks)
    watching.others = sources(watching)
    return watching if watching.places or watching.others else None


def _undisturbed_by_ctrl_c(watching: Watching) -> Ended:
    """How it ended.

    Raises:
        Interrupted: when somebody ended it.
    """
    request, label = watching.request, watching.version.label
    for_s, where = as_age(watching.look_s * watching.looks), request.where
    told = f"{label} ({where}) for {for_s}, {say.count(watching.looks, 'look')}, at {watching.at}"
    watching.world.voice.tell(Event(Kind.WORKING, "Watch", told))
    try:
        return watching.until_it_ends()
    except KeyboardInterrupt as error:
        stays = f"the watch was interrupted after {say.count(len(watching.told), 'look')}; {where} stays at {label}"
        raise Interrupted(stays, hint=f"watch on: {request.command('--watch', for_s)}") from error


def _ended(watching: Watching, ended: Ended) -> Outcome:
    if ended is Ended.BREACH:
        return rolled_back(watching)
    superseded = ended is Ended.SUPERSEDED
    # The time that was asked for was not watched to its end: that is not well, and nothing is wrong with the version.
    warnings = (*watching.warnings, *([watching.superseded] if superseded else []))
    label, looks = watching.version.label, say.count(len(watching.told), "look")
    said = f"watched for {looks}, {'with warnings' if warnings else 'all is well'}"
    if superseded:
        said = f"watched for {looks} only, superseded: {watching.superseded}"
    return Outcome(
        mode=Mode.WATCH,
        code=ExitCode.WARNED if warnings else ExitCode.DONE,
        summary=f"{watching.version.model}: {watching.request.where} {label} {said}",
        model=watching.version.model,
        was=watching.version.number,
        to=watching.version.number,
        warnings=warnings,
        hints=_longer(watching),
        facts={"watch": watching.facts(ended.value)},
    )


def _longer(watching: Watching) -> tuple[str, ...]:
    """What to type where the time was too short for as many own requests as it takes."""
    policy, request = watching.world.policy.watch, watching.request
    few = any(one.facts.get("n", policy.least) < policy.least for one in watching.last.values())
    if not (few and watching.places) or watching.look_s * watching.looks >= policy.enough_s:
        return ()
    for_s = as_age(policy.enough_s)
    said = f"{policy.least:,} requests take about {for_s} at {policy.probes_per_s:g} a second"
    return (f"{said}: {request.command('--watch', for_s)}",)


def _joined(done: Outcome, watched: Outcome) -> Outcome:
    """One outcome of both."""
    code = max(done.code, watched.code)
    return replace(
        done,
        code=code,
        summary=f"{done.summary}; {watched.summary}" if watched.done else watched.summary,
        entries=(*done.entries, *watched.entries),
        record=watched.record or done.record,
        warnings=(*done.warnings, *watched.warnings),
        hints=watched.hints or done.hints,
        undo=done.undo if watched.done else watched.undo,
        facts={**done.facts, **watched.facts},
    )
