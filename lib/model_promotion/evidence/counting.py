"""From the rows of one batch to tables. The same code counts on every engine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from model_promotion.core.scores import ABSENT, Answers
from model_promotion.evidence.metrics import brier_rows, log_loss_rows
from model_promotion.evidence.tables import BUCKETS, FIXED_POINT, SCORE_BINS, PairTables, Question, Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LARGEST = 2.0**40
"""In multiples of 1 / FIXED_POINT: 8 million rows of it still fit into an int64."""
HALF_WIDTH = 7.3
"""Scores are binned by asinh of their logit, which lies between these: bins of equal width would put a rare class, or a
naive Bayes that is sure of everything, into one or two."""
LEAST_SHARE = 1e-300


@dataclass(frozen=True)
class Batch:
    """Some rows: their truth, what both versions answered, the hash of their unit (uint64), and their weights.

    `truth` holds places of classes (-1 where there is none), or numbers (NaN where there is none). `levels` holds the
    texts of the columns that rows are sliced by.
    """

    truth: Any
    champion: Answers
    candidate: Answers
    units: Any
    weights: Any = None
    levels: Mapping[str, Any] = field(default_factory=dict)


def count(batch: Batch, question: Question) -> PairTables:
    """The tables of one batch, and of every slice of it."""
    batch = replace(batch, champion=settled(batch.champion, question), candidate=settled(batch.candidate, question))
    slices = {
        f"{column}={level}": _counted(_unscored(batch, batch.levels[column] == level), question)
        for column, levels in question.slices.items()
        for level in levels
    }
    return replace(_counted(batch, question), slices=slices)


def _unscored(batch: Batch, where: Any) -> Batch:  # noqa: ANN401 - arrays
    """Some of the rows; what is judged of a slice needs no scores."""
    answers = [_rows(one, where) for one in (batch.champion, batch.candidate)]
    bare = [replace(one, probabilities=None) if one.codes is not None else one for one in answers]
    weights = None if batch.weights is None else batch.weights[where]
    return Batch(batch.truth[where], bare[0], bare[1], batch.units[where], weights)


def _counted(batch: Batch, question: Question) -> PairTables:
    """The tables of rows whose answers are settled."""
    answers = (batch.champion, batch.candidate)
    labelled = batch.truth >= 0 if question.classes else np.isfinite(batch.truth)
    silent = [~_answered(one) for one in answers]
    used = labelled & ~silent[0] & ~silent[1]
    kept = tuple(_rows(one, used) for one in answers)
    truth, buckets = batch.truth[used], bucket_of(batch.units[used])
    weights = None if batch.weights is None else batch.weights[used]
    sums, clipped = _sums(question, truth, kept, weights)
    plain, scored = question.is_plain, all(one.probabilities is not None for one in kept)
    bins = [score_bin(one.probabilities) for one in kept] if scored and question.task is Task.BINARY else None
    return PairTables(
        sums=tuple(sums),
        rows=int(used.sum()),
        unlabelled=int((~labelled).sum()),
        unanswered=(int((silent[0] & labelled).sum()), int((silent[1] & labelled).sum())),
        clipped=clipped,
        cells=_cells(question, truth, kept) if question.classes else None,
        joint=_grid((2, SCORE_BINS, SCORE_BINS), truth, *bins) if bins and plain else None,
        bucket_rows=np.bincount(buckets, minlength=BUCKETS),
        bucket_sums=_by_bucket(buckets, sums),
        bucket_scores=_score_table(buckets, truth, bins, weights) if bins and not plain else None,
        powers=np.array([_powers(*values) for values in sums.values()]),
    )


def settled(answers: Answers, question: Question) -> Answers:
    """Probabilities alone say a class too: the likeliest, or the second of two from a half."""
    if answers.probabilities is None or answers.codes is not None or not question.classes:
        return answers
    shares = answers.probabilities
    absent = ~np.isfinite(shares).all(axis=1)
    likeliest = (shares[:, 1] >= 0.5).astype(np.int32) if shares.shape[1] == 2 else shares.argmax(axis=1)  # noqa: PLR2004
    return Answers(codes=np.where(absent, ABSENT, likeliest).astype(np.int32), probabilities=shares)


def bucket_of(units: Any) -> Any:  # noqa: ANN401 - arrays
    """The bucket of each unit's hash: splitmix64 (Steele, Lea, Flood 2014) spreads what is not spread yet."""
    with np.errstate(over="ignore"):
        mixed = units.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((mixed ^ (mixed >> np.uint64(31))) % np.uint64(BUCKETS)).astype(np.int64)


def score_bin(shares: Any) -> Any:  # noqa: ANN401 - arrays
    """The bin of each row's chance of the second class, from 0 to 511.

    Args:
        shares: [n, 2]; both columns, because 1 - 1e-30 is 1 while 1e-30 is not 0.
    """
    chance = np.log(np.clip(shares, LEAST_SHARE, 1.0))
    place = (np.arcsinh(chance[:, 1] - chance[:, 0]) + HALF_WIDTH) / (2 * HALF_WIDTH) * SCORE_BINS
    return np.clip(np.floor(place), 0, SCORE_BINS - 1).astype(np.int64)


def bin_scores() -> Any:  # noqa: ANN401 - arrays
    """The chance of the second class in the middle of each bin; shape (512,)."""
    middles = (np.arange(SCORE_BINS) + 0.5) / SCORE_BINS * 2 * HALF_WIDTH - HALF_WIDTH
    return special.expit(np.sinh(middles))


