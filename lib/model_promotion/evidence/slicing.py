"""Which slices of the rows are looked at, and what the tables say about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_promotion.core.errors import BadCall
from model_promotion.evidence.comparing import Compared
from model_promotion.evidence.tables import MOST_LEVELS, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from model_promotion.core.gate import Measured
    from model_promotion.evidence.buckets import Draw
    from model_promotion.evidence.tables import PairTables, Question

FEW_LEVELS = 20
SLICED = frozenset({"text", "truth value"})
"""What a column holds that rows can be sliced by."""
METRIC = {Task.BINARY: "accuracy", Task.MULTICLASS: "accuracy", Task.REGRESSION: "mae"}
"""What a slice is judged by: the mean of a per-row value, which few rows tell the most about."""


def slices_of(named: Iterable[str] | None, levels: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The columns that rows are sliced by, with their levels: those that were named, else texts with few levels.

    Raises:
        BadCall: when one that was named has no levels, or too many.
    """
    if named is None:
        return {name: found for name, found in levels.items() if 1 < len(found) <= FEW_LEVELS}
    wanted = {name: levels.get(name, ()) for name in named}
    for name, found in wanted.items():
        if not 0 < len(found) <= MOST_LEVELS:
            hint = f"slices are columns of texts with at most {MOST_LEVELS} different values"
            raise BadCall(f"{name} has {len(found) or 'no'} levels to slice by", hint=hint)
    return wanted


def measured(tables: PairTables, question: Question, draw: Draw) -> dict[str, Measured]:
    """The change of METRIC in each slice that has a row."""
    metric = METRIC[question.task]
    found = {name: Compared(one, question, draw).measured((metric,)) for name, one in tables.slices.items() if one.rows}
    return {name: one[metric] for name, one in found.items()}
