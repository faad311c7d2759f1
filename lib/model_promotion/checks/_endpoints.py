"""What both checks of endpoints share: the candidate's example as a request, and the first answer to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from model_promotion.core.answers import Asked, Look, flaw
from model_promotion.core.endpoints import is_address
from model_promotion.core.errors import NotFound, Unavailable
from model_promotion.core.payloads import as_sent, payload_of
from model_promotion.core.signature import example_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from model_promotion.core.load import Destination
    from model_promotion.ports import Serving
    from model_promotion.witness import Witness

MOST_BYTES = 10 * 1024 * 1024
SENT, SAVED = "serving_input_example.json", "input_example.json"
BY_ADDRESS = "name its address instead: --endpoint http://HOST:PORT"


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


def example(witness: Witness) -> Mapping[str, Any]:
    """What a scoring server is sent for the candidate's example: as saved with it, else made from its signature.

    Raises:
        NotFound: when there is neither an example nor a signature that says what it takes.
    """
    candidate = witness.plan.candidate
    return witness.once(("example", candidate.model, candidate.number), lambda: _example(witness))


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
    payload = payload_of(example(witness))
    asked = witness.loader.ask(destination(witness, endpoint), payload)
    return Met(endpoint, _look(witness, endpoint), asked, flaw(asked, payload.rows))


def _look(witness: Witness, endpoint: str) -> Look:
    if is_address(endpoint):
        return witness.servers.look(endpoint)
    seen = _serving(witness, endpoint).deployment(endpoint)
    return Look(alive=seen.ready is not False, said=f"it serves {seen.told}, and is not ready")


def _example(witness: Witness) -> Mapping[str, Any]:
    candidate = witness.plan.candidate
    folder = witness.files(candidate)
    for name in (SENT, SAVED):
        if (found := _json(folder / name)) is not None:
            return as_sent(found)
    try:
        signature = witness.signature(candidate)
        rows = example_rows(signature) if signature else None
    except ValueError as error:
        raise NotFound(f"{candidate.label} has no input example, and {error}") from error
    if rows is None:
        raise NotFound(f"{candidate.label} has neither an input example nor a signature, so there is nothing to send")
    return as_sent(rows)


def _json(path: Path) -> Any:  # noqa: ANN401 - JSON is any of six types
    """What a file of the model holds; None where it is not there, or no JSON."""
    try:
        return json.loads(path.read_bytes()) if path.stat().st_size <= MOST_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None
