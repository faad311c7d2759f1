"""One endpoint under watch: its own state, what it says of the last minute, and what own requests to it came to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from model_promotion.core import say
from model_promotion.core.answers import flaw
from model_promotion.core.endpoints import is_address
from model_promotion.core.errors import Conflict, PromotionError, Unavailable
from model_promotion.core.load import Ending
from model_promotion.core.watch_rules import Judged, Severity, judged
from model_promotion.together import together

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from model_promotion.core.answers import Asked
    from model_promotion.core.deployment import Deployment
    from model_promotion.core.entities import Version
    from model_promotion.core.load import Destination, Sample
    from model_promotion.core.request import Request
    from model_promotion.core.watch_rules import Limits, Measure
    from model_promotion.evidence.health.in_service import Rate, Served
    from model_promotion.ports import Serving
    from model_promotion.world import World

IN_SERVICE = "error_rate in service"


@dataclass
class Place:
    """An entity of an endpoint, or a scoring server by its address, which has none.

    `own` is what own requests say of it, `service` what the endpoint's metrics do, where they tell whose they are.
    `known` is whether the version answers here: a workspace says what it serves, an address only by answering.
    """

    world: World
    endpoint: str
    entity: str
    own: Served
    service: Rate
    note: str = ""
    scraped_at: float | None = None
    known: bool = False

    def __post_init__(self) -> None:
        """What a workspace names is known."""
        self.known = self.known or not is_address(self.endpoint)

    def woke(self, asked: Asked) -> None:
        """The first request of all, which counts for nothing else."""
        self.known = self.known or not flaw(asked, None)

    @property
    def label(self) -> str:
        """As it is called."""
        return f"{self.endpoint}/{self.entity}".rstrip("/")

    @property
    def target(self) -> Destination:
        """Where own requests go: past all routes, to the entity itself."""
        if is_address(self.endpoint):
            return self.world.servers.target(self.endpoint)
        return serving_of(self.world).target(self.endpoint, self.entity)

    @property
    def unheard(self) -> frozenset[Ending]:
        """How requests end that say nothing of the version: our login, and the way to a door that all versions share.

        A rollback would help with neither. A scoring server is its own door.
        """
        return frozenset({Ending.DENIED} if is_address(self.endpoint) else {Ending.DENIED, Ending.NO_CONNECTION})

    def look(self, samples: Sequence[Sample] | None) -> Iterator[Judged]:
        """What it comes to by now; without samples, own requests say nothing this time.

        Raises:
            PromotionError: when the endpoint cannot be asked.
        """
        if samples is not None:
            yield from self._answers(samples)
        if is_address(self.endpoint):
            yield self._alive()
            return
        seen = serving_of(self.world).deployment(self.endpoint)
        yield self._state(seen)
        yield from self._said(seen)

    def _answers(self, samples: Sequence[Sample]) -> Iterator[Judged]:
        """A wrong address fails every request, whatever the version is; who fails of itself (5xx) is there."""
        self.known = self.known or any(one.ending in (Ending.ANSWERED, Ending.SERVER_ERROR) for one in samples)
        if samples and not self.known:
            why = ", ".join(sorted({one.ending.value for one in samples}))
            said = f"{self.label} has not answered once in this watch ({why}), which says nothing of the version"
            yield Judged(f"answers of {self.label}", Severity.UNKNOWN, f"{said}: is this its address?")
            return
        self.own = self.own.after(samples)
        for measure, limits in self.own.measures(self.world.policy.watch):
            yield self._judged(measure, limits)

    def _judged(self, measure: Measure, limits: Limits) -> Judged:
        return judged(replace(measure, name=f"{measure.name} of {self.label}"), limits)

    def _alive(self) -> Judged:
        look = self.world.servers.look(self.endpoint)
        name = f"state of {self.label}"
        said = "it is there" if look.alive else f"it says that it is not well: {look.said}"
        return Judged(name, Severity.FINE if look.alive else Severity.WARNING, f"{self.label}: {said}")

    def _state(self, seen: Deployment) -> Judged:
        """A failed entity is worth an alert; what its callers get of that, own requests find out."""
        name, entity = f"state of {self.label}", seen.entity(self.entity)
        if entity is None:
            return Judged(name, Severity.CRITICAL, f"{self.label} is gone, {self.endpoint} serves {seen.told}")
        if entity.state == "failed":
            return Judged(name, Severity.CRITICAL, f"{self.label} has failed: {entity.message}")
        if seen.ready is not True or entity.state != "ready" or not entity.share_pct:
            ready = "ready" if seen.ready else "not ready"
            said = (
                f"{self.label} is {entity.state} with {entity.share_pct} % of the traffic, {self.endpoint} is {ready}"
            )
            return Judged(name, Severity.WARNING, said)
        return Judged(name, Severity.FINE, f"{self.label} is ready, with {entity.share_pct} % of the traffic")

    def _said(self, seen: Deployment) -> Iterator[Judged]:
        """What the metrics add; whatever is odd about them is told, and nothing rests on it."""
        from model_promotion.evidence.health.scraped import MINUTE_S, scraped

        now, self.note = self.world.clock.monotonic(), ""
        if self.scraped_at is not None and now - self.scraped_at < MINUTE_S:
            return
        self.scraped_at = now
        entity = None if self.entity == self.endpoint else self.entity
        try:
            text = serving_of(self.world).metrics(self.endpoint)
            found = scraped(text, entity, [one.name for one in seen.entities])
        except (PromotionError, ValueError) as error:
            self.note = f"metrics of {self.label}: {error}"
            return
        self.note = f"metrics of {self.label}: {found.told or 'no requests in the last minute'}"
        if found.entity:
            self.service = self.service.after(found.entity)
            limits = self.world.policy.watch.error_rate
            yield self._judged(self.service.measure(IN_SERVICE), limits)


def serving_of(world: World) -> Serving:
    """The endpoints of the workspace; each request of a watch has the whole time, where that can be.

    Raises:
        Unavailable: when there is no workspace.
    """
    serving = world.endpoints or world.serving
    if serving is None:
        raise Unavailable("there is no workspace here that could have endpoints", hint="name an address instead")
    return serving


def places(request: Request, world: World, version: Version, planned: int) -> tuple[Place, ...]:
    """The endpoints that were named, else all that serve the version.

    Raises:
        Conflict: when one that was named does not serve it.
        PromotionError: when one of them, or what there is, cannot be read.
    """
    found = _entities(request, world, version)
    if not found:
        return ()
    from model_promotion.evidence.health.in_service import Rate, Served, Sureness

    policy = world.policy.watch
    sureness = Sureness.shared(policy, planned, len(found))
    none = Served.none(policy, sureness), Rate.of(policy.error_rate, sureness)
    return tuple(Place(world, *one, *none) for one in found)


def _entities(request: Request, world: World, version: Version) -> list[tuple[str, str]]:
    """Endpoints, each with the entity that serves the version."""
    if not (request.endpoints or world.endpoints or world.serving):
        return []
    names = request.endpoints or _serving_it(world, version)
    return together([partial(_entity, one, world, version) for one in names])


def _serving_it(world: World, version: Version) -> tuple[str, ...]:
    seen = serving_of(world).endpoints(version.model)
    return tuple(one.name for one in seen if one.serves.get(version.number))


def _entity(endpoint: str, world: World, version: Version) -> tuple[str, str]:
    if is_address(endpoint):
        return endpoint, ""
    seen = serving_of(world).deployment(endpoint)
    entity = seen.serving(version.model, version.number)
    if entity is None:
        raise Conflict(f"{endpoint} does not serve {say.version(version.number)}, it serves {seen.told}")
    return endpoint, entity.name
