"""Hands on a registry: what is being changed, as last read, and what was done to it so far."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from model_promotion.core.entities import RegisteredModel, Version
from model_promotion.core.errors import Conflict, NotFound, PromotionError, TimedOut, Unavailable
from model_promotion.core.intent import Intent, announces, intents
from model_promotion.core.stages import ARCHIVED
from model_promotion.core.steps import Entry, SetAlias, SetTag, Step, said, what
from model_promotion.together import both
from model_promotion.world import World

READ_BACK_TRIES = 3
READ_BACK_WAIT_S = 0.5
LOST = "see what became of it: --history"


class TakenOver(Conflict):
    """Somebody else has taken the work over: it is theirs to end, and to undo."""


@dataclass
class Hands:
    """What is being changed: the model as last read, and what was done to it so far.

    `intent` is what was announced; once it is seen to be gone, nothing more is written. `versions` are those whose tags
    are written, as last read. `first_back` puts back what is not in the registry, before anything else is put back.
    `renewed` is the announcement with a later end, as long as it is not known which of the two stands.
    """

    world: World
    seen: RegisteredModel
    intent: Intent | None = None
    versions: dict[str, Version] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    unsettled: Step | None = None
    may_land_later: bool = False
    first_back: Callable[[], bool] = lambda: True
    renewed: Intent | None = None

    def afresh(self) -> "Hands":
        """The same work, with nothing of it done yet: for what fails without undoing what was done before it."""
        return replace(self, entries=[], unsettled=None)

    def announce(self, intent: Intent) -> None:
        """The first step of all.

        Raises:
            TakenOver: when the note was taken away as soon as it stood.
            PromotionError: when it could not be written.
        """
        self.intent = intent
        try:
            self._take(intent.opening(self.seen.name))
        except TakenOver:
            raise
        except BaseException:
            self.intent = None  # Nothing was announced, so nothing is anybody else's.
            raise

    def look(self) -> None:
        """Whether the work is ours still: after its lease it may have been taken over, so that is read again.

        Raises:
            TakenOver: when somebody took it over.
        """
        if self.intent and self.world.clock.now() >= self.intent.until:
            self.read()
        self._still_ours()

    def _still_ours(self) -> None:
        """By what was read last.

        Raises:
            TakenOver: when it is not.
        """
        if self.intent is None or self.ours:
            return
        owners = [one.owner for one in intents(self.seen.tags) if one.work == self.intent.work]
        who = f"process {owners[0]}" if owners else "somebody else"
        raise TakenOver("; ".join(filter(None, (f"{who} has taken this over meanwhile", self.stands))), hint=LOST)

    @property
    def stands(self) -> str:
        """The aliases that the work is about, as last read."""
        return stand(self, self.intent.steps(self.seen.name)) if self.intent else ""

    def take(self, step: Step) -> None:
        """One step: it must find what it expects, and is read back.

        Raises:
            Conflict: when the registry is not as it was when this was decided, or somebody took the work over.
            PromotionError: when the write failed and reading shows that it had no effect.
        """
        self.look()
        self._take(step)

    def _take(self, step: Step) -> None:
        now = self.found(step)
        if now == step.to:
            self.hold_together()  # Somebody who took this over may have done it.
            self._enter(step, "already so")
            return
        if now != step.was:
            raise Conflict(f"{what(step)} is {said(step, now)} now, and was {said(step, step.was)} when decided")
        self.hold_together()
        self._send(step)
        self._enter(step, "done")
        self.unsettled = None

    def not_yet(self, step: Step) -> None:
        """The move itself is ours to make: whoever has made it meanwhile has recorded it too.

        Raises:
            Conflict: when somebody else has made it.
        """
        if step.was != step.to == self.value(step):
            self._still_ours()
            raise Conflict(f"{what(step)} is {said(step, step.to)} already: somebody else moved it meanwhile")

    def found(self, step: Step) -> str | None:
        """What stands where the step is about to write; a version that it is about too is read now, if none was."""
        if isinstance(step, SetAlias) and step.returns and step.returns not in self.versions:
            self.read(step)
        return self.value(step)

    def value(self, step: Step) -> str | None:
        """What stands where the step is about to write, as last read."""
        match step:
            case SetAlias(alias=alias, returns=returns):
                stands, left = self.seen.at(alias), self.versions.get(returns or "")
                # Between the two requests of such a move the one that leaves is in the archive: that is half of it.
                return step.was if stands == step.to and left and left.stage == ARCHIVED else stands
            case SetTag(key=key, version=None):
                return self.seen.tags.get(key)
            case SetTag(key=key, version=str(number)):
                if number not in self.versions:
                    self.read(step)
                return self.versions[number].tags.get(key)
        raise AssertionError(step)

    def read(self, step: Step | None = None) -> None:
        """Read what the step is about (without one, the model); not knowing is the worst answer, so with patience."""
        for attempt in range(1, READ_BACK_TRIES + 1):
            try:
                self._read_once(step)
            except Unavailable:
                if attempt == READ_BACK_TRIES:
                    raise
                self.world.clock.sleep(READ_BACK_WAIT_S)
            else:
                if self.renewed and self.seen.tags.get(self.renewed.key) == self.renewed.text:
                    self._adopt(self.renewed)
                return

    def _read_once(self, step: Step | None) -> None:
        registry = self.world.registry
        if isinstance(step, SetTag) and (version := step.version):
            # The announcement stands on the model: whether the work is still ours is read back with every write.
            self.seen, self.versions[version] = both(
                partial(registry.model, step.model), partial(registry.version, step.model, version)
            )
        elif isinstance(step, SetAlias) and step.returns:
            self.seen = registry.model(step.model)
            with suppress(NotFound):  # What was deleted meanwhile cannot go back anywhere.
                self.versions[step.returns] = registry.version(step.model, step.returns)
        else:
            self.seen = registry.model(self.seen.name)

    def prolong(self, until: float, ladder: tuple[int, ...] | None = None) -> None:
        """The announcement anew, with a later end, and with the rungs that are left where they are given.

        Raises:
            TakenOver: when the work is somebody else's by now.
            PromotionError: when that could not be written.
        """
        assert self.intent is not None  # noqa: S101 - only what was announced goes on; tells the type checker
        left = self.intent.ladder if ladder is None else ladder
        self.renewed = longer = replace(self.intent, until=until, ladder=left)
        try:
            self.take(SetTag(self.seen.name, self.intent.key, self.intent.text, longer.text))
        finally:
            self.unsettled = None  # Whichever of the two stands is what was announced.
        del self.entries[-1]  # It is what was announced at first, and goes with that.
        self._adopt(longer)

    def _adopt(self, longer: Intent) -> None:
        opening, self.intent, self.renewed = longer.opening(self.seen.name), longer, None
        self.entries = [replace(one, step=opening) if announces(one.step) else one for one in self.entries]

    def put_back(self) -> bool:
        """Undo what was done, newest first, where it still stands; whether everything is as it was before.

        After a write that got no answer nothing is undone: it may still take effect, and would find its backup gone.
        """
        if self.may_land_later or not self.first_back():
            return False
        if self.renewed:
            with suppress(PromotionError):
                self.read()
        done = [entry.step for entry in self.entries if entry.deed == "done"]
        done += [self.unsettled] if self.unsettled else []
        for step in (step.undone() for step in reversed(done)):
            try:
                self.read()
                if not self.ours:
                    return False
                self.read(step)
                if self.value(step) == step.was:
                    self._send(step)
                    self._enter(step, "undone")
            except PromotionError:
                return False  # While a move stands, its backup and its announcement stay: recovery needs them.
        return True

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
        self.may_land_later = isinstance(failure, TimedOut)
        self.unsettled = None
        if failure is None:
            self._still_ours()
        raise failure or Conflict(f"{what(step)} was written, but reads {said(step, stands)}")

    def hold_together(self) -> None:
        """Everything done so far still stands, the announcement included.

        Raises:
            Conflict: when somebody else changed any of it.
        """
        if self.entries:
            self._still_ours()
        for entry in self.entries:
            step = entry.step
            in_reach = isinstance(step, SetAlias) or step.version is None
            if in_reach and self.value(step) != step.to:
                raise Conflict(f"{what(step)} was changed by somebody else meanwhile: {said(step, self.value(step))}")

    @property
    def ours(self) -> bool:
        """Whether the announcement stands: with somebody else at work nothing is written, and nothing undone."""
        return self.intent is None or self.seen.tags.get(self.intent.key) == self.intent.text

    def _enter(self, step: Step, deed: str) -> None:
        self.entries.append(Entry(step, self.world.clock.now(), deed))  # type: ignore[arg-type]


def stand(hands: Hands, steps: Sequence[Step]) -> str:
    """The aliases of these steps, and the tags of versions, as last read."""
    told = {
        what(step): said(step, hands.value(step))
        for step in steps
        if isinstance(step, SetAlias) or step.version in hands.versions
    }
    return ", ".join(f"{where} is {value}" for where, value in sorted(told.items()))
