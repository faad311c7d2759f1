"""The note left on the registered model while it is being changed: enough to finish the work, or to undo it.

It is a tag, so it obeys Unity Catalog's rules (at most 1000 characters) and names no person. Each note has a key of its
own: two that are left at the same time both stand, and both can be read.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass, replace
from typing import Any, Literal

from model_promotion.core.jsonable import mapping_of
from model_promotion.core.rollout import Rollout
from model_promotion.core.say import target, version, when
from model_promotion.core.steps import SetAlias, SetTag, Step

INTENT_TAG = "promotion_intent"
HOLD_TAG = "promotion_hold"
FORMAT = 1
KEY = re.compile(rf"{INTENT_TAG}(_[0-9a-f]{{12}})?")
LONGEST_HOLD = 300
STRANGE = "something this program did not write"
ROOM = 960  # A tag holds 1000 characters; whoever takes the work over may have a longer name.
MORE = "..."
STILL = ("release", "cleanup", "approval")  # Work that moves no alias.
Work = Literal["promote", "rollback", "release", "cleanup", "approval"]


@dataclass(frozen=True)
class Move:
    """One alias and its way: from the version it was on to the version it goes to; see SetAlias."""

    alias: str
    was: str | None
    to: str | None
    enters_from: str = ""
    leaves_to: str = ""

    @property
    def fields(self) -> list[str | None]:
        """The values, without what only a stage has where it is none."""
        return [*astuple(self)][: None if self.enters_from or self.leaves_to else 3]

    @classmethod
    def of(cls, step: SetAlias) -> "Move":
        """What a step does, without the model's name."""
        return cls(step.alias, step.was, step.to, step.enters_from, step.leaves_to)

    def step(self, model: str) -> SetAlias:
        """The same as a step."""
        return SetAlias(model, *astuple(self))


