"""The load generator: sends each request when it is due, whether or not others were answered."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from model_promotion.core.answers import Asked, Sent
from model_promotion.core.errors import PromotionError

if TYPE_CHECKING:
    from model_promotion.core.load import Destination, Load, LoadRun
    from model_promotion.core.payloads import Payload
    from model_promotion.ports import Clock

ASKED_S = 60.0
"""So long one single request may take: an entity that scales to zero has to start."""


class AioLoader:
    """Sends with aiohttp, which nothing but a load test pays for."""

    def __init__(self, clock: Clock, asked_s: float = ASKED_S) -> None:
        self._clock = clock
        self._asked_s = asked_s
        self._stopped = threading.Event()

    def run(self, load: Load) -> LoadRun:
        """What became of each request; the last has ended a `timeout_s` after the last was due, at the latest."""
        from model_promotion.serving._http import in_a_loop
        from model_promotion.serving._sending import Sender

        return in_a_loop(Sender(load, self._clock, self._stopped).send())

    def ask(self, where: Destination, payload: Payload) -> Asked:
        """One request; whatever goes wrong with it is in the answer."""
        from model_promotion.serving._http import answers, in_a_loop

        try:
            sent = Sent("POST", where.url, payload.body, dict(where.headers()))
        except PromotionError as error:
            return Asked(0.0, error=str(error))
        return in_a_loop(answers([sent], self._clock, self._asked_s))[0]

    def stop(self) -> None:
        """Send nothing more, now or later."""
        self._stopped.set()
