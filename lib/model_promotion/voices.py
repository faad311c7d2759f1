"""Voices that print nothing: for Python callers, and for tests that want to know what was said."""

from contextlib import AbstractContextManager, nullcontext

from model_promotion.core.event import Event


class Silent:
    """Says nothing, and keeps what it was told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def tell(self, event: Event) -> None:
        """Keep the event."""
        self.events.append(event)

    def during(self, sentence: str) -> AbstractContextManager[None]:  # noqa: ARG002 - nothing is shown
        """Nothing to show."""
        return nullcontext()
