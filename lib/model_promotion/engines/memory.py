"""An engine that has counted already: its tables are given."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from model_promotion.core.errors import BadCall, NotFound
from model_promotion.evidence.profiling import Edges

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from model_promotion.core.dataset import Dataset
    from model_promotion.core.scores import Order
    from model_promotion.evidence.profiling import Counts
    from model_promotion.evidence.tables import PairTables, Question, Target
    from model_promotion.ports import Data


@dataclass(frozen=True)
class MemoryData:
    """What was given, whoever asks; `failure` is raised instead of an answer."""

    columns: tuple[str, ...]
    of_target: Target
    tables: PairTables
    failure: Exception | None = None
    of_levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    asked: list[tuple[Question, tuple[Order, Order]]] = field(default_factory=list)

    @property
    def kinds(self) -> dict[str, str]:
        """Texts where levels were given, else numbers."""
        return {name: "text" if name in self.of_levels else "number" for name in self.columns}

    @property
    def rows(self) -> int:
        """As many as were counted."""
        return self.of_target.rows

    def digest(self) -> str:
        """Always the same."""
        return "sha256:0"

    def write_head(self, rows: int, path: Path) -> None:  # noqa: ARG002 - there are none
        """An empty file: there are no rows here."""
        path.touch()

    def texts(self, columns: Sequence[str]) -> Iterator[tuple[str | None, ...]]:
        """There are no rows here."""
        return iter(() for _ in columns[:0])

    def target(self) -> Target:
        """What was given."""
        return self.of_target

    def fit_edges(self) -> Edges:
        """There is no column to count."""
        return Edges()

    def levels(self, columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """What was given."""
        return {name: self.of_levels.get(name, ()) for name in columns}

    def profile(self, edges: Edges) -> dict[str, Counts]:
        """There is nothing to count."""
        if edges.columns:
            raise NotFound(f"there is no column {', '.join(edges.columns)}")
        return {}

    def score_pair(self, question: Question, orders: tuple[Order, Order]) -> PairTables:
        """What was given."""
        self.asked.append((question, orders))
        if self.failure:
            raise self.failure
        return self.tables


@dataclass(frozen=True)
class MemoryEngine:
    """Data by their address."""

    known: dict[str, MemoryData] = field(default_factory=dict)

    def capabilities(self) -> dict[str, str]:
        """There is nothing that counts."""
        return {}

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Data]:
        """The data of that address."""
        if dataset.uri not in self.known:
            raise BadCall(f"there is no data at {dataset.uri}")
        yield self.known[dataset.uri]
