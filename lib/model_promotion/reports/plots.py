"""What facts of findings look like. Facts come as JSON has them, where NaN and infinity are texts and draw nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from model_promotion.reports.drawing import LINE, Drawing, Shape, box, dot, finite, label, line, text
from model_promotion.reports.serving_plots import Facts, latencies

LEFT, RIGHT = 200, 510
"""Between these the values are drawn; labels stand to the left, numbers to the right."""
MOST_ROWS = 40
FARTHEST = 3.0
"""So many times its threshold is where the bar of a drift ends."""


@dataclass(frozen=True)
class Interval:
    """One metric's change, turned so that more is better; `limit` is what the lower end has to lie above."""

    name: str
    low: float
    change: float
    high: float
    limit: float
    verdict: str
    said: str

    @property
    def reach(self) -> float:
        """How far from 0 it goes."""
        return max(abs(one) for one in (self.low, self.change, self.high, self.limit))


def drawings(check: str, facts: Facts) -> tuple[Drawing, ...]:
    """What the facts of a check of ours show; nothing for checks that have nothing to draw."""
    return tuple(one for draw in PLOTS.get(check, ()) for one in draw(facts))


def metrics(facts: Facts, key: str = "metrics") -> Iterator[Drawing]:
    """Every metric's change with its interval and its margin, each on a scale of its own."""
    yield from _intervals("Change of each metric", facts.get(key, ()), shared=False)


def slices(facts: Facts) -> Iterator[Drawing]:
    """The change in every slice, all on one scale; the worst first."""
    yield from _intervals("Change in each slice", facts.get("slices", ()), shared=True)


def _intervals(title: str, told: Sequence[Facts], *, shared: bool) -> Iterator[Drawing]:
    found = [one for each in told if (one := _interval(each))]
    if not found:
        return
    if shared:
        found.sort(key=lambda one: one.low - one.limit)
    more = f" The first {MOST_ROWS} of {len(found)}, the worst first." if len(found) > MOST_ROWS else ""
    shown = found[:MOST_ROWS]
    widest = max(one.reach for one in shown)
    scale = " All are on one scale." if shared else " Each has a scale of its own."
    bottom = LINE * (len(shown) + 1) + 6
    middle = (LEFT + RIGHT) / 2
    frame = (
        text(LEFT, 14, "worse"),
        text(middle, 14, "no change", "middle"),
        text(RIGHT, 14, "better", "end"),
        line((middle, 20), (middle, bottom), "axis"),
    )
    rows = (shape for place, one in enumerate(shown) for shape in _row(one, place, widest if shared else one.reach))
    levels = (finite(each.get(name)) for each in told for name in ("low_alpha", "high_alpha"))
    alphas = [level for level in levels if level]
    sure = f", each end wrong at most {max(alphas):.3g} of the time" if alphas else ""
    said = f"Bar: the interval of the change{sure}. Dot: the change. Tick: what the whole bar has to lie right of."
    yield Drawing(title, said + scale + more, bottom + 6, (*frame, *rows))


def _interval(told: Facts) -> Interval | None:
    """None where a bound is not known."""
    ends = [finite(told.get(name)) for name in ("low", "change", "high")]
    low, change, high = ends
    if low is None or change is None or high is None:
        return None
    said = f"{change:+.4f} [{low:+.4f}, {high:+.4f}]"
    if told.get("direction") == "lower":
        low, change, high = -high, -change, -low
    gain = finite(told.get("must_gain"))
    limit = gain if gain is not None else -(finite(told.get("margin")) or 0.0)
    return Interval(str(told.get("metric", "")), low, change, high, limit, str(told.get("verdict", "")), said)


def _row(one: Interval, place: int, widest: float) -> Iterator[Shape]:
    y, half = 20 + LINE * (place + 0.5), (RIGHT - LEFT) / 2

    def at(value: float) -> float:
        return (LEFT + RIGHT) / 2 + half * (value / widest if widest else 0.0)

    yield label(LEFT - 10, y + 4, one.name)
    yield box((at(one.low), y - 4), (max(at(one.high) - at(one.low), 1), 8), one.verdict)
    yield line((at(one.limit), y - 10), (at(one.limit), y + 10), "limit")
    yield dot(at(one.change), y, one.verdict)
    yield text(RIGHT + 12, y + 4, one.said)


def drift(facts: Facts) -> Iterator[Drawing]:
    """By column the distance that is largest beside its threshold."""
    worst: dict[str, tuple[float, Facts]] = {}
    for one in facts.get("distances", ()):
        value, threshold = finite(one.get("value")), finite(one.get("threshold"))
        if value is None or not threshold:
            continue
        known = worst.get(one["column"])
        # What drifted outweighs what only lies farther out by chance.
        if known is None or (one["drifted"], value / threshold) > (known[1]["drifted"], known[0]):
            worst[one["column"]] = (value / threshold, one)
    if not worst:
        return
    rows = sorted(worst.values(), key=lambda found: (found[1]["drifted"], found[0]), reverse=True)
    more = f" The first {MOST_ROWS} of {len(rows)}, the farthest first." if len(rows) > MOST_ROWS else ""
    shown, unit = rows[:MOST_ROWS], (RIGHT - LEFT) / FARTHEST
    bottom = LINE * (len(shown) + 1) + 6
    frame = (
        text(LEFT, 14, "the same"),
        text(LEFT + unit, 14, "threshold", "middle"),
        text(RIGHT, 14, f"{FARTHEST:g} times or more", "end"),
        line((LEFT, 20), (LEFT, bottom), "axis"),
        line((LEFT + unit, 20), (LEFT + unit, bottom), "limit"),
    )
    bars = (shape for place, (share, one) in enumerate(shown) for shape in _bar(place, share, one))
    said = f"Of each column the distance that is largest beside its threshold; in red what is no chance.{more}"
    yield Drawing("Drift by column", said, bottom + 6, (*frame, *bars))


def _bar(place: int, share: float, one: Facts) -> Iterator[Shape]:
    y, width = 20 + LINE * (place + 0.5), (RIGHT - LEFT) * min(share, FARTHEST) / FARTHEST
    kind = "failed" if one["drifted"] else "passed" if share < 1 else "unknown"
    yield label(LEFT - 10, y + 4, str(one["column"]))
    yield box((LEFT, y - 6), (width, 12), kind)
    yield text(RIGHT + 12, y + 4, f"{one['statistic']} {one['value']:.3f} of {one['threshold']:g}")


PLOTS: Mapping[str, Sequence[Callable[[Facts], Iterator[Drawing]]]] = {
    "evaluation": (metrics, slices),
    "better_than_champion": (partial(metrics, key="measured"),),
    "data_drift": (drift,),
    "load_test": (latencies,),
}
