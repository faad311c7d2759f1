"""Voices that print nothing themselves: for Python callers, for tests, and for many promotions at the same time."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from threading import Lock

from model_promotion.core.event import Event
from model_promotion.ports import Voice


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


class Prefixed:
    """One of several that speak at the same time: each line names who says it, and no line is cut by another."""

    def __init__(self, voice: Voice, name: str, line: Lock) -> None:
        self._voice = voice
        self._name = name
        self._line = line

    def tell(self, event: Event) -> None:
        """Pass the event on under the name."""
        with self._line:
            self._voice.tell(replace(event, topic=f"{self._name}: {event.topic}"))

    def during(self, sentence: str) -> AbstractContextManager[None]:  # noqa: ARG002 - there is one clock, not many
        """Nothing to show."""
        return nullcontext()
