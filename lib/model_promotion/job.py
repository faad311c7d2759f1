"""The one way to run: the command and the jobs of Python both come through here."""

import importlib
from dataclasses import replace
from typing import cast

from model_promotion.core import say
from model_promotion.core.data_options import check_data_options
from model_promotion.core.errors import BadCall, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode, Request
from model_promotion.core.selector import ByAlias
from model_promotion.core.stages import apart, fitting, stage_of
from model_promotion.flows.paging import paged, paged_failure
from model_promotion.ports import Voice
from model_promotion.settings import Settings
from model_promotion.world import World

FLOWS = {
    Mode.PROMOTE: "promote",
    Mode.DRY_RUN: "promote",
    Mode.CHECK: "promote",
    Mode.APPLY: "apply",
    Mode.ROLLBACK: "rollback",
    Mode.RELEASE: "release",
    Mode.APPROVE: "approve",
    Mode.REJECT: "approve",
    Mode.RECOVER: "recover",
    Mode.HISTORY: "history",
    Mode.VERIFY_AUDIT: "verify_audit",
    Mode.LIST: "list_models",
    Mode.CLEANUP: "cleanup",
    Mode.WATCH: "watch",
}


def carry_through(request: Request, settings: Settings, voice: Voice) -> Outcome:
    """Run the flow that the request's mode names, in the world that the settings describe.

    Raises:
        PromotionError: when the world is broken: not found, not allowed, not reachable.
    """
    from model_promotion.wiring import plug_in

    _sound(request, settings)
    world = plug_in(settings, voice)
    if world.alerts is None:
        return _carried(request, world)
    from model_promotion.flows import alerting  # Few calls tell anybody.

    alerting.ready(request, world)
    try:
        outcome = _carried(request, world)
    except (Exception, KeyboardInterrupt) as error:
        alerting.told_of_end(error, request, world)
        raise
    return alerting.told(outcome, request, world)


def _carried(request: Request, world: World) -> Outcome:
    request = _fitting(request, world)
    verb = "fleet" if request.fleet else "auto" if request.best else FLOWS[request.mode]
    flow = importlib.import_module(f"model_promotion.flows.{verb}")
    try:
        outcome = cast("Outcome", flow.run(request, world))
    except (PromotionError, KeyboardInterrupt) as error:
        _undescribed(str(error) or "interrupted", request, world)
        paged_failure(error, request, world)
        raise
    outcome = _watched(outcome, request, world)
    if outcome.to is None or outcome.facts.get("watch", {}).get("ended") == "rolled back":
        _undescribed(outcome.summary, request, world)
    return paged(outcome, request, world)


def _sound(request: Request, settings: Settings) -> None:
    """Whether what was asked of data can be done, with what the policy says of it.

    Raises:
        BadCall: when it cannot; of a fleet, with the name of the model.
    """
    for one in request.fleet.members if request.fleet else (request,):
        try:
            check_data_options(one, settings.policy)
        except BadCall as error:
            raise BadCall(f"{one.model}: {error}", error.hint) if request.fleet else error from error


def _watched(outcome: Outcome, request: Request, world: World) -> Outcome:
    """The outcome of a promotion, and of the watch that was asked for after it."""
    if request.mode is not Mode.PROMOTE or request.watch_s is None:
        return outcome
    from model_promotion.flows import alerting, watch  # Few calls do.

    alerting.tell_before_the_watch(outcome, request, world)
    return watch.after(outcome, request, world)


def _undescribed(why: str, request: Request, world: World) -> None:
    if request.metadata_file:
        from model_promotion.flows.describing import undescribed

        undescribed(why, request, world)


def _fitting(request: Request, world: World) -> Request:
    """The request in the registry's own terms: stages where there are stages, aliases where there are aliases."""
    if request.fleet:
        return replace(request, fleet=request.fleet.each(lambda member: _fitting(member, world)))
    features, asked = world.registry.features, request.target_alias
    candidate = request.candidate
    if isinstance(candidate, ByAlias):
        candidate = ByAlias(fitting(candidate.alias, features))
    target = fitting(asked, features)
    if stage_of(asked) or target != asked:
        why = f"{features.because}: " if target != asked else ""
        world.voice.tell(Event(Kind.WORKING, "Stages", f"{why}{say.target(target)} is used"))
    if request.sync_stages and not features.stages:
        why = f"{features.because}: --sync-stages has nothing to keep in step"
        world.voice.tell(Event(Kind.WARNED, "Stages", why))
    other = fitting(request.else_alias, features) if request.if_better else ""
    if other and not apart(target, other, in_step=request.in_step(features)):
        raise BadCall(
            f"a candidate that is not better cannot go to {say.target(other)}: "
            f"it is {say.target(target)} itself, keeps its earlier version, or is kept in step with it",
            hint="name another: --else-alias ALIAS",
        )
    fits = replace(request, candidate=candidate, target_alias=target, else_alias=other)
    if fits.leads_nowhere:
        raise BadCall(f"source and target are both {fits.where} here", hint="name another with --from or --to")
    return fits
