"""Data, and what counts them."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from model_promotion.core.dataset import Dataset
from model_promotion.core.scores import Order
from model_promotion.core.sql import Answer, Statement

if TYPE_CHECKING:
    from model_promotion.evidence.profiling import Counts, Edges
    from model_promotion.evidence.tables import PairTables, Question, Target
from model_promotion.ports.models import Scores


class Data(Protocol):
    """Data that an engine has opened. No row leaves it but a few for a team's own tests, and answers with labels."""

    @property
    def columns(self) -> Sequence[str]:
        """Every column's name."""
        ...

    @property
    def kinds(self) -> "Mapping[str, str]":
        """Of each column what it holds: number, text, truth value, time, or binary, nested, missing or other value."""
        ...

    @property
    def rows(self) -> int:
        """How many there are."""
        ...

    def digest(self) -> str:
        """What tells these very rows from others."""
        ...

    def write_head(self, rows: int, path: Path) -> None:
        """The first rows, with all their columns, as one Parquet file."""
        ...

    def texts(self, columns: Sequence[str]) -> Iterable[tuple[str | None, ...]]:
        """These columns of every row, missing values as None. Raises BadCall for a column that is not there."""
        ...

    def target(self) -> "Target":
        """What the column of the truth holds."""
        ...

    def fit_edges(self) -> "Edges":
        """Edges for every column that can be counted, from a sample of the rows."""
        ...

    def levels(self, columns: Sequence[str]) -> "Mapping[str, tuple[str, ...]]":
        """Of each column its different values in all rows, as texts, the most frequent first, then by name.

        A missing value is the level "(null)". At most evidence.slicing.MOST_LEVELS + 1 of them: one more than rows may
        be sliced by tells that there are too many.
        """
        ...

    def profile(self, edges: "Edges") -> "Mapping[str, Counts]":
        """What the columns of these edges hold, by column. Raises NotFound for one that is not there."""
        ...

    def score_pair(self, question: "Question", orders: tuple[Order, Order]) -> "PairTables":
        """What champion and candidate answer to every row, counted; orders name no files. Raises NoAnswerError."""
        ...


class Statements(Protocol):
    """SQL that is run where the tables are."""

    def answer(self, statement: Statement) -> Answer:
        """What it answers. Raises NotFound, Denied, Unavailable, TimedOut or BadCall."""
        ...


class Means(Protocol):
    """What an engine may work with."""

    @property
    def scores(self) -> Scores:
        """Models, in processes of their own."""
        ...

    @property
    def statements(self) -> Statements:
        """A SQL warehouse."""
        ...


class Engine(Protocol):
    """Where data is counted."""

    def capabilities(self) -> Mapping[str, str]:
        """What the record says of it beside its name: what counts, in which version, and where. It may be started."""
        ...

    def open(self, dataset: Dataset) -> AbstractContextManager[Data]:
        """The data of that name. Raises NotFound, Denied, Unavailable or BadCall."""
        ...
