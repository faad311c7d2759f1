"""How often do the gates decide wrongly? Simulations with known truths; the table of docs/decisions.md.

`python benchmarks/decisions.py [--quick] [--write]`. Ends with 1 if a rate of wrong passes lies above alpha by more
than Monte-Carlo error. --write puts the table into docs/decisions.md, between its two marks.
"""

import argparse
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "lib")]

from benchmarks.truths import World, accuracy, worlds
from model_promotion.core.gate import ALPHA, Comparison, GateRule, GateVerdict, Level, judge, judge_all
from model_promotion.core.metrics import Direction
from model_promotion.evidence.drift import PRACTICAL, DriftPolicy, drift
from model_promotion.evidence.folding import Column
from model_promotion.evidence.slices import judge_slices

PAGE = ROOT / "docs" / "decisions.md"
MARKS = ("<!-- measured: begin -->", "<!-- measured: end -->")
TRUTHS = {"worse by the margin": -1.0, "equal": 0.0, "better by the margin": 1.0}
QUICK_MOST_ROWS = 1000
DRIFT_ROWS = (50, 100, 250, 500, 1000, 5000, 50_000)
UNLIKELY = 1e-4  # Some hundred rates are looked at, most of them at exactly alpha.


@dataclass(frozen=True)
class Rates:
    """What became of the samples of one world, as shares; `missed`: how often a bound left out the truth."""

    passed: float
    failed: float
    low_missed: float
    high_missed: float

    @property
    def inconclusive(self) -> float:
        """The rest."""
        return 1 - self.passed - self.failed


@dataclass(frozen=True)
class Row:
    """A line of a table: its cells, and the rates in it that must not lie above alpha."""

    cells: tuple[str, ...]
    promised: tuple[float, ...]
    samples: int

    @property
    def holds(self) -> bool:
        """Whether all of them are at most alpha, within Monte-Carlo error: a true alpha would show as so much."""
        most = round(max(self.promised) * self.samples)
        return bool(stats.binom.sf(most - 1, self.samples, ALPHA) >= UNLIKELY)


@dataclass(frozen=True)
class Effort:
    """How many samples are drawn of a world with so many rows."""

    quick: bool

    def takes(self, world: World) -> bool:
        """Whether a world is looked at: all of them, or small ones, each kind of error once."""
        small = world.n <= QUICK_MOST_ROWS and not any(odd in world.what for odd in ("t3", "80%"))
        return not self.quick or (small and "MSE" not in world.gate)

    def samples(self, n: int) -> int:
        """Fewer where they are large."""
        if self.quick:
            return 40 if n >= QUICK_MOST_ROWS else 60
        return 2000 if n <= 1000 else 800 if n <= 10_000 else 300  # noqa: PLR2004 - the sizes of the worlds


