"""What the watch knows of one measure beside its limits, over all its looks: what is surely beyond, and by what.

Each limit is one that a share is held against (rates.py), so one alpha covers all looks and all limits of a measure:
what refutes a higher limit refutes the lower ones, too. Several measures share an alpha by parts.

The promise of rates.py is about requests that know nothing of each other. Those of one look do: a machine that is
replaced or collects its garbage makes many of them slow at once, and is well a minute later. So the looks are bet on by
two, in turn. What both have won together is surely more than chance; a rollback moreover needs each of them to have
won its half of that, and so no single look is enough, however bad it is.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from model_promotion.core.watch_rules import Beyond, Limits
from model_promotion.evidence.health.error_rates import DOUBT
from model_promotion.evidence.health.rates import Counts, Limited
from model_promotion.evidence.health.wealth import Wealth

SLOW = 0.05
"""The share of answers that a p95 leaves out."""


@dataclass(frozen=True)
class Halves:
    """A share beside a limit, as every other look sees it, and the most that both halves ever knew (as logarithms).

    What each knows is at most 1 in expectation while the limit is kept, whatever the other knows, so that their
    product is, too: it exceeds 1 / alpha at some time with a chance of at most alpha. It does where each of them is
    beyond the root of that at the same time. `both` is the most that the product was, `each` that the lesser was.
    """

    sides: tuple[Limited, Limited]
    both: float = 0.0
    each: float = 0.0

    @classmethod
    def beside(cls, limit: float, planned: int) -> "Halves":
        """Before the first look."""
        half = Limited(limit, wealth=Wealth(math.ceil(planned / 2)))
        return cls((half, half))

    def after(self, counts: Counts) -> "Halves":
        """One look later. A look that brings nothing is no look, and nobody's turn."""
        if not counts.seen:
            return self
        turn, other = self.sides if self._looks % 2 == 0 else self.sides[::-1]
        later = (turn.after(counts), other) if self._looks % 2 == 0 else (other, turn.after(counts))
        known = [one.wealth.now for one in later]
        return Halves(later, max(self.both, sum(known)), max(self.each, min(known)))

    @property
    def _looks(self) -> int:
        return sum(one.wealth.looks for one in self.sides)

    @property
    def is_doubtful(self) -> bool:
        """Whether more speaks against the limit just now than chance would have it."""
        return sum(one.wealth.now for one in self.sides) >= math.log(DOUBT)

    def is_beyond(self, alpha: float) -> bool:
        """Whether the share surely was above the limit, at the beginning or from some look on."""
        return self.both >= -math.log(alpha)

    def is_beyond_twice(self, alpha: float) -> bool:
        """Whether it was, and more than one look says so."""
        return self.each >= -math.log(alpha) / 2


@dataclass(frozen=True)
class Watched:
    """By limit, as the policy says it, a share and what it is held against."""

    sides: Mapping[float, Halves]

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

    def after(self, counts: Callable[[float], Counts]) -> "Watched":
        """What is known after one more look.

        Args:
            counts: from a limit to what was bad in this look. For an error rate that is always the same, for a p95 the
                answers slower than the limit.
        """
        return replace(self, sides={limit: side.after(counts(limit)) for limit, side in self.sides.items()})

    def beyond(self, alpha: float) -> Beyond:
        """Which limits were crossed."""
        return Beyond(
            perhaps=self._highest(lambda side: side.is_doubtful),
            surely=self._highest(lambda side: side.is_beyond(alpha)),
            twice=self._highest(lambda side: side.is_beyond_twice(alpha)),
        )

    def _highest(self, crossed: Callable[[Halves], bool]) -> float:
        return max((limit for limit, side in self.sides.items() if crossed(side)), default=0.0)


def _sides(limits: Limits, planned: int, share: Callable[[float], float]) -> dict[float, Halves]:
    """A limit that no share can cross is none."""
    held = {limit: share(limit) for limit in limits.gravest_first.values()}
    return {limit: Halves.beside(one, planned) for limit, one in held.items() if 0 < one < 1}
