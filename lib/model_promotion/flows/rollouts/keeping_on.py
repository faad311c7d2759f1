"""A rollout takes hours: its lease is renewed as it goes on, and whoever has taken it over meanwhile is noticed.

A rollback may take a rollout over at any time, although its lease runs. It raises a flag of its own first, then takes
that of the rollout away, and only then changes anything. The rollout looks for its flag before each change that brings
the new version on, and does not make one while it cannot look. What is left is the moment between such a look and the
change that follows it: the rollback sets endpoints and alias twice, seconds apart, and reads them back.
"""

from dataclasses import dataclass, field

from model_promotion.core.answers import Asked
from model_promotion.core.errors import Unavailable
from model_promotion.core.intent import Intent, intents, notes
from model_promotion.core.load import Destination, Load, LoadRun
from model_promotion.core.payloads import Payload
from model_promotion.flows.acting import RIVALS_LOOK_S, RIVALS_WAIT_S, take_each
from model_promotion.flows.announcing import recorded_since
from model_promotion.flows.hands import LOST, Hands, TakenOver
from model_promotion.flows.rollouts.endpoints import Ours
from model_promotion.ports import Clock, Loader

SILENT_WAIT_S = 5.0
PATIENCE = 4
"""So many times as long as one that gives way takes at most."""
EACH_S = 10.0
"""So often the note is looked at while a version is asked one request after the other."""


def keep_on(hands: Hands, for_s: float = 0.0, *, blindly: bool = True) -> None:
    """The work goes on: it is ours still, and its lease does not run out while it is, nor in what takes `for_s`.

    A registry that is silent stops no look, and nothing that goes back: what is worse must go back meanwhile. What
    brings the new version on does not go on `blindly`: it waits until the registry answers.

    Raises:
        TakenOver: when somebody else has taken it over.
        PromotionError: when that cannot be known any more, or could not be written.
    """
    world, intent = hands.world, _work(hands)
    while True:
        world.renew()
        try:
            _renewed(hands, for_s)
            return None if blindly else _alone(hands)
        except Unavailable:
            if world.clock.now() >= intent.until:
                raise
            if blindly:
                return None
            world.clock.sleep(SILENT_WAIT_S)


def _renewed(hands: Hands, for_s: float) -> None:
    world, intent, now = hands.world, _work(hands), hands.world.clock.now()
    _read(hands)
    if intent.until - now > world.lease_s / 2 + for_s:
        hands.look()
    else:
        hands.prolong(round(now + world.lease_s + for_s, 3))


def _read(hands: Hands) -> None:
    hands.read()
    if recorded_since(hands.seen, _work(hands)):
        raise _litter(hands)


def _alone(hands: Hands) -> None:
    """Nobody takes this over: where somebody does, ours stands only because it was renewed as it was taken away.

    Raises:
        TakenOver: when somebody has.
    """
    clock = hands.world.clock
    until = clock.now() + PATIENCE * RIVALS_WAIT_S
    while _is_taken_over(hands):
        if clock.now() >= until:
            raise _litter(hands)
        clock.sleep(RIVALS_LOOK_S)
        _read(hands)
        hands.look()


def _is_taken_over(hands: Hands) -> bool:
    """By the notes beside ours. Who only came too late has to give way, and may have died before it took its own away.

    What cannot be read may be anything.
    """
    ours, tags = _work(hands), hands.seen.tags
    late = {one.key for one in intents(tags) if one.work != ours.work and not _goes_back(one, ours)}
    return bool(notes(tags).keys() - {ours.key} - late)


def _goes_back(one: Intent, ours: Intent) -> bool:
    return (one.kind, one.target) == ("rollback", ours.target)


def _litter(hands: Hands) -> TakenOver:
    """Our note was renewed in the moment when somebody took it away: nobody is at work under it."""
    take_each((_work(hands).opening(hands.seen.name).undone(),), hands.afresh())
    return TakenOver(f"somebody else has taken this over meanwhile; {hands.stands}", hint=LOST)


def _work(hands: Hands) -> Intent:
    assert hands.intent is not None  # noqa: S101 - only what was announced goes on; tells the type checker
    return hands.intent


@dataclass
class KeepingOn:
    """A loader that keeps the work on while it asks: each answer may take as long as a server is patient."""

    loader: Loader
    ours: Ours
    clock: Clock
    looked_at: float = field(default=float("-inf"))

    def ask(self, where: Destination, payload: Payload) -> Asked:
        """One request. Raises as keep_on does."""
        if self.clock.monotonic() - self.looked_at >= EACH_S:
            self.ours()
            self.looked_at = self.clock.monotonic()
        return self.loader.ask(where, payload)

    def run(self, load: Load) -> LoadRun:
        """What became of each."""
        return self.loader.run(load)

    def stop(self) -> None:
        """Send nothing more."""
        self.loader.stop()
