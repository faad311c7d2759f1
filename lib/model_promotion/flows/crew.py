"""The workers of a fleet: at most so many promotions are looked at, or carried out, at the same time."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from typing import Self, TypeVar

from model_promotion.core.errors import Interrupted, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.exam import Case, Exam
from model_promotion.core.exits import ExitCode
from model_promotion.core.fleet import Fleet, Unit
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode, Request
from model_promotion.core.trial import Trial, TrialResult
from model_promotion.flows import apply, promote
from model_promotion.flows.taking_back import take_back
from model_promotion.ports import Scorer
from model_promotion.together import together
from model_promotion.voices import Prefixed, Silent
from model_promotion.world import World

Half = promote.Judged | Outcome
T = TypeVar("T", Outcome, Half)
R = TypeVar("R")
KINDS = {ExitCode.DONE: Kind.PASSED, ExitCode.WARNED: Kind.WARNED}


@dataclass(frozen=True)
class Member:
    """One promotion of a fleet, in a world of its own, so that none takes another's time."""

    request: Request
    world: World
    group: str

    def ended(self, error: PromotionError) -> Outcome:
        """The outcome of a promotion that could not be judged or carried out."""
        return self.outcome(error.code, str(error), error.hint)

    def outcome(self, code: ExitCode, summary: str, hint: str = "") -> Outcome:
        """An outcome of which there is no more to say."""
        hints = (hint,) if hint else ()
        return Outcome(self.request.mode, code, summary, self.request.model, hints=hints)


Members = Sequence[Member]


class Queue:
    """A scorer for several promotions: one model runs at a time, or their times and memory would tell nothing."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._turn = threading.Lock()

    def run(self, trial: Trial) -> TrialResult:
        """What the model did, when its turn has come."""
        with self._turn:
            return self._scorer.run(trial)

    def examine(self, exam: Exam) -> Sequence[Case]:
        """What came of every case, when its turn has come."""
        with self._turn:
            return self._scorer.examine(exam)

    def stop(self) -> None:
        """End the run that is under way."""
        self._scorer.stop()


class Crew:
    """Works through the units of a fleet; `defects` keeps what only a mistake of ours can raise."""

    def __init__(self, fleet: Fleet, world: World, *, verbose: bool) -> None:
        self._world = replace(world, scorer=Queue(world.scorer))
        self._verbose = verbose
        self._line = threading.Lock()
        self._places = threading.BoundedSemaphore(fleet.workers)
        self._pool = ThreadPoolExecutor(fleet.workers, thread_name_prefix="unit")
        self._stopped = threading.Event()
        self.units: list[Members] = [self._members(unit) for unit in fleet.units]
        self.defects: list[Exception] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _members(self, unit: Unit) -> Members:
        return [Member(one, self._world_of(one), unit.name) for one in unit.members]

    def _world_of(self, request: Request) -> World:
        voice = Prefixed(self._world.voice, request.model, self._line) if self._verbose else Silent()
        return replace(self._world.beside(voice), scorer=self._world.scorer)

    def each(self, work: Callable[[Members], list[T]], *, quiet: bool = False) -> list[list[T]]:
        """What `work` answers for each unit, in order; what has ended is told as it ends, one line for each member."""
        futures = [self._pool.submit(work, members) for members in self.units]
        try:
            for ended in self._as_they_end(futures):
                if not quiet:
                    self._tell(ended.result())
        except KeyboardInterrupt:
            # What has begun is ended or undone, nothing else begins; whoever presses again leaves at once.
            self._stopped.set()
            self._world.scorer.stop()
            self._world.voice.tell(Event(Kind.WARNED, "Fleet", "interrupted; what has begun is brought to its end"))
        return [future.result() for future in futures]

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
        """All of a unit is looked at, at the same time, before any of it is touched."""
        return together([partial(self._judged, member) for member in members])

    def _judged(self, member: Member) -> Half:
        judge = apply.judge if member.request.mode is Mode.APPLY else promote.judge
        half = self._guarded(member, lambda: judge(member.request, member.world))
        # What was found out while everything was being stopped tells nothing.
        return member.ended(_interrupted()) if self._stopped.is_set() else half

    def carried_out(self, members: Members, halves: Sequence[Half]) -> list[Outcome]:
        """The promotions of a unit, one after the other; all of them, or none."""
        if not all(may_go(half) for half in halves):
            return none_begun(members, halves, f"another promotion of group {members[0].group} may not go")
        ended: list[Outcome] = []
        for member, half in zip(members, halves, strict=True):
            ended.append(half if isinstance(half, Outcome) else self._acted(member, half))
            if not may_go(ended[-1]):
                return self._given_up(members, ended)
        return ended

    def _acted(self, member: Member, judged: promote.Judged) -> Outcome:
        return self._guarded(member, lambda: promote.act(judged, member.world))

    def _given_up(self, members: Members, ended: list[Outcome]) -> list[Outcome]:
        """The last one failed: those before it are taken back, newest first; those after it are not begun."""
        why = f"group {members[0].group} failed at {ended[-1].model} ({ended[-1].summary})"
        for at in reversed(range(len(ended) - 1)):
            if ended[at].entries:  # Where nothing was to be done, nothing is to be taken back.
                ended[at] = self._taken_back(members[at], ended[at], why)
        rest = [member.outcome(ExitCode.REFUSED, f"not begun: {why}") for member in members[len(ended) :]]
        return [*ended, *rest]

    def _taken_back(self, member: Member, done: Outcome, why: str) -> Outcome:
        try:
            return take_back(done, member.request, why, member.world)
        except PromotionError as error:
            by_hand = f"take it back by hand: {member.request.command('--rollback')}"
            return member.outcome(error.code, f"not taken back, {member.request.where} is v{done.to}: {error}", by_hand)

    def _guarded(self, member: Member, work: Callable[[], R]) -> R | Outcome:
        with self._places:
            if self._stopped.is_set():
                return member.ended(_interrupted())
            try:
                return work()
            except PromotionError as error:
                return member.ended(error)
            except Exception as error:  # noqa: BLE001 - told as a defect when the others have ended
                self.defects.append(error)
                return member.outcome(ExitCode.DEFECT, f"a defect of this program: {error!r}")


def may_go(half: Half) -> bool:
    """Whether nothing stands against it; also when there is nothing to do."""
    return isinstance(half, promote.Judged) or half.code <= ExitCode.WARNED


def none_begun(members: Members, halves: Sequence[Half], because: str) -> list[Outcome]:
    """The outcomes of a unit of which nothing is carried out: what stands against some of it stops the others."""
    return [
        half
        if isinstance(half, Outcome) and (not may_go(half) or half.decision is None)
        else member.outcome(ExitCode.REFUSED, f"not begun: {because}")
        for member, half in zip(members, halves, strict=True)
    ]


def _interrupted() -> Interrupted:
    return Interrupted("interrupted before it began; nothing of it was written", hint="make the same call again")
