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
        Unavailable: when it was named, which cannot be asked yet.
    """
    return witness.once(("endpoint", endpoint, ""), lambda: _met(witness, endpoint))


def example(witness: Witness) -> Mapping[str, Any]:
    """What a scoring server is sent for the candidate's example: as saved with it, else made from its signature.

    Raises:
        NotFound: when there is neither an example nor a signature that says what it takes.
    """
    candidate = witness.plan.candidate
    return witness.once(("example", candidate.model, candidate.number), lambda: _example(witness))


def _met(witness: Witness, endpoint: str) -> Met:
    if not is_address(endpoint):
        where = witness.serving.scope if witness.serving else "this registry"
        raise Unavailable(f"endpoint {endpoint} of {where} cannot be asked by its name yet", hint=BY_ADDRESS)
    payload = payload_of(example(witness))
    asked = witness.servers.ask(endpoint, payload)
    return Met(endpoint, witness.servers.look(endpoint), asked, flaw(asked, payload.rows))


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
