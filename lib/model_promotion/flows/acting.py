"""Carrying out steps: each is checked before, read back after, and undone if one of them fails.

No registry has compare-and-set. What stands in for it: every step looks at the registry as it was read after the write
before it, and the intent must still be ours. What remains is the time between that read and the write.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from model_promotion.core import say
from model_promotion.core.entities import RegisteredModel, Version
from model_promotion.core.errors import Conflict, PromotionError, Unavailable
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.steps import Entry, SetAlias, SetTag, Step
from model_promotion.undisturbed import undisturbed
from model_promotion.world import World

READ_BACK_TRIES = 3
READ_BACK_WAIT_S = 0.5


class Interrupted(PromotionError):
    """Somebody pressed Ctrl-C or sent SIGTERM."""

    code = ExitCode.INTERRUPTED


@dataclass
class Hands:
    """What is being changed: the model as last read, and what was done to it so far.

    `guard` is the step that announced the work; while it does not stand, nothing is written. `versions` are those whose
    tags are written, as last read.
    """

    world: World
    seen: RegisteredModel
    guard: SetTag | None = None
    versions: dict[str, Version] = field(default_factory=dict)
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
        self.hold_together()
        self._send(step)
        self._enter(step, "done")
        self.unsettled = None

    def value(self, step: Step) -> str | None:
        """What stands where the step is about to write, as last read."""
        match step:
            case SetAlias(alias=alias):
                return self.seen.aliases.get(alias)
            case SetTag(key=key, version=None):
                return self.seen.tags.get(key)
            case SetTag(key=key, version=str(number)):
                if number not in self.versions:
                    self.read(step)
                return self.versions[number].tags.get(key)
        raise AssertionError(step)

    def read(self, step: Step) -> None:
        """Read what the step is about, with a little patience: after a write, not knowing is the worst answer."""
        for attempt in range(1, READ_BACK_TRIES + 1):
            try:
                self._read_once(step)
            except Unavailable:
                if attempt == READ_BACK_TRIES:
                    raise
                self.world.clock.sleep(READ_BACK_WAIT_S)
            else:
                return

    def _read_once(self, step: Step) -> None:
        if isinstance(step, SetTag) and step.version:
            self.versions[step.version] = self.world.registry.version(step.model, step.version)
        else:
            self.seen = self.world.registry.model(step.model)

    def put_back(self) -> bool:
        """Undo what was done, newest first, where it still stands; whether everything is as it was before."""
        done = [entry.step for entry in self.entries if entry.deed == "done"]
        done += [self.unsettled] if self.unsettled else []
        clean = True
        for step in (step.undone() for step in reversed(done)):
            try:
                if self.guard:
                    self.read(self.guard)
                if not self._ours():
                    return False
                self.read(step)
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
        self.read(step)
        stands = self.value(step)
        if stands == step.to:
            return
        self.unsettled = None
        raise failure or Conflict(f"{_what(step)} was written, but reads {_said(step, stands)}")

    def hold_together(self, but: Step | None = None) -> None:
        """Everything done so far still stands, the announcement included.

        Raises:
            Conflict: when somebody else changed any of it; `but` is not looked at.
        """
        for entry in self.entries:
            step = entry.step
            in_reach = isinstance(step, SetAlias) or step.version is None
            if in_reach and step != but and self.value(step) != step.to:
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


def carry_out(opening: SetTag, steps: Sequence[Step], world: World, seen: RegisteredModel | None = None) -> Acted:
    """Announce the work, take every step, and undo them all unless they all hold.

    `seen` is the model as it was read a moment ago; without it, it is read now.
    """
    hands = Hands(world, seen or world.registry.model(opening.model), opening)
    try:
        for step in (opening, *steps):
            hands.take(step)
            if isinstance(step, SetAlias):
                world.voice.tell(Event(Kind.PASSED, step.alias, f"{step.sentence}, read back"))
        # All is moved: whoever announces something now will find that out, so only the aliases must still agree.
        hands.hold_together(but=opening)
    except PromotionError as error:
        return _undone(hands, error)
    except KeyboardInterrupt:
        return _undone(hands, Interrupted("interrupted"))
    except BaseException:
        undisturbed(hands.put_back)  # A defect of ours must not leave the work half done either.
        raise
    return Acted(tuple(hands.entries), hands.seen)


def take_each(steps: Sequence[Step], hands: Hands) -> tuple[PromotionError, ...]:
    """Take steps whose failing undoes nothing; the answer says what failed. After a failure the rest is left alone."""
    for step in steps:
        try:
            hands.take(step)
        except PromotionError as error:
            return (type(error)(f"{step.sentence} failed: {error}", error.hint),)
    return ()


def _undone(hands: Hands, error: PromotionError) -> Acted:
    hands.world.voice.tell(Event(Kind.FAILED, "Promotion", f"{error}; putting back what was done"))
    hands.world.renew()
    clean, _ = undisturbed(hands.put_back)
    stands = standing(hands)
    what = "everything was put back" if clean else "not everything could be put back"
    return Acted(tuple(hands.entries), hands.seen, error, f"{what}: {stands}")


def standing(hands: Hands) -> str:
    """Exactly what stands in the registry now, or that it cannot be read."""
    try:
        aliases = hands.world.registry.model(hands.seen.name).aliases
    except PromotionError as error:
        return f"what stands now could not be read ({error})"
    named = sorted({entry.step.alias for entry in hands.entries if isinstance(entry.step, SetAlias)})
    return ", ".join(f"@{name} is {say.version(aliases.get(name))}" for name in named) or "no alias was touched"


def _what(step: Step) -> str:
    return f"@{step.alias}" if isinstance(step, SetAlias) else f"the tag {step.key}"


def _said(step: Step, value: str | None) -> str:
    return say.version(value) if isinstance(step, SetAlias) else (value or "not set")
