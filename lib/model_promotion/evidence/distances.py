"""How far apart are two tables of counts? Each distance takes reference[..., bins] and current[..., bins]."""

import numpy as np
from scipy import stats


def psi(reference: np.ndarray, current: np.ndarray) -> np.ndarray:
    """The population stability index, sum((q - p) * log(q / p)); half a row is added to each bin, so none is empty."""
    p, q = (shares(counts + 0.5) for counts in (reference, current))
    return ((q - p) * np.log(q / p)).sum(axis=-1)


def jensen_shannon(reference: np.ndarray, current: np.ndarray) -> np.ndarray:
    """The Jensen-Shannon distance with natural logarithms, 0 to sqrt(log 2) = 0.83, as scipy defines it."""
    p, q = shares(reference), shares(current)
    middle = (p + q) / 2
    return np.sqrt(np.maximum(_divergence(p, middle) + _divergence(q, middle), 0) / 2)


def ks(reference: np.ndarray, current: np.ndarray) -> np.ndarray:
    """The largest distance of the cumulative shares over ordered bins: Kolmogorov-Smirnov's D, or a little less."""
    return np.abs(np.cumsum(shares(current) - shares(reference), axis=-1)).max(axis=-1)


def wasserstein(reference: np.ndarray, current: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """The earth mover's distance over the reference's standard deviation; positions[bins] are where the bins lie."""
    before = shares(reference)
    apart = np.abs(np.cumsum(shares(current) - before, axis=-1))[..., :-1]
    moved = (apart * np.diff(positions)).sum(axis=-1)
    sd = np.sqrt(np.maximum(before @ positions**2 - (before @ positions) ** 2, 0))
    return np.divide(moved, sd, out=np.where(moved > 0, np.inf, 0.0), where=sd > 0)


def cramer_w(reference: np.ndarray, current: np.ndarray) -> np.ndarray:
    """sqrt(chi-square / rows) of the two samples: Cohen's w, which for two samples is also Cramer's V."""
    before, now = (np.asarray(counts, dtype=float) for counts in (reference, current))
    n, m = before.sum(axis=-1), now.sum(axis=-1)
    pooled, apart = before + now, shares(now) - shares(before)
    # Of two samples chi-square is n * m * the sum over bins of (difference of the shares) ** 2 / pooled count.
    terms = np.divide(apart**2, pooled, out=np.zeros_like(pooled), where=pooled > 0)
    return np.sqrt(n * m * terms.sum(axis=-1) / (n + m))


def chi_square(reference: np.ndarray, current: np.ndarray) -> tuple[float, float]:
    """Chi-square of two samples and its p. The one-sample form, with the reference as truth, alarms far too often."""
    seen = np.asarray(reference) + np.asarray(current) > 0
    if np.count_nonzero(seen) < 2:  # noqa: PLR2004 - one category is no contrast
        return 0.0, 1.0
    found = stats.chi2_contingency(np.stack((reference[seen], current[seen])), correction=False)
    return float(found.statistic), float(found.pvalue)


def shares(counts: np.ndarray) -> np.ndarray:
    """Each bin's share of its row; NaN where there are no rows."""
    with np.errstate(invalid="ignore"):
        return counts / np.sum(counts, axis=-1, keepdims=True)


def _divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Kullback and Leibler's, with 0 * log(0) = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return (p * np.log(np.where((p > 0) & (q > 0), p / q, 1.0))).sum(axis=-1)
