"""Endpoints: what they serve, how they are changed, and how they are asked."""

from collections.abc import Sequence
from typing import Protocol

from model_promotion.core.answers import Asked, Look
from model_promotion.core.deployment import Deployment, ServingStep
from model_promotion.core.entities import (
    Endpoint,
)
from model_promotion.core.load import Destination, Load, LoadRun
from model_promotion.core.payloads import Payload


class Serving(Protocol):
    """The endpoints that answer requests with registered models."""

    @property
    def scope(self) -> str:
        """How far this looks: for example 'this workspace'."""
        ...

    def endpoints(self, model: str, *, on_their_way: bool = False) -> Sequence[Endpoint]:
        """The endpoints within scope that name the model; those it is only on its way to are asked for by name."""
        ...

    def target(self, name: str, entity: str) -> Destination:
        """Where requests for one entity go, past the routes; without one, to whoever's turn it is. Raises as below."""
        ...

    def deployment(self, name: str) -> Deployment:
        """What one endpoint serves, read afresh. Raises NotFound, Denied or Unavailable."""
        ...

    def metrics(self, name: str) -> str:
        """What an endpoint says of its last minute, as Prometheus text. Raises NotFound, Denied or Unavailable."""
        ...


class Endpoints(Serving, Protocol):
    """The only door through which endpoints are changed."""

    def write(self, step: ServingStep) -> None:
        """Send one change; reading tells when it serves, and what became of it when its reply was lost."""
        ...


class Servers(Protocol):
    """Scoring servers, each by its address."""

    def look(self, address: str) -> Look:
        """Whether it is there."""
        ...

    def target(self, address: str) -> Destination:
        """Where load goes."""
        ...


class Loader(Protocol):
    """Sends requests at a fixed rate, however slowly they are answered."""

    def run(self, load: Load) -> LoadRun:
        """What became of each."""
        ...

    def ask(self, where: Destination, payload: Payload) -> Asked:
        """One request; whatever goes wrong with it is in the answer."""
        ...

    def stop(self) -> None:
        """Send nothing more."""
        ...
