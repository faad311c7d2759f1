"""Release: lift the hold that a rollback put on a version."""

from dataclasses import replace
from functools import partial

from model_promotion.core.entities import RegisteredModel, Version
from model_promotion.core.errors import Conflict, NotFound
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG, LONGEST_HOLD, under_way, way_out
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Request
from model_promotion.flows.acting import carry_out
from model_promotion.flows.announcing import announced
from model_promotion.flows.recording import NOTHING_WRITTEN, Deed, Written, write_down
from model_promotion.flows.resolve import find_model, find_number, find_version
from model_promotion.together import together
from model_promotion.world import World


def run(request: Request, world: World) -> Outcome:
    """Remove the hold from the version that is named, or from the only one that is held."""
    seen = find_model(request, world.registry)
    if going_on := under_way(seen.tags):
        raise Conflict(going_on, hint=way_out(seen.tags, request.command))
    version = _held(request, seen, world)
    held = version.tags.get(HOLD_TAG)
    if held is None:
        return _outcome(request, version, f"{version.label} of {seen.name} is not held, nothing to do")
    intent = replace(announced("release", (), seen, world), holds=version.number, held=held[:LONGEST_HOLD])
    acted = carry_out(intent, intent.steps(seen.name, held), world, seen)
    if failure := acted.failure:
        kept = f"not released: {failure}; {acted.stands}"
        again = request.command("--version", version.number, "--release")
        raise type(failure)(kept, hint=failure.hint or f"try again: {again}")
    deed = Deed(intent.work, "release", "", version.number, version.number, request.reason)
    written = write_down(deed, acted.hands)
    summary = f"{version.label} of {seen.name} may be promoted again (it was {held})"
    return _outcome(request, version, summary, written)


def _held(request: Request, seen: RegisteredModel, world: World) -> Version:
    if request.candidate_named:
        return find_version(seen.name, find_number(request, seen, world.registry), world.registry)
    numbers = [one.number for one in world.registry.versions(seen.name)]
    versions = together([partial(world.registry.version, seen.name, number) for number in numbers])
    held = [version for version in versions if HOLD_TAG in version.tags]
    if len(held) == 1:
        return held[0]
    which = ", ".join(version.label for version in held) or "none"
    raise NotFound(
        f"which version? {which} of {seen.name} is held", hint=request.command("--version", "N", "--release")
    )


def _outcome(request: Request, version: Version, summary: str, written: Written = NOTHING_WRITTEN) -> Outcome:
    return Outcome(
        mode=request.mode,
        code=ExitCode.WARNED if written.warnings else ExitCode.DONE,
        summary=summary,
        model=version.model,
        was=version.number,
        to=version.number,
        record=written.place,
        warnings=written.warnings,
        hints=(f"look at it: {request.command('--check', '--version', version.number)}",),
    )
