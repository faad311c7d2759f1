"""Two calls in one world in memory, interleaved on purpose: who makes the next request to the registry is decided here.

Every request of a call (a read or a write of the registry) is a stop. A schedule says for how many stops a call runs
before the other one; after the last number each call runs to its end. All schedules with few switches can be tried,
which finds every race that few switches can cause, and names it by its schedule.
"""

import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from model_promotion.clocks import MemoryClock
from model_promotion.core.entities import RegisteredModel, Version
from model_promotion.core.errors import PromotionError
from model_promotion.core.exits import ExitCode
from model_promotion.core.history import verified
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.outcome import Outcome
from model_promotion.core.steps import SetAlias, Step
from model_promotion.flows.acting import RIVALS_LOOK_S
from tests.worlds import MODEL, Registry, Scene

Call = Callable[[Scene], Outcome]
Calls = tuple[Call, ...]
Ended = Outcome | PromotionError
BEFORE = 2
AS_ASKED = "as asked"


@dataclass
class Turns:
    """Whose turn it is: call `who` may pass `left` more stops (None: as many as it likes)."""

    schedule: Sequence[int]
    who: int = 0
    place: int = 0
    passed: int = 0
    ended: set[int] = field(default_factory=set)
    turn: threading.Condition = field(default_factory=threading.Condition)

    def stop(self, me: int) -> None:
        """Wait until it is my turn."""
        with self.turn:
            self._hand_on_if_due()
            self.turn.wait_for(lambda: self.who == me)
            self.passed += 1

    def _hand_on_if_due(self) -> None:
        if self.place < len(self.schedule) and self.passed >= self.schedule[self.place] and not self.ended:
            self.who, self.place, self.passed = 1 - self.who, self.place + 1, 0
            self.turn.notify_all()

    def rest(self, me: int) -> None:
        """Whoever sleeps lets the other one go on."""
        with self.turn:
            if self.who == me and not self.ended:
                self.who, self.place, self.passed = 1 - me, self.place + 1, 0
                self.turn.notify_all()

    def end(self, me: int) -> None:
        """The other one runs alone from here on."""
        with self.turn:
            self.ended.add(me)
            self.who = 1 - me
            self.turn.notify_all()


@dataclass
class Stops:
    """The registry and its writer as one call sees them: every request waits for its turn, and is noted."""

    registry: Registry
    turns: Turns
    me: int
    story: list[str]

    def __getattr__(self, name: str) -> object:
        return getattr(self.registry, name)

    def model(self, name: str) -> RegisteredModel:
        self._stop("reads the model")
        return self.registry.model(name)

    def version(self, name: str, number: str) -> Version:
        return self.registry.version(name, number)

    def _stop(self, deed: str) -> None:
        self.turns.stop(self.me)
        self.story.append(f"{'AB'[self.me]} {deed}")


@dataclass
class StoppingWriter:
    """Writes wait for their turn too; the moves of the champion are kept."""

    stops: Stops
    scene: Scene
    moves: list[tuple[int, str | None, str | None, str | None]]

    def write(self, step: Step) -> None:
        self.stops._stop(step.sentence)  # noqa: SLF001 - two halves of one thing
        if isinstance(step, SetAlias) and step.alias == "champion":
            aliases = self.scene.aliases
            self.moves.append((self.stops.me, aliases.get("champion"), step.to, aliases.get("prev_champion")))
        self.scene.writer.write(step)


class RestingClock(MemoryClock):
    """While a call waits for the other one, that one gets on; the minute before a call is no such wait."""

    def __init__(self, now: float, turns: Turns, me: int) -> None:
        super().__init__(now)
        self.turns, self.me = turns, me

    def sleep(self, wait_s: float) -> None:
        """Let time pass at once, and the other one have its turn."""
        super().sleep(wait_s)
        if wait_s <= RIVALS_LOOK_S:
            self.turns.rest(self.me)


@dataclass
class Played:
    """What came of it: the outcomes, every request in order, and (who, was, to, backup) of every champion move."""

    outcomes: dict[int, list[Ended]] = field(default_factory=dict)
    story: list[str] = field(default_factory=list)
    moves: list[tuple[int, str | None, str | None, str | None]] = field(default_factory=list)
    violations: tuple[str, ...] = ()

    @property
    def every(self) -> list[Ended]:
        return [*self.outcomes[0], *self.outcomes[1]]

    @property
    def codes(self) -> set[int]:
        return {int(one.code) for one in self.every}


def ended(call: Call, scene: Scene) -> Ended:
    try:
        return call(scene)
    except PromotionError as error:
        return error


def play(scene: Scene, calls: tuple[Calls, Calls], schedule: Sequence[int]) -> Played:
    """Both on one scene, in the order that the schedule asks for; each is one call, or several one after the other."""
    turns, played = Turns(schedule), Played()

    def run(me: int) -> None:
        stops = Stops(scene.registry, turns, me, played.story)
        mine = replace(scene)
        mine.registry = stops  # type: ignore[assignment]
        mine.clock = RestingClock(scene.clock.now(), turns, me)
        mine.writer = StoppingWriter(stops, scene, played.moves)  # type: ignore[assignment]
        try:
            played.outcomes[me] = [ended(call, mine) for call in calls[me]]
        finally:
            turns.end(me)

    threads = [threading.Thread(target=run, args=(me,), daemon=True) for me in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive(), "a call hangs"
    return played


def violations(scene: Scene, played: Played) -> tuple[str, ...]:
    """What the contract promises and this play broke, in a word each."""
    won = [one for one in played.every if isinstance(one, Outcome) and one.code in (ExitCode.DONE, ExitCode.WARNED)]
    moved = [one for one in won if not one.summary.endswith("nothing to do")]
    records = sorted(scene.journal.records, key=lambda record: record.number)
    moves = [record for record in records if record.alias == "champion"]
    last, champion, backup = moves[-1], scene.aliases["champion"], scene.aliases.get("prev_champion")
    numbers, lines = {record.number for record in records}, scene.journal.lines(MODEL)
    chosen = [record for record in moves if record.kind == "rollback" and record.why != AS_ASKED]
    ways = [(record, verified("champion", lines[: record.number - 1])[-2:-1]) for record in chosen]
    promoted = last.kind == "promote"
    broken = {
        "an announcement is left": bool(scene.noted),
        "not refused with 2": not played.codes <= {0, 1, 2},
        "nobody won": not won,
        "a record number twice": len(numbers) != len(records),
        "the chain is broken": len(numbers) == len(records) and not scene.fits(),
        "the record is no history": any(one.to != two.was for one, two in itertools.pairwise(moves)),
        "the record does not tell what stands": last.to != champion,
        "success and records differ": len(records) - BEFORE != len(moved),
        "the backup is not the predecessor by the record": promoted and backup != last.was,
        "the backup is not what stood there": bool(played.moves) and promoted and backup != played.moves[-1][1],
        "the backup is the champion itself": promoted and backup == champion,
        "a version that is held was promoted": last.kind == "promote"
        and not last.forced
        and HOLD_TAG in scene.registry.version(MODEL, champion).tags,
        "a rollback does not lead to the last verified version": any((one.to,) != way for one, way in ways),
    }
    return tuple(name for name, is_so in broken.items() if is_so)
