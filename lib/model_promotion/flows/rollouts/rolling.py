"""A version onto its endpoints: beside the old one first, then instead of it; or back, in one go."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from model_promotion.core.deployment import Deployment, Served, ServingStep
from model_promotion.core.errors import Conflict, NotFound, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.rollout import Rollout
from model_promotion.flows.rollouts.endpoints import EndpointHands

MOST_STEPS = 3  # One to add or remove, one for the traffic, and a look that finds nothing missing.
Missing = Callable[[Rollout, Deployment], Sequence[ServingStep]]


@dataclass(frozen=True)
class Rolling:
    """The rollouts of one model, and the hands that do them; what one endpoint waits for, others wait for too."""

    model: str
    rollouts: tuple[Rollout, ...]
    hands: EndpointHands

    def to(self, rung: int) -> None:
        """Every endpoint gives the new version so many percent of what both get; 0 only puts it beside the old one.

        Raises:
            PromotionError: when one of them does not.
        """
        self._each(lambda rollout, seen: rollout.forth(self.model, seen, rung))

    def retire(self) -> None:
        """Every endpoint lets the old version go.

        Raises:
            PromotionError: when one of them does not.
        """
        self._each(lambda rollout, seen: rollout.retired(self.model, seen))

    def back(self) -> tuple[str, ...]:
        """Every endpoint as it was, each for itself; the answer says where that failed."""
        return tuple(filter(None, map(self._back, self.rollouts)))

    def turned(self) -> tuple[Served, ...]:
        """Every endpoint is told to give the traffic back, each for itself; nobody waits for it, as `back` does later.

        The answer says what was sent.
        """
        return tuple(one for rollout in self.rollouts for one in self._turned(rollout))

    def _turned(self, rollout: Rollout) -> Iterator[Served]:
        try:
            for step in rollout.turned(self.hands.endpoints.deployment(rollout.endpoint)):
                if failure := self.hands.send(step, blindly=True):
                    raise failure
                yield Served(step, self.hands.world.clock.now())
        except PromotionError as error:
            said = f"{rollout.endpoint} is put back later: {error}"
            self.hands.world.voice.tell(Event(Kind.HINT, "Endpoint", said))

    @property
    def has_gone_back(self) -> bool:
        """Whether some endpoint gives the new version no more than before all this."""
        seen = [(one, self.hands.look(one.endpoint).entity(one.new)) for one in self.rollouts]
        return any(has is None or has.share_pct <= (one.before or 0) for one, has in seen)

    def standing(self) -> str:
        """What the endpoints serve now, for a person."""
        return "; ".join(f"{one.endpoint} serves {self.hands.look(one.endpoint).told}" for one in self.rollouts)

    def _each(self, missing: Missing) -> None:
        """The first step that each endpoint lacks, then the next, until none lacks any."""
        for _ in range(MOST_STEPS):
            steps = [missing(one, self.hands.look(one.endpoint))[:1] for one in self.rollouts]
            if not any(steps):
                return
            self.hands.take(*(step for first in steps for step in first))
        raise Conflict(f"the endpoints do not come to rest: {self.standing()}")

    def _back(self, rollout: Rollout) -> str:
        try:
            for step in rollout.back(self.model, self.hands.rest(rollout.endpoint)):
                self.hands.take(step, blindly=True)
        except NotFound as gone:
            # Somebody has deleted it: that must not keep the note, and with it the model, for good.
            said = f"nothing is put back at {rollout.endpoint}: {gone}"
            self.hands.world.voice.tell(Event(Kind.WARNED, "Endpoint", said))
        except PromotionError as error:
            said = f"{rollout.endpoint} was not put back: {error}"
            self.hands.world.voice.tell(Event(Kind.FAILED, "Endpoint", said))
            return said
        return ""