@dataclass(frozen=True)
class Intent:
    """A promotion, rollback, release or cleanup under way: every alias it moves in order, whose hold it changes.

    `id` is this note's own; `work` is that of the record to come, and stays when somebody takes the work over. It is a
    lease too: `owner` is at work until `until` (seconds since the epoch), unless that process is gone. `record` is the
    number that its record will have; `noticed` is whether a move from outside is recorded right before it. `holds` is
    the version that a rollback puts on hold, or a release takes off it; `held` is then the text of the hold. Of a
    cleanup, `held` names the versions that may be gone; of an approval, the tag of the version `holds` and its value.
    That of a `group` names every model of it for which there is room, has the same `work` as theirs, and stands until
    the whole group has ended: it may be recorded already. `rollouts` are the endpoints that it changes, by the rungs of
    `ladder` (percent), each of which is held for `bake_s`; how far they have come is for the endpoints to say. Under
    `load` the new version is tried before it gets any traffic. Such a note may also be recorded already. A rollback
    with `rollouts` takes those back: its endpoints go back first, so it can only be finished. `resumed` is how
    often its canary was taken up again: each time spends another part of what may go wrong, see `ladder.part`.
    """

    id: str
    work: str
    kind: Work
    target: str
    moves: tuple[Move, ...]
    since: float
    holds: str | None = None
    held: str = ""
    owner: str = ""
    until: float = 0.0
    record: int = 0
    noticed: bool = False
    group: tuple[str, ...] = ()
    rollouts: tuple[Rollout, ...] = ()
    ladder: tuple[int, ...] = ()
    bake_s: float = 0.0
    load: str = ""
    resumed: int = 0

    @property
    def key(self) -> str:
        """The tag's key."""
        return f"{INTENT_TAG}_{self.id}"

    @property
    def text(self) -> str:
        """The tag's value."""
        body = {**asdict(self), "moves": [move.fields for move in self.moves], "v": FORMAT}
        del body["id"]  # It is in the key,
        del body["target"]  # and that is the first move of a rollback and the last of a promotion; the room is needed.
        body["rollouts"] = [astuple(rollout) for rollout in self.rollouts]
        for name in ("group", "rollouts", "ladder", "bake_s", "load", "resumed"):
            if not body[name]:
                del body[name]
        # Letters as they are: escaped, an alias of 255 of them would not fit into 1000 characters.
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def parse(cls, key: str, text: str) -> "Intent":
        """The intent in a tag.

        Raises:
            ValueError: when it is none that this program wrote.
        """
        try:
            intent = cls(id=key.removeprefix(f"{INTENT_TAG}_"), **_fields(json.loads(text)))
            # What this program wrote reads the same when it is written again; a time must be one that can be said.
            known = (intent.key, intent.text) == (key, text) and _makes_sense(intent) and bool(intent.told)
        except (
            TypeError,
            LookupError,
            AttributeError,
            ValueError,
            StopIteration,
            OverflowError,
            OSError,
            RecursionError,
        ):
            known = False
        if not known:
            raise ValueError(f"the tag {key} holds {STRANGE}")
        return intent

    @property
    def told(self) -> str:
        """What is going on, for a person."""
        since = f"since {when(self.since)}, by process {self.owner}, at work until {when(self.until)} at the latest"
        return f"{self.what} is under way or was cut off, {since}"

    @property
    def what(self) -> str:
        """What is being done, for a person."""
        if self.kind == "release":
            return f"a release of {version(self.holds)}"
        if self.kind == "approval":
            return f"the {self.held.partition(' ')[0]} of {version(self.holds)}"
        if self.kind == "cleanup":
            return f"a cleanup that deletes {', '.join(map(version, self.doomed))}"
        way = f"{target(self.move.alias)} from {version(self.move.was)} to {version(self.move.to)}"
        return f"a {self.kind} of {way}" + (f" in a group ({', '.join(self.group)})" if self.group else "")

    @property
    def doomed(self) -> list[str]:
        """The numbers of the versions that a cleanup deletes."""
        return self.held.split(",")

    @property
    def move(self) -> Move:
        """The move of the target alias itself; of what moves nothing, the version that a release is about."""
        if self.kind in STILL:
            return Move("", self.holds, self.holds)
        return next(move for move in self.moves if move.alias == self.target)

    def steps(self, model: str, found: str | None = None) -> tuple[Step, ...]:
        """Every move as a step, and the tag of a version where it is changed; `found` is what stands there already."""
        aliases = tuple(move.step(model) for move in self.moves)
        if self.holds is None:
            return aliases
        if self.kind == "approval":
            key, _, text = self.held.partition(" ")
            return (SetTag(model, key, found, text, self.holds),)
        if self.kind == "release":
            return (SetTag(model, HOLD_TAG, found or self.held, None, self.holds),)
        stood_still = self.move.was == self.move.to
        text = (
            f"rolled back {'from its canary' if stood_still else f'from {target(self.target)}'} at {when(self.since)}"
        )
        return (*aliases, SetTag(model, HOLD_TAG, found, text, self.holds))

    def grouped(self, work: str, names: Sequence[str], until: float) -> "Intent":
        """The same as part of the work on a group of these models."""
        whole = replace(self, work=work, group=tuple(names), until=until)
        left = len(names)
        while left and len(whole.text) > ROOM:
            left -= 1
            whole = replace(whole, group=(*names[:left], MORE))
        return whole

    def others(self, model: str) -> tuple[str, ...]:
        """The other models of its group, as far as they are named."""
        return tuple(name for name in self.group if name not in (model, MORE))

    def turned(self, work: str, since: float, until: float, record: int) -> "Intent":
        """The taking back of a promotion: what it moved goes the other way round, the target first.

        It has the same key, so there is no moment without a note.
        """
        moved = (move for move in self.moves if move.was != move.to or move.alias == self.target)
        back = (Move.of(move.step("").undone()) for move in moved)
        moves = tuple(sorted(back, key=lambda move: move.alias != self.target))
        changed = {"since": since, "until": until, "record": record, "noticed": False, "group": ()}
        changed |= {"ladder": (), "bake_s": 0.0, "load": "", "resumed": 0}
        return replace(self, work=work, kind="rollback", moves=moves, **changed)  # type: ignore[arg-type]

    def opening(self, model: str) -> SetTag:
        """The step that announces the work; its undoing closes it."""
        return SetTag(model, self.key, None, self.text)


