"""What a version is asked: rows of data, the example that was saved with it, or rows made from its signature."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from model_promotion.core.errors import NotFound, PromotionError
from model_promotion.core.payloads import Payload, as_sent, one_by_one
from model_promotion.core.signature import Signature, example_rows

SAVED = ("serving_input_example.json", "input_example.json")
"""As MLflow saves an example: the request first, which needs no guessing."""
MOST_BYTES = 10 * 1024 * 1024
NOTHING_TO_ASK = "log the model with a signature: mlflow.models.infer_signature"


@dataclass(frozen=True)
class Rows:
    """Rows as a scoring server takes them; `told` says which, and names none of their values: they may be anybody's."""

    sent: Mapping[str, Any]
    told: str

    @cached_property
    def payloads(self) -> tuple[Payload, ...]:
        """A request for each of them."""
        return one_by_one(self.sent)


def own_rows(label: str, metadata: Mapping[str, Any], read: Callable[[str], bytes]) -> Rows:
    """What the version itself says that it takes: its input example, else rows made from its signature.

    Args:
        label: how the version is called.
        metadata: its MLmodel file.
        read: the content of a file of the version, by its name; it may raise.

    Raises:
        NotFound: when it has neither, or its signature makes no sense.
    """
    unread = ""
    for name in SAVED if metadata.get("saved_input_example_info") else ():
        try:
            return Rows(as_sent(_json(read(name))), "its input example")
        except (PromotionError, ValueError, RecursionError) as error:
            unread = unread or f" (its input example cannot be read: {error})"
    try:
        signature = Signature.from_mlmodel(metadata.get("signature"))
        made = example_rows(signature) if signature else None
    except ValueError as error:
        raise NotFound(f"{label} has no input example, and {error}{unread}", hint=NOTHING_TO_ASK) from error
    if made is None:
        said = f"{label} has neither an input example nor a signature, so there is nothing to send{unread}"
        raise NotFound(said, hint=NOTHING_TO_ASK)
    return Rows(as_sent(made), f"rows made from its signature{unread}")


def taken(label: str, signature: Signature | None, there: Sequence[str], roles: Sequence[str]) -> list[str]:
    """The columns of data that a version takes: the inputs of its signature, else every one that has no role.

    Raises:
        NotFound: when the data lack one that it takes; the sentence is about the data.
    """
    inputs = signature.named_inputs if signature else ()
    if missing := [str(one.name) for one in inputs if one.required and one.name not in there]:
        raise NotFound(f"lacks what {label} takes: {', '.join(missing)}")
    named = [str(one.name) for one in inputs if one.name in there]
    return named or [name for name in there if name not in roles]


def _json(content: bytes) -> Any:  # noqa: ANN401 - JSON is any of six types
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has {len(content):,} bytes, at most {MOST_BYTES:,} are sent")
    return json.loads(content)
