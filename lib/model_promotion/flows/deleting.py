"""Deleting versions under an announcement. Nothing undoes it: each is looked at once more, and what is gone is read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model_promotion.core import say
from model_promotion.core.entities import RegisteredModel, Version
from model_promotion.core.errors import Conflict, Interrupted, NotFound, PromotionError, TimedOut
from model_promotion.core.event import Event, Kind
from model_promotion.core.request import Request
from model_promotion.flows.acting import carry_out, take_each
from model_promotion.flows.announcing import announced
from model_promotion.flows.hands import Hands
from model_promotion.flows.recording import NOTHING_WRITTEN, Deed, Written, write_down
from model_promotion.world import World

StaysBecause = Callable[[RegisteredModel, Version], str]


@dataclass(frozen=True)
class Deleted:
    """The versions that are gone, their record, and what stopped it before its end.

    `touched` says whether anything may be gone, known or not.
    """

    gone: tuple[Version, ...] = ()
    written: Written = NOTHING_WRITTEN
    failure: PromotionError | None = None
    touched: bool = False


def delete(versions: Sequence[Version], stays: StaysBecause, request: Request, world: World) -> Deleted:
    """Announce it, delete each version unless it is needed by now, and write down which are gone.

    `stays` answers why a version must stay, by the model as it is read just before.
    """
    seen = world.registry.model(request.model)
    intent = replace(announced("cleanup", (), seen, world), held=",".join(version.number for version in versions))
    acted = carry_out(intent, (), world, seen)
    if acted.failure:
        return Deleted(failure=acted.failure)
    hands = acted.hands
    _keep(versions, hands)
    tried, failure = _each(versions, stays, hands)
    try:
        hands.read()
        gone = tuple(version for version in tried if is_gone(version.model, version.number, world))
        # What got no answer may still take effect, so it is too early to write it down: recovery does.
        if isinstance(failure, TimedOut) and len(gone) < len(tried):
            raise failure
        return Deleted(gone, close([facts_of(version) for version in gone], hands, request.reason), failure, bool(gone))
    except PromotionError as error:
        told = f"which versions are gone could not be read or written down ({error}); tried: {_labels(tried) or 'none'}"
        return Deleted(
            failure=type(error)(told, hint=f"write it down: {request.command('--recover', 'resume')}"),
            touched=bool(tried),
        )


def close(gone: Sequence[Mapping[str, Any]], hands: Hands, why: str) -> Written:
    """Take the note away; where something is gone, after what is known of it is in the record.

    Raises:
        Conflict: when somebody took the work over: the record is theirs to write.
    """
    intent = hands.intent
    assert intent is not None  # noqa: S101 - it was announced; tells the type checker
    if not gone:
        hands = hands.afresh()
        failed = take_each([intent.opening(hands.seen.name).undone()], hands)
        return Written("", tuple(hands.entries), tuple(map(str, failed)))
    labels = ", ".join(say.version(str(facts["number"])) for facts in gone)
    told = "; ".join(filter(None, (f"deleted {labels}", why)))
    return write_down(Deed(intent.work, "cleanup", "", None, None, told, evidence={"deleted": [*gone]}), hands)


def is_gone(model: str, number: str, world: World) -> bool:
    """Whether a version is not there any more."""
    try:
        world.registry.version(model, number)
    except NotFound:
        return True
    return False


def _each(
    versions: Sequence[Version], stays: StaysBecause, hands: Hands
) -> tuple[list[Version], PromotionError | None]:
    """Those whose deletion was asked for, and what stopped it."""
    tried: list[Version] = []
    try:
        for version in versions:
            if fresh := _unneeded(version, stays, hands):
                tried.append(fresh)
                hands.world.writer.delete(fresh)
                if not is_gone(fresh.model, fresh.number, hands.world):
                    raise Conflict(f"{fresh.label} was deleted, but is still there")
                hands.world.voice.tell(Event(Kind.PASSED, fresh.label, "deleted, read back"))
    except PromotionError as error:
        return tried, error
    except KeyboardInterrupt:
        return tried, Interrupted("interrupted")
    return tried, None


def _unneeded(version: Version, stays: StaysBecause, hands: Hands) -> Version | None:
    """The version as it is now; None when it is gone already, or needed by now.

    Raises:
        Conflict: when our announcement was taken away.
    """
    world = hands.world
    world.renew()
    hands.read()
    hands.look()
    try:
        fresh = world.registry.version(hands.seen.name, version.number)
    except NotFound:
        return None
    if why := stays(hands.seen, fresh):
        world.voice.tell(Event(Kind.WARNED, fresh.label, f"stays, by now {why}"))
        return None
    return fresh


def _labels(versions: Sequence[Version]) -> str:
    return ", ".join(version.label for version in versions)


def _keep(versions: Sequence[Version], hands: Hands) -> None:
    """What they are, before they go: if we are killed, recovery could not tell any more. Its failing stops nothing."""
    assert hands.intent is not None  # noqa: S101 - as above
    try:
        hands.world.spare_journal.keep(hands.intent.work, [facts_of(version) for version in versions])
    except PromotionError as error:
        told = f"what they were will not be known if this is cut off: {error}"
        hands.world.voice.tell(Event(Kind.WARNED, "Record", told))


def facts_of(version: Version) -> Mapping[str, Any]:
    """What the record keeps of a version that is gone."""
    kept = ("number", "created_at", "run_id", "source", "tags")
    return {name: getattr(version, name) for name in kept}
