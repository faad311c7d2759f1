"""Carrying out steps: each is checked before, read back after, and undone if one of them fails.

No registry has compare-and-set. What stands in for it is Lamport's flag principle: whoever wants to write raises a flag
of its own (the intent), and only then looks for the flags of others; of two at least one sees the other. And every step
looks at the registry as it was read after the write before it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

from model_promotion.core import say
from model_promotion.core.entities import RegisteredModel
from model_promotion.core.errors import Conflict, Interrupted, Paused, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.intent import Intent, notes, under_way
from model_promotion.core.stages import stage_of
from model_promotion.core.steps import Entry, SetAlias, SetTag, Step
from model_promotion.flows.announcing import next_number
from model_promotion.flows.hands import Hands, TakenOver, stand
from model_promotion.undisturbed import undisturbed
from model_promotion.world import World

RIVALS_WAIT_S = 3.0
RIVALS_LOOK_S = 0.25
STOPPED = "see what stands with --history, then --recover resume or --recover abandon"


class Meanwhile(Conflict):
    """What this was decided on has ended or changed since: to look again is to know more."""


@dataclass(frozen=True)
class Acted:
    """How it went: the hands that did it, and where it failed, the error and what stands now."""

    hands: Hands
    failure: PromotionError | None = None
    stands: str = ""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What was done, and undone."""
        return tuple(self.hands.entries)


def carry_out(intent: Intent, steps: Sequence[Step], world: World, seen: RegisteredModel) -> Acted:
    """Announce the work, take every step, and undo them all unless they all hold; `seen` is the model as read just now.

    Nothing may have been recorded since the reading that the intent was made from.
    """
    hands = Hands(world, seen)

    def work() -> None:
        _begin(hands, intent)
        _take_all(hands, steps)

    return _or_undone(hands, work)


def begin(intent: Intent, world: World, seen: RegisteredModel) -> Acted:
    """The announcement alone: whoever else wants the model now gives way, until `go_on` and the end of it."""
    hands = Hands(world, seen)
    return _or_undone(hands, partial(_begin, hands, intent))


def take_over(intent: Intent, over: Collection[str], world: World, seen: RegisteredModel) -> Acted:
    """The announcement in place of those under the keys in `over`: ours stands first, then they go.

    Whoever is at work under one of them finds it gone, and stops.
    """
    hands = Hands(world, seen)

    def work() -> None:
        hands.announce(intent)
        go_first(hands, intent, over)
        _nothing_since(hands.seen, intent)
        for key in over:
            if key not in hands.seen.tags:
                raise Meanwhile("what was under way has ended meanwhile")
            hands.take(SetTag(seen.name, key, hands.seen.tags[key], None))
        _nothing_since(hands.seen, intent)

    return _or_undone(hands, work)


def go_on(hands: Hands, steps: Sequence[Step], first: Callable[[], None] = lambda: None) -> Acted:
    """The rest of what was begun; what comes `first` raises when the steps must not be taken."""

    def work() -> None:
        first()
        _take_all(hands, steps)

    return _or_undone(hands, work)


def withdrawn(hands: Hands) -> bool:
    """Whether what was begun, and is not gone on with, left nothing behind."""
    hands.world.renew()
    return undisturbed(hands.put_back)[0]


def _begin(hands: Hands, intent: Intent) -> None:
    hands.announce(intent)
    go_first(hands, intent)
    _nothing_since(hands.seen, intent)


def _take_all(hands: Hands, steps: Sequence[Step]) -> None:
    for step in steps:
        if step is steps[-1]:
            hands.not_yet(step)
        hands.take(step)
        tell_moved(step, hands.world)
    hands.hold_together()


def _or_undone(hands: Hands, work: Callable[[], None]) -> Acted:
    try:
        work()
    except Paused as error:
        return Acted(hands, error, standing(hands))
    except PromotionError as error:
        return _undone(hands, error)
    except KeyboardInterrupt:
        return _undone(hands, Interrupted("interrupted"))
    except BaseException:
        undisturbed(hands.put_back)  # A defect of ours must not leave the work half done either.
        raise
    return Acted(hands)


def go_first(hands: Hands, intent: Intent, over: Collection[str] = ()) -> None:
    """Of those who announced themselves at the same time, the one whose note comes first in order goes on.

    It waits for the others to withdraw. Who is not there any more would not: the notes in `over` are not waited for.

    Raises:
        Conflict: when somebody else goes first, or does not withdraw.
    """
    ours, until = intent.key, hands.world.clock.now() + RIVALS_WAIT_S
    while rivals := {key: text for key, text in notes(hands.seen.tags).items() if key not in (ours, *over)}:
        if min(rivals) < ours or hands.world.clock.now() >= until:
            raise Conflict(f"somebody else was faster: {under_way(rivals)}")
        hands.world.clock.sleep(RIVALS_LOOK_S)
        hands.read()


def _nothing_since(seen: RegisteredModel, intent: Intent) -> None:
    if next_number(seen) != intent.record - intent.noticed:
        raise Meanwhile("something else was done and recorded meanwhile")


def take_each(steps: Sequence[Step], hands: Hands) -> tuple[PromotionError, ...]:
    """Take steps whose failing undoes nothing; the answer says what failed. After a failure the rest is left alone."""
    for step in steps:
        try:
            hands.take(step)
        except PromotionError as error:
            return (type(error)(f"{step.sentence} failed: {error}", error.hint),)
        tell_moved(step, hands.world)
    return ()


def tell_moved(step: Step, world: World) -> None:
    """A line for an alias or a stage that was moved."""
    if isinstance(step, SetAlias) and step.was != step.to:
        world.voice.tell(Event(Kind.PASSED, stage_of(step.alias) or step.alias, f"{step.sentence}, read back"))


def _undone(hands: Hands, error: PromotionError) -> Acted:
    if isinstance(error, TakenOver):
        hands.world.voice.tell(Event(Kind.FAILED, "Promotion", str(error)))
        return Acted(hands, error, "it is theirs now, so nothing is put back")
    hands.world.voice.tell(Event(Kind.FAILED, "Promotion", f"{error}; putting back what was done"))
    hands.world.renew()
    try:
        # After one interrupt the next one is the second.
        clean, _ = undisturbed(hands.put_back, patience=0 if isinstance(error, Interrupted) else 1)
    except KeyboardInterrupt:
        last = f"ended at once; {_aliases(hands)} when last read"
        return Acted(hands, Interrupted(last, hint=STOPPED), "nothing more was put back")
    stands = standing(hands)
    if not clean:
        error = type(error)(str(error), hint=STOPPED)
    how = "everything was put back" if clean else "not everything could be put back"
    return Acted(hands, error, f"{how}: {stands}")


def standing(hands: Hands) -> str:
    """Exactly what stands in the registry now, or that it cannot be read."""
    try:
        hands.seen = hands.world.registry.model(hands.seen.name)
    except PromotionError as error:
        return f"what stands now could not be read ({error})"
    return _aliases(hands)


def by_now(hands: Hands, alias: str, to: str | None) -> tuple[str, ...]:
    """A warning, when the alias has left where this call had put it and read it back."""
    stands = hands.seen.at(alias)
    return (
        () if stands == to else (f"{say.target(alias)} is {say.version(stands)} by now: somebody else moved it since",)
    )


def _aliases(hands: Hands) -> str:
    steps = [entry.step for entry in hands.entries] + ([hands.unsettled] if hands.unsettled else [])
    return stand(hands, steps) or "no alias was touched"
