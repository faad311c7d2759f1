"""Fewer bins from many: counts folded into bins of about equal mass; the last bin, what is missing, is kept."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Column:
    """Counts of one column, reference[B + 1] and current[B + 1]; the last bin holds what is missing.

    `positions` [B] says where the bins of a number lie (their middles, in the column's unit), ascending and centred
    near 0. Without it the bins are categories, and have no order.

    Raises:
        ValueError: the shapes do not fit each other.
    """

    reference: np.ndarray
    current: np.ndarray
    positions: np.ndarray | None = None

    def __post_init__(self) -> None:
        bins = len(self.reference) - 1
        if len(self.current) != bins + 1 or (self.positions is not None and len(self.positions) != bins):
            raise ValueError(f"{bins} bins and one for what is missing, in both samples and all positions, are needed")

    @property
    def rows(self) -> int:
        """Those of the smaller side."""
        return int(min(self.reference.sum(), self.current.sum()))

    @property
    def pooled(self) -> np.ndarray:
        """The counts of both sides together."""
        return np.asarray(self.reference) + np.asarray(self.current)


def folded(column: Column, most: int) -> Column:
    """The same column with at most so many bins, each at the mean position of its rows; categories stay as they are."""
    if column.positions is None or len(column.positions) <= most:
        return column
    onto = fold(column, most)
    counts = column.pooled[:-1].astype(float) + 1e-9  # An empty bin has a place too.
    positions = (counts * column.positions) @ onto[:-1, :-1] / (counts @ onto[:-1, :-1])
    return replace(column, reference=column.reference @ onto, current=column.current @ onto, positions=positions)


def fold(column: Column, most: int) -> np.ndarray:
    """[B + 1, at most `most` + 1] of zeros and ones: counts @ it are the folded counts.

    The borders come from both sides pooled, so that a permutation of the rows between them does not move them.
    """
    bins = len(column.reference) - 1
    if column.positions is None or bins <= most:
        return np.eye(bins + 1, dtype=np.int64)
    pooled = column.pooled[:-1]
    middle = np.cumsum(pooled) - pooled / 2
    group = np.minimum((middle * most / max(pooled.sum(), 1)).astype(int), most - 1)
    _, group = np.unique(group, return_inverse=True)
    onto = np.zeros((bins + 1, int(group.max()) + 2), dtype=np.int64)
    onto[np.arange(bins), group] = 1
    onto[-1, -1] = 1
    return onto
