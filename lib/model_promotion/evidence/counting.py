"""From the rows of one batch to tables. The same code counts on every engine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from model_promotion.core.errors import BadCall
from model_promotion.core.scores import ABSENT, Answers
from model_promotion.core.trial import one_line
from model_promotion.evidence.metrics import brier_rows, log_loss_rows
from model_promotion.evidence.tables import BUCKETS, FOREIGN, SCORE_BINS, PairTables, Question, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

HALF_WIDTH = 7.3
"""Where nobody fitted edges, scores are binned by asinh of their logit, which lies between these."""
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
    used = labelled & ~silent[0] & ~silent[1] & (True if batch.weights is None else batch.weights > 0)
    kept = tuple(_rows(one, used) for one in answers)
    truth, buckets = batch.truth[used], bucket_of(batch.units[used])
    weights = None if batch.weights is None else batch.weights[used]
    sums = _sums(question, truth, kept, weights)
    plain, scored = question.is_plain, all(one.probabilities is not None for one in kept)
    edges = question.score_edges or (USUAL_EDGES, USUAL_EDGES)
    is_binned = scored and question.task is Task.BINARY
    bins = [score_bin(one.probabilities, edge) for one, edge in zip(kept, edges, strict=True)] if is_binned else None
    return PairTables(
        sums=tuple(sums),
        rows=int(used.sum()),
        unlabelled=int((~labelled).sum()),
        unanswered=(int((silent[0] & labelled).sum()), int((silent[1] & labelled).sum())),
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


def logits(shares: Any) -> Any:  # noqa: ANN401 - arrays
    """The logit of each row's chance of the second class.

    Args:
        shares: [n, 2]; both columns, because 1 - 1e-30 is 1 while 1e-30 is not 0.
    """
    chance = np.log(np.clip(shares, LEAST_SHARE, 1.0))
    return chance[:, 1] - chance[:, 0]


def score_edges(shares: Any) -> Any:  # noqa: ANN401 - arrays
    """Edges between bins of equal mass, in logits; shape (at most 511,)."""
    found = logits(shares[np.isfinite(shares).all(axis=1)])
    if not len(found):
        return USUAL_EDGES
    return np.unique(np.quantile(found, np.arange(1, SCORE_BINS) / SCORE_BINS, method="inverted_cdf"))


USUAL_EDGES = np.sinh(np.linspace(-HALF_WIDTH, HALF_WIDTH, SCORE_BINS + 1)[1:-1])


def score_bin(shares: Any, edges: Any = USUAL_EDGES) -> Any:  # noqa: ANN401 - arrays
    """The bin of each row's score, from 0 to 511."""
    return np.searchsorted(edges, logits(shares), side="left")


def bin_scores(edges: Any = USUAL_EDGES) -> Any:  # noqa: ANN401 - arrays
    """The chance of the second class in the middle of each bin; shape (512,)."""
    from scipy import special

    ends = np.concatenate([edges[:1], edges, edges[-1:]])
    middles = (ends[:-1] + ends[1:]) / 2
    return special.expit(np.append(middles, np.repeat(middles[-1], SCORE_BINS - len(middles))))


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


def _sums(question: Question, truth: Any, kept: tuple[Answers, ...], weights: Any) -> dict[str, Any]:  # noqa: ANN401 - arrays
    """By name, the rows' values of both versions. What is no number makes the sum none, and nothing is told of it."""
    factor = 1.0 if weights is None else weights
    with np.errstate(over="ignore", invalid="ignore"):
        return {
            name: [np.asarray(one, np.float64) * factor for one in values]
            for name, *values in _values(question, truth, kept)
        }


def _values(question: Question, truth: Any, kept: tuple[Answers, ...]) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 - arrays
    ones = np.ones(len(truth))
    yield "weight", ones, ones
    if question.classes:
        yield from _labels(question, truth, kept)
    else:
        yield from _amounts(question, truth, kept)
    for name, loss in (question.losses or {}).items():
        yield name, *(_asked(name, loss, _own(question, truth, one)) for one in kept)


