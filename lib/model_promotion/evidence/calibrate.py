"""How large would a drift statistic be if nothing had drifted? Permutations of the pooled rows, done on counts.

Under "both samples come from one distribution" every way to deal the pooled rows out to the two samples is equally
likely (Fisher 1935, Pitman 1937). Dealing out rows that are only known by their bin is a draw from the multivariate
hypergeometric distribution, so a permutation costs one number per bin, however many rows there are. The p is exact at
every size: (1 + those at least as large) / (1 + permutations), Phipson & Smyth (2010).
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Calibrated:
    """The p of an observed value, and what it would have had to exceed at this sample size."""

    p: float
    threshold: float


@dataclass(frozen=True)
class Permutations:
    """[permutations, bins] of the pooled counts, dealt out to samples of the same two sizes."""

    reference: np.ndarray
    current: np.ndarray


def enough(tests: int, alpha: float) -> int:
    """How many permutations it takes for one of so many tests to be significant after Holm, with some to spare."""
    return max(499, math.ceil(2 * tests / alpha) - 1)


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
    at_least = int((null >= value - 1e-12 * max(1.0, abs(value))).sum())
    return Calibrated((1 + at_least) / (1 + len(null)), float(np.quantile(null, 1 - alpha, method="higher")))
