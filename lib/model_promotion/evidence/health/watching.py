"""What the watch knows of one measure beside its limits, over all its looks: what is surely beyond, and by what.

Each limit is one that a share is held against (rates.py), so one alpha covers all looks and all limits of a measure:
what refutes a higher limit refutes the lower ones, too. Several measures share an alpha by parts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from model_promotion.core.watch_rules import Limits
from model_promotion.evidence.health.rates import Counts, Limited
from model_promotion.evidence.health.wealth import Wealth

SLOW = 0.05
"""The share of answers that a p95 leaves out."""


@dataclass(frozen=True)
class Watched:
    """By limit, as the policy says it, a share and what it is held against."""

    sides: Mapping[float, Limited]

    @classmethod
    def rate(cls, limits: Limits, planned: int) -> "Watched":
        """A share that has limits itself, such as the error rate; `planned` is the number of looks."""
        return cls(_sides(limits, planned, lambda limit: limit))

    @classmethod
    def drop(cls, limits: Limits, baseline: float, planned: int) -> "Watched":
        """A share of wrong answers that may be so many points above the one known from before: a drop of accuracy.

        `baseline` is that share, on enough labels that it is as good as exact.
        """
        return cls(_sides(limits, planned, lambda limit: baseline + limit))

    @classmethod
    def p95(cls, limits: Limits, planned: int) -> "Watched":
        """A p95: at most one in twenty may lie above it."""
        return cls(_sides(limits, planned, lambda _limit: SLOW))

    @classmethod
    def resumed(cls, kept: Mapping[str, Any]) -> "Watched":
        """From what `jsonable` made of it."""
        return cls({float(limit): Limited.resumed(one) for limit, one in kept["sides"].items()})

    def after(self, counts: Callable[[float], Counts]) -> "Watched":
        """What is known after one more look.

        Args:
            counts: from a limit to what was bad in this look. For an error rate that is always the same, for a p95 the
                answers slower than the limit.
        """
        return replace(self, sides={limit: side.after(counts(limit)) for limit, side in self.sides.items()})

    def low(self, alpha: float) -> float:
        """The highest limit that surely was crossed, 0 for none: `Measure.low` of the watch's rules."""
        return max((limit for limit, side in self.sides.items() if side.is_beyond(alpha)), default=0.0)


def _sides(limits: Limits, planned: int, share: Callable[[float], float]) -> dict[float, Limited]:
    """A limit that no share can cross is none."""
    held = {limit: share(limit) for limit in limits.sure.values()}
    return {limit: Limited(one, wealth=Wealth(planned)) for limit, one in held.items() if 0 < one < 1}
