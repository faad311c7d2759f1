"""The Python API. The command line is its first customer."""

import importlib
from dataclasses import dataclass, field, replace
from typing import cast

from model_promotion.core import say
from model_promotion.core.errors import BadCall
from model_promotion.core.event import Event, Kind
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode, Request
from model_promotion.core.selector import ByAlias, alias_name, model_address, target_alias, version_selector
from model_promotion.core.stages import fitting, stage_of
from model_promotion.ports import Voice
from model_promotion.settings import Flags, Settings, settle
from model_promotion.voices import Silent
from model_promotion.world import World

FLOWS = {
    Mode.PROMOTE: "promote",
    Mode.DRY_RUN: "promote",
    Mode.CHECK: "promote",
    Mode.APPLY: "apply",
    Mode.ROLLBACK: "rollback",
    Mode.RELEASE: "release",
    Mode.RECOVER: "recover",
    Mode.HISTORY: "history",
    Mode.VERIFY_AUDIT: "verify_audit",
    Mode.LIST: "list_models",
    Mode.CLEANUP: "cleanup",
}


def carry_through(request: Request, settings: Settings, voice: Voice) -> Outcome:
    """Run the flow that the request's mode names, in the world that the settings describe.

    Raises:
        PromotionError: when the world is broken: not found, not allowed, not reachable.
    """
    from model_promotion.wiring import plug_in

    world = plug_in(settings, voice)
    request = _fitting(request, world)
    name = "auto" if request.best else FLOWS[request.mode]
    flow = importlib.import_module(f"model_promotion.flows.{name}")
    return cast("Outcome", flow.run(request, world))


def _fitting(request: Request, world: World) -> Request:
    """The request in the registry's own terms: stages where there are stages, aliases where there are aliases."""
    features, asked = world.registry.features, request.target_alias
    candidate = request.candidate
    if isinstance(candidate, ByAlias):
        candidate = ByAlias(fitting(candidate.alias, features))
    target = fitting(asked, features)
    if stage_of(asked) or target != asked:
        why = f"{features.because} has no {'stages' if stage_of(asked) else 'aliases'}: " if target != asked else ""
        world.voice.tell(Event(Kind.WORKING, "Stages", f"{why}{say.target(target)} is used"))
    other = fitting(request.else_alias, features) if request.if_better else ""
    if other == target:
        raise BadCall(
            f"a candidate that is not better cannot go to {say.target(other)}, which is the target here",
            hint="name another: --else-alias ALIAS",
        )
    return replace(request, candidate=candidate, target_alias=target, else_alias=other)


@dataclass(frozen=True)
class PromotionJob:
    """One promotion, as a value: the options have the command line's names and defaults.

    `version` names the candidate (a number, a semver tag, "latest"); without it the alias `source` does, and the
    latest version where the usual one is not there.
    """

    model: str
    version: str | int | None = None
    source: str = "staging"
    alias: str = "champion"
    dry_run: bool = False
    force: bool = False
    compare_metrics: bool = False
    run_tests: bool = False
    reason: str = ""
    flags: Flags = Flags()
    voice: Voice = field(default_factory=Silent)

    def run(self) -> Outcome:
        """Promote, and say how it ended.

        Raises:
            PromotionError: when the world is broken, or a value makes no sense.
        """
        name, in_address = model_address(self.model)
        named = version_selector(str(self.version)) if self.version is not None else in_address
        request = Request(
            mode=Mode.DRY_RUN if self.dry_run else Mode.PROMOTE,
            model=name,
            candidate=named or ByAlias(alias_name(self.source)),
            candidate_named=named is not None or self.source != "staging",
            target_alias=target_alias(self.alias),
            reason=self.reason,
            force=self.force,
            compare_metrics=self.compare_metrics,
            run_tests=self.run_tests,
        )
        return carry_through(request, settle(self.flags, name), self.voice)
