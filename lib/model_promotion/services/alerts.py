"""Who is told how a job ended."""

import logging
from contextlib import AbstractContextManager, nullcontext

from pydantic import Field, PrivateAttr, field_validator

from model_promotion import wiring
from model_promotion.core.alert import Alert
from model_promotion.core.alert_policy import AlertPolicy, Severity, alert_address
from model_promotion.core.errors import BadCall, Unavailable
from model_promotion.ports import Alerts
from model_promotion.services.logger import NAME, LoggedVoice
from model_promotion.services.service import Service
from model_promotion.services.values import Several
from model_promotion.settings import typed_routes


class AlertsService(Service):
    """Tells the logger, and the addresses in `to`, each as --alert takes it; or derive, with another notify()."""

    to: Several = Field(default=(), repr=False)

    _alerts: Alerts | None = PrivateAttr(default=None)

    @field_validator("to")
    @classmethod
    def _addresses(cls, to: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(alert_address(one) for one in to)

    def running(self) -> AbstractContextManager[object]:
        """Nothing to enter; but an address that cannot be used is said before the job.

        Raises:
            BadCall: when there is one.
        """
        for route in self._connected().unusable() if self.to else ():
            raise BadCall(f"nobody can be told by {route.label}: {route.problem}", hint="mend alerts_service.to")
        return nullcontext()

    def notify(self, title: str, message: str) -> None:
        """Tell it. An error that this raises ends the job with a warning, and undoes nothing.

        Raises:
            Unavailable: when it did not reach everybody.
        """
        LoggedVoice(logging.getLogger(f"{NAME}.alerts")).log(logging.INFO, f"{title}: {message}")
        if not self.to:
            return
        alerts = self._connected()
        alerts.tell(Alert(Severity.INFO, message, subject=title))
        if failed := [one for one in alerts.settled() if one.failed]:
            raise Unavailable("; ".join(f"{one.to}: {one.why}" for one in failed))

    def _connected(self) -> Alerts:
        """The same for every notify(): what was told already is not told again."""
        if self._alerts is None:
            self._alerts = wiring.delivery(typed_routes(self.to), AlertPolicy())
        return self._alerts
