"""Endpoints as given: the double for tests."""

from collections.abc import Sequence

from model_promotion.core.entities import Endpoint


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
