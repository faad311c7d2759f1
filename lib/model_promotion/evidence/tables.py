"""What leaves an engine: tables that add up, so that batches and machines merge with `+`.

Rows and predictions stay inside. Everything statistical is a function of these tables, so it gives the same answer
whoever counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from model_promotion.core.errors import BadCall
from model_promotion.core.units import ROWS, Units

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BUCKETS = 1000
SCORE_BINS = 512
MOST_LEVELS = 50
"""Nobody slices by a column with more levels."""
MOST_CLASSES = 32
"""With more, only how often an answer is right, or no class at all, is counted, not which was taken for which."""
FOREIGN = "foreign"


class Task(StrEnum):
    """What is predicted."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


@dataclass(frozen=True)
class Question:
    """What the models are to be judged by, settled before the first row is scored.

    `classes` are the labels, sorted; the second of two is the positive one. `centre` is the middle of the range of
    amounts, and `span` how far a target lies from it at most. `unit` is the column whose values rows are grouped by,
    empty where each row is a unit. `losses` are the team's own metrics, each a function of (truth, prediction) that
    answers one number a row. `slices` are columns, each with the levels whose rows are counted on their own as well.
    `score_edges` are the edges between the score bins, of champion and candidate.
    """

    task: Task
    classes: tuple[Any, ...] = ()
    centre: float = 0.0
    span: float = 1.0
    score_edges: tuple[Any, Any] | None = None
    weighted: bool = False
    unit: str = ""
    losses: Mapping[str, Callable[[Any, Any], Any]] | None = None
    slices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def tells_classes(self) -> bool:
        """Whether the classes are few enough to be told apart."""
        return 0 < len(self.classes) <= MOST_CLASSES

    @property
    def is_plain(self) -> bool:
        """Whether each row is a unit of its own and counts as one, so that the closed forms hold."""
        return self.units == ROWS

    @property
    def units(self) -> Units:
        """What makes the rows independent."""
        return Units(self.unit, self.weighted)


@dataclass(frozen=True)
class PairTables:
    """Champion (0) and candidate (1) on the same rows.

    Counts are int64. Sums of real numbers are float64: their last digits may differ with the order of the batches.

    Attributes:
        rows: how many rows were counted.
        unlabelled: rows without a truth; they are counted nowhere else.
        unanswered: rows on which the champion's, the candidate's answer was NaN, infinite or missing; counted nowhere
            else either.
        cells: rows by truth, champion's answer and candidate's answer, each the place of a class, the last place of an
            answer standing for all that is no class; shape (C, C + 1, C + 1). With too many classes (2, 2) by right
            (1) and wrong (0). Empty for a regression.
        joint: rows by truth, champion's score bin and candidate's; shape (2, 512, 512), empty without probabilities.
        bucket_rows: rows by bucket of the unit; shape (1000,).
        sums: what `bucket_sums` adds up, by name.
        bucket_sums: the sums by bucket, version and name; float64, of shape (1000, 2, len(sums)).
        bucket_scores: rows (or weights) by bucket, version, truth and score bin; shape (1000, 2, 2, 512). Only where
            rows are grouped or weighted, and there are probabilities.
        powers: the sums of d, d ** 2 and d ** 3 over the rows, d being candidate's value - champion's; shape
            (len(sums), 3).
        score_edges: the edges between the score bins of champion and candidate, in logits; None for the usual ones.
        slices: the same for the rows of one level, by `column=level`, without scores.
    """

    sums: tuple[str, ...]
    rows: int = 0
    unlabelled: int = 0
    unanswered: tuple[int, int] = (0, 0)
    cells: Any = None
    joint: Any = None
    bucket_rows: Any = None
    bucket_sums: Any = None
    bucket_scores: Any = None
    powers: Any = None
    slices: Mapping[str, PairTables] = field(default_factory=dict)
    score_edges: tuple[Any, Any] | None = None

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
            cells=_both(self.cells, other.cells),
            joint=_both(self.joint, other.joint),
            bucket_rows=_both(self.bucket_rows, other.bucket_rows),
            bucket_sums=_both(self.bucket_sums, other.bucket_sums),
            bucket_scores=_both(self.bucket_scores, other.bucket_scores),
            powers=_both(self.powers, other.powers),
            slices={name: one + other.slices[name] for name, one in self.slices.items()},
        )

    @property
    def foreign(self) -> tuple[float, float]:
        """The share of champion's, candidate's answers that are no class."""
        if FOREIGN in self.sums and self.rows:
            (champion, candidate), (weight, _) = self.total(FOREIGN), self.total("weight")
            return champion / weight, candidate / weight
        if self.cells is None or self.cells.ndim != 3 or not self.rows:  # noqa: PLR2004 - truth, champion, candidate
            return 0.0, 0.0
        return float(self.cells[:, -1].sum() / self.rows), float(self.cells[:, :, -1].sum() / self.rows)

    def total(self, name: str) -> tuple[float, float]:
        """One of the sums over all rows, for champion and candidate, as a real number."""
        champion, candidate = self.bucket_sums[:, :, self.sums.index(name)].sum(axis=0)
        return float(champion), float(candidate)


def _both(ours: Any, theirs: Any) -> Any:  # noqa: ANN401 - numpy is not typed here
    return theirs if ours is None else ours if theirs is None else ours + theirs


FEW_NUMBERS = 20
MOST_LABELS = 10_000
SAY_SO = 'say so under [evidence] in promotion.toml: task = "multiclass" or task = "regression"'


@dataclass(frozen=True)
class Target:
    """What the column of the truth holds: how many rows, how many different values, and of what kind.

    `labels` are the different ones, sorted, as far as there are at most MOST_LABELS; `whole` tells numbers without a
    fraction; `low` and `high` are the ends of their range.
    """

    rows: int
    labels: tuple[Any, ...]
    is_number: bool
    whole: bool = False
    low: float = 0.0
    high: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the values may be classes as well as amounts: three whole numbers or more."""
        return self.is_number and self.whole and len(self.labels) > 2  # noqa: PLR2004 - two are classes

    @property
    def task(self) -> Task:
        """What is predicted, where nobody else says: few whole numbers and texts are classes, fractions are amounts.

        Raises:
            BadCall: when it holds one value only, so many texts that they are no classes, or whole numbers that are too
                many to be classes for sure, and too few to be amounts.
        """
        count = len(self.labels)
        if not self.rows:
            raise BadCall("no row has a target", hint="name data with the truth in it")
        if count == 1:
            raise BadCall(f"every row has the target {self.labels[0]!r}", hint="nothing can be compared on one class")
        if self.is_open and count > FEW_NUMBERS:
            raise BadCall(f"the target holds {count} whole numbers, which may be classes or amounts", hint=SAY_SO)
        if self.is_number and not (self.whole and count):
            return Task.REGRESSION
        if not count:
            raise BadCall(
                "the target holds too many different texts", hint="name the column of the truth with --target"
            )
        return Task.BINARY if count == 2 else Task.MULTICLASS  # noqa: PLR2004 - two classes
