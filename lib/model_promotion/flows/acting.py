"""Carrying out steps: each is checked before, read back after, and undone if one of them fails.

No registry has compare-and-set. What stands in for it: every step looks at the registry as it was read after the write
before it, and the intent must still be ours. What remains is the time between that read and the write.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from model_promotion.core import say
from model_promotion.core.entities import RegisteredModel
from model_promotion.core.errors import Conflict, PromotionError, Unavailable
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.steps import Entry, SetAlias, SetTag, Step
from model_promotion.world import World

READ_BACK_TRIES = 3
READ_BACK_WAIT_S = 0.5


class Interrupted(PromotionError):
    """Somebody pressed Ctrl-C or sent SIGTERM."""

    code = ExitCode.INTERRUPTED


@dataclass
class Hands:
    """What is being changed: the model as last read, and what was done to it so far.

    `guard` is the step that announced the work; while it does not stand, nothing is written.
    """

    world: World
    seen: RegisteredModel
    guard: SetTag | None = None
    entries: list[Entry] = field(default_factory=list)
    unsettled: Step | None = None

    def take(self, step: Step) -> None:
        """One step: it must find what it expects, and is read back.

        Raises:
            Conflict: when the registry is not as it was when this was decided.
            PromotionError: when the write failed and reading shows that it had no effect.
        """
        now = self.value(step)
        if now == step.to:
            self._enter(step, "already so")
            return
        if now != step.was:
            raise Conflict(f"{_what(step)} is {_said(step, now)} now, and was {_said(step, step.was)} when decided")
        self._hold_together()
        self._send(step)
        self._enter(step, "done")

    def value(self, step: Step) -> str | None:
        """What stands where the step is about to write, as last read; a version's tags are read afresh."""
        match step:
            case SetAlias(alias=alias):
                return self.seen.aliases.get(alias)
            case SetTag(key=key, version=None):
                return self.seen.tags.get(key)
            case SetTag(model=model, key=key, version=str(version)):
                return self.world.registry.version(model, version).tags.get(key)
        raise AssertionError(step)

    def read(self) -> None:
        """Read the model, with a little patience: after a write, not knowing is the worst answer."""
        for attempt in range(1, READ_BACK_TRIES + 1):
            try:
                self.seen = self.world.registry.model(self.seen.name)
            except Unavailable:
                if attempt == READ_BACK_TRIES:
                    raise
                self.world.clock.sleep(READ_BACK_WAIT_S)
            else:
                return

    def put_back(self) -> bool:
        """Undo what was done, newest first, where it still stands; whether everything is as it was before."""
        done = [entry.step for entry in self.entries if entry.deed == "done"]
        done += [self.unsettled] if self.unsettled else []
        clean = True
        for step in (step.undone() for step in reversed(done)):
            try:
                self.read()
                if not self._ours():
                    return False
                if self.value(step) == step.was:
                    self._send(step)
                    self._enter(step, "undone")
            except PromotionError:
                clean = False  # Said to the person together with what stands; the other steps are still undone.
        return clean

    def _send(self, step: Step) -> None:
        failure: PromotionError | None = None
        self.unsettled = step
        try:
            self.world.writer.write(step)
        except PromotionError as error:
            failure = error  # The reply may be lost and the write done: reading decides.
        self.read()
        stands = self.value(step)
        self.unsettled = None
        if stands == step.to:
            return
        raise failure or Conflict(f"{_what(step)} was written, but reads {_said(step, stands)}")

    def _hold_together(self) -> None:
        """Everything done so far still stands, the announcement included."""
        for entry in self.entries:
            step = entry.step
            in_reach = isinstance(step, SetAlias) or step.version is None
            if in_reach and self.value(step) != step.to:
                raise Conflict(f"{_what(step)} was changed by somebody else meanwhile: {_said(step, self.value(step))}")

    def _ours(self) -> bool:
        """Whether the announcement, if it was made, is still ours: with somebody else at work nothing is undone."""
        if self.guard is None:
            return True
        return self.value(self.guard) in (self.guard.to, None)

    def _enter(self, step: Step, deed: str) -> None:
        self.entries.append(Entry(step, self.world.clock.now(), deed))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Acted:
    """How it went: the deeds, and where it failed, the error and what stands now."""

    entries: tuple[Entry, ...]
    seen: RegisteredModel
    failure: PromotionError | None = None
    stands: str = ""


def carry_out(opening: SetTag, steps: Sequence[Step], world: World) -> Acted:
    """Announce the work, take every step, and undo them all unless they all hold."""
    hands = Hands(world, world.registry.model(opening.model), opening)
    try:
        for step in (opening, *steps):
            hands.take(step)
            if isinstance(step, SetAlias):
                world.voice.tell(Event(Kind.PASSED, step.alias, f"{step.sentence}, read back"))
    except PromotionError as error:
        return _undone(hands, error)
    except KeyboardInterrupt:
        return _undone(hands, Interrupted("interrupted"))
    except BaseException:
        hands.put_back()  # A defect of ours must not leave the work half done either.
        raise
    return Acted(tuple(hands.entries), hands.seen)


def take_each(steps: Sequence[Step], seen: RegisteredModel, world: World) -> tuple[Hands, tuple[str, ...]]:
    """Take steps whose failing undoes nothing; the answer says what failed. After a failure the rest is left alone."""
    hands = Hands(world, seen)
    for step in steps:
        try:
            hands.take(step)
        except PromotionError as error:
            return hands, (f"{step.sentence} failed: {error}",)
    return hands, ()


def _undone(hands: Hands, error: PromotionError) -> Acted:
    hands.world.voice.tell(Event(Kind.FAILED, "Promotion", f"{error}; putting back what was done"))
    hands.world.renew()
    clean = hands.put_back()
    stands = standing(hands)
    what = "everything was put back" if clean else "not everything could be put back"
    return Acted(tuple(hands.entries), hands.seen, error, f"{what}: {stands}")


def standing(hands: Hands) -> str:
    """Exactly what stands in the registry now, or that it cannot be read."""
    try:
        hands.read()
    except PromotionError as error:
        return f"what stands now could not be read ({error})"
    aliases = hands.seen.aliases
    named = sorted({entry.step.alias for entry in hands.entries if isinstance(entry.step, SetAlias)})
    return ", ".join(f"@{name} is {say.version(aliases.get(name))}" for name in named) or "no alias was touched"


def _what(step: Step) -> str:
    return f"@{step.alias}" if isinstance(step, SetAlias) else f"the tag {step.key}"


def _said(step: Step, value: str | None) -> str:
    return say.version(value) if isinstance(step, SetAlias) else (value or "not set")
