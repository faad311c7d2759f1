"""Frozen dataclasses as plain JSON values. NaN and infinity have no JSON form, so they are spelled out."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

ASIDE: Mapping[str, bool] = MappingProxyType({"aside": True})
"""The metadata of a dataclass field that has no place in a document."""


def jsonable(value: object) -> Any:  # noqa: ANN401 - JSON is any of six types
    """The value with dataclasses and mappings as dicts, sequences as lists, enums as their values."""
    plain: Any
    match value:
        case Enum():
            plain = value.value
        case None | bool() | int() | str():
            plain = value
        case float() if math.isfinite(value):
            plain = value
        case Mapping():
            plain = {str(key): jsonable(item) for key, item in value.items()}
        case list() | tuple():
            plain = [jsonable(item) for item in value]
        case set() | frozenset():
            plain = sorted((jsonable(item) for item in value), key=str)
        case _ if is_dataclass(value):
            plain = {
                field.name: jsonable(getattr(value, field.name)) for field in fields(value) if field.metadata != ASIDE
            }
        case _:
            plain = str(value)  # Not before it is needed: of a whole registry that takes a while.
    return plain


def mapping_of(text: str) -> dict[str, Any]:
    """The mapping in a JSON text that anybody may have written; empty when it holds none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
