"""Signature entries as mlflow writes them into an MLmodel file, in short."""

import json
from typing import Any

from model_promotion.core.signature import Signature, breaks

Spec = dict[str, Any]


def col(name: str | None, kind: str | Spec, *, required: bool = True) -> Spec:
    named = {} if name is None else {"name": name}
    return {**named, **({"type": kind} if isinstance(kind, str) else kind), "required": required}


def array(kind: Spec | str) -> Spec:
    return {"type": "array", "items": {"type": kind} if isinstance(kind, str) else kind}


def mapping(kind: Spec | str) -> Spec:
    return {"type": "map", "values": {"type": kind} if isinstance(kind, str) else kind}


def thing(**properties: Spec) -> Spec:
    return {"type": "object", "properties": properties}


def prop(kind: str, *, required: bool = True) -> Spec:
    return {"type": kind, "required": required}


def tensor(dtype: str, *shape: int, name: str | None = None) -> Spec:
    return {
        **({} if name is None else {"name": name}),
        "type": "tensor",
        "tensor-spec": {"dtype": dtype, "shape": shape},
    }


def param(name: str, dtype: str, shape: list[int] | None = None) -> Spec:
    return {"name": name, "type": dtype, "default": None, "shape": shape}


def signature(
    inputs: list[Spec] | None = None, outputs: list[Spec] | None = None, params: list[Spec] | None = None
) -> Signature:
    parts = {"inputs": inputs, "outputs": outputs, "params": params}
    found = Signature.from_mlmodel({"signature": {k: v and json.dumps(v) for k, v in parts.items()}})
    return found or Signature(None, None, None)


def of_inputs(champion: list[Spec] | None, candidate: list[Spec] | None) -> tuple[str, ...]:
    return breaks(signature(champion), signature(candidate))
