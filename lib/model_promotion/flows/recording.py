"""Writing down what was done, and reading what was written down."""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from model_promotion.core.entities import Identity, RegisteredModel
from model_promotion.core.errors import PromotionError, Unavailable
from model_promotion.core.event import Event, Kind
from model_promotion.core.record import (
    HEAD_TAG,
    NO_JOURNAL,
    Deeds,
    Head,
    Line,
    Noticed,
    Record,
    Stored,
    body_of,
    digest,
)
from model_promotion.core.steps import Entry, SetTag
from model_promotion.flows.acting import STOPPED, by_now, take_each
from model_promotion.flows.announcing import head_of
from model_promotion.flows.hands import Hands, TakenOver
from model_promotion.flows.paging import with_page
from model_promotion.undisturbed import undisturbed
from model_promotion.world import World


@dataclass(frozen=True)
class Deed:
    """What a record is about: the move (or release), why it was made, and the evidence.

    Where `said` tells in a sentence what was done, a page for people is kept with the record; `undo` is the command
    that goes back.
    """

    id: str
    kind: Deeds
    alias: str
    was: str | None
    to: str | None
    why: str = ""
    forced: tuple[str, ...] = ()
    evidence: Mapping[str, Any] | None = None
    noticed: Noticed = ()
    said: str = ""
    undo: str = ""

    @property
    def outside(self) -> "Deed | None":
        """What somebody else did before this deed, as a record of its own."""
        if not self.noticed:
            return None
        why = "noticed before the next record; a registry does not tell who moved an alias"
        return Deed(uuid.uuid4().hex[:12], "outside", self.alias, self.noticed[0], self.was, why)


@dataclass(frozen=True)
class Written:
    """Where the record lies, and what did not go as it should."""

    place: str
    entries: tuple[Entry, ...] = ()
    warnings: tuple[str, ...] = ()


NOTHING_WRITTEN = Written("")


def write_down(deed: Deed, hands: Hands, *, ends: bool = True) -> Written:
    """Append the record, move the head of the chain to it, and take the announcement away if the work ends with it.

    Nothing that fails here undoes the promotion, and nothing passes in silence; an interrupt comes too late.

    Raises:
        TakenOver: when somebody took the work over meanwhile: the record is theirs to write.
    """
    written, interrupted = undisturbed(partial(_write_down, deed, hands, ends=ends))
    late = (f"the interrupt came when the {deed.kind} was done already; it was recorded",) if interrupted else ()
    return replace(written, warnings=(*written.warnings, *late))


def _write_down(deed: Deed, hands: Hands, *, ends: bool) -> Written:
    hands, world = hands.afresh(), hands.world
    _look(hands)
    seen, head, warnings = hands.seen, *_head(hands.seen)
    fallen: tuple[str, ...] = ()
    for one in (deed.outside, deed) if deed.outside else (deed,):
        record, pageless = with_page(_record(one, seen.name, head, world), one.said, one.undo)
        place, lies_at, failure = _append(record, hands)
        head, fallen = Head(record.number, lies_at, record.sha256, record.id), (*fallen, *failure)
        warnings = (*warnings, *pageless)
    try:
        _look(hands)
    except TakenOver as theirs:
        raise TakenOver(f"{theirs}; record #{head.number} in {place} came too late", hint=STOPPED) from theirs
    failed = take_each((SetTag(seen.name, HEAD_TAG, seen.tags.get(HEAD_TAG), head.text),), hands)
    if failed and not hands.ours and head_of(hands.seen).record != deed.id:
        raise TakenOver(f"{failed[0]}; record #{head.number} in {place} came too late", hint=STOPPED)
    moved = by_now(hands, deed.alias, deed.to) if deed.alias and hands.ours else ()
    if hands.intent and not failed and ends:
        failed = take_each((hands.intent.opening(seen.name).undone(),), hands)
    world.voice.tell(Event(Kind.WARNED if fallen else Kind.PASSED, "Record", f"#{head.number} in {place}"))
    ours = bool(hands.intent and hands.intent.key in hands.seen.tags)
    open_ends = [f"{error}; to finish: --recover resume" if ours else str(error) for error in failed]
    warnings = (*fallen, *warnings, *moved, *open_ends)
    return Written(f"#{head.number} in {place} ({head.id})", tuple(hands.entries), warnings)


