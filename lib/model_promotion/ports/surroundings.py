"""Time, people, words and questions."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from model_promotion.core.event import Event
from model_promotion.core.finding import Finding, Weight

if TYPE_CHECKING:
    from model_promotion.witness import Witness


class Clock(Protocol):
    """Time, so that tests need none."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def sleep(self, wait_s: float) -> None:
        """Wait."""
        ...


class Owner(Protocol):
    """Whose work it is."""

    @property
    def name(self) -> str:
        """This process, without naming a person."""
        ...

    def is_gone(self, name: str) -> bool:
        """Whether the process of that name has certainly ended."""
        ...


class Voice(Protocol):
    """What the program says while it works."""

    def tell(self, event: Event) -> None:
        """Say one line."""
        ...

    def during(self, sentence: str) -> AbstractContextManager[None]:
        """Show that something is going on, should it take longer than a second."""
        ...


class Signatures(Protocol):
    """Who signed a text."""

    def sign(self, text: str, key: Path) -> str:
        """The signature of a text, with somebody's own key."""
        ...

    def wrong(self, text: str, signature: str, who: str, allowed: Path) -> str:
        """What is wrong with a signature; empty when it is that of `who` by the keys in the file `allowed`."""
        ...


class Check(Protocol):
    """One question about a promotion."""

    @property
    def name(self) -> str:
        """Its file's name."""
        ...

    @property
    def topic(self) -> str:
        """The word in brackets before its answer."""
        ...

    @property
    def weight(self) -> Weight:
        """What its failing means."""
        ...

    def ask(self, witness: "Witness") -> Finding | None:
        """The answer; None when the question does not arise."""
        ...
