"""Does a version still answer as it did? Told apart from one that answers the same request differently anyway."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from model_promotion.core.answers import same

Answer = Any
AGAIN = 2
"""So often it is asked again before a different answer is held against it. Of models that give one answer in twenty by
chance, about one in 3,000 canaries of 30 looks is then taken for astray: most are found out in the beginning."""
ROUNDS = 3
"""So often each of at least 20 requests is asked in the beginning, or fewer as much more often."""


class Likeness(StrEnum):
    """What becomes of a comparison; only ASTRAY is held against the version."""

    SAME = "the same"
    ASTRAY = "astray"
    FICKLE = "does not repeat its own answer"
    MOVED = "the version beside it does not answer as before either"


def repeats(rounds: Sequence[Sequence[Answer]], tolerance: float) -> bool:
    """Whether every round brought the answers of the first one."""
    return all(same(list(rounds[0]), list(one), tolerance) for one in rounds[1:])


def likeness(known: Answer, now: Sequence[Answer], beside: tuple[Answer, Answer] | None, tolerance: float) -> Likeness:
    """What a version's answers to one request say beside the one that is known.

    Args:
        known: what it answered before.
        now: what it answers now; more than once, where the first differs from what is known.
        beside: what another version answered then and now, which nothing was done to: where the clock, or a table that
            both look things up in, has changed the one, it may have changed the other. None where that is not known.
        tolerance: by how much numbers may differ, relative to them.
    """
    if same(known, now[0], tolerance):
        return Likeness.SAME
    if not all(same(now[0], one, tolerance) for one in now[1:]):
        return Likeness.FICKLE
    if beside and not same(*beside, tolerance):
        return Likeness.MOVED
    return Likeness.ASTRAY
