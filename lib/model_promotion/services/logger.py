"""Where a job's lines go: Python's own logging."""

import contextlib
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

from model_promotion.console import printable
from model_promotion.core.event import Event, Kind
from model_promotion.core.redaction import redacted
from model_promotion.services.service import Service

NAME = "model_promotion"
FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
LEVELS = {Kind.WARNED: logging.WARNING, Kind.UNKNOWN: logging.WARNING, Kind.FAILED: logging.ERROR}


class LoggerService(Service):
    """Hands out the logger `model_promotion`.

    Where nobody has set up logging, its lines go to stderr while the service runs; otherwise where all others go.
    """

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    def logger(self) -> logging.Logger:
        """The logger of jobs."""
        return logging.getLogger(NAME)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Loud enough, and heard by somebody."""
        logger, handler = self.logger(), None
        before = logger.level
        if not logger.hasHandlers():
            handler = logging.StreamHandler()
            handler.setFormatter(logging.Formatter(FORMAT))
            logger.addHandler(handler)
        logger.setLevel(self.level)
        try:
            yield
        finally:
            logger.setLevel(before)
            if handler:
                logger.removeHandler(handler)


class LoggedVoice:
    """What a promotion says while it works, as lines of a logger: for each event one, and one for each row of it."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def tell(self, event: Event) -> None:
        """Log the event."""
        self.log(LEVELS.get(event.kind, logging.INFO), f"[{event.topic}] {event.sentence}")
        for row in event.table.rows if event.table else ():
            self.log(logging.INFO, f"[{event.topic}] {' | '.join(map(str, row))}")

    def log(self, level: int, text: str) -> None:
        """One line without secrets, whatever strangers wrote into the registry."""
        self._logger.log(level, "%s", printable(redacted(text)))

    def during(self, sentence: str) -> AbstractContextManager[None]:  # noqa: ARG002 - a log shows no clock
        """Nothing to show."""
        return nullcontext()
