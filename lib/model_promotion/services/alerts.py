"""Who is told how a job ended."""

import logging

from model_promotion.services.logger import NAME, LoggedVoice
from model_promotion.services.service import Service


class AlertsService(Service):
    """Tells the logger; a channel of your own is a subclass with another notify()."""

    def notify(self, title: str, message: str) -> None:
        """Tell it. An error that this raises ends the job with a warning, and undoes nothing."""
        LoggedVoice(logging.getLogger(f"{NAME}.alerts")).log(logging.INFO, f"{title}: {message}")
