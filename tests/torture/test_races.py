"""Many callers of one alias at once, over HTTP, and a checker that reads the workspace's own history of its aliases."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest

from model_promotion.core.errors import PromotionError
from model_promotion.core.intent import notes
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import Line
from model_promotion.core.request import Mode, Request
from model_promotion.core.selector import ByNumber
from model_promotion.flows import promote, rollback, verify_audit
from model_promotion.flows.recording import all_lines
from model_promotion.owners import MemoryOwner
from model_promotion.settings import Flags, settle
from model_promotion.voices import Silent
from model_promotion.wiring import plug_in
from model_promotion.world import World
from tests.e2e.program import _environment
from tests.torture.conftest import Tally, budget
from tests.torture.grounds import Loopback

MOVED = (0, 1)
SLOWEST_S = 0.02
FIRST_RACED = 4
SEEDED = 3
GO_BACK = 0.3


@dataclass
class Racer:
    """One call: a promotion of `number`, or a rollback where there is none; and how it ended."""

    world: World
    request: Request
    ended: Outcome | PromotionError | None = None

    @property
    def code(self) -> int:
        return int(self.ended.code) if self.ended else 70

    @property
    def move(self) -> tuple[int, int] | None:
        """From where to where, if it says that it moved the alias."""
        outcome = self.ended
        if not isinstance(outcome, Outcome) or outcome.code not in MOVED or outcome.was == outcome.to:
            return None
        return int(outcome.was or 0), int(outcome.to or 0)

    def run(self, start: threading.Barrier, wait_s: float) -> None:
        start.wait()
        self.world.clock.sleep(wait_s)
        flow = rollback if self.request.mode is Mode.ROLLBACK else promote
        try:
            self.ended = flow.run(self.request, self.world)
        except PromotionError as error:
            self.ended = error


def a_racer(model: str, number: int | None, name: str) -> Racer:
    """With clients of its own, connected already."""
    world = replace(plug_in(settle(Flags(), model), Silent()), owner=MemoryOwner(name))
    world.registry.model(model)
    if number is None:
        return Racer(world, Request(Mode.ROLLBACK, model))
    return Racer(world, Request(Mode.PROMOTE, model, ByNumber(str(number)), candidate_named=True))


@contextmanager
def raced(ground: Loopback, racers: int) -> Iterator[Loopback]:
    """Promoted twice, so that there is a way back; with a version for every racer."""
    for _ in range(racers):
        ground.workspace.add_version(ground.model, ground.cwd.parent / "models" / "2", run_id="")
    with _environment(ground.env, ground.cwd):
        start = threading.Barrier(1)
        for number in (2, 3):
            first = a_racer(ground.model, number, "first")
            first.run(start, 0)
            assert first.code in MOVED, first.ended
        yield ground


def race(ground: Loopback, numbers: list[int | None], dice: random.Random) -> list[Racer]:
    """All at once, the workspace a little slow, each a little late."""
    racers = [a_racer(ground.model, number, f"racer-{place}-1") for place, number in enumerate(numbers)]
    start = threading.Barrier(len(racers))
    threads = [threading.Thread(target=one.run, args=(start, dice.uniform(0, 0.1))) for one in racers]
    ground.workspace.faults.latency = dice.uniform(0, SLOWEST_S)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ground.workspace.faults.latency = 0.0
    return racers


def broken(ground: Loopback, racers: list[Racer], since: int) -> list[str]:
    """What the history of the aliases and the record say against the promises."""
    world = racers[0].world
    lines = [line for line in all_lines(ground.model, world) if line.alias == "champion"]
    raced = lines[SEEDED - 1 :]
    moves = [(move.alias, move.was, move.to) for move in ground.workspace.alias_history(ground.model)[since:]]
    told = [(int(line.was or 0), int(line.to or 0)) for line in raced]
    won = sorted(racer.move for racer in racers if racer.move)
    verified = verify_audit.run(Request(Mode.VERIFY_AUDIT, ground.model), world)
    wrong = {
        "not refused with 2": any(racer.code not in (0, 1, 2) for racer in racers),
        "an announcement is left": bool(notes(ground.tags)),
        "nobody won": not won,
        "the chain is broken": verified.code != 0,
        "the record is no history": any(one.to != two.was for one, two in pairwise(lines)),
        "the record does not tell what stands": int(lines[-1].to or 0) != ground.aliases["champion"],
        "success and records differ": won != sorted(told),
        "success for a move that never was": not set(told) <= {(was, to) for _, was, to in moves},
        "moves in another order than records": not _in_order(told, moves),
        "the backup is not what stood there": not _backups_true(raced, moves),
    }
    return [name for name, is_so in wrong.items() if is_so]


def _in_order(told: list[tuple[int, int]], moves: list[tuple[str, Any, Any]]) -> bool:
    """Whether the champion's moves that were not undone again are those of the record."""
    kept: list[tuple[Any, Any]] = []
    for alias, was, to in moves:
        if alias == "champion" and was != to:
            undone = kept and kept[-1] == (to, was) and (was, to) not in told
            kept = kept[:-1] if undone else [*kept, (was, to)]
    return kept == told


def _backups_true(raced: list[Line], moves: list[tuple[str, Any, Any]]) -> bool:
    """Whether @prev_champion was what stood there, at the instant of every promotion's move."""
    promoted = {(int(line.was or 0), int(line.to or 0)) for line in raced if line.kind == "promote"}
    kept: Any = 2  # version 3 was promoted over it
    for alias, was, to in moves:
        if alias == "prev_champion":
            kept = to
        elif alias == "champion" and (was, to) in promoted and kept != was:
            return False
    return True


@pytest.mark.parametrize("seed", [1])
def test_of_many_at_once_the_record_tells_one_history(
    seed: int, loopbacks: Callable[[], Loopback], tally: Tally
) -> None:
    dice = random.Random(seed)  # noqa: S311 - a dice, no secret
    tally.update(rounds=0, racers=0, moves=0, violations=0)
    notes: list[str] = []
    for _ in budget(6, 520):
        numbers: list[int | None] = [
            None if dice.random() < GO_BACK else FIRST_RACED + place for place in range(dice.randint(2, 8))
        ]
        with raced(loopbacks(), len(numbers)) as ground:
            since = len(ground.workspace.alias_history(ground.model))
            racers = race(ground, numbers, dice)
            found = broken(ground, racers, since)
            tally["rounds"] += 1
            tally["racers"] += len(racers)
            tally["moves"] += len([racer for racer in racers if racer.move])
            tally["violations"] += bool(found)
            if found:
                how = [(racer.code, racer.move, getattr(racer.ended, "summary", racer.ended)) for racer in racers]
                notes.append(f"{found}: {how}, {ground.workspace.alias_history(ground.model)[since:]}")
    assert not notes, "\n".join(notes[:5])
