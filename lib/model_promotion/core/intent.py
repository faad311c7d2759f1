"""The note left on the registered model while its aliases are being moved: enough to finish the work, or to undo it.

It is a tag, so it obeys Unity Catalog's rules (at most 1000 characters) and names no person.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from model_promotion.core.say import version, when
from model_promotion.core.steps import SetAlias, SetTag, Step

INTENT_TAG = "promotion_intent"
HOLD_TAG = "promotion_hold"
FORMAT = 1


@dataclass(frozen=True)
class Move:
    """One alias and its way: from the version it was on to the version it goes to."""

    alias: str
    was: str | None
    to: str | None


@dataclass(frozen=True)
class Intent:
    """A promotion or rollback under way: every alias it moves in order, the version it holds, and since when.

    It is a lease too: `owner` is at work until `until` (seconds since the epoch), unless that process is gone.
    `record` is the number that its record will have: once the head of the records is there, the work had ended.
    """

    id: str
    kind: Literal["promote", "rollback"]
    target: str
    moves: tuple[Move, ...]
    since: float
    holds: str | None = None
    owner: str = ""
    until: float = 0.0
    record: int = 0

    @property
    def text(self) -> str:
        """The tag's value."""
        moves = [[move.alias, move.was, move.to] for move in self.moves]
        # Letters as they are: escaped, an alias of 255 of them would not fit into 1000 characters.
        body = {**asdict(self), "moves": moves, "v": FORMAT}
        del body["target"]  # It is the first move of a rollback and the last of a promotion; the room is needed.
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def parse(cls, text: str) -> "Intent":
        """The intent in a tag's value.

        Raises:
            ValueError: when the value is none that this program wrote.
        """
        try:
            raw = json.loads(text)
            known = raw.pop("v") == FORMAT and raw["kind"] in ("promote", "rollback")
            moves = tuple(Move(str(alias), _number(was), _number(to)) for alias, was, to in raw.pop("moves"))
            target = moves[-1 if raw["kind"] == "promote" else 0].alias
            texts = {"id": str(raw["id"]), "target": target, "holds": _number(raw["holds"])}
            intent = cls(**{**raw, **texts, "moves": moves})
            # What this program wrote reads the same when it is written again; a time must be one that can be said.
            known = known and intent.text == text and intent.move.to is not None and bool(intent.told)
            known = known and isinstance(intent.owner, str) and type(intent.record) is int
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
            raise ValueError(f"the tag {INTENT_TAG} holds something this program did not write")
        return intent

    @property
    def told(self) -> str:
        """What is going on, for a person."""
        move = self.move
        way = f"{version(move.was)} to {version(move.to)}"
        since = f"since {when(self.since)}, by process {self.owner}, at work until {when(self.until)} at the latest"
        return f"a {self.kind} of @{move.alias} from {way} is under way or was cut off, {since}"

    @property
    def move(self) -> Move:
        """The move of the target alias itself."""
        return next(move for move in self.moves if move.alias == self.target)

    def steps(self, model: str, held: str | None = None) -> tuple[Step, ...]:
        """Every move as a step, and the hold where one is asked for; `held` is the hold that stands there already."""
        aliases = tuple(SetAlias(model, move.alias, move.was, move.to) for move in self.moves)
        if self.holds is None:
            return aliases
        text = f"rolled back from @{self.target} at {when(self.since)}"
        return (*aliases, SetTag(model, HOLD_TAG, held, text, self.holds))

    def opening(self, model: str) -> SetTag:
        """The step that announces the work; its undoing closes it."""
        return SetTag(model, INTENT_TAG, None, self.text)


def under_way(tags: Mapping[str, str]) -> str | None:
    """What a registered model's tags say is going on, for a person; None when nothing is."""
    text = tags.get(INTENT_TAG)
    if text is None:
        return None
    try:
        return Intent.parse(text).told
    except ValueError as error:
        return str(error)


def _number(value: object) -> str | None:
    return None if value is None else str(value)
