"""Did the area under the ROC curve change? Two correlated AUCs on the same rows, after DeLong et al.

DeLong, DeLong & Clarke-Pearson (1988, Biometrics 44); the placement values by mid-ranks after Sun & Xu (2014, IEEE
Signal Processing Letters 21). The difference of the AUCs is the mean, over one class, of how much further a row of it
is placed in front of the other class; its variance has a part from either class. spread.py says how it becomes a bound:
near perfect separation, and with few rows of one class, the plain normal bound passes far too often.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from model_promotion.core.gate import MIN_OF_EACH_CLASS, MIN_UNITS, Bounds, Measured
from model_promotion.core.units import too_few_rows
from model_promotion.evidence.means import Powers
from model_promotion.evidence.spread import Spread, most_unseen, nothing_known

METHOD = "DeLong for correlated AUCs"
BERNSTEIN = "empirical Bernstein bounds of the placements"
ALL_EQUAL = "rule of three, as both place every row the same"


def delong(labels: np.ndarray, champion: np.ndarray, candidate: np.ndarray) -> Measured:
    """The change of the AUC, candidate's - champion's, exactly.

    Args:
        labels: [n], 1 for the positive class and 0 for the other.
        champion: [n] scores, higher meaning more likely positive; any scale, as only the order counts.
        candidate: [n] scores of the other model on the same rows.
    """
    if not (np.isfinite(champion).all() and np.isfinite(candidate).all() and np.isin(labels, (0, 1)).all()):
        return Measured(math.nan, len(labels), METHOD, nothing_known, "a score or a label is not a number it can be")
    positive = np.asarray(labels) == 1
    if few := _too_few(int(positive.sum()), int((~positive).sum())):
        return Measured(math.nan, len(labels), METHOD, nothing_known, few)
    ours, theirs = _placed(np.asarray(candidate), positive), _placed(np.asarray(champion), positive)
    facts = {"champion": float(theirs[0].mean()), "candidate": float(ours[0].mean())}
    return _measured(_Placements(Powers.of(ours[0] - theirs[0]), Powers.of(ours[1] - theirs[1])), facts)


def delong_of_bins(joint: np.ndarray) -> Measured:
    """The same from counts: joint[label, champion's score bin, candidate's score bin], shape [2, B, B].

    Rows of one bin count as ties, so it is exact for scores that were rounded to their bins.
    """
    joint = np.asarray(joint, dtype=float)
    negatives, positives = joint.sum(axis=(1, 2))
    if few := _too_few(int(positives), int(negatives)):
        return Measured(math.nan, int(positives + negatives), METHOD, nothing_known, few)
    theirs, ours = _placed_bins(joint.sum(axis=2)), _placed_bins(joint.sum(axis=1))
    gained = [ours[side][None, :] - theirs[side][:, None] for side in (0, 1)]
    facts = {
        "champion": float(joint[1].sum(axis=1) @ theirs[0] / positives),
        "candidate": float(joint[1].sum(axis=0) @ ours[0] / positives),
    }
    return _measured(_Placements(Powers.of(gained[0], joint[1]), Powers.of(gained[1], joint[0])), facts)


@dataclass(frozen=True)
class _Placements:
    """By how much candidate places rows better than champion: power sums over the positives, and over the negatives."""

    positives: Powers
    negatives: Powers

    @property
    def smaller(self) -> int:
        """Rows of the class that has fewer."""
        return min(self.positives.n, self.negatives.n)

    @property
    def variance(self) -> float:
        """That of the change of the AUC."""
        return sum(part.variance / part.n for part in (self.positives, self.negatives))

    @property
    def spread(self) -> Spread:
        """Degrees of freedom are those of the smaller class, which carries most of the variance."""
        se = math.sqrt(self.variance)
        third = sum(part.third / part.n**2 for part in (self.positives, self.negatives))
        return Spread(se, third / se**3 if se > 0 else math.nan, self.smaller - 1)


def _too_few(positives: int, negatives: int) -> str:
    if min(positives, negatives) < MIN_OF_EACH_CLASS:
        return f"{positives} positive and {negatives} negative rows; it takes {MIN_OF_EACH_CLASS} of each"
    return too_few_rows(positives + negatives) if positives + negatives < MIN_UNITS else ""


def _measured(placements: _Placements, known: dict[str, Any]) -> Measured:
    spread, change = placements.spread, known["candidate"] - known["champion"]
    n = placements.positives.n + placements.negatives.n
    facts = {**known, "se": spread.se, "positives": placements.positives.n}
    if spread.is_trusted:
        return Measured(change, n, METHOD, _either_side(spread.bounds(change), change), facts=facts)
    if not placements.variance:
        return Measured(change, n, ALL_EQUAL, _all_equal(placements, change), facts=facts)
    return Measured(change, n, BERNSTEIN, _bernstein(placements, change), facts=facts)


def _either_side(bounds: Bounds, change: float) -> Bounds:
    """As wide below as above: the skewness of placements is so uncertain that not even its sign is relied on."""

    def at(alpha: float) -> tuple[float, float]:
        low, high = bounds(alpha)
        half = max(change - low, high - change)
        return change - half, change + half

    return at


def _all_equal(placements: _Placements, change: float) -> Bounds:
    """One row cannot be placed further off than by 1."""

    def at(alpha: float) -> tuple[float, float]:
        unseen = most_unseen(placements.smaller, alpha)
        return change - unseen * (1 + change), change + unseen * (1 - change)

    return at


def _bernstein(placements: _Placements, change: float) -> Bounds:
    """As in means.py, with the reach 1 of a placement and the smaller class for n."""

    def at(alpha: float) -> tuple[float, float]:
        log = math.log(2 / alpha)
        half = math.sqrt(2 * placements.variance * log) + 7 * 2 * log / (3 * (placements.smaller - 1))
        return max(change - half, -1.0), min(change + half, 1.0)

    return at


def _placed(scores: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each positive, the share of negatives below it; of each negative, the share of positives above it."""
    ranks = stats.rankdata(scores)
    below = (ranks[positive] - stats.rankdata(scores[positive])) / (~positive).sum()
    above = 1 - (ranks[~positive] - stats.rankdata(scores[~positive])) / positive.sum()
    return below, above


def _placed_bins(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As _placed, of a positive and of a negative in each bin; counts[label, bin]."""
    negatives, positives = counts
    below = (np.cumsum(negatives) - negatives / 2) / negatives.sum()
    above = 1 - (np.cumsum(positives) - positives / 2) / positives.sum()
    return below, above
