"""How soon do canary and watch see harm, and how often do they see it where there is none? Simulated.

`python benchmarks/health.py [--quick]`: false alarms of 600 looks on versions that are as good as they may just be, and
of whole canaries with all their sources, answers until a rise of the error rate is seen, beside tests that may look
once, bounds of means under peeking, tails at planned looks, and the trend of accuracy beside river's detectors where
river is installed. Ends with 1 if a rate of wrong alarms or missed means lies above alpha by more than Monte-Carlo
error.
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "lib")]

from benchmarks import watch
from benchmarks.simulated import ALPHA, LOOKS, Row, generator
from model_promotion.core.health import Health
from model_promotion.evidence.health import error_rates, quantiles, rates
from model_promotion.evidence.health.canary import PARTS, QUANTILES, CanaryRules
from model_promotion.evidence.health.error_rates import DOUBT, PRIOR
from model_promotion.evidence.health.means import Mean
from model_promotion.evidence.health.quantiles import QuantileRule
from model_promotion.evidence.health.wealth import bet, total

WRONG, WORSE = 0.1, (0.15, 0.2, 0.3)
Draws = Callable[[int], np.ndarray]
Side = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Limit:
    """A share held against a limit, look by look: how many answers come, and how many runs there are."""

    limit: float
    n: int
    runs: int
    planned: int = LOOKS

    def alarms(self, bad: Draws, alpha: float, looks: int = LOOKS) -> np.ndarray:
        """The look at which each run alarms, infinite for never; as `rates.Limited` does it, all runs at once."""
        logs, found = None, np.full(self.runs, math.inf)
        for look in range(looks):
            factors = rates.factors(bad(look), np.full(self.runs, self.n), self.limit)
            logs = bet(logs, factors, (look, self.planned))
            won = total(logs, look + 1, self.planned) >= -math.log(alpha)
            found[won & np.isinf(found)] = look + 1
        return found


@dataclass(frozen=True)
class Seen:
    """Of each run the look at which it alarms, infinite for never, and the e-value at the end, as a logarithm."""

    alarms: np.ndarray
    now: np.ndarray


@dataclass(frozen=True)
class Pair:
    """Champion and candidate, look by look: how many answers of each, and how many runs there are."""

    na: int
    nb: int
    runs: int
    planned: int = 1

    def seen(self, pa: float, pb: Callable[[int], float], looks: int, rng: np.random.Generator) -> "Seen":
        """As `error_rates.ErrorRates` does it, all runs at once."""
        na, nb = np.full(self.runs, self.na), np.full(self.runs, self.nb)
        drawn = ((rng.binomial(na, pa), rng.binomial(nb, pb(look))) for look in range(looks))
        return side_by_side((((ours, na), (theirs, nb)) for ours, theirs in drawn), self.planned)


def side_by_side(blocks: Iterable[tuple[Side, Side]], planned: int, alpha: float = ALPHA) -> Seen:
    """What blocks of champion and candidate come to, all runs at once: of each side how many were bad, of how many."""
    logs, found, now = None, np.empty(0), np.empty(0)
    bad, seen = float(PRIOR.bad), float(PRIOR.seen)
    for look, (ours, theirs) in enumerate(blocks):
        found = found if look else np.full(ours[0].size, math.inf)
        logs = bet(logs, error_rates.factors(ours, theirs, np.asarray(bad / seen)), (look, planned))
        bad, seen = bad + ours[0], seen + ours[1]
        now = total(logs, look + 1, planned)
        found[(now >= -math.log(alpha)) & np.isinf(found)] = look + 1
    return Seen(found, now)


def identical(runs: int) -> Iterator[Row]:
    """600 looks at a canary, nine answers of the champion to one; as good as the champion is."""
    pair = Pair(18, 2, runs, LOOKS)
    both = np.isfinite(pair.seen(0.02, lambda _look: 0.02, LOOKS, generator("identical")).alarms)
    yield Row(("both at 2 %", f"{both.mean():.4f}", f"{_peeked(runs):.3f}"), both.mean(), runs)


def _peeked(runs: int) -> float:
    """The same by a z test of two shares at every look after the first 100 answers of the candidate."""
    rng = generator("peeked")
    ours, theirs = (rng.binomial(n, 0.02, (LOOKS, runs)).cumsum(axis=0)[50:] for n in (18, 2))
    looks = np.arange(51, LOOKS + 1)[:, None]
    p0 = (ours + theirs) / (20 * looks)
    error = np.sqrt(np.maximum(p0 * (1 - p0), 1e-9) * (1 / (18 * looks) + 1 / (2 * looks)))
    z = (theirs / (2 * looks) - ours / (18 * looks)) / error
    return float((z > stats.norm.isf(ALPHA)).any(axis=0).mean())


def until_seen(runs: int) -> Iterator[Row]:
    """The candidate's answers from a rise of 2 % to 5 % until the alarm at alpha 0.01."""
    once, even, known = ({power: float(fixed(many, power)) for power in (0.5, 0.8, 0.9)} for many in (9, 1, 0))
    yield Row(("one look at a fixed size, Fisher's exact test, 9:1", *_of([*once.values()]), "1"))
    yield Row(("the same, 1:1", *_of([*even.values()]), "1"))
    yield Row(("the same, 2 % known, exact binomial test", *_of([*known.values()]), "1"))
    settings = (("9:1, looked at after each", 1, 2500, 1, 0), ("9:1, every 10", 10, 300, 1, 0))
    settings += (("9:1, every 10, 600 looks planned", 10, 300, LOOKS, 0),)
    settings += (("9:1, every 10, 600 looks planned, well until look 300", 10, LOOKS, LOOKS, 300),)
    settings += (("9:1, every 10, all bet at the start, well until look 300", 10, LOOKS, 1, 300),)
    for name, every, looks, planned, change in settings:
        seen = Pair(9 * every, every, runs, planned).seen(
            0.02, lambda look, change=change: 0.05 if look >= change else 0.02, looks, generator(name)
        )
        yield Row((name, *_seen((seen.alarms - change) * every, once)))
    alarms = Pair(1, 1, runs).seen(0.02, lambda _look: 0.05, 4000, generator("1:1")).alarms
    yield Row(("1:1, looked at after each (beside one look at 1:1)", *_seen(alarms, even)))
    alone = Limit(0.02, 1, runs, 1)
    rng = generator("alone")
    found = alone.alarms(lambda _look: rng.binomial(1, 0.05, runs), ALPHA, 2500)
    yield Row(("no champion, limit 2 %, looked at after each (beside one look)", *_seen(found, known)))


