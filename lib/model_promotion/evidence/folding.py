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
    starts = fold(column, most)
    if column.positions is None or len(starts) == len(column.reference):
        return column
    counts = column.pooled[:-1].astype(float) + 1e-9  # An empty bin has a place too.
    positions = summed(counts * column.positions, starts[:-1]) / summed(counts, starts[:-1])
    before, now = (summed(one, starts) for one in (column.reference, column.current))
    return replace(column, reference=before, current=now, positions=positions)


def fold(column: Column, most: int) -> np.ndarray:
    """At which bins at most `most` groups of about equal mass start, and the one of what is missing.

    The borders come from both sides pooled, so that a permutation of the rows between them does not move them.
    """
    bins = len(column.reference) - 1
    if column.positions is None or bins <= most:
        return np.arange(bins + 1)
    pooled = column.pooled[:-1]
    middle = np.cumsum(pooled) - pooled / 2
    group = np.minimum((middle * most / max(pooled.sum(), 1)).astype(int), most - 1)
    return np.append(np.flatnonzero(np.diff(group, prepend=-1)), bins)


def summed(counts: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """counts[..., bins] as sums of the groups that start there."""
    return counts if len(starts) == counts.shape[-1] else np.add.reduceat(counts, starts, axis=-1)
