"""What endpoints did, drawn: latencies under load, and the traffic of a canary with the looks at it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model_promotion.core.say import when
from model_promotion.reports.drawing import WIDTH, Drawing, Shape, box, dot, finite, line, text

Facts = Mapping[str, Any]
MOST_POWERS = 4
SHARES = (0, 25, 50, 75, 100)
LOOKS = ("first", "worst", "last")
ASIDE = {"first": -10, "worst": 20, "last": -10}
"""By how much a look's name lies under its dot: those of one look must not lie on each other."""


def latencies(facts: Facts) -> Iterator[Drawing]:
    """How long the answers of each endpoint took under load, with its quantiles and the budget."""
    for one in facts.get("measured", {}).get("endpoints", ()):
        if one.get("histogram"):
            yield _latency(one, facts.get("budget", {}))


def _latency(one: Facts, budget: Facts) -> Drawing:
    bins = [(float(edge), int(count)) for edge, count in one["histogram"]]
    ratio = bins[1][0] / bins[0][0] if len(bins) > 1 else 10**0.1
    marks = [(name.removesuffix("_ms"), float(each["value"]), "mark") for name, each in one["quantiles"].items()]
    limits = [(name.removesuffix("_ms"), finite(most)) for name, most in budget.items() if name.endswith("_ms")]
    marks += [(f"{name} budget", most, "limit") for name, most in limits if most]
    ends = [bins[0][0] / ratio, bins[-1][0], *(ms for _, ms, _ in marks)]
    scale = _Decades(min(ends), max(ends))
    top, floor, most = 16 * len(marks) + 12, 16 * len(marks) + 150, max(count for _, count in bins) or 1
    bars = []
    for edge, count in bins:
        start, tall = scale.at(edge / ratio), (floor - top) * count / most
        bars.append(box((start, floor - tall), (scale.at(edge) - start - 1, tall), "plain"))
    lines = [shape for place, each in enumerate(marks) for shape in _mark((place, floor), scale.at(each[1]), each)]
    ticks = [text(scale.at(ms), floor + 18, f"{ms:g}", "middle") for ms in scale.ticks]
    axis = (
        line((scale.left, floor), (scale.right, floor), "axis"),
        text(scale.right, floor + 36, "milliseconds", "end"),
    )
    said = f"How many of {one['sent']:,} requests took how long; equal steps to the right are equal factors of time."
    return Drawing(f"Latency of {one['name']}", said, floor + 44, (*bars, *axis, *ticks, *lines))


@dataclass(frozen=True)
class _Decades:
    """A logarithmic axis between two values above 0."""

    first: float
    last: float
    left: float = 20
    right: float = WIDTH - 20

    def at(self, value: float) -> float:
        """Where it lies on the sheet."""
        return self.left + (self.right - self.left) * math.log(value / self.first) / math.log(self.last / self.first)

    @property
    def ticks(self) -> list[float]:
        """Round numbers on it: 1, 2 and 5 times each power of ten; where these are many, only the powers."""
        powers = range(math.floor(math.log10(self.first)), math.ceil(math.log10(self.last)) + 1)
        times = (1, 2, 5) if len(powers) <= MOST_POWERS else (1,)
        every = (round(each * 10.0**power, 6) for power in powers for each in times)
        return [one for one in every if self.first <= one <= self.last]


def _mark(where: tuple[int, float], x: float, mark: tuple[str, float, str]) -> Iterator[Shape]:
    """A line from the ground to its name; each name has a row of its own, so that none lies on another."""
    (place, floor), (name, ms, kind) = where, mark
    y, said = 14 + 16 * place, f"{name} {ms:.3g} ms"
    yield line((x, y - 8), (x, floor), kind)
    yield text(x - 5, y, said, "end") if x > WIDTH / 2 else text(x + 5, y, said)


def canary(seen: Facts) -> Iterator[Drawing]:
    """How the traffic of the new version went, and how the first, the worst and the last look at it ended."""
    moved = [one for one in seen.get("rollout", ()) if "source" in one["step"]]
    looks = [(name, seen["canary"][name]) for name in LOOKS if seen.get("canary", {}).get(name)]
    times = [one["at"] for one in (*moved, *(look for _, look in looks))]
    if not times:
        return
    left, right, top, floor = 60, WIDTH - 20, 30, 190
    begun, took = min(times), max(max(times) - min(times), 1.0)

    def place(at: float, share: float) -> tuple[float, float]:
        return left + (right - left) * (at - begun) / took, floor - (floor - top) * share / 100

    shapes = [shape for share in SHARES for shape in _share(share, place(begun, share)[1], (left, right))]
    for endpoint in dict.fromkeys(one["step"]["endpoint"] for one in moved):
        theirs = [one for one in moved if one["step"]["endpoint"] == endpoint]
        shapes += _stairs([place(one["at"], one["step"]["to"]) for one in theirs], right)
    for name, look in looks:
        x, y = place(look["at"], look["rung"])
        said = f"{name}: {look['verdict']}"
        shapes += [dot(x, y, str(look["verdict"])), text(x, y + ASIDE[name], said, "end" if x > WIDTH / 2 else "start")]
    ends = (text(left, floor + 20, when(begun)), text(right, floor + 20, when(max(times)), "end"))
    said = "The share of the traffic that the new version was given, step by step; dots are looks at how it did."
    yield Drawing("Traffic of the new version", said, floor + 30, (*shapes, *ends))


def _share(share: int, y: float, ends: tuple[float, float]) -> tuple[Shape, ...]:
    return line((ends[0], y), (ends[1], y), "grid"), text(ends[0] - 8, y + 4, f"{share} %", "end")


def _stairs(points: Sequence[tuple[float, float]], right: float) -> Iterator[Shape]:
    """Each share holds until the next one."""
    following = [*points[1:], (right, points[-1][1])]
    for (x, y), (next_x, next_y) in zip(points, following, strict=True):
        yield line((x, y), (next_x, y), "course")
        yield line((next_x, y), (next_x, next_y), "course")
