"""What one endpoint serves, as it was read, and the deeds that change it, each with its undoing.

A deed names no sizing and no environment variables: those are copied from the entity that it is `like`, where the
configuration is changed, so that nothing secret gets into a record.
"""

from dataclasses import dataclass, replace
from typing import Literal, Self

from model_promotion.core.say import version

EntityState = Literal["ready", "creating", "failed", "unknown"]
MOST_ENTITIES = 15


@dataclass(frozen=True)
class ServedEntity:
    """One model version behind an endpoint; `share_pct` is its part of the traffic."""

    name: str
    model: str
    number: str
    share_pct: int = 0
    state: EntityState = "unknown"
    message: str = ""
    scales_to_zero: bool = False


@dataclass(frozen=True)
class Deployment:
    """What an endpoint serves (`entities`) and what is on its way there (`pending`, empty when nothing is).

    `ready` and `updating` are None where the state is none that is known. `failed_because` is the reason of the last
    update, if that has failed. `config_version` changes with whatever of it is changed.
    `may_manage` is whether the caller may change it; None where that is not told.
    """

    endpoint: str
    entities: tuple[ServedEntity, ...] = ()
    pending: tuple[ServedEntity, ...] = ()
    ready: bool | None = None
    updating: bool | None = None
    failed_because: str = ""
    creator: str = ""
    route_optimized: bool = False
    may_manage: bool | None = None
    config_version: str = ""

    def entity(self, name: str) -> ServedEntity | None:
        """The entity of that name, if it serves."""
        return next((one for one in self.entities if one.name == name), None)

    def serving(self, model: str, number: str) -> ServedEntity | None:
        """The entity that serves this version; one with traffic before one without."""
        found = [one for one in self.entities if (one.model, one.number) == (model, number)]
        return max(found, key=lambda one: one.share_pct, default=None)

    @property
    def told(self) -> str:
        """Who gets which part of the traffic, for a person."""
        return ", ".join(f"{version(one.number)} {one.share_pct} %" for one in self.entities) or "nothing"


@dataclass(frozen=True)
class SetServed:
    """Put a version behind an endpoint, without traffic, or take it away: None stands for not being there.

    It gets what `like` has: workload, concurrency, environment variables, scale to zero.
    """

    endpoint: str
    entity: str
    model: str
    was: str | None
    to: str | None
    like: str = ""

    def undone(self) -> Self:
        """The same the other way round."""
        return replace(self, was=self.to, to=self.was)

    @property
    def sentence(self) -> str:
        """What it does, for a person."""
        if self.to is None:
            return f"{self.endpoint}: {version(self.was)} ({self.entity}) removed"
        return f"{self.endpoint}: {version(self.to)} ({self.entity}) added at 0 %"

    def stands(self, deployment: Deployment) -> str | None:
        """What is there."""
        found = deployment.entity(self.entity)
        return found.number if found else None

    def on_its_way(self, deployment: Deployment) -> bool:
        """Whether what is pending would do it."""
        there = {one.name: one.number for one in deployment.pending}
        return bool(there) and there.get(self.entity) == self.to

    @property
    def gains(self) -> str:
        """The entity that has to answer for this to serve; empty where one only goes."""
        return "" if self.to is None else self.entity


@dataclass(frozen=True)
class SetTraffic:
    """Give an entity another part of the traffic (`was` and `to` in percent), at the cost of `source`.

    What other entities get stays as it is.
    """

    endpoint: str
    source: str
    entity: str
    was: int
    to: int

    def undone(self) -> Self:
        """The same the other way round."""
        return replace(self, was=self.to, to=self.was)

    @property
    def sentence(self) -> str:
        """What it does, for a person."""
        return f"{self.endpoint}: traffic of {self.entity} {self.was} % -> {self.to} %, of {self.source} the rest"

    def stands(self, deployment: Deployment) -> int | None:
        """What the entity gets; None where it is not there."""
        found = deployment.entity(self.entity)
        return found.share_pct if found else None

    def on_its_way(self, deployment: Deployment) -> bool:
        """Whether what is pending would do it."""
        return any((one.name, one.share_pct) == (self.entity, self.to) for one in deployment.pending)

    @property
    def gains(self) -> str:
        """The entity that gets more, and has to answer for this to serve."""
        return self.entity if self.to > self.was else self.source


ServingStep = SetServed | SetTraffic


@dataclass(frozen=True)
class Served:
    """A deed that was done to an endpoint (or undone), and when it served: seconds since the epoch."""

    step: ServingStep
    at: float
    deed: Literal["done", "undone", "already so"] = "done"
