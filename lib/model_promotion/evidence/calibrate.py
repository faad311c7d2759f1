"""How large would a drift statistic be if nothing had drifted? Permutations of the pooled rows, done on counts.

Under "both samples come from one distribution" every way to deal the pooled rows out to the two samples is equally
likely (Fisher 1935, Pitman 1937). Dealing out rows that are only known by their bin is a draw from the multivariate
hypergeometric distribution, so a permutation costs one number per bin, however many rows there are. The p is exact at
every size: (1 + those at least as large) / (1 + permutations), Phipson & Smyth (2010). Where HITS were as large
already, the rest is not drawn, and the p is HITS / draws: as exact, and cheap where nothing drifted (Besag & Clifford
1991, "Sequential Monte Carlo p-values", Biometrika 78).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

HITS = 100
MOST_CELLS = 2_000_000


@dataclass(frozen=True)
class Calibrated:
    """The p of an observed value, and what it would have had to exceed at this sample size.

    `is_common` tells that HITS permutations were as large, so that more of them would not change what p says.
    """

    p: float
    threshold: float
    is_common: bool = False


@dataclass(frozen=True)
class Permutations:
    """[permutations, bins] of the pooled counts, dealt out to samples of the same two sizes."""

    reference: np.ndarray
    current: np.ndarray


def enough(tests: int, alpha: float) -> int:
    """How many permutations it takes for one of so many tests to be significant after Holm, with some to spare."""
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
    rng = np.random.default_rng(seed)
    # Numpy deals out up to 10^9 rows; beyond that the two multinomial samples below differ from it by nothing visible.
    if pooled.sum() < 10**9:
        dealt = rng.multivariate_hypergeometric(pooled, int(np.sum(current)), size=times, method="marginals")
        return Permutations(pooled - dealt, dealt)
    shares = pooled / pooled.sum()
    sizes = int(np.sum(reference)), int(np.sum(current))
    return Permutations(*(rng.multinomial(size, shares, size=times) for size in sizes))


def calibrated(value: float, null: np.ndarray, alpha: float) -> Calibrated:
    """The observed value against those of the permutations; values that differ by rounding are equal."""
    at_least = np.flatnonzero(null >= value - 1e-12 * max(1.0, abs(value)))
    exceeded = float(np.quantile(null, 1 - alpha, method="higher"))
    if len(at_least) >= HITS:
        return Calibrated(HITS / (1 + int(at_least[HITS - 1])), exceeded, is_common=True)
    return Calibrated((1 + len(at_least)) / (1 + len(null)), exceeded)
