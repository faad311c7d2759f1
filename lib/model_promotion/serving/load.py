"""The load generator: sends each request when it is due, whether or not others were answered."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model_promotion.core.load import Load, LoadRun
    from model_promotion.ports import Clock


class AioLoader:
    """Sends with aiohttp, which nothing but a load test pays for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stopped = threading.Event()

    def run(self, load: Load) -> LoadRun:
        """What became of each request; the last has ended a `timeout_s` after the last was due, at the latest."""
        from model_promotion.serving._http import in_a_loop
        from model_promotion.serving._sending import Sender

        return in_a_loop(Sender(load, self._clock, self._stopped).send())

    def stop(self) -> None:
        """Send nothing more, now or later."""
        self._stopped.set()
