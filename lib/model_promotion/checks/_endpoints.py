"""What both checks of endpoints share: the candidate's example as a request, and the first answer to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from model_promotion.core.answers import Asked, Look, flaw
from model_promotion.core.endpoints import BY_ADDRESS, is_address
from model_promotion.core.errors import Unavailable
from model_promotion.core.payloads import payload_of
from model_promotion.core.rows import own_rows

if TYPE_CHECKING:
    from model_promotion.core.load import Destination
    from model_promotion.core.rows import Rows
    from model_promotion.ports import Serving
    from model_promotion.witness import Witness


@dataclass(frozen=True)
class Met:
    """An endpoint as it was met: what it says of itself, what it answered to the example, why that is no answer."""

    name: str
    look: Look
    asked: Asked
    flaw: str


def met(witness: Witness, endpoint: str) -> Met:
    """The endpoint, asked once for both checks.

    Raises:
        NotFound: when there is nothing to ask it.
        PromotionError: when it was named, and cannot be found.
    """
    return witness.once(("endpoint", endpoint, ""), lambda: _met(witness, endpoint))


def example(witness: Witness) -> Rows:
    """What is sent for the candidate's example: as saved with it, else made from its signature.

    Raises:
        NotFound: when there is neither an example nor a signature that says what it takes.
    """
    candidate = witness.plan.candidate
    read = partial(witness.registry.artifact, candidate)
    key = ("example", candidate.model, candidate.number)
    return witness.once(key, lambda: own_rows(candidate.label, witness.metadata(candidate), read))


def destination(witness: Witness, endpoint: str) -> Destination:
    """Where its requests go: to the candidate's entity where it serves that already, else to whoever's turn it is.

    Raises:
        PromotionError: when it was named, and cannot be found.
    """
    if is_address(endpoint):
        return witness.servers.target(endpoint)
    serving = _serving(witness, endpoint)
    entity = serving.deployment(endpoint).serving(witness.plan.seen.name, witness.plan.candidate.number)
    return serving.target(endpoint, entity.name if entity else "")


def _serving(witness: Witness, endpoint: str) -> Serving:
    if witness.serving is None:
        raise Unavailable(f"there is no workspace here that could have an endpoint {endpoint}", hint=BY_ADDRESS)
    return witness.serving


def _met(witness: Witness, endpoint: str) -> Met:
    payload = payload_of(example(witness).sent)
    asked = witness.loader.ask(destination(witness, endpoint), payload)
    return Met(endpoint, _look(witness, endpoint), asked, flaw(asked, payload.rows))


def _look(witness: Witness, endpoint: str) -> Look:
    if is_address(endpoint):
        return witness.servers.look(endpoint)
    seen = _serving(witness, endpoint).deployment(endpoint)
    return Look(alive=seen.ready is not False, said=f"it serves {seen.told}, and is not ready")
