"""SQL for a warehouse: what is asked, what comes back, and names that are names and nothing else."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from model_promotion.core.errors import BadCall

LEVELS = 3
PART = re.compile(r"`((?:[^`]|``)+)`|([^`.\s]+)")


@dataclass(frozen=True)
class Statement:
    """One statement. `parameters` are texts that it names as :name; they are never part of its own text."""

    text: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What a statement answered: the type of each column by name, and the rows, as texts."""

    columns: Mapping[str, str]
    rows: Sequence[Sequence[str | None]]


def quoted(name: str) -> str:
    """A name between backticks, whatever letters are in it."""
    return "`{}`".format(name.replace("`", "``"))


def table_named(uri: str) -> str:
    """The quoted name of catalog.schema.table, each part of which may stand between backticks.

    Raises:
        BadCall: when it is none.
    """
    parts, rest = [], uri
    while found := PART.match(rest):
        parts.append(found[1].replace("``", "`") if found[1] else found[2])
        rest = rest[found.end() :]
        if not rest.startswith("."):
            break
        rest = rest[1:]
    if rest or len(parts) != LEVELS:
        raise BadCall(f"{uri} is no table of Unity Catalog", hint="name catalog.schema.table, or leave --engine out")
    return ".".join(quoted(part) for part in parts)
