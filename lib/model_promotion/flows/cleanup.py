"""Cleanup: the old versions that nothing needs, listed first, and deleted with --yes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from model_promotion.core.duration import as_age
from model_promotion.core.entities import Listed, RegisteredModel, Version
from model_promotion.core.errors import BadCall, Conflict, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import under_way, way_out
from model_promotion.core.outcome import Outcome
from model_promotion.core.policy import RetentionPolicy
from model_promotion.core.record import HEAD_TAG, Head
from model_promotion.core.request import Request
from model_promotion.core.retention import DAY_S, Limits, Needs, going, kept_because, ways_back
from model_promotion.core.say import count
from model_promotion.flows.deleting import Deleted, StaysBecause, delete
from model_promotion.flows.recording import all_lines
from model_promotion.flows.resolve import find_model
from model_promotion.ports import RegistryReader
from model_promotion.together import both
from model_promotion.world import World

# So many are gone well within the time that an announcement counts, and all of them are named in it.
AT_ONCE = 20
VersionsOf = Callable[[RegistryReader, str], Sequence[Version]]


def run(request: Request, world: World) -> Outcome:
    """Say what would go and why the rest stays; with --yes let it go, some at a time, each time looking anew."""
    limits = _limits(request, world.policy.retention)
    world.voice.tell(Event(Kind.WORKING, "Cleanup", limits.told))
    listed, needs = look(request, world, _whole)
    _tell_scope(needs, world)
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
            # Which versions there are is enough by now: each is read by itself just before it goes.
            stays = _stays(*look(request, world, _listed), limits, world)
            done = delete(old[at : at + AT_ONCE], stays, request, world)
        except PromotionError as error:
            done = Deleted(failure=error)
        yield done
        if done.failure:
            return


def look(request: Request, world: World, versions: VersionsOf) -> tuple[Listed, Needs]:
    """The model with all its versions, as `versions` reads them, and who needs which.

    Raises:
        Conflict: when something is under way, or records are missing: what is needed is not known then.
        PromotionError: when the registry, the records or the endpoints cannot be read.
    """
    seen = find_model(request, world.registry)
    if going_on := under_way(seen.tags):
        raise Conflict(going_on, hint=way_out(seen.tags, request.command))
    found, records = both(partial(versions, world.registry, seen.name), partial(all_lines, seen.name, world))
    if (counted := _counted(seen)) > len(records):
        raise Conflict(
            f"the registry counts {count(counted, 'record')} of {seen.name}, and {len(records)} can be read: "
            "it is not known where a rollback leads, so nothing is deleted",
            hint="where are the records? --tracking-uri URI, or [record] experiment in promotion.toml",
        )
    endpoints = world.serving.endpoints(seen.name, on_their_way=True) if world.serving else ()
    return Listed(seen, tuple(found)), Needs(ways_back(records), tuple(endpoints))


def _whole(registry: RegistryReader, model: str) -> Sequence[Version]:
    """Every version with its tags. Whatever else a registry lists: versions of another model are none of ours."""
    return next((one.versions for one in registry.catalogue(model) if one.model.name == model), ())


def _listed(registry: RegistryReader, model: str) -> Sequence[Version]:
    """Every version as a search tells it: in Unity Catalog without tags."""
    return registry.versions(model)


def _tell_scope(needs: Needs, world: World) -> None:
    """Which endpoints were looked at; nobody can tell of one that is hidden from us."""
    if world.serving:
        seen = f"{count(len(needs.endpoints), 'endpoint')} of {world.serving.scope} has it or is about to"
        hidden = "those that you may not see, or elsewhere, are not known"
        world.voice.tell(Event(Kind.UNKNOWN, "Endpoints", f"{seen}; {hidden}"))


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
        many, old = ("how many versions stay", ("--keep", "5")), ("how old one must be to go", ("--older-than", "365d"))
        lacking = [*([many] if keep is None else []), *([old] if older_than_s is None else [])]
        raise BadCall(
            f"--cleanup needs to know {' and '.join(what for what, _ in lacking)}",
            hint=request.command("--cleanup", *_given(request), *(word for _, words in lacking for word in words)),
        )
    return Limits(max(keep, policy.keep or 0), max(older_than_s, least_s or 0))


def _given(request: Request) -> tuple[str, ...]:
    """What stays, as it was typed."""
    keep = () if request.keep is None else ("--keep", str(request.keep))
    return (*keep, *(() if request.older_than_s is None else ("--older-than", as_age(request.older_than_s))))


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
    of_all = count(len(listed.versions), "version")
    some = f"{len(old)} of {of_all} would be deleted: {', '.join(one.label for one in old)}"
    return Outcome(
        mode=request.mode,
        code=ExitCode.DONE,
        summary=f"{listed.model.name}: {some if old else 'every version stays'}; nothing was written",
        model=listed.model.name,
        hints=(f"delete them for good: {request.command('--cleanup', *_given(request), '--yes')}",) if old else (),
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
        code=_code(done, warnings),
        summary=f"{said}; it ended there: {failure}" if failure else said,
        model=request.model,
        entries=tuple(entry for one in done for entry in one.written.entries),
        record=next((one.written.place for one in reversed(done) if one.written.place), ""),
        warnings=warnings,
        hints=((failure.hint if failure else "") or f"see what is left: {request.command('--list')}",),
        undo="a deleted version cannot be brought back; the record keeps its run, source and tags",
        facts={"deleted": [version.number for version in gone]},
    )


def _code(done: Sequence[Deleted], warnings: Sequence[str]) -> ExitCode:
    """Where something is gone already, no code may say that the registry is as before."""
    failure = done[-1].failure
    if failure is None:
        return ExitCode.WARNED if warnings else ExitCode.DONE
    as_before = failure.code in (ExitCode.REFUSED, ExitCode.NOT_FOUND)
    return ExitCode.DENIED if as_before and any(one.touched for one in done) else failure.code
