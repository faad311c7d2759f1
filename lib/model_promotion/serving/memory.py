"""Endpoints as given: the double for tests."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from model_promotion.core.answers import Asked, Look
from model_promotion.core.deployment import Deployment
from model_promotion.core.entities import Endpoint
from model_promotion.core.errors import NotFound
from model_promotion.core.load import Destination, Due, Ending, Load, LoadRun, Sample, dues
from model_promotion.core.payloads import Payload

SURE = b'{"predictions": [1.0]}'


class MemoryServing:
    """Answers the endpoints it was made with, or raises the error it was made with."""

    scope = "memory"

    def __init__(self, *endpoints: Endpoint, broken: Exception | None = None) -> None:
        self._endpoints = endpoints
        self._broken = broken

    def endpoints(self, model: str, *, on_their_way: bool = False) -> Sequence[Endpoint]:  # noqa: ARG002 - always the same
        """The endpoints given."""
        if self._broken:
            raise self._broken
        return self._endpoints

    def deployment(self, name: str) -> Deployment:
        """Nothing is known of what they serve beyond that."""
        raise NotFound(f"there is no endpoint {name}")

    def metrics(self, name: str) -> str:
        """Nothing is known of that either."""
        raise NotFound(f"there is no endpoint {name}")

    def target(self, name: str, entity: str) -> Destination:
        """An address that nobody is behind."""
        return Destination(f"{name}/{entity}", "http://127.0.0.1:9/invocations")


class MemoryServers:
    """Every address answers the same."""

    def __init__(self, asked: Asked | None = None) -> None:
        self._asked = asked or Asked(1.0, 200, b'{"predictions": [1.0]}')

    def look(self, address: str) -> Look:  # noqa: ARG002 - always the same
        """It is there, unless it does not answer."""
        return Look(alive=self._asked.status is not None, said=self._asked.error)

    def target(self, address: str) -> Destination:
        """Where load would go."""
        return Destination(address, address)


class MemoryLoader:
    """Nothing is sent: each request ends as it was said, by target and rate."""

    def __init__(self, ends: Callable[[Load, Due], Sample] | None = None, asked: Asked | None = None) -> None:
        self._asked = asked or Asked(1.0, 200, b'{"predictions": [1.0]}')
        self._ends = ends or (lambda _, due: Sample(due.target, due.at_s, 0.0, 0.01, Ending.ANSWERED))
        self.runs: list[Load] = []

    def ask(self, where: Destination, payload: Payload) -> Asked:  # noqa: ARG002 - whatever is asked
        """The answer given; of an endpoint in memory, from the entity that it names."""
        entity = where.name.partition("/")[2] if where.url.startswith("memory:") else self._asked.answered_by
        return replace(self._asked, answered_by=entity)

    def run(self, load: Load) -> LoadRun:
        """What would have become of each."""
        self.runs.append(load)
        return LoadRun(load, tuple(self._ends(load, due) for due in dues(load)))

    def stop(self) -> None:
        """There is nothing to stop."""
