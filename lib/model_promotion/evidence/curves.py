"""Do the probabilities mean what they say, and how much sooner are the positives found? From counts by score bin."""

from dataclasses import dataclass

import numpy as np

DECILES = 10


@dataclass(frozen=True)
class ScoreBin:
    """The rows whose score fell into one bin. A well calibrated model has share_positive near mean_score."""

    n: int
    mean_score: float
    share_positive: float


@dataclass(frozen=True)
class Decile:
    """A tenth of the rows, the highest scores first. `lift` is share_positive over that of all rows."""

    rows: float
    share_positive: float
    lift: float
    found: float
    """The share of all positives that this tenth and those before it hold."""


def calibration(counts: np.ndarray, scores: np.ndarray, bins: int = DECILES) -> tuple[ScoreBin, ...]:
    """The table behind a reliability diagram, of the bins that hold rows.

    Args:
        counts: [2, B], label by score bin.
        scores: [B], the score in the middle of each bin, from 0 to 1.
        bins: into how many equally wide ones from 0 to 1 they are put together.
    """
    counts, middles = np.asarray(counts, dtype=float), np.asarray(scores)
    group = np.minimum((middles * bins).astype(int), bins - 1)
    rows, positives, summed = (
        np.bincount(group, weights=what, minlength=bins)
        for what in (counts.sum(axis=0), counts[1], counts.sum(axis=0) * middles)
    )
    return tuple(
        ScoreBin(int(n), float(score / n), float(positive / n))
        for n, positive, score in zip(rows, positives, summed, strict=True)
        if n
    )


def calibration_error(table: tuple[ScoreBin, ...]) -> float:
    """The expected calibration error: |mean score - share positive|, weighted by rows (Naeini et al. 2015)."""
    rows = sum(one.n for one in table)
    return sum(one.n * abs(one.mean_score - one.share_positive) for one in table) / rows if rows else float("nan")


def lift(counts: np.ndarray) -> tuple[Decile, ...]:
    """Ten deciles of the score, highest first; a bin on the border is shared out evenly. Empty without positives.

    Args:
        counts: [2, B], label by score bin, the scores ascending.
    """
    down = np.asarray(counts, dtype=float)[:, ::-1]
    total, positives = down.sum(), down[1].sum()
    if not positives:
        return ()
    rows_before = np.concatenate(([0.0], np.cumsum(down.sum(axis=0))))
    found_before = np.concatenate(([0.0], np.cumsum(down[1])))
    found = np.interp(np.linspace(0, total, DECILES + 1), rows_before, found_before)
    tenth = total / DECILES
    return tuple(
        Decile(float(tenth), float(part / tenth), float(part / tenth * total / positives), float(so_far / positives))
        for part, so_far in zip(np.diff(found), found[1:], strict=True)
    )