def _seen(answers: np.ndarray, once: dict[float, float]) -> tuple[str, ...]:
    found = [float(np.quantile(answers, power, method="higher")) for power in once]
    ratio = found[1] / [*once.values()][1]
    return (*_of(found), f"{ratio:.2f}")


def _of(found: list[float]) -> tuple[str, ...]:
    return tuple(f"{one:,.0f}" if math.isfinite(one) else "never" for one in found)


def fixed(many: int, power: float) -> int:
    """The candidate's answers with which one exact test sees 5 % beside 2 % so often, to 5 answers.

    Fisher's test beside so many times as many answers of the champion, the binomial test where 2 % is known (0). A z
    test would need fewer and be wrong in 1.6 % of all cases, not in 1 %.
    """
    test = _fisher if many else _binomial
    few, enough = 0, 400  # In fives; power wavers a little with the size, which does not matter here.
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if test(5 * middle, many) >= power else (middle, enough)
    return 5 * enough


def _fisher(n: int, many: int) -> float:
    ours, theirs = (np.arange(int(stats.binom.isf(1e-9, *law)) + 2) for law in ((many * n, 0.02), (n, 0.05)))
    chance = np.outer(stats.binom.pmf(ours, many * n, 0.02), stats.binom.pmf(theirs, n, 0.05))
    p = stats.hypergeom.sf(theirs - 1, (many + 1) * n, ours[:, None] + theirs, n)
    return float(chance[p <= ALPHA].sum())


def _binomial(n: int, _many: int) -> float:
    return float(stats.binom.sf(stats.binom.isf(ALPHA, n, 0.02), n, 0.05))


