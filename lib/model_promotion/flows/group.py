"""The promotions of a group: all of them, or none.

Every one is announced before the first alias moves, in the order of the models' names: two groups then meet at the
first model that they share, where one of them goes first and the other has moved nothing. An announcement stands until
the whole group has ended, so whoever comes after a kill sees each model that belongs to what was cut off.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import cast

from model_promotion.core import say
from model_promotion.core.errors import PromotionError
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import way_out
from model_promotion.core.outcome import Outcome
from model_promotion.flows import promote
from model_promotion.flows.acting import begin, go_on, take_each, withdrawn
from model_promotion.flows.announcing import head_of, intent_of
from model_promotion.flows.describing import described
from model_promotion.flows.hands import Hands
from model_promotion.flows.member import Guard, Half, Members, interrupted, may_go
from model_promotion.flows.taking_back import Because, take_back


@dataclass(frozen=True)
class Failure:
    """What stopped the group: the place of the member, and its outcome."""

    at: int
    outcome: Outcome


@dataclass
class Group:
    """The members of a group, what was found of each, and how far each has come, by its place."""

    members: Members
    halves: list[Half]
    guard: Guard
    begun: dict[int, Hands] = field(default_factory=dict)
    ended: dict[int, Outcome] = field(default_factory=dict)
    work: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    def carried_out(self) -> list[Outcome]:
        """An outcome for each member."""
        going = [at for at, half in enumerate(self.halves) if isinstance(half, promote.Judged)]
        failure = self._first_failure(going) if going else None
        for at in reversed(going):
            if at in self.begun:
                self.ended[at] = self._given_up(at, failure) if failure else self._close(at)
        return [self._described(at, self._told(at, failure)) for at in range(len(self.members))]

    def _first_failure(self, going: list[int]) -> Failure | None:
        """Each is tried until one fails: announced, moved, and at the end seen to stand."""
        return (
            _first(self._announce(at) for at in sorted(going, key=lambda at: self.members[at].request.model))
            or _first(self._look(at) for at in range(len(self.members)) if at not in going)
            or _first(self._move(at) for at in going)
            or _first(self._look(at) for at in range(len(self.members)))
        )

    def _announce(self, at: int) -> Failure | None:
        found = self.guard.begun(self.members[at], partial(self._announced, at, self._judged(at)))
        if isinstance(found, Outcome):
            return Failure(at, found)
        self.begun[at] = found
        return None

    def _announced(self, at: int, judged: promote.Judged) -> Hands | Outcome:
        world = self.members[at].world
        world.renew()
        alone = intent_of(judged.plan, world, judged.noticed)
        # It stands while all of the others are moved too.
        until = round(alone.since + world.lease_s * len(self.members), 3)
        intent = alone.grouped(self.work, self._names, until)
        acted = begin(intent, world, world.registry.model(judged.plan.seen.name))
        return promote.failed(judged, acted) if acted.failure else acted.hands

    @property
    def _names(self) -> list[str]:
        """Those that are announced: what is there already has nothing to be recovered."""
        return sorted(half.plan.seen.name for half in self.halves if isinstance(half, promote.Judged))

    def _move(self, at: int) -> Failure | None:
        member = self.members[at]
        if self.guard.stopped.is_set():
            return Failure(at, interrupted(member))
        self.ended[at] = outcome = self.guard.ended(member, partial(self._moved, at, self._judged(at)))
        if may_go(outcome):
            return None
        del self.begun[at]  # It has undone its own.
        return Failure(at, outcome)

    def _moved(self, at: int, judged: promote.Judged) -> Outcome:
        hands = self.begun[at]
        hands.world.renew()
        acted = go_on(hands, judged.plan.steps)
        return promote.failed(judged, acted) if acted.failure else promote.recorded(judged, hands, ends=False)

    def _look(self, at: int) -> Failure | None:
        """Whether a member stands where it should; that with nothing to do has no announcement to keep it there."""
        found = self.guard.ended(self.members[at], partial(self._astray, at))
        return Failure(at, found) if found else None

    def _astray(self, at: int) -> Outcome | None:
        member, half = self.members[at], self.halves[at]
        to = half.to if isinstance(half, Outcome) else half.plan.candidate.number
        member.world.renew()
        stands = member.world.registry.model(member.request.model).at(member.request.target_alias)
        if stands == to:
            return None
        moved = f"{member.request.where} is {say.version(stands)}, not {say.version(to)}: somebody else moved it"
        return member.outcome(ExitCode.REFUSED, moved, f"see who: {member.request.command('--history')}")

    def _given_up(self, at: int, failure: Failure) -> Outcome:
        """What was moved is taken back, what was only announced is withdrawn."""
        member, hands, done = self.members[at], self.begun[at], self.ended.get(at)
        why = self._why(failure)
        if done:
            taken = self.guard.ended(member, partial(take_back, done, hands, member.request, Because(why)))
            if taken.code is not ExitCode.DEFECT:
                return taken
            said = f"not taken back, {member.request.where} is {say.version(done.to)}: {taken.summary}"
            return replace(taken, summary=said, hints=(way_out(hands.seen.tags, member.request.command),))
        gone = self.guard.ended(member, partial(withdrawn, hands))
        told = failure.outcome if at == failure.at else member.outcome(ExitCode.REFUSED, f"not begun: {why}")
        left = f"{told.summary}; its announcement still stands"
        return (
            told
            if gone is True
            else replace(told, summary=left, hints=(way_out(hands.seen.tags, member.request.command),))
        )

    def _close(self, at: int) -> Outcome:
        """All of them stand, so the announcement goes; what fails of that is a warning."""
        hands, done = self.begun[at].afresh(), self.ended[at]
        assert hands.intent is not None  # noqa: S101 - it was announced; tells the type checker
        hands.world.renew()
        try:
            hands.read()
            closing = hands.intent.opening(hands.seen.name).undone()
            # Where the head of the records could not be moved, recovery has something left to do.
            complete = head_of(hands.seen).record == hands.intent.work
            failed = take_each((closing,), hands) if complete else ()
        except PromotionError as error:
            failed = (error,)
        told = done.warned(*(f"{error}; to finish: --recover resume" for error in failed))
        return replace(told, entries=(*done.entries, *hands.entries))

    def _told(self, at: int, failure: Failure | None) -> Outcome:
        half = self.halves[at]
        if at in self.ended:
            return self.ended[at]
        if failure and at == failure.at:
            return failure.outcome
        if failure is None or isinstance(half, Outcome):
            return cast("Outcome", half)
        return self.members[at].outcome(ExitCode.REFUSED, f"not begun: {self._why(failure)}")

    def _described(self, at: int, told: Outcome) -> Outcome:
        """With its metadata file, which has to wait for the end of the group to be true."""
        half = self.halves[at]
        if not (isinstance(half, promote.Judged) and told.to):
            return told
        return described(told, half.request, self.members[at].world)

    def _why(self, failure: Failure) -> str:
        member = self.members[failure.at]
        if failure.outcome.code is ExitCode.INTERRUPTED:
            return f"group {member.group} was interrupted before {member.request.model}"
        return f"group {member.group} failed at {member.request.model} ({failure.outcome.summary})"

    def _judged(self, at: int) -> promote.Judged:
        return cast("promote.Judged", self.halves[at])


def _first(tried: Iterable[Failure | None]) -> Failure | None:
    """None is tried after the first that fails."""
    return next((failure for failure in tried if failure), None)
