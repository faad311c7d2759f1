"""Who is told what happened."""

from collections.abc import Sequence
from typing import Protocol

from model_promotion.core.alert import Alert, Sent
from model_promotion.core.alert_policy import Route


class Channel(Protocol):
    """One address that alerts go to."""

    def send(self, alert: Alert) -> str:
        """Send it; the answer says why it did not go, and is empty when it did."""
        ...


class Alerts(Protocol):
    """Every address, and what becomes of what is sent there. It never raises, and never keeps a promotion waiting."""

    def unusable(self) -> Sequence[Route]:
        """The ways out on which nothing can be sent, each with its problem; nothing is sent to find that out."""
        ...

    def wanted(self, alert: Alert) -> bool:
        """Whether anybody is to be told of it."""
        ...

    def tell(self, alert: Alert) -> None:
        """Begin to send it to whoever is to be told; nothing is waited for."""
        ...

    def settled(self) -> Sequence[Sent]:
        """What became of everything that was told since this was asked last; it is waited for, within a time."""
        ...