def _labels(question: Question, truth: Any, kept: tuple[Answers, ...]) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 - arrays
    yield "right", *(one.codes == truth for one in kept)
    for place in range(len(question.classes)) if question.tells_classes else ():
        here = truth == place
        yield f"is:{place}", here, here
        yield f"said:{place}", *(one.codes == place for one in kept)
        yield f"hit:{place}", *((one.codes == place) & here for one in kept)
    if not question.tells_classes:
        yield FOREIGN, *(one.codes < 0 for one in kept)
    if all(one.probabilities is not None for one in kept):
        yield "log_loss", *(log_loss_rows(truth, one.probabilities) for one in kept)
        yield "brier", *(_brier(truth, one.probabilities) for one in kept)


def _brier(truth: Any, shares: Any) -> Any:  # noqa: ANN401 - arrays
    """As scikit-learn scales it: of two classes the square for the second one, of more the sum over all."""
    if shares.shape[1] == 2:  # noqa: PLR2004 - two classes
        return brier_rows(truth, shares[:, 1])
    return ((shares - np.eye(shares.shape[1])[truth]) ** 2).sum(axis=1)


def _amounts(question: Question, truth: Any, kept: tuple[Answers, ...]) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 - arrays
    centred = truth - question.centre
    missed = [np.abs(one.numbers - truth) for one in kept]
    yield "absolute_error", *missed
    yield "squared_error", *(one**2 for one in missed)
    yield "truth", centred, centred
    yield "truth_squared", centred**2, centred**2


def _own(question: Question, truth: Any, answers: Answers) -> tuple[Any, Any]:  # noqa: ANN401 - arrays
    """Truth and prediction in the words of the data, as a team's own metric expects them."""
    if not question.classes:
        return truth, answers.numbers
    words = np.array([*question.classes, None], dtype=object)
    return words[truth], words[np.where(answers.codes < 0, len(question.classes), answers.codes)]


def _asked(name: str, loss: Callable[[Any, Any], Any], given: tuple[Any, Any]) -> Any:  # noqa: ANN401 - arrays
    """One number a row from the team's own metric.

    Raises:
        BadCall: when it fails, or answers something else.
    """
    hint = "it takes truth and prediction as arrays, and answers one number a row"
    try:
        values = np.asarray(loss(*given), dtype=np.float64)
    except Exception as error:
        raise BadCall(f"the metric {name} failed: {one_line(f'{type(error).__name__}: {error}')}", hint=hint) from error
    if values.shape != (len(given[0]),):
        raise BadCall(f"the metric {name} answered {values.shape} for {len(given[0])} rows", hint=hint)
    return values


def _by_bucket(buckets: Any, sums: dict[str, Any]) -> Any:  # noqa: ANN401 - arrays
    table: Any = np.zeros((BUCKETS, 2, len(sums)))
    for place, values in enumerate(sums.values()):
        for version, one in enumerate(values):
            table[:, version, place] = np.bincount(buckets, weights=one, minlength=BUCKETS)
    return table


def _powers(champion: Any, candidate: Any) -> list[float]:  # noqa: ANN401 - arrays
    with np.errstate(over="ignore", invalid="ignore"):
        d = candidate - champion
        squares = d * d
        # Numpy's d ** 3 is twenty times slower.
        return [float(one.sum()) for one in (d, squares, squares * d)]


def _score_table(buckets: Any, truth: Any, bins: list[Any], weights: Any) -> Any:  # noqa: ANN401 - arrays
    shape = (BUCKETS, 2, SCORE_BINS)
    tables = [
        np.bincount(np.ravel_multi_index((buckets, truth, one), shape), weights=weights, minlength=int(np.prod(shape)))
        for one in bins
    ]
    return np.stack([table.reshape(shape) for table in tables], axis=1)