def generator(name: str) -> np.random.Generator:
    """Its random numbers depend on the world's name only, not on what ran before."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def rates(world: World, gain: float, samples: int) -> Rates:
    """Draw, measure and judge, so many times."""
    rng = generator(f"{world.gate} {world.what} {world.n} {gain}")
    rule, counts = GateRule(world.direction, world.margin), np.zeros(4)
    change = rule.gain(gain)
    for _ in range(samples):
        judged = judge("", world.measure(gain, rng), rule, Level())
        told = judged.estimate if judged.estimate.is_finite else None
        counts += (
            judged.verdict is GateVerdict.PASSED,
            judged.verdict is GateVerdict.FAILED,
            told is not None and told.low > change + 1e-12,
            told is not None and told.high < change - 1e-12,
        )
    return Rates(*(float(count / samples) for count in counts))


def gates(effort: Effort) -> Iterator[Row]:
    """One line for each world, of three truths."""
    for world in worlds():
        if effort.takes(world):
            yield gate(world, effort)


def gate(world: World, effort: Effort) -> Row:
    """One world."""
    samples = effort.samples(world.n) // (2 if "buckets" in world.gate else 1)
    worse, equal, better = (rates(world, gain * world.margin, samples) for gain in TRUTHS.values())
    cells = (world.gate, world.what, f"{world.n:,}", f"{world.margin:.3g}", f"**{worse.passed:.3f}**")
    missed = max(max(one.low_missed, one.high_missed) for one in (worse, equal, better))
    cells += (f"{equal.failed:.3f}", f"{equal.inconclusive:.3f}", f"{better.inconclusive:.3f}", f"{1 - missed:.3f}")
    return Row(cells, (worse.passed, worse.failed, missed), samples)


def several(effort: Effort) -> Iterator[Row]:
    """The best of many candidates, any of many metrics, any of many slices."""
    samples, world = effort.samples(1000), accuracy(1000, 0.95, 0.02)
    rule, rng = GateRule(Direction.HIGHER, 0.02), generator("several")
    for many in (5, 20):
        wrong = 0
        for _ in range(samples):
            best = max((world.measure(-0.02, rng) for _ in range(many)), key=lambda measured: measured.change)
            judged = judge_all(Comparison({"accuracy": (best, rule)}, candidates=many))
            wrong += judged[0].verdict is GateVerdict.PASSED
        what = f"the best of {many} candidates, each worse by the margin, passes"
        yield Row((what, f"{wrong / samples:.3f}"), (wrong / samples,), samples)
    for many in (5, 20):
        wrong = 0
        for _ in range(samples):
            slices = {f"slice {number}": world.measure(-0.02, rng) for number in range(many)}
            wrong += judge_slices(slices, rule).verdict is GateVerdict.FAILED
        what = f"any of {many} slices or metrics, each worse by the margin and no more, is declared failed"
        yield Row((what, f"{wrong / samples:.3f}"), (wrong / samples,), samples)


def drifts(effort: Effort) -> Iterator[Row]:
    """False alarms where nothing drifted, for each statistic; and how often a real shift is seen."""
    for rows in (50, 1000) if effort.quick else DRIFT_ROWS:
        yield from drifts_of(rows, effort)


def drifts_of(rows: int, effort: Effort) -> Iterator[Row]:
    """The same at one size."""
    samples, rng = 40 if effort.quick else 600, generator(f"drift {rows}")
    counts = {name: np.zeros(2) for name in PRACTICAL}
    verdicts = np.zeros(2)
    for number in range(samples):
        null = column(rng, rows, 0.0)
        asked = DriftPolicy(dict.fromkeys(PRACTICAL, 0.0), seed=number)
        for one in drift({"x": null}, asked).distances:
            by_chance = one.p is not None and one.p <= ALPHA
            counts[one.statistic] += (one.value >= PRACTICAL[one.statistic], by_chance)
        verdicts += [bool(drift({"x": each}).drifted) for each in (null, column(rng, rows, 0.3))]
    yield from _drift_rows(rows, samples, (counts, verdicts))


def _drift_rows(rows: int, samples: int, found: tuple[dict[str, np.ndarray], np.ndarray]) -> Iterator[Row]:
    counts, verdicts = found
    for name, (fixed, by_chance) in counts.items():
        cells = (f"{rows:,}", name, f"{fixed / samples:.3f}", f"**{by_chance / samples:.3f}**", "")
        yield Row(cells, (by_chance / samples,), samples)
    false, seen = verdicts / samples
    yield Row((f"{rows:,}", "all five, the verdict", "", f"**{false:.3f}**", f"{seen:.3f}"), (false,), samples)


def column(rng: np.random.Generator, rows: int, shift: float) -> Column:
    """A standard normal number in 200 bins, 5 % of it missing, as many rows before as now."""
    edges = np.linspace(-4, 4, 199)
    both = []
    for moved in (0.0, shift):
        missing = rng.binomial(rows, 0.05)
        placed = np.searchsorted(edges, rng.normal(moved, 1, rows - missing))
        both.append(np.append(np.bincount(placed, minlength=200), missing))
    step = edges[1] - edges[0]
    return Column(both[0], both[1], np.append(edges[0] - step / 2, edges + step / 2))


TABLES = {
    "Gates": (
        "gate",
        "world",
        "rows",
        "margin",
        "truly worse by the margin: passed",
        "equal: failed",
        "equal: inconclusive",
        "better by the margin: inconclusive",
        "least one-sided coverage",
    ),
    "Several at once": ("wrong decision", "rate"),
    "Drift": (
        "rows a side",
        "statistic",
        "no drift: above its fixed threshold",
        "no drift: called drift by its p",
        "a shift of 0.3 sd: drift",
    ),
}


def markdown(title: str, rows: Iterable[Row]) -> str:
    """A table, with its headline."""
    lines = [TABLES[title], ("---",) * len(TABLES[title]), *(row.cells for row in rows)]
    return "\n".join((f"### {title}", "", *(f"| {' | '.join(cells)} |" for cells in lines), ""))


def measured(effort: Effort) -> dict[str, list[Row]]:
    """Every table."""
    return {"Gates": [*gates(effort)], "Several at once": [*several(effort)], "Drift": [*drifts(effort)]}


def write(text: str) -> None:
    """Put the text between the two marks of the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, after = page.partition(MARKS[0])
    PAGE.write_text(f"{before}{MARKS[0]}\n\n{text}\n{MARKS[1]}{after.partition(MARKS[1])[2]}", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Measure, print, and say which rates do not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few samples of the smaller worlds")
    parser.add_argument("--write", action="store_true", help="put the table into docs/decisions.md")
    asked = parser.parse_args(arguments)
    tables = measured(Effort(asked.quick))
    text = "\n".join(markdown(title, rows) for title, rows in tables.items())
    print(text)
    if asked.write:
        write(text)
    wrong = [row for rows in tables.values() for row in rows if not row.holds]
    for row in wrong:
        print(f"above alpha: {' | '.join(row.cells)}  {[round(one, 4) for one in row.promised]}", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
