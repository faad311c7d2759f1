"""What an endpoint is asked to find out how it does: rows that the candidate's signature allows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from model_promotion.core.answers import Asked, flaw
from model_promotion.core.entities import Version
from model_promotion.core.errors import Conflict
from model_promotion.core.payloads import Payload, as_sent, one_by_one
from model_promotion.core.signature import Signature, example_rows
from model_promotion.ports import Endpoints, Loader, RegistryReader

ROWS = 20
NOTHING_TO_ASK = "log the model with a signature: mlflow.models.infer_signature"


def payloads_of(version: Version, registry: RegistryReader) -> tuple[Payload, ...]:
    """One request for each of some rows.

    Raises:
        Conflict: when nothing tells what the model takes.
    """
    try:
        signature = Signature.from_mlmodel(registry.metadata(version).get("signature"))
        rows = example_rows(signature, ROWS) if signature else None
    except ValueError as error:
        raise Conflict(f"{version.label} cannot be asked: {error}", hint=NOTHING_TO_ASK) from error
    if rows is None:
        raise Conflict(f"{version.label} has no signature, so nothing is known to ask it", hint=NOTHING_TO_ASK)
    return one_by_one(as_sent(rows))


@dataclass(frozen=True)
class Probes:
    """What is asked, and how."""

    endpoints: Endpoints
    loader: Loader
    payloads: Sequence[Payload]

    def answers(self, endpoint: str, entity: str, named: str = "") -> None:
        """Every request once, to one entity, or to whoever's turn it is: it must answer, and be who it should be.

        Raises:
            Conflict: when it does not, or is not.
        """
        where = self.endpoints.target(endpoint, entity)
        for payload in self.payloads:
            asked = self.loader.ask(where, payload)
            if wrong := flaw(asked, payload.rows) or _somebody_else(asked, named or entity):
                raise Conflict(f"{where.name} {wrong} (asked {json.loads(payload.body)!s:.200})")


def _somebody_else(asked: Asked, named: str) -> str:
    """Whether another entity has answered, as far as the server tells."""
    return f"was answered by {asked.answered_by}" if asked.answered_by not in ("", named) else ""