def _look(hands: Hands) -> None:
    """Whether it is ours to record: a rollout may be taken over at any time, so that is read again."""
    if hands.intent and hands.intent.rollouts:
        with suppress(Unavailable):  # Then it is what was read last.
            hands.read()
        hands.look()


def adopt(hands: Hands) -> None:
    """The head is moved on to a record that follows it and is beside that of some work, which was cut off just then.

    It is one of a move from outside, or one of how a rollout ended.

    Raises:
        PromotionError: when the journal cannot be read, or the head not be moved.
    """
    seen, head = hands.seen, head_of(hands.seen)
    follows = {"number": head.number + 1, "previous": head.sha256}
    for stored in all_stored(seen.name, hands.world):
        body = body_of(stored.text)
        if follows.items() <= body.items() and body.get("kind") in ("outside", "bake"):
            loose = Head(head.number + 1, stored.id, digest(stored.text), str(body.get("id")))
            hands.take(SetTag(seen.name, HEAD_TAG, seen.tags.get(HEAD_TAG), loose.text))
            return


def all_lines(model: str, world: World) -> list[Line]:
    """The short form of every record of a model, wherever it lies, oldest first.

    Raises:
        PromotionError: when the journal cannot be read.
    """
    lines = [*world.spare_journal.lines(model), *world.journal.lines(model)]
    # A reply that was lost leaves one record in both journals.
    return sorted({line.id: line for line in lines}.values(), key=lambda line: line.number)


def all_stored(model: str, world: World) -> Sequence[Stored]:
    """Every record of a model in full, wherever it lies, by its number.

    Raises:
        PromotionError: when the journal cannot be read.
    """
    stored = [*world.spare_journal.stored(model), *world.journal.stored(model)]
    return sorted({item.text: item for item in stored}.values(), key=lambda item: (_number(item), item.id))


def _number(stored: Stored) -> int:
    number = body_of(stored.text).get("number")
    return number if isinstance(number, int) else 0


def _head(seen: RegisteredModel) -> tuple[Head, tuple[str, ...]]:
    try:
        return Head.parse(seen.tags.get(HEAD_TAG)), ()
    except ValueError as error:
        return Head(), (f"{error}; the chain of records starts anew",)


def _record(deed: Deed, model: str, head: Head, world: World) -> Record:
    me = whoever(world) if deed.kind != "outside" else Identity("unknown", vouched_by="nobody")
    return Record(
        id=deed.id,
        number=head.number + 1,
        previous=head.sha256,
        kind=deed.kind,
        model=model,
        alias=deed.alias,
        was=deed.was,
        to=deed.to,
        at=round(world.clock.now(), 3),
        by=me.name,
        vouched_by=me.vouched_by,
        why=deed.why,
        forced=deed.forced,
        evidence=deed.evidence or {},
    )


def whoever(world: World) -> Identity:
    """The caller; a workspace that does not say so must not stop a record from being written."""
    try:
        return world.access.me()
    except PromotionError as error:
        return Identity("unknown", vouched_by=f"nobody: {error}")


def _append(record: Record, hands: Hands) -> tuple[str, str, tuple[str, ...]]:
    """Where the record went, its address there, and a warning if that is not where it should be."""
    world = hands.world
    hands.look()
    try:
        return world.journal.place, world.journal.append(record), ()
    except PromotionError as error:
        first = f"the record could not be written to {world.journal.place}: {error}"
    hands.look()  # A journal that does not answer can take longer than the lease.
    try:
        lies_at = world.spare_journal.append(record)
    except PromotionError as error:
        return NO_JOURNAL, "lost", (first, f"nor to {world.spare_journal.place}: {error}; keep this output")
    return world.spare_journal.place, lies_at, (f"{first}; it is in {world.spare_journal.place}",)
