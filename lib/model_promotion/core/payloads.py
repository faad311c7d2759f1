"""What is sent to an endpoint: the candidate's example as JSON, in the forms that MLflow's scoring server takes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SPLIT, RECORDS = "dataframe_split", "dataframe_records"
MOST_SINGLE = 1000


@dataclass(frozen=True)
class Payload:
    """The body of a request, and how many answers it should have; None where its form does not tell."""

    body: bytes
    rows: int | None = None


def payload_of(sent: Mapping[str, Any]) -> Payload:
    """The body that asks for all of these rows."""
    return Payload(json.dumps(sent).encode(), _rows(sent))


def one_by_one(sent: Mapping[str, Any]) -> tuple[Payload, ...]:
    """A body for each row; one for all where they cannot be told apart."""
    for name, rows in sent.items():
        if name == SPLIT and _rows(sent):
            each = ({**sent, name: {**rows, "data": [row], "index": [0]}} for row in rows["data"][:MOST_SINGLE])
            return tuple(map(payload_of, each))
        if name in (RECORDS, "instances", "inputs") and _rows(sent) and not isinstance(rows, Mapping):
            return tuple(payload_of({**sent, name: [row]}) for row in rows[:MOST_SINGLE])
    return (payload_of(sent),)


def as_sent(example: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON is any of six types
    """What a scoring server is sent for an example as MLflow saves it, or for rows made from a signature."""
    if isinstance(example, Mapping):
        if {"tensor", "dtype"} <= example.keys():
            return {"inputs": example["tensor"]}
        if isinstance(example.get("tensors"), Mapping):
            return {"inputs": {name: one["tensor"] for name, one in example["tensors"].items()}}
        if {SPLIT, RECORDS, "instances", "inputs"} & example.keys():
            return dict(example)
        if isinstance(example.get("data"), list):
            return {SPLIT: dict(example)}
    return {"inputs": example}


def _rows(sent: Mapping[str, Any]) -> int | None:
    if isinstance(frame := sent.get(SPLIT), Mapping):
        return _length(frame.get("data"))
    for name in (RECORDS, "instances", "inputs"):
        if name in sent:
            found = sent[name]
            tensors = isinstance(found, Mapping) and [_length(one) for one in found.values()]
            return (tensors[0] if len({*tensors}) == 1 else None) if tensors else _length(found)
    return None


def _length(rows: Any) -> int | None:  # noqa: ANN401 - as above
    return len(rows) if isinstance(rows, Sequence) and not isinstance(rows, str) else None
