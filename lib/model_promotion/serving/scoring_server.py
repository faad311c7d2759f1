"""MLflow scoring servers (`mlflow models serve`), each by its address. They ask for no login, and none is sent.

GET /ping, GET /version and POST /invocations, as MLflow documents them:
https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_promotion.core.answers import Asked, Look, Sent
from model_promotion.core.endpoints import INVOCATIONS
from model_promotion.core.load import Destination
from model_promotion.core.trial import one_line

if TYPE_CHECKING:
    from model_promotion.connections.address import Address
    from model_promotion.connections.lines import Lines
    from model_promotion.ports import Clock

NAMED_BY = "address"
MOST_VERSION = 40
OK = 200


def is_for(registry: Address) -> bool:  # noqa: ARG001 - they go with any
    """Whether there can be some beside this registry: a server knows none."""
    return True


def reader(lines: Lines) -> ScoringServers:
    """All of them, to be looked at."""
    return ScoringServers(lines.clock)


@dataclass(frozen=True)
class ScoringServers:
    """What can be asked of any of them; which version one serves it does not say, unless in the header of an answer."""

    clock: Clock
    timeout_s: float = 10.0

    def look(self, address: str) -> Look:
        """Whether it is there, and with which MLflow."""
        ping, version = self._sent(Sent("GET", f"{address}/ping"), Sent("GET", f"{address}/version"))
        if ping.status != OK:
            return Look(alive=False, said=ping.error or f"/ping answered {ping.status}")
        told = one_line(version.answer.decode(errors="replace")) if version.status == OK else ""
        return Look(alive=True, mlflow=told if len(told) <= MOST_VERSION else "")

    def target(self, address: str) -> Destination:
        """Where load goes."""
        return Destination(address, address + INVOCATIONS)

    def _sent(self, *requests: Sent) -> list[Asked]:
        """The answers to these, sent at the same time."""
        from model_promotion.serving._http import answers, in_a_loop

        return in_a_loop(answers(requests, self.clock, self.timeout_s))
