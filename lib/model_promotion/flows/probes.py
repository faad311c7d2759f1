"""What an endpoint is asked to find out how it does: rows that the candidate's signature allows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from model_promotion.core.answers import Asked, flaw, same
from model_promotion.core.entities import Version
from model_promotion.core.errors import Conflict
from model_promotion.core.payloads import Payload, as_sent, one_by_one
from model_promotion.core.signature import Signature, example_rows
from model_promotion.ports import Loader, RegistryReader, Serving

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

    endpoints: Serving
    loader: Loader
    payloads: Sequence[Payload]
    tolerance: float = 1e-5
    first: dict[str, list[Any]] = field(default_factory=dict)

    def answers(self, endpoint: str, entity: str, named: str = "") -> list[Any]:
        """Every request once, to one entity, or to whoever's turn it is: it must answer, and be who it should be.

        Raises:
            Conflict: when it does not, or is not.
        """
        where, found = self.endpoints.target(endpoint, entity), []
        for payload in self.payloads:
            asked = self.loader.ask(where, payload)
            if wrong := flaw(asked, payload.rows) or _somebody_else(asked, named or entity):
                raise Conflict(f"{where.name} {wrong} (asked {json.loads(payload.body)!s:.200})")
            found.append(json.loads(asked.answer)["predictions"])
        return found

    def begin(self, endpoint: str, entity: str) -> None:
        """Twice, before anybody else asks it: what it answers the same way both times, it is to answer so for ever.

        Raises:
            Conflict: as answers does.
        """
        once, again = (self.answers(endpoint, entity) for _ in range(2))
        self.first[endpoint] = once if same(once, again, self.tolerance) else []

    def astray(self, endpoint: str, entity: str, turn: int) -> str:
        """Whether it answers one of the requests otherwise than in the beginning, for a person; empty when it does not.

        What does not answer at all is counted elsewhere.
        """
        known = self.first.get(endpoint)
        if not known:
            return ""
        place = turn % len(known)
        asked = self.loader.ask(self.endpoints.target(endpoint, entity), self.payloads[place])
        if flaw(asked, self.payloads[place].rows):
            return ""
        now = json.loads(asked.answer)["predictions"]
        said = f"{entity} answers {now!s:.80} to what it answered {known[place]!s:.80} to before it had any traffic"
        return "" if same(known[place], now, self.tolerance) else said


def _somebody_else(asked: Asked, named: str) -> str:
    """Whether another entity has answered, as far as the server tells."""
    return f"was answered by {asked.answered_by}" if asked.answered_by not in ("", named) else ""
