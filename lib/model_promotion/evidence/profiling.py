"""What a column holds, as counts between fixed edges: the same edges for every sample that is to be compared.

Edges come from a reference once, and are kept; counts add up over batches and machines. Sorting and finding the edges
in the sorted values is ten times faster than finding each value among the edges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from model_promotion.evidence.folding import Column

BINS = 1000
MOST_LEVELS = 10_000
SHOWN_LEVELS = 5
OTHER = "(other)"


@dataclass(frozen=True)
class Edges:
    """Of each numeric column the ascending edges between its bins, of each other column its levels, sorted.

    `times` are those of `numbers` that are microseconds since 1970: dates and times.
    """

    numbers: Mapping[str, np.ndarray] = field(default_factory=dict)
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    times: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.numbers, *self.levels)

    def only(self, names: frozenset[str]) -> Edges:
        """The same without any other column."""
        return Edges(
            {name: one for name, one in self.numbers.items() if name in names},
            {name: one for name, one in self.levels.items() if name in names},
            self.times & names,
        )


@dataclass(frozen=True)
class Counts:
    """One column, counted.

    `bins` is int64: one more than edges for numbers (value v falls into the first bin whose edge is >= v), one a level
    and a last one for all other levels else. What is null, NaN or infinite is in no bin.
    """

    bins: np.ndarray
    nulls: int = 0
    nans: int = 0
    infinite: int = 0
    low: float = np.inf
    high: float = -np.inf
    new_levels: frozenset[str] = frozenset()

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.bins + other.bins,
            self.nulls + other.nulls,
            self.nans + other.nans,
            self.infinite + other.infinite,
            min(self.low, other.low),
            max(self.high, other.high),
            frozenset(sorted(self.new_levels | other.new_levels)[:SHOWN_LEVELS]),
        )

    @property
    def missing(self) -> int:
        """Values that are none."""
        return self.nulls + self.nans + self.infinite

    @property
    def rows(self) -> int:
        """All values."""
        return int(self.bins.sum()) + self.missing

    @property
    def table(self) -> np.ndarray:
        """The bins, and a last one for what is missing."""
        return np.append(self.bins, self.missing)


Profile = Mapping[str, Counts]


def edges_of(sample: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Edges between bins of equal mass; fewer where values are tied. Without a finite value there is none."""
    ordered = np.sort(sample[np.isfinite(sample)])
    if not len(ordered):
        return np.zeros(0)
    inside = ordered[-(-np.arange(1, bins) * len(ordered) // bins) - 1]
    # What lies below or above everything in the reference is a bin of its own.
    return np.unique(np.concatenate([[np.nextafter(ordered[0], -np.inf)], inside, ordered[-1:]]))


def count_numbers(values: np.ndarray, edges: np.ndarray, nulls: int = 0) -> Counts:
    """Numbers between their edges.

    Args:
        values: [n] float64, without the nulls.
        edges: ascending.
        nulls: how many values there were not.
    """
    ordered = np.sort(values)
    # Infinity and NaN lie at the ends: they are found without another look at every value.
    first, numbers = np.searchsorted(ordered, [-np.inf, np.inf], side="right")
    last = np.searchsorted(ordered, np.inf)
    infinite, nans = int(first + numbers - last), int(len(ordered) - numbers)
    ordered = ordered[first:last]
    ends = np.searchsorted(ordered, edges, side="right")
    bins = np.diff(ends, prepend=0, append=len(ordered)).astype(np.int64)
    low, high = (float(ordered[0]), float(ordered[-1])) if len(ordered) else (np.inf, -np.inf)
    return Counts(bins, nulls, nans, infinite, low, high)


def count_levels(found: Mapping[str, int], levels: Sequence[str], nulls: int = 0) -> Counts:
    """Texts by level; those that the reference did not hold are counted together, and up to some named."""
    place = {level: at for at, level in enumerate(levels)}
    bins = np.zeros(len(levels) + 1, np.int64)
    for level, count in found.items():
        bins[place.get(level, len(levels))] += count
    new = frozenset(sorted(set(found) - set(place))[:SHOWN_LEVELS])
    return Counts(bins, nulls, new_levels=new)


def joined(ours: Profile, theirs: Profile) -> Profile:
    """Both profiles as one."""
    return {name: one + theirs[name] for name, one in ours.items()}


def columns_of(reference: Profile, current: Profile, edges: Edges) -> dict[str, Column]:
    """Each column's two tables, ready to be compared."""
    both = {name: (reference[name], current[name]) for name in edges.columns}
    return {
        name: Column(before.table, now.table, _positions(name, before + now, edges))
        for name, (before, now) in both.items()
    }


def _positions(name: str, both: Counts, edges: Edges) -> np.ndarray | None:
    """The middles of the bins, from the median of the reference; None for levels, which have no order.

    What lies beyond the reference lies between its end and the furthest value of either sample.
    """
    if name not in edges.numbers:
        return None
    between = edges.numbers[name]
    low, high = (both.low, both.high) if np.isfinite(both.low) else (0.0, 0.0)
    ends = np.concatenate([[low], between, [high]]) if len(between) else np.array([low, high])
    middles = (ends[:-1] + ends[1:]) / 2
    return middles - (np.median(between) if len(between) else 0.0)


@dataclass(frozen=True)
class Change:
    """How a column's plain facts differ, for a person."""

    column: str
    missing: tuple[float, float]
    beyond: bool
    new_levels: tuple[str, ...] = ()


def changes(reference: Profile, current: Profile) -> tuple[Change, ...]:
    """Shares of missing values, values beyond the range of the reference, levels it did not hold."""
    return tuple(_change(name, before, current[name]) for name, before in reference.items())


def _change(name: str, before: Counts, now: Counts) -> Change:
    shares = tuple(one.missing / one.rows if one.rows else 0.0 for one in (before, now))
    return Change(
        name,
        (shares[0], shares[1]),
        beyond=bool(np.isfinite(now.low) and (now.low < before.low or now.high > before.high)),
        # Where the reference held others than its levels as well, nobody knows which are new.
        new_levels=() if before.bins[-1] else tuple(sorted(now.new_levels)),
    )
