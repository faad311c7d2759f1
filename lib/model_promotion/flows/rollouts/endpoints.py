"""Hands on endpoints: each step is checked before, waited for until it serves, and read back.

A configuration takes minutes until it serves, and while it is on its way there can be no other. The old one serves
until then, and goes on if the new one fails.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from model_promotion.core.deployment import Deployment, Served, ServingStep
from model_promotion.core.errors import Conflict, PromotionError, TimedOut, Unavailable
from model_promotion.core.event import Event, Kind
from model_promotion.ports import Endpoints
from model_promotion.world import World

LONGEST_WAIT_S = 10.0
SETTLING_LOOKS = 3
LOOK_TRIES = 5
Ours = Callable[..., None]


@dataclass
class EndpointHands:
    """What was done to endpoints so far, newest last.

    `ours` raises when the work is somebody else's by now; it is asked before each write and while waiting, and given
    the seconds of what takes long.
    `patience_s` is how long a configuration may take until it serves. What was sent and never answered
    `may_land_later`: it is a whole configuration, and would bring back what was undone meanwhile.
    """

    endpoints: Endpoints
    world: World
    patience_s: float
    ours: Ours
    entries: list[Served] = field(default_factory=list)
    may_land_later: bool = False

    def look(self, name: str) -> Deployment:
        """What an endpoint serves now; with patience, as not knowing is the worst answer."""
        for left in reversed(range(LOOK_TRIES)):
            try:
                return self.endpoints.deployment(name)
            except Unavailable:
                if not left:
                    raise
                self.world.clock.sleep(1.0)
        raise AssertionError(name)

    def take(self, *steps: ServingStep, blindly: bool = False) -> None:
        """One step for each of several endpoints, until all of them serve.

        What goes back goes `blindly`, too: while nobody can tell whose the work is.

        Raises:
            Conflict: when an endpoint is not as it was when this was decided, or its new configuration failed.
            TimedOut: when one is on its way still: nothing else can be done to it until it has arrived.
        """
        failures = [self.send(step, blindly=blindly) for step in steps]
        for step, failure in zip(steps, failures, strict=True):
            self._until_it_serves(step, failure)
            self.entries.append(Served(step, self.world.clock.now()))
            self.world.voice.tell(Event(Kind.PASSED, "Endpoint", f"{step.sentence}, read back"))

    def rest(self, name: str) -> Deployment:
        """The endpoint once nothing is on its way there: what is cannot be called off."""
        return self._waited(name, lambda seen: seen if seen.updating is False else None)

    def send(self, step: ServingStep, *, blindly: bool = False) -> PromotionError | None:
        """The change sent, unless it is on its way already; what failed may only be the reply: reading decides.

        Raises:
            Conflict: when the endpoint is not as it was when this was decided, or somebody else changes it.
        """
        seen = self.look(step.endpoint)
        if step.on_its_way(seen) and seen.updating:
            return None
        if seen.updating is not False:  # A state that is not known is no rest.
            raise Conflict(f"{step.endpoint} is being updated by somebody else", hint="wait for the end of it")
        if step.stands(seen) != step.was:
            raise Conflict(f"{step.endpoint} serves {seen.told} now, which is not what this was decided on")
        self.ours(blindly=blindly)
        try:
            self.endpoints.write(step)
        except PromotionError as error:
            return error
        return None

    def _until_it_serves(self, step: ServingStep, failure: PromotionError | None) -> None:
        idle = 0

        def serves(seen: Deployment) -> Deployment | None:
            nonlocal idle
            if seen.updating is not False:
                return None
            if step.stands(seen) == step.to and _serves(step, seen):
                return seen
            if seen.failed_because and step.on_its_way(seen):
                raise Conflict(f"{step.endpoint} could not be changed: {seen.failed_because}")
            if step.stands(seen) != step.to:
                idle += 1
                if idle >= SETTLING_LOOKS or (failure and not isinstance(failure, Unavailable)):
                    self.may_land_later = isinstance(failure, TimedOut)
                    raise failure or Conflict(f"{step.endpoint} took the change and serves {seen.told} all the same")
            return None

        with self.world.voice.during(f"waiting for {step.endpoint}"):
            self._waited(step.endpoint, serves)

    def _waited(self, name: str, wanted: Callable[[Deployment], Deployment | None]) -> Deployment:
        """The endpoint once it is as wanted.

        Raises:
            TimedOut: when it is not within the time allowed.
        """
        clock = self.world.clock
        until, wait_s = clock.monotonic() + self.patience_s, 1.0
        while True:
            seen = self.look(name)
            if found := wanted(seen):
                return found
            if clock.monotonic() >= until:
                states = ", ".join(f"{one.name} {one.state} {one.message}".strip() for one in seen.pending)
                told = f"{name} was not ready after {self.patience_s:.0f} s ({states or seen.told})"
                raise TimedOut(told, hint="look at the endpoint's events; then --recover abandon, or resume")
            clock.sleep(wait_s)
            self.ours()
            wait_s = min(wait_s + 1.0, LONGEST_WAIT_S)


def _serves(step: ServingStep, seen: Deployment) -> bool:
    """Whether what gets more by the step answers: the update's end does not say so, the entity's state does.

    An endpoint is ready once all of its entities are: of what is broken nobody could ever be led away.
    """
    entity = seen.entity(step.gains)
    broken = any(one.state != "ready" for one in seen.entities if one is not entity)
    answers = not step.gains or (entity is not None and entity.state == "ready")
    return answers and (seen.ready is True or broken)
