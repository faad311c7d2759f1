"""What leaves an engine: tables of whole numbers that add up, so that batches and machines merge with `+`.

Rows and predictions stay inside. Everything statistical is a function of these tables, so it gives the same answer
whoever counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from model_promotion.core.errors import BadCall

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BUCKETS = 1000
SCORE_BINS = 512
MOST_CLASSES = 32
"""With more, only how often an answer is right is counted, not which class was taken for which."""
FIXED_POINT = 2**20
"""Real numbers are added up as whole multiples of 1 / FIXED_POINT: whole numbers give the same sum in any order."""


class Task(StrEnum):
    """What is predicted."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


@dataclass(frozen=True)
class Question:
    """What the models are to be judged by, settled before the first row is scored.

    `classes` are the labels, sorted; the second of two is the positive one. `scale` is what real numbers are divided by
    before they are made whole: a power of two not below the largest |target|. `losses` are the team's own metrics, each
    a function of (truth, prediction) that answers one number a row. `slices` are columns, each with the levels whose
    rows are counted on their own as well.
    """

    task: Task
    classes: tuple[Any, ...] = ()
    scale: float = 1.0
    weighted: bool = False
    grouped: bool = False
    losses: Mapping[str, Callable[[Any, Any], Any]] | None = None
    slices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def tells_classes(self) -> bool:
        """Whether the classes are few enough to be told apart."""
        return 0 < len(self.classes) <= MOST_CLASSES

    @property
    def is_plain(self) -> bool:
        """Whether each row is a unit of its own and counts as one, so that the closed forms hold."""
        return not (self.weighted or self.grouped)


@dataclass(frozen=True)
class PairTables:
    """Champion (0) and candidate (1) on the same rows. Every array but `powers` is of int64.

    Attributes:
        rows: how many rows were counted.
        unlabelled: rows without a truth; they are counted nowhere else.
        unanswered: rows on which the champion's, the candidate's answer was NaN, infinite or missing; counted nowhere
            else either.
        clipped: values that were too large to be added up, and were counted as the largest there is.
        cells: rows by truth, champion's answer and candidate's answer, each the place of a class, the last place of an
            answer standing for all that is no class; shape (C, C + 1, C + 1). With too many classes (2, 2) by right
            (1) and wrong (0). Empty for a regression.
        joint: rows by truth, champion's score bin and candidate's; shape (2, 512, 512), empty without probabilities.
        bucket_rows: rows by bucket of the unit; shape (1000,).
        sums: what `bucket_sums` adds up, by name.
        bucket_sums: the sums by bucket, version and name in multiples of 1 / FIXED_POINT; shape (1000, 2, len(sums)).
        bucket_scores: rows (or weights) by bucket, version, truth and score bin; shape (1000, 2, 2, 256). Only where
            rows are grouped or weighted, and there are probabilities.
        powers: the sums of d, d ** 2 and d ** 3 over the rows, d being candidate's value - champion's; shape
            (len(sums), 3), of float64, so they alone may differ in the last digits with the order of the batches.
        slices: the same for the rows of one level, by `column=level`, without scores.
    """

    sums: tuple[str, ...]
    rows: int = 0
    unlabelled: int = 0
    unanswered: tuple[int, int] = (0, 0)
    clipped: int = 0
    cells: Any = None
    joint: Any = None
    bucket_rows: Any = None
    bucket_sums: Any = None
    bucket_scores: Any = None
    powers: Any = None
    slices: Mapping[str, PairTables] = field(default_factory=dict)

    def __add__(self, other: PairTables) -> PairTables:
        """Both counts together.

        Raises:
            ValueError: when they count different things.
        """
        if self.sums != other.sums:
            raise ValueError(f"tables of {self.sums} and of {other.sums} do not add up")
        ours, theirs = self.unanswered, other.unanswered
        return replace(
            self,
            rows=self.rows + other.rows,
            unlabelled=self.unlabelled + other.unlabelled,
            unanswered=(ours[0] + theirs[0], ours[1] + theirs[1]),
            clipped=self.clipped + other.clipped,
            cells=_both(self.cells, other.cells),
            joint=_both(self.joint, other.joint),
            bucket_rows=_both(self.bucket_rows, other.bucket_rows),
            bucket_sums=_both(self.bucket_sums, other.bucket_sums),
            bucket_scores=_both(self.bucket_scores, other.bucket_scores),
            powers=_both(self.powers, other.powers),
            slices={name: one + other.slices[name] for name, one in self.slices.items()},
        )

    def total(self, name: str) -> tuple[float, float]:
        """One of the sums over all rows, for champion and candidate, as a real number."""
        champion, candidate = self.bucket_sums[:, :, self.sums.index(name)].sum(axis=0) / FIXED_POINT
        return float(champion), float(candidate)


def _both(ours: Any, theirs: Any) -> Any:  # noqa: ANN401 - numpy is not typed here
    return theirs if ours is None else ours if theirs is None else ours + theirs


def power_of_two(largest: float) -> float:
    """The smallest power of two that is not below: dividing by it loses no digit."""
    return 2.0 ** math.ceil(math.log2(largest)) if largest > 0 else 1.0


FEW_NUMBERS = 20


@dataclass(frozen=True)
class Target:
    """What the column of the truth holds: how many rows, how many different values, and of what kind.

    `labels` are the different ones, sorted, as far as there are at most MOST_LABELS; `whole` tells numbers without a
    fraction; `largest` is the largest |number|.
    """

    rows: int
    labels: tuple[Any, ...]
    is_number: bool
    whole: bool = False
    largest: float = 0.0

    @property
    def task(self) -> Task:
        """What is predicted: few whole numbers are classes, other numbers are amounts, texts are classes.

        Raises:
            BadCall: when it holds one value only, or so many texts that they are no classes.
        """
        count = len(self.labels)
        if count == 1:
            raise BadCall(f"every row has the target {self.labels[0]!r}", hint="nothing can be compared on one class")
        if self.is_number and not (self.whole and 0 < count <= FEW_NUMBERS):
            return Task.REGRESSION
        if not count:
            raise BadCall(
                "the target holds too many different texts", hint="name the column of the truth with --target"
            )
        return Task.BINARY if count == 2 else Task.MULTICLASS  # noqa: PLR2004 - two classes


MOST_LABELS = 10_000
