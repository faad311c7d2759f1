"""Frozen dataclasses as plain JSON values. NaN and infinity have no JSON form, so they are spelled out."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any


def jsonable(value: object) -> Any:  # noqa: ANN401 - JSON is any of six types
    """The value with dataclasses and mappings as dicts, sequences as lists, enums as their values."""
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Mapping():
            return {str(key): jsonable(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
            return [jsonable(item) for item in items]
        case PurePath():
            return str(value)
        case _ if is_dataclass(value):
            return {field.name: jsonable(getattr(value, field.name)) for field in fields(value)}
        case _:
            return str(value)
