"""Which columns drift is told of: what the version takes and what the policy names, where both data have them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Wanted:
    """The columns that both data must have to be told of, and those that they may have."""

    must: frozenset[str]
    may: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """All of them."""
        return self.must | self.may


@dataclass(frozen=True)
class Picked:
    """`both` are compared, `gone` not in the current data, `unknown` not in the reference, `others` not asked for."""

    both: tuple[str, ...]
    gone: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def picked(reference: Sequence[str], current: Sequence[str], wanted: Wanted) -> Picked:
    """Every column of either, and every one that must be there, in exactly one place."""
    every = tuple(dict.fromkeys((*reference, *current, *sorted(wanted.must))))
    asked = [name for name in every if name in wanted.names]
    here, there = frozenset(reference), frozenset(current)
    return Picked(
        both=tuple(name for name in asked if name in here and name in there),
        gone=tuple(name for name in asked if name not in there),
        unknown=tuple(name for name in asked if name in there and name not in here),
        others=tuple(name for name in every if name not in wanted.names),
    )
