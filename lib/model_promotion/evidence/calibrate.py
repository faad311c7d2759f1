"""How large would a drift statistic be if nothing had drifted? Permutations of the pooled rows, done on counts.

Under "both samples come from one distribution" every way to deal the pooled rows out to the two samples is equally
likely (Fisher 1935, Pitman 1937). Dealing out rows that are only known by their bin is a draw from the multivariate
hypergeometric distribution, so a permutation costs one number per bin, however many rows there are; in bins of FULL
rows and more it is drawn from that distribution's normal limit, which is thirty times faster. The p is exact at every
size, up to that: (1 + those at least as large) / (1 + permutations), Phipson & Smyth (2010). Where HITS were as large
so soon that p lies above alpha, the rest is not drawn, and the p is HITS / draws: as exact, and cheap where nothing
drifted (Besag & Clifford 1991, "Sequential Monte Carlo p-values", Biometrika 78).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

HITS = 100
MOST_CELLS = 2_000_000
FULL = 2_000
"""From so many rows expected in a bin of the smaller sample on, how many there are is drawn as a normal number."""


@dataclass(frozen=True)
class Calibrated:
    """The p of an observed value, and whether that is rare enough for one of so many tests.

    `chance` is what it had to exceed for that at this sample size; None where the permutations that were drawn do not
    reach so far into the tail. `is_least` tells that no permutation was as large, so that p is at most what is said,
    `is_common` that so many were, so soon, that it lies above alpha whatever the rest would say.
    """

    p: float
    chance: float | None
    is_rare: bool
    is_least: bool
    is_common: bool


@dataclass(frozen=True)
class Permutations:
    """[permutations, bins] of the pooled counts, dealt out to samples of the same two sizes."""

    reference: np.ndarray
    current: np.ndarray


def enough(tests: int, alpha: float) -> int:
    """How many permutations it takes for one of so many tests to be significant after Bonferroni, with one to spare."""
    return max(499, math.ceil(2 * tests / alpha) - 1)


def portions(times: int, bins: int) -> Iterator[int]:
    """So many permutations in portions that fit into memory: few at first, as they are often enough."""
    size, most = 499, max(499, MOST_CELLS // max(bins, 1))
    while times > 0:
        yield min(size, times)
        times, size = times - size, min(4 * size, most)


def permuted(reference: np.ndarray, current: np.ndarray, draw: tuple[int | tuple[int, ...], int]) -> Permutations:
    """Permutations of two rows of integer counts; draw is (seed, how many)."""
    seed, times = draw
    pooled = np.asarray(reference, dtype=np.int64) + np.asarray(current, dtype=np.int64)
    rng, sizes = np.random.default_rng(seed), (int(np.sum(reference)), int(np.sum(current)))
    # Numpy deals out up to 10^9 rows; beyond that the two multinomial samples below differ from it by nothing visible.
    if pooled.sum() >= 10**9:
        return Permutations(*(rng.multinomial(size, pooled / pooled.sum(), size=times) for size in sizes))
    full = pooled * (min(sizes) / max(pooled.sum(), 1)) >= FULL
    if not full.any():
        dealt = rng.multivariate_hypergeometric(pooled, sizes[1], size=times, method="marginals")
        return Permutations(pooled - dealt, dealt)
    # The few are dealt out as they are, beside all of the full bins as one.
    few = rng.multivariate_hypergeometric(
        np.append(pooled[~full], pooled[full].sum()), sizes[1], size=times, method="marginals"
    )
    dealt = _dealt_normally(pooled * full, few[:, -1:], rng)
    dealt[:, ~full] = few[:, :-1]
    return Permutations(pooled - dealt, dealt)


def _dealt_normally(pooled: np.ndarray, dealt: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The law's limit, with its own means and covariances, for bins of many rows; dealt[times, 1] of them in all."""
    rows = pooled.sum()
    shares = pooled / rows
    noise = rng.standard_normal((len(dealt), len(pooled)))
    noise *= np.sqrt(shares)
    noise -= shares * noise.sum(axis=1, keepdims=True)
    noise *= np.sqrt(dealt * (rows - dealt) / max(rows - 1, 1))
    noise += dealt * shares
    return noise


def calibrated(value: float, null: np.ndarray, alpha: float, tests: int = 1) -> Calibrated:
    """The observed value, of one of so many tests, against the permutations; what differs by rounding is equal."""
    at_least = np.flatnonzero(null >= value - 1e-12 * max(1.0, abs(value)))
    # The bound is the value whose p would be just too large: p and bound cannot tell two stories.
    rare = int(alpha / tests * (1 + len(null)) + 1e-9)
    chance = float(np.partition(null, -rare)[-rare]) if rare else None
    p = HITS / (1 + int(at_least[HITS - 1])) if len(at_least) >= HITS else 0.0
    if is_common := p > alpha:
        return Calibrated(p, chance, is_rare=False, is_least=False, is_common=is_common)
    p = (1 + len(at_least)) / (1 + len(null))
    return Calibrated(p, chance, is_rare=len(at_least) < rare, is_least=not len(at_least), is_common=False)