def rungs(runs: int) -> Iterator[Row]:
    """What the end of a rung says: surely worse, probably worse, passed; without a margin."""
    for share in (0.02, 0.05, 0.1):
        cells = [f"{share:.0%}"]
        for looks in (10, 20, 30, 60):
            seen = Pair(90, 10, runs, 180).seen(0.02, lambda _look, share=share: share, looks, generator("rung"))
            failed = np.isfinite(seen.alarms)
            doubted = ~failed & (seen.now >= math.log(DOUBT))
            cells.append(f"{failed.mean():.3f} / {doubted.mean():.3f} / {1 - (failed | doubted).mean():.3f}")
        yield Row(tuple(cells))


RUNGS, LOOKS_OF_RUNG, MINUTES_OF_RUNG, OWN = (5, 25, 50, 100), 30, 8, 100


def canaries(runs: int) -> Iterator[Row]:
    """Whole canaries of as good a candidate, as they are by default: what each source alarms, and any of them.

    20,000 callers a minute; both versions fail 2 % of them and of our own requests on average, in good and bad minutes.
    """
    rules = CanaryRules(ALPHA, 300, 1.5, 2 * len(RUNGS) * LOOKS_OF_RUNG, 2 * len(RUNGS), minutes=2 * 10 * len(RUNGS))
    rng = generator("canaries")
    # A bad minute is bad for both, and for callers as for us: the sources are anything but independent.
    shares = np.minimum(0.02 * rng.lognormal(-0.5, 1.0, (len(RUNGS), LOOKS_OF_RUNG, runs)), 0.9)
    alarms = {
        "errors of own requests": _own_errors(shares, rules, rng),
        "their p95 and p99": _own_tails(runs, rules, rng),
        "errors in service": _in_service(shares, rules, rng),
    }
    for name, one in alarms.items():
        yield Row((name, f"{one.mean():.4f}"), one.mean(), runs, ALPHA / PARTS)
    either = np.logical_or.reduce([*alarms.values()])
    yield Row(("**any of them**", f"**{either.mean():.4f}**"), either.mean(), runs)


def _own_errors(shares: np.ndarray, rules: CanaryRules, rng: np.random.Generator) -> np.ndarray:
    n = np.full(shares.shape[-1], OWN)
    blocks = (((rng.binomial(n, one), n), (rng.binomial(n, one), n)) for rung in shares for one in rung)
    return np.isfinite(side_by_side(blocks, rules.looks, rules.errors.alpha).alarms)


def _own_tails(runs: int, rules: CanaryRules, rng: np.random.Generator) -> np.ndarray:
    found = np.zeros(runs, dtype=bool)
    for run in range(runs):
        for _ in RUNGS:
            ours, theirs = rng.lognormal(4.4, 0.8, (2, LOOKS_OF_RUNG * OWN))
            # As slow as is tolerated: the very limit.
            verdicts = [quantiles.compared(ours, 1.5 * theirs, rules.quantile(one)).verdict for one in QUANTILES]
            found[run] |= Health.FAIL in verdicts
    return found


def _in_service(shares: np.ndarray, rules: CanaryRules, rng: np.random.Generator) -> np.ndarray:
    return np.isfinite(side_by_side(_minutes(shares, rng), rules.minutes, rules.in_service.alpha).alarms)