def _answered(answers: Answers) -> Any:  # noqa: ANN401 - arrays
    if answers.numbers is not None:
        return np.isfinite(answers.numbers)
    said = answers.codes != ABSENT
    return said if answers.probabilities is None else said & np.isfinite(answers.probabilities).all(axis=1)


def _rows(answers: Answers, used: Any) -> Answers:  # noqa: ANN401 - arrays
    parts = (answers.codes, answers.probabilities, answers.numbers)
    return Answers(*(None if one is None else one[used] for one in parts))


def _cells(question: Question, truth: Any, kept: tuple[Answers, ...]) -> Any:  # noqa: ANN401 - arrays
    if not question.tells_classes:
        return _grid((2, 2), *((one.codes == truth).astype(np.int64) for one in kept))
    other = len(question.classes)
    said = [np.where(one.codes < 0, other, one.codes) for one in kept]
    return _grid((other, other + 1, other + 1), truth, *said)


def _grid(shape: tuple[int, ...], *places: Any) -> Any:  # noqa: ANN401 - arrays
    return np.bincount(np.ravel_multi_index(places, shape), minlength=int(np.prod(shape))).reshape(shape)


def _sums(question: Question, truth: Any, kept: tuple[Answers, ...], weights: Any) -> tuple[dict[str, Any], int]:  # noqa: ANN401 - arrays
    """By name, the rows' values of both versions as whole multiples; and how many were too large."""
    sums, clipped = {}, 0
    for name, *values in _values(question, truth, kept):
        both = [np.asarray(one, np.float64) * (1.0 if weights is None else weights) * FIXED_POINT for one in values]
        clipped += sum(int((np.abs(one) > LARGEST).sum()) for one in both)
        sums[name] = [np.rint(np.clip(np.nan_to_num(one, nan=LARGEST), -LARGEST, LARGEST)) for one in both]
    return sums, clipped


def _values(question: Question, truth: Any, kept: tuple[Answers, ...]) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 - arrays
    ones = np.ones(len(truth))
    yield "weight", ones, ones
    if question.classes:
        yield from _labels(question, truth, kept)
    else:
        yield from _amounts(question, truth, kept)
    for name, loss in (question.losses or {}).items():
        yield name, *(loss(*_own(question, truth, one)) for one in kept)


def _labels(question: Question, truth: Any, kept: tuple[Answers, ...]) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 - arrays
    yield "right", *(one.codes == truth for one in kept)
    for place in range(len(question.classes)) if question.tells_classes else ():
        here = truth == place
        yield f"is:{place}", here, here
        yield f"said:{place}", *(one.codes == place for one in kept)
        yield f"hit:{place}", *((one.codes == place) & here for one in kept)
    if all(one.probabilities is not None for one in kept):
        yield "log_loss", *(log_loss_rows(truth, one.probabilities) for one in kept)
        yield "brier", *(_brier(truth, one.probabilities) for one in kept)


def _brier(truth: Any, shares: Any) -> Any:  # noqa: ANN401 - arrays
    """As scikit-learn scales it: of two classes the square for the second one, of more the sum over all."""
    if shares.shape[1] == 2:  # noqa: PLR2004 - two classes
        return brier_rows(truth, shares[:, 1])
    return ((shares - np.eye(shares.shape[1])[truth]) ** 2).sum(axis=1)


def _amounts(question: Question, truth: Any, kept: tuple[Answers, ...]) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 - arrays
    scaled = truth / question.scale
    missed = [np.abs(one.numbers / question.scale - scaled) for one in kept]
    yield "absolute_error", *missed
    yield "squared_error", *(np.minimum(one, LARGEST) ** 2 for one in missed)
    yield "truth", scaled, scaled
    yield "truth_squared", scaled**2, scaled**2


def _own(question: Question, truth: Any, answers: Answers) -> tuple[Any, Any]:  # noqa: ANN401 - arrays
    """Truth and prediction in the words of the data, as a team's own metric expects them."""
    if not question.classes:
        return truth, answers.numbers
    words = np.array([*question.classes, None], dtype=object)
    return words[truth], words[np.where(answers.codes < 0, len(question.classes), answers.codes)]


def _by_bucket(buckets: Any, sums: dict[str, Any]) -> Any:  # noqa: ANN401 - arrays
    table: Any = np.zeros((BUCKETS, 2, len(sums)), np.int64)
    for place, values in enumerate(sums.values()):
        for version, one in enumerate(values):
            table[:, version, place] = np.bincount(buckets, weights=one, minlength=BUCKETS).astype(np.int64)
    return table


def _powers(champion: Any, candidate: Any) -> list[float]:  # noqa: ANN401 - arrays
    d = (candidate - champion) / FIXED_POINT
    return [float((d**power).sum()) for power in (1, 2, 3)]


def _score_table(buckets: Any, truth: Any, bins: list[Any], weights: Any) -> Any:  # noqa: ANN401 - arrays
    shape = (BUCKETS, 2, SCORE_BINS)
    whole = np.full(len(truth), FIXED_POINT) if weights is None else np.rint(weights * FIXED_POINT)
    tables = [
        np.bincount(np.ravel_multi_index((buckets, truth, one), shape), weights=whole, minlength=int(np.prod(shape)))
        for one in bins
    ]
    return np.stack([table.reshape(shape) for table in tables], axis=1).astype(np.int64)