def announces(step: Step) -> bool:
    """Whether this write is an announcement: with it work begins, until it is read back there is none."""
    return isinstance(step, SetTag) and step.was is None and KEY.fullmatch(step.key) is not None


def notes(tags: Mapping[str, str]) -> dict[str, str]:
    """Every note among a registered model's tags, by key."""
    return {key: tags[key] for key in sorted(tags) if KEY.fullmatch(key)}


def intents(tags: Mapping[str, str]) -> tuple[Intent, ...]:
    """Every note that this program wrote, oldest first."""
    found = []
    for key, text in notes(tags).items():
        with suppress(ValueError):
            found.append(Intent.parse(key, text))
    return tuple(sorted(found, key=lambda intent: intent.since))


def lease(key: str, text: str) -> tuple[str, float, str]:
    """Whose note it is, until when they are at work, and what is told of it; of a note that is none, for ever over.

    A note in a format that a newer version of this program writes has its lease in the same place.
    """
    try:
        intent = Intent.parse(key, text)
    except ValueError as error:
        raw = mapping_of(text)
        owner, until = raw.get("owner"), raw.get("until")
        known = isinstance(owner, str) and isinstance(until, int | float)
        return (owner, until, str(error)) if known else ("", 0.0, str(error))  # type: ignore[return-value]
    return intent.owner, intent.until, intent.told


def under_way(tags: Mapping[str, str]) -> str | None:
    """What a registered model's tags say is going on, for a person; None when nothing is."""
    found = notes(tags)
    told = [intent.told for intent in intents(tags)] or [f"the tag {key} holds {STRANGE}" for key in found]
    return f"{told[0]} (and {len(found) - 1} more)" if len(found) > 1 else next(iter(told), None)


def way_out(tags: Mapping[str, str], command: Callable[..., str]) -> str:
    """What to type when the work was cut off. What a cleanup has deleted can only be written down."""
    resume = command("--recover", "resume")
    if {intent.kind for intent in intents(tags)} == {"approval"}:
        return f"if it is dead, take back what it wrote: {command('--recover', 'abandon')}"
    groups = {", ".join(intent.group) for intent in intents(tags) if intent.group}
    each = "".join(f"; the same for each model of its group: {names}" for names in sorted(groups))
    if {intent.kind for intent in intents(tags)} == {"cleanup"}:
        return f"if it is dead, write down what is gone: {resume}"
    return f"if it is dead, finish it: {resume} - or undo it: {command('--recover', 'abandon')}{each}"


def _fields(raw: dict[str, Any]) -> dict[str, Any]:
    """The fields of an intent in a tag's value, of types that can be trusted."""
    if raw.pop("v") != FORMAT:
        raise ValueError
    kind, moves = raw["kind"], tuple(_move(*fields) for fields in raw["moves"])
    target = "" if kind in STILL else moves[-1 if kind == "promote" else 0].alias
    lists = {name: tuple(raw.get(name, ())) for name in ("group", "ladder")}
    rollouts = tuple(Rollout(*fields) for fields in raw.get("rollouts", ()))
    return {**raw, "moves": moves, "target": target, "holds": _text(raw["holds"]), "rollouts": rollouts, **lists}


def _move(alias: str, was: object, to: object, *stages: str) -> Move:
    return Move(str(alias), _text(was), _text(to), *map(str, stages))


def _makes_sense(intent: Intent) -> bool:
    texts = (intent.work, intent.held, intent.owner, intent.load, *intent.group)
    sound = all(isinstance(text, str) for text in texts) and type(intent.record) is int
    sound = sound and type(intent.noticed) is bool and all(one.makes_sense for one in intent.rollouts)
    sound = sound and all(type(rung) is int for rung in intent.ladder) and type(intent.bake_s) is float
    sound = sound and type(intent.resumed) is int and intent.resumed >= 0
    if intent.kind in ("release", "approval"):
        return sound and not intent.moves and intent.holds is not None
    if intent.kind == "cleanup":
        return sound and not intent.moves and intent.holds is None and all(map(str.isdecimal, intent.doomed))
    # Only a rollback can lead to nothing: that of a first promotion.
    return sound and (intent.kind == "rollback" or (intent.kind == "promote" and intent.move.to is not None))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