def _minutes(shares: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[Side, Side]]:
    """As `by_metrics.callers` leaves them: our own requests, which fail twice as often, are in the numbers."""
    for rung, minutes in zip(RUNGS, shares[:, ::3][:, -MINUTES_OF_RUNG:], strict=True):
        for share in minutes:
            own = [rng.binomial(3 * OWN, np.minimum(2 * share, 1)) for _ in range(2)]
            n = [20_000 * part // 100 for part in (100 - rung, rung)]
            both = [rng.binomial(one, share) for one in n]
            if not min(n):
                continue
            seen = np.full(share.size, n[0] + 3 * OWN - 6 * OWN)
            ours = np.minimum(both[0] + own[0], seen), seen
            # Ours of two minutes, as nobody knows which of them it is.
            lost = own[1] + rng.binomial(3 * OWN, np.minimum(2 * share, 1))
            yield ours, (np.maximum(both[1] + own[1] - lost, 0), np.full(share.size, n[1] + 3 * OWN))


def means(runs: int) -> Iterator[Row]:
    """How often bounds miss the mean at any of 100 looks, and how wide they are at the end."""
    laws: dict[str, tuple[Callable[[np.random.Generator], np.ndarray], float]] = {
        "0/1, mean 0.02": (lambda rng: (rng.random(5000) < 0.02).astype(float), 0.02),  # noqa: PLR2004
        "0/1, mean 0.9": (lambda rng: (rng.random(5000) < 0.9).astype(float), 0.9),  # noqa: PLR2004
        "uniform": (lambda rng: rng.random(5000), 0.5),
        "latency, log-normal around 80 ms clipped at 2 s": (_latency, float(_latency(generator("mean"), 10**7).mean())),
    }
    for name, (draw, truth) in laws.items():
        rng, missed, peeked, widths = generator(name), 0, 0, []
        for _ in range(runs):
            values, mean, out = draw(rng), Mean(ALPHA), False
            for part in np.split(values, 100):
                mean = mean.after(part)
                out |= not mean.bounds[0] <= truth <= mean.bounds[1]
            missed, peeked = missed + out, peeked + _t_missed(values, truth)
            widths.append(mean.bounds[1] - mean.bounds[0])
        width = float(np.median(widths)) / (2 * stats.norm.isf(ALPHA / 2) * values.std() / math.sqrt(values.size))
        cells = (name, f"**{missed / runs:.4f}**", f"{peeked / runs:.3f}", f"{np.median(widths):.4f}", f"{width:.2f}")
        yield Row(cells, missed / runs, runs)


def _latency(rng: np.random.Generator, n: int = 5000) -> np.ndarray:
    return np.minimum(80 * rng.lognormal(0, 0.8, n), 2000) / 2000


def _t_missed(values: np.ndarray, truth: float) -> bool:
    n = np.arange(50, values.size + 1, 50)
    mean, squares = values.cumsum()[n - 1] / n, (values**2).cumsum()[n - 1] / n
    half = stats.norm.isf(ALPHA / 2) * np.sqrt(np.maximum(squares - mean**2, 1e-12) / n)
    return bool((np.abs(mean - truth) > half).any())


def tails(runs: int) -> Iterator[Row]:
    """p95 and p99 at three looks of equal size, nine answers of the champion to one; the candidate is slower."""
    for quantile, n in ((0.95, 300), (0.95, 1000), (0.99, 1000), (0.99, 3000)):
        rule = QuantileRule(quantile, 1.2, ALPHA, 3)
        cells, wrong = [f"{rule.name}, {n:,} a look"], 0.0
        for factor in (1.0, 1.2, 1.5, 2.0):
            rng, found = generator(f"{quantile} {n} {factor}"), dict.fromkeys(Health, 0)
            for _ in range(runs):
                found[_three_looks(rng, n, factor, rule)] += 1
            wrong = max(wrong, (found[Health.FAIL] / runs) if factor <= rule.tolerance else 0.0)
            wrong = max(wrong, (found[Health.PASS] / runs) if factor > rule.tolerance else 0.0)
            cells.append(f"{found[Health.FAIL] / runs:.3f} / {found[Health.PASS] / runs:.3f}")
        yield Row(tuple(cells), wrong, runs)


def _three_looks(rng: np.random.Generator, n: int, factor: float, rule: QuantileRule) -> Health:
    ours, theirs = rng.lognormal(4.4, 0.8, 9 * n * rule.looks), factor * rng.lognormal(4.4, 0.8, n * rule.looks)
    verdict = Health.INCONCLUSIVE
    for look in range(1, rule.looks + 1):
        verdict = quantiles.compared(ours[: 9 * n * look], theirs[: n * look], rule).verdict
        if verdict is Health.FAIL:
            break
    return verdict


def trends(runs: int) -> Iterator[Row]:
    """Accuracy of 90 %, 50 labels a look: alarms of 600 looks without a change, labels until a drop is seen."""
    for points in (1, 5, 10):
        limited, rng = watch.Halved(WRONG + points / 100, 25, runs, 2 * LOOKS), generator(f"{points} points")
        drawn = rng.binomial(25, WRONG, (2 * LOOKS, runs))
        null = np.isfinite(limited.crossed(drawn.__getitem__, watch.SURE.alpha, 2 * LOOKS).surely).mean()
        cells = [f"surely more than {points} %-points below the baseline", f"**{null:.4f}**"]
        for wrong in WORSE:
            drawn = rng.binomial(25, np.where(np.arange(2 * LOOKS) < LOOKS // 3, WRONG, wrong), (runs, 2 * LOOKS)).T
            found = limited.crossed(drawn.__getitem__, watch.SURE.alpha, 2 * LOOKS).surely
            cells.append(_delay((found - LOOKS // 3) * 25))
        yield Row(tuple(cells), null, runs)
    try:
        from river import drift
    except ImportError:
        return
    for delta in (1e-4, 0.002, 0.01):
        yield _detector(f"river ADWIN, delta {delta:g}", lambda delta=delta: drift.ADWIN(delta=delta), runs)
    yield _detector("river PageHinkley, defaults", drift.PageHinkley, runs)


def _detector(name: str, made: Callable[[], Any], runs: int) -> Row:
    rng, before = generator(name), 50 * LOOKS // 6
    null = np.mean([math.isfinite(_first(made(), rng.random(50 * LOOKS) < WRONG)) for _ in range(runs)])
    cells = [name, f"{null:.4f}"]
    for wrong in WORSE:
        labels = (np.append(rng.random(before) < WRONG, rng.random(5 * before) < wrong) for _ in range(runs // 4))
        found = np.array([_first(made(), one) for one in labels]) - before
        cells.append(_delay(found[found > 0]))
    return Row(tuple(cells))


def _first(detector: Any, labels: np.ndarray) -> float:  # noqa: ANN401 - river's have no type in common
    for place, label in enumerate(labels.astype(float).tolist(), 1):
        detector.update(label)
        if detector.drift_detected:
            return place
    return math.inf


def _delay(labels: np.ndarray) -> str:
    return " / ".join(_of([float(np.quantile(labels, share, method="higher")) for share in (0.5, 0.9)]))


TABLES: dict[str, tuple[tuple[str, ...], Callable[[int], Iterator[Row]]]] = {
    **watch.TABLES,
    "False alarms of a canary of 600 looks": (("candidate and champion", "alarms", "a z test at each"), identical),
    "Answers until a rise from 2 % to 5 % is seen": (("", "half", "80 %", "90 %", "80 % beside one look"), until_seen),
    "False alarms of whole canaries, alpha 0.01": (("as good as the champion", "rolled back"), canaries),
    "The end of a rung: surely worse / probably / passed": (
        ("candidate's error rate beside 2 %", "100 requests", "200", "300", "600"),
        rungs,
    ),
    "Means, 5,000 values, 100 looks, alpha 0.01": (
        ("values", "missed at any look", "mean +- 2.6 se: missed", "width at the end", "beside 2 x 2.6 se"),
        means,
    ),
    "Tails, failed / passed, tolerance 1.2": (("", "as fast", "x 1.2", "x 1.5", "x 2"), tails),
    "Trend of accuracy": (("", "no change: alarms", "to 85 %", "to 80 %", "to 70 % (half / 90 %)"), trends),
}


def main(arguments: list[str]) -> int:
    """Measure, print, and say which rates do not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the runs")
    runs = 100 if parser.parse_args(arguments).quick else 1000
    wrong = []
    for title, (headline, rows) in TABLES.items():
        found = [*rows(runs)]
        lines = [headline, ("---",) * len(headline), *(row.cells for row in found)]
        print("\n".join((f"### {title}", "", *(f"| {' | '.join(cells)} |" for cells in lines), "")), flush=True)
        wrong += [row for row in found if not row.holds]
    for row in wrong:
        print(f"above alpha: {' | '.join(row.cells)}", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
