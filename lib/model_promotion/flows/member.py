"""One promotion of a fleet, and how its work is guarded: what fails in it is its outcome and stops no other."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from model_promotion.core.copying import Copy
from model_promotion.core.entities import Version
from model_promotion.core.errors import Interrupted, PromotionError
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import announces
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode, Request
from model_promotion.core.steps import Step
from model_promotion.flows import promote
from model_promotion.ports import RegistryWriter
from model_promotion.world import World

Half = promote.Judged | Outcome
R = TypeVar("R")
BEFORE_IT_BEGAN = "interrupted before it began"


@dataclass(frozen=True)
class Member:
    """One promotion of a fleet, in a world of its own, so that none takes another's time."""

    request: Request
    world: World
    group: str

    @property
    def looking(self) -> "Member":
        """The same without a copy that would be made before the others of its group have been looked at."""
        copies = self.group and self.request.copy_from and self.request.mode is Mode.PROMOTE
        return replace(self, request=replace(self.request, mode=Mode.CHECK)) if copies else self

    def ended(self, error: PromotionError) -> Outcome:
        """The outcome of a promotion that could not be judged or carried out."""
        return self.outcome(error.code, str(error), error.hint)

    def outcome(self, code: ExitCode, summary: str, hint: str = "") -> Outcome:
        """An outcome of which there is no more to say."""
        hints = (hint,) if hint else ()
        return Outcome(self.request.mode, code, summary, self.request.model, hints=hints)


Members = Sequence[Member]


class Guard:
    """Lets at most so many work at the same time; `defects` keeps what only a mistake of ours can raise."""

    def __init__(self, workers: int) -> None:
        self._places = threading.BoundedSemaphore(workers)
        self.stopped = threading.Event()
        self.defects: list[Exception] = []

    def begun(self, member: Member, work: Callable[[], R]) -> R | Outcome:
        """What the work answers, or the outcome of what went wrong; once all is stopped, nothing more is begun."""
        with self._places:
            return interrupted(member) if self.stopped.is_set() else self._outcome(member, work)

    def ended(self, member: Member, work: Callable[[], R]) -> R | Outcome:
        """The same for what has to be done in any case."""
        with self._places:
            return self._outcome(member, work)

    def _outcome(self, member: Member, work: Callable[[], R]) -> R | Outcome:
        try:
            return work()
        except PromotionError as error:
            return member.ended(error)
        except Exception as error:  # noqa: BLE001 - told as a defect when the others have ended
            self.defects.append(error)
            return member.outcome(ExitCode.DEFECT, f"a defect of this program: {error!r}")


class Gate:
    """A writer that lets nothing begin, no promotion and no copy, once everything is being stopped.

    Until its announcement is sent a promotion has not begun, however long its checks took.
    """

    def __init__(self, writer: RegistryWriter, guard: Guard) -> None:
        self._writer = writer
        self._guard = guard

    def write(self, step: Step) -> None:
        """Send one write, unless it would begin something."""
        if announces(step):
            self._may_begin()
        self._writer.write(step)

    def copy(self, copy: Copy) -> str:
        """Make a copy."""
        self._may_begin()
        return self._writer.copy(copy)

    def uncopy(self, copy: Copy) -> str | None:
        """Take away what is left of one."""
        return self._writer.uncopy(copy)

    def delete(self, version: Version) -> None:
        """Delete a version."""
        self._writer.delete(version)

    def _may_begin(self) -> None:
        if self._guard.stopped.is_set():
            raise Interrupted(BEFORE_IT_BEGAN)


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


def interrupted(member: Member) -> Outcome:
    """The outcome of one whose turn did not come."""
    return member.ended(Interrupted(f"{BEFORE_IT_BEGAN}; nothing of it was written"))
