"""What own requests say of one entity, and what labels say of its answers: what is sure, and how it is just now."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from model_promotion.core.load import Ending, Sample
from model_promotion.core.watch_rules import ACCURACY_DROP, ERROR_RATE, P95_MS, Limits, Measure, WatchPolicy
from model_promotion.evidence.health.quantiles import beyond
from model_promotion.evidence.health.rates import Counts
from model_promotion.evidence.health.watching import SLOW, Watched

T = TypeVar("T")
Row = tuple[str | None, str | None, str | None]
"""An answer: its id, what was answered, what was true; None for what is missing."""
OF_AN_ENTITY = 3
"""Measures of each: errors and latencies of own requests, and errors in service where metrics tell whose they are."""
OF_ALL = 2
"""Those of all together: answers whose truth is known, and drift."""


@dataclass(frozen=True)
class Sureness:
    """How sure what is acted upon has to be: each measure has its part of alpha, over this many looks."""

    alpha: float
    planned: int
    least: int

    @classmethod
    def shared(cls, policy: WatchPolicy, planned: int, entities: int) -> "Sureness":
        """All that one watch looks at together is wrong in at most alpha of all watches."""
        return cls(policy.alpha / (OF_AN_ENTITY * entities + OF_ALL), planned, policy.least)


@dataclass(frozen=True)
class Rate:
    """A share that has limits: over all looks what is sure, and its value in the newest looks that are enough.

    With `lasting` its value is of all looks: of labels there are few, and they tell of one time as well as of another.
    """

    watched: Watched
    sureness: Sureness
    newest: tuple[Counts, ...] = ()
    lasting: bool = False

    @classmethod
    def of(cls, limits: Limits, sureness: Sureness) -> "Rate":
        """Before the first look."""
        return cls(Watched.rate(limits, sureness.planned), sureness)

    @classmethod
    def wrong(cls, limits: Limits, baseline: float, sureness: Sureness) -> "Rate":
        """Of wrong answers, held against so many points above the share of them that was known before."""
        return cls(Watched.drop(limits, baseline, sureness.planned), sureness, lasting=True)

    def after(self, counts: Counts) -> "Rate":
        """One look later."""
        looks = [*self.newest, counts]
        sizes = [one.seen for one in looks]
        kept = [sum(looks, Counts())] if self.lasting else _enough(looks, sizes, self.sureness.least)
        return replace(self, watched=self.watched.after(lambda _limit: counts), newest=tuple(kept))

    def measure(self, name: str = ERROR_RATE) -> Measure:
        """What it says now."""
        newest = sum(self.newest, Counts())
        return Measure(name, newest.rate, self.watched.beyond(self.sureness.alpha), newest.seen, self.sureness.least)

    def drop(self, baseline: float) -> Measure:
        """The same as points of accuracy that were lost."""
        wrong = self.measure(ACCURACY_DROP)
        return replace(wrong, value=wrong.value - baseline)


@dataclass(frozen=True)
class Latency:
    """The p95 of the answers, in ms."""

    watched: Watched
    sureness: Sureness
    newest: tuple[np.ndarray, ...] = ()

    @classmethod
    def of(cls, limits: Limits, sureness: Sureness) -> "Latency":
        """Before the first look."""
        return cls(Watched.p95(limits, sureness.planned), sureness)

    def after(self, took_ms: np.ndarray) -> "Latency":
        """One look later."""
        kept = _enough([*self.newest, took_ms], [*(one.size for one in self.newest), took_ms.size], self.sureness.least)
        return replace(self, watched=self.watched.after(lambda limit: beyond(took_ms, limit)), newest=tuple(kept))

    def measure(self) -> Measure:
        """What it says now."""
        newest = np.concatenate(self.newest or ([],))
        value = float(np.quantile(newest, 1 - SLOW, method="higher")) if newest.size else math.nan
        return Measure(P95_MS, value, self.watched.beyond(self.sureness.alpha), newest.size, self.sureness.least)


@dataclass(frozen=True)
class Served:
    """What own requests to one entity say."""

    errors: Rate
    latency: Latency

    @classmethod
    def none(cls, policy: WatchPolicy, sureness: Sureness) -> "Served":
        """Before the first look."""
        return cls(Rate.of(policy.error_rate, sureness), Latency.of(policy.p95_ms, sureness))

    def after(self, samples: Sequence[Sample]) -> "Served":
        """One look later; what was not answered in time took at least that long, and NaN is what nobody knows."""
        bad = sum(one.ending is not Ending.ANSWERED for one in samples)
        timed = [one for one in samples if one.ending in (Ending.ANSWERED, Ending.TIMED_OUT)]
        took = [one.took_s * 1000 for one in timed if not math.isnan(one.took_s)]
        return Served(self.errors.after(Counts(bad, len(samples))), self.latency.after(np.array(took, dtype=float)))

    def measures(self, policy: WatchPolicy) -> tuple[tuple[Measure, Limits], tuple[Measure, Limits]]:
        """Errors, then latencies, each with what it is held against."""
        return (self.errors.measure(), policy.error_rate), (self.latency.measure(), policy.p95_ms)


def _enough(looks: list[T], sizes: list[int], least: int) -> list[T]:
    """The newest looks that hold so many together."""
    start = len(looks)
    while start and sum(sizes[start:]) < least:
        start -= 1
    return looks[start:]


class Arrived:
    """Labels as they arrive: each answer is counted once, and none that was there before the watch began.

    With an id that is which rows are new, else their number: rows are added at the end then.
    """

    def __init__(self, rows: Iterable[Row], *, by_id: bool) -> None:
        self._by_id, self._known, self._rows = by_id, set[str](), 0
        for place, (name, answer, _truth) in enumerate(rows, start=1):
            self._rows = place
            if by_id and name is not None and answer is not None:
                self._known.add(name)

    def after(self, rows: Iterable[Row]) -> list[bool]:
        """Of each answer whose truth has come whether it was right.

        Raises:
            ValueError: when rows without ids have become fewer, so that nobody knows which of them are new.
        """
        found, before, place = [], self._rows, 0
        for place, (name, answer, truth) in enumerate(rows, start=1):
            if _missing(answer) or _missing(truth):
                continue
            if self._by_id and name is not None and name not in self._known:
                self._known.add(name)
                found.append(answer == truth)
            elif not self._by_id and place > before:
                found.append(answer == truth)
        self._rows = place
        if not self._by_id and place < before:
            raise ValueError(f"{before:,} rows have become {place:,}, and without an id nobody knows which are new")
        return found


def _missing(text: str | None) -> bool:
    return text is None or text.lower() in ("", "nan")
