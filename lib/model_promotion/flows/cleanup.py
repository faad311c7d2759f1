"""Cleanup: the old versions that nothing needs, listed first, and deleted with --yes."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from model_promotion.core.duration import in_days
from model_promotion.core.entities import Listed, RegisteredModel, Version
from model_promotion.core.errors import BadCall, Conflict, NotFound, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import under_way
from model_promotion.core.outcome import Outcome
from model_promotion.core.policy import RetentionPolicy
from model_promotion.core.record import HEAD_TAG, Head
from model_promotion.core.request import Request
from model_promotion.core.retention import DAY_S, Limits, Needs, going, kept_because, ways_back
from model_promotion.core.say import count
from model_promotion.flows.deleting import Deleted, StaysBecause, delete
from model_promotion.flows.recording import all_lines
from model_promotion.flows.resolve import find_model
from model_promotion.together import both
from model_promotion.world import World

# So many are gone well within the time that an announcement counts, and all of them are named in it.
AT_ONCE = 20


def run(request: Request, world: World) -> Outcome:
    """Say what would go and why the rest stays; with --yes let it go, some at a time, each time looking anew."""
    limits = _limits(request, world.policy.retention)
    world.voice.tell(Event(Kind.WORKING, "Cleanup", limits.told))
    listed, needs = look(request, world)
    kept = kept_because(listed, limits, needs, world.clock.now())
    old = going(listed, kept)
    for event in _told(listed, kept, world.clock.now()):
        world.voice.tell(event)
    if not (old and request.yes):
        return _would(request, listed, kept)
    return _outcome(request, tuple(_deleted(request, world, old, limits)))


def _deleted(request: Request, world: World, old: Sequence[Version], limits: Limits) -> Iterator[Deleted]:
    """Some at a time, each time looking anew who needs what; the first that fails is the last."""
    for at in range(0, len(old), AT_ONCE):
        try:
            stays = _stays(*look(request, world), limits, world)
            done = delete(old[at : at + AT_ONCE], stays, request, world)
        except PromotionError as error:
            done = Deleted(failure=error)
        yield done
        if done.failure:
            return


def look(request: Request, world: World) -> tuple[Listed, Needs]:
    """The model with all its versions, and who needs which.

    Raises:
        Conflict: when something is under way, or records are missing: what is needed is not known then.
        PromotionError: when the registry, the records or the endpoints cannot be read.
    """
    seen = find_model(request, world.registry)
    if going_on := under_way(seen.tags):
        raise Conflict(going_on, hint=request.way_out)
    listed, records = both(partial(world.registry.catalogue, seen.name), partial(all_lines, seen.name, world))
    if (counted := _counted(seen)) > len(records):
        raise Conflict(
            f"the registry counts {count(counted, 'record')} of {seen.name}, and {len(records)} can be read: "
            "it is not known where a rollback leads, so nothing is deleted",
            hint="where are the records? --tracking-uri URI, or [record] experiment in promotion.toml",
        )
    # Whatever else a registry lists: versions of another model are none of ours.
    ours = next((one for one in listed if one.model.name == seen.name), None)
    if ours is None:
        raise NotFound(f"{seen.name} has no versions that can be listed", hint=request.command("--list"))
    endpoints = world.serving.endpoints(seen.name) if world.serving else ()
    return ours, Needs(ways_back(records), tuple(endpoints))


def _counted(seen: RegisteredModel) -> int:
    try:
        return Head.parse(seen.tags.get(HEAD_TAG)).number
    except ValueError as error:
        raise Conflict(f"{error}: it is not known where a rollback leads, so nothing is deleted") from error


def _limits(request: Request, policy: RetentionPolicy) -> Limits:
    """What the options say, and never less than the policy.

    Raises:
        BadCall: when neither says how many versions, or how old.
    """
    keep = request.keep if request.keep is not None else policy.keep
    least_s = None if policy.days is None else policy.days * DAY_S
    older_than_s = request.older_than_s if request.older_than_s is not None else least_s
    if keep is None or older_than_s is None:
        raise BadCall(
            "--cleanup needs to know how many versions stay, and how old one must be to go",
            hint=request.command("--cleanup", "--keep", "5", "--older-than", "365d"),
        )
    return Limits(max(keep, policy.keep or 0), max(older_than_s, least_s or 0))


def _stays(listed: Listed, needs: Needs, limits: Limits, world: World) -> StaysBecause:
    """The same judgement for one version alone, as it and its model are read just before it is deleted."""

    def why(model: RegisteredModel, version: Version) -> str:
        others = tuple(one for one in listed.versions if one.number != version.number)
        now = Listed(model, (*others, version))
        return kept_because(now, limits, needs, world.clock.now()).get(version.number, "")

    return why


def _told(listed: Listed, kept: Mapping[str, str], now: float) -> Iterator[Event]:
    yield Event(Kind.MODEL, listed.model.name, count(len(listed.versions), "version"))
    for version in listed.versions:
        if version.number in kept:
            yield Event(Kind.VERSION, version.label, f"stays: {kept[version.number]}")
        else:
            age = count(round((now - version.created_at) / DAY_S), "day")
            yield Event(Kind.GOING, version.label, f"nothing needs it, {age} old")


def _would(request: Request, listed: Listed, kept: Mapping[str, str]) -> Outcome:
    old = going(listed, kept)
    keep = () if request.keep is None else ("--keep", str(request.keep))
    older = () if request.older_than_s is None else ("--older-than", in_days(request.older_than_s))
    of_all = count(len(listed.versions), "version")
    some = f"{len(old)} of {of_all} would be deleted: {', '.join(one.label for one in old)}"
    return Outcome(
        mode=request.mode,
        code=ExitCode.DONE,
        summary=f"{listed.model.name}: {some if old else 'every version stays'}; nothing was written",
        model=listed.model.name,
        hints=(f"delete them for good: {request.command('--cleanup', *keep, *older, '--yes')}",) if old else (),
        facts={"going": [one.number for one in old], "kept": dict(kept)},
    )


def _outcome(request: Request, done: Sequence[Deleted]) -> Outcome:
    gone = [version for one in done for version in one.gone]
    warnings = tuple(warning for one in done for warning in one.written.warnings)
    failure = done[-1].failure
    names = ", ".join(version.label for version in gone)
    said = f"{request.model}: {count(len(gone), 'version')} deleted{f': {names}' if gone else ''}"
    return Outcome(
        mode=request.mode,
        code=failure.code if failure else ExitCode.WARNED if warnings else ExitCode.DONE,
        summary=f"{said}; it ended there: {failure}" if failure else said,
        model=request.model,
        entries=tuple(entry for one in done for entry in one.written.entries),
        record=next((one.written.place for one in reversed(done) if one.written.place), ""),
        warnings=warnings,
        hints=((failure.hint if failure else "") or f"see what is left: {request.command('--list')}",),
        undo="a deleted version cannot be brought back; the record keeps its run, source and tags",
        facts={"deleted": [version.number for version in gone]},
    )
