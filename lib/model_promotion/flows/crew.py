"""The workers of a fleet: at most so many promotions are looked at, or carried out, at the same time."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from functools import partial
from typing import Self, TypeVar

from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.fleet import Fleet, Unit
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode, Request
from model_promotion.flows import apply, promote
from model_promotion.flows.group import Group
from model_promotion.flows.member import Gate, Guard, Half, Member, Members, interrupted, may_go, none_begun
from model_promotion.together import together
from model_promotion.undisturbed import undisturbed
from model_promotion.voices import Prefixed, Silent
from model_promotion.world import World

T = TypeVar("T", Outcome, Half)
R = TypeVar("R")
KINDS = {ExitCode.DONE: Kind.PASSED, ExitCode.WARNED: Kind.WARNED}


class Crew:
    """Works through the units of a fleet."""

    def __init__(self, fleet: Fleet, world: World, *, verbose: bool) -> None:
        self._world = world
        self._verbose = verbose
        self._line = threading.Lock()
        self._guard = Guard(fleet.workers)
        self._pool = ThreadPoolExecutor(fleet.workers, thread_name_prefix="unit")
        self.units: list[Members] = [self._members(unit) for unit in fleet.units]

    @property
    def defects(self) -> list[Exception]:
        """What only a mistake of ours can raise."""
        return self._guard.defects

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _members(self, unit: Unit) -> Members:
        grouped = (replace(one, in_group=bool(unit.name)) for one in unit.members)
        return [Member(one, self._world_of(one), unit.name) for one in grouped]

    def _world_of(self, request: Request) -> World:
        voice = Prefixed(self._world.voice, request.model, self._line) if self._verbose else Silent()
        # Of several promotions too one model runs at a time, and whoever stops them all stops it.
        ours, world = self._world, self._world.beside(voice)
        gate = Gate(world.writer, self._guard)
        return replace(world, scorer=ours.scorer, writer=gate, models_at_work=ours.models_at_work)

    def each(self, work: Callable[[Members], list[T]], *, quiet: bool = False) -> list[list[T]]:
        """What `work` answers for each unit, in order; what has ended is told as it ends, one line for each member."""
        # Whoever presses while they are handed out would leave some at work that nobody waits for.
        futures, pressed = undisturbed(lambda: [self._pool.submit(work, members) for members in self.units])
        try:
            if pressed:
                raise KeyboardInterrupt  # noqa: TRY301 - as it would have come a moment later
            for ended in self._as_they_end(futures):
                if not quiet:
                    self._tell(ended.result())
        except KeyboardInterrupt:
            # What has begun is ended or undone, nothing else begins; whoever presses again leaves at once.
            self._guard.stopped.set()
            self._world.scorer.stop()
            self._world.voice.tell(Event(Kind.WARNED, "Fleet", self._interrupted))
        return [future.result() for future in futures]

    @property
    def _interrupted(self) -> str:
        grouped = any(members[0].group for members in self.units)
        back = ", a group that is half way is taken back" if grouped else ""
        return f"interrupted; nothing else begins: what has begun is brought to its end{back}"

    def _as_they_end(self, futures: list[Future[R]]) -> Iterator[Future[R]]:
        ended = as_completed(futures)
        for count in range(len(futures)):
            with self._world.voice.during(f"{count} of {len(futures)} have ended"):
                one = next(ended)
            yield one

    def _tell(self, outcomes: Sequence[Half]) -> None:
        for one in outcomes:
            if isinstance(one, Outcome):
                event = Event(KINDS.get(one.code, Kind.FAILED), one.model, one.summary.removeprefix(f"{one.model}: "))
                with self._line:
                    self._world.voice.tell(event)

    def promoted(self, members: Members) -> list[Outcome]:
        """A unit from beginning to end."""
        return self.carried_out(members, self.judged(members))

    def judged(self, members: Members) -> list[Half]:
        """All of a unit is looked at, at the same time, before any of it is touched; copies are made if all may go."""
        looked = together([partial(self._judged, member.looking) for member in members])
        if not any(member.looking is not member for member in members) or not all(map(may_go, looked)):
            return looked
        pairs = zip(members, looked, strict=True)
        return [half if member.looking is member else self._judged(member) for member, half in pairs]

    def _judged(self, member: Member) -> Half:
        judge = apply.judge if member.request.mode is Mode.APPLY else promote.judge
        half = self._guard.begun(member, lambda: judge(member.request, member.world))
        # What was found out while everything was being stopped tells nothing.
        return interrupted(member) if self._guard.stopped.is_set() else _with_reasons(half)

    def carried_out(self, members: Members, halves: list[Half]) -> list[Outcome]:
        """The promotions of a unit; all of them, or none."""
        if not all(map(may_go, halves)):
            return none_begun(members, halves, f"another promotion of group {members[0].group} may not go")
        if members[0].group:
            return Group(members, halves, self._guard).carried_out()
        return [
            half if isinstance(half, Outcome) else self._guard.begun(member, partial(promote.act, half, member.world))
            for member, half in zip(members, halves, strict=True)
        ]


def _with_reasons(half: Half) -> Half:
    """A refusal with what the checks found in its one line: the lines of the checks are not shown."""
    if not isinstance(half, Outcome) or half.decision is None:
        return half
    why = "; ".join(finding.sentence for finding in half.findings if finding.check in half.decision.refused)
    return replace(half, summary=f"{half.summary} ({why})") if why else half
