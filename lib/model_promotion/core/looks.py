"""What the looks of a canary come to: of a thousand of them no more is kept than of ten."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from model_promotion.core.health import WORST_FIRST, Health, Reading
from model_promotion.core.jsonable import jsonable

LONGEST = 400


@dataclass
class Looks:
    """How many looks there were and how each rung's were judged; in full the first, the last and the worst of them.

    Of several that are as bad as each other the worst is the newest: it knows what the others knew, and more. `load`
    is what the load test before any traffic said.
    """

    count: int = 0
    verdicts: dict[int, dict[str, int]] = field(default_factory=dict)
    first: Mapping[str, Any] = field(default_factory=dict)
    last: Mapping[str, Any] = field(default_factory=dict)
    worst: Mapping[str, Any] = field(default_factory=dict)
    load: Mapping[str, Any] = field(default_factory=dict)

    def add(self, rung: int, at: float, verdict: Health, readings: Sequence[Reading]) -> None:
        """One more look."""
        told = tuple({**jsonable(one), "sentence": one.sentence[:LONGEST]} for one in readings)
        self.last = {"rung": rung, "at": at, "verdict": verdict, "readings": told}
        self.first = self.first or self.last
        if not self.worst or WORST_FIRST.index(verdict) <= WORST_FIRST.index(self.worst["verdict"]):
            self.worst = self.last
        self.count += 1
        counts = self.verdicts.setdefault(rung, {})
        counts[verdict.value] = counts.get(verdict.value, 0) + 1

    @property
    def summary(self) -> Mapping[str, Any]:
        """For the record: a few kilobytes, however long it took."""
        ends = {"first": self.first, "last": self.last, "worst": self.worst, "load_test": self.load}
        return {
            "looks": self.count,
            "verdicts": copy.deepcopy(self.verdicts),
            **{name: one for name, one in ends.items() if one},
        }
