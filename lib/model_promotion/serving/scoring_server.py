"""MLflow scoring servers (`mlflow models serve`), each by its address. They ask for no login, and none is sent.

GET /ping, GET /version and POST /invocations, as MLflow documents them:
https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_promotion.core.answers import Asked, Look
from model_promotion.core.endpoints import INVOCATIONS
from model_promotion.core.load import Destination
from model_promotion.core.trial import one_line
from model_promotion.serving._http import Question, asked, in_a_loop

if TYPE_CHECKING:
    from model_promotion.core.payloads import Payload
    from model_promotion.ports import Clock

MOST_VERSION = 40
OK = 200


@dataclass(frozen=True)
class ScoringServers:
    """What can be asked of any of them; which version one serves it does not say, unless in the header of an answer."""

    clock: Clock
    timeout_s: float = 10.0

    def look(self, address: str) -> Look:
        """Whether it is there, and with which MLflow."""
        ping, version = in_a_loop(self._both(address))
        if ping.status != OK:
            return Look(alive=False, said=ping.error or f"/ping answered {ping.status}")
        told = one_line(version.answer.decode(errors="replace")) if version.status == OK else ""
        return Look(alive=True, mlflow=told if len(told) <= MOST_VERSION else "")

    def ask(self, address: str, payload: Payload) -> Asked:
        """One request for predictions, with its status and its time."""
        return in_a_loop(self._asked("POST", address + INVOCATIONS, payload.body))

    def target(self, address: str) -> Destination:
        """Where load goes."""
        return Destination(address, address + INVOCATIONS)

    async def _both(self, address: str) -> tuple[Asked, Asked]:
        return await asyncio.gather(self._asked("GET", f"{address}/ping"), self._asked("GET", f"{address}/version"))

    async def _asked(self, method: str, url: str, body: bytes | None = None) -> Asked:
        return await asked(Question(method, url, body), self.clock, self.timeout_s)
