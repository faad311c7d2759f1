"""The embedded engine: batches of Arrow, counted with numpy, on this machine. Memory is bounded by the batch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model_promotion.core.errors import BadCall
from model_promotion.core.scores import Answers, NoAnswerError
from model_promotion.engines._columns import fitted, kind_of, profiled
from model_promotion.engines._files import Files, opened, readable
from model_promotion.engines._roles import BATCH_ROWS, Roles, target_of
from model_promotion.evidence.counting import count
from model_promotion.evidence.tables import PairTables, Question, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from model_promotion.core.dataset import Dataset
    from model_promotion.core.scores import Order
    from model_promotion.evidence.profiling import Counts, Edges
    from model_promotion.ports import Data, Scores


@dataclass(frozen=True)
class LocalEngine:
    """Reads Parquet and CSV; the models answer in child processes, at the same time."""

    scores: Scores

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Data]:
        """The data behind a path."""
        with opened(dataset.uri) as files:
            with readable(dataset.uri):
                _ = files.schema
            yield LocalData(dataset, files, self.scores)


def connect(scores: Scores) -> LocalEngine:
    """The engine."""
    return LocalEngine(scores)


@dataclass(frozen=True)
class LocalData:
    """Files, open to be counted."""

    dataset: Dataset
    files: Files
    scores: Scores

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column's name."""
        return tuple(self.files.schema.names)

    @property
    def kinds(self) -> dict[str, str]:
        """What each column holds."""
        return {name: kind_of(self.files.schema.field(name).type) for name in self.columns}

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(pq.read_metadata(path).num_rows for path in self.files.parquet)

    def digest(self) -> str:
        """What tells these very rows from others."""
        return f"sha256:{self.files.digest()}"

    def write_head(self, rows: int, path: Path) -> None:
        """The first rows, with all their columns, as one Parquet file."""
        left = rows
        with pq.ParquetWriter(path, self.files.schema) as writer:
            for batch in self._batches(self.columns):
                writer.write_batch(batch.slice(0, left).cast(self.files.schema))
                left -= min(left, len(batch))
                if not left:
                    return

    def target(self) -> Target:
        """What the column of the truth holds.

        Raises:
            BadCall: when it holds neither numbers, texts nor truth values.
        """
        with readable(self.dataset.uri):
            return target_of((batch.column(0) for batch in self._batches([self.dataset.target])), self.dataset.target)

    def fit_edges(self) -> Edges:
        """Edges from the first rows of every file, together SAMPLE_ROWS."""
        with readable(self.dataset.uri):
            return fitted(self.files)

    def profile(self, edges: Edges) -> Mapping[str, Counts]:
        """All rows, counted.

        Raises:
            NotFound: for a column that is not there.
        """
        with readable(self.dataset.uri):
            return profiled(self.files, edges)

    def score_pair(self, question: Question, orders: tuple[Order, Order]) -> PairTables:
        """Champion's and candidate's answers to every row, counted. Each answers in a process of its own, at once.

        Raises:
            NoAnswerError: when one of them fails, or does not answer every row.
        """
        tables: PairTables | None = None
        roles = Roles(self.dataset, question)
        with ExitStack() as stack:
            stack.enter_context(readable(self.dataset.uri))
            streams = [
                self._begun(stack, order, roles.batch_rows)
                for order in (orders[:1] if orders[0] is orders[1] else orders)
            ]
            workers = stack.enter_context(ThreadPoolExecutor(2))
            for units, batch in self._numbered(roles):
                answers = list(workers.map(Aligned.take, streams, repeat(len(batch))))
                counted = roles.batch(batch, answers, units)
                question = question if tables else replace(question, score_edges=roles.edges(counted))
                tables = tables + count(counted, question) if tables else count(counted, question)
            for stream in streams:
                stream.finish()
        if tables is None:
            raise BadCall(f"{self.dataset.uri} holds no row", hint="name data with rows")
        return replace(tables, score_edges=question.score_edges)

    def _begun(self, stack: ExitStack, order: Order, rows: int) -> Aligned:
        named = replace(order, files=self.files.parquet, batch_rows=rows)
        return Aligned(stack.enter_context(self.scores.scoring(named)), order.label)

    def _numbered(self, roles: Roles) -> Iterator[tuple[np.ndarray, pa.RecordBatch]]:
        """Batches of the columns that have a role, with the numbers of their rows."""
        start = 0
        for batch in self._batches(roles.columns, roles.batch_rows):
            yield np.arange(start, start + len(batch), dtype=np.uint64), batch
            start += len(batch)

    def _batches(self, columns: Sequence[str], rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        for path in self.files.parquet:
            # Pre-buffering would hold whole row groups.
            with pq.ParquetFile(path, pre_buffer=False) as file:
                yield from file.iter_batches(rows, columns=columns)


@dataclass
class Aligned:
    """A stream of answers, handed out by the number of rows, however it was cut."""

    stream: Any
    label: str
    _left: list[Answers] = field(default_factory=list)
    _iterator: Iterator[Answers] | None = None

    def take(self, rows: int) -> Answers:
        """The answers to the next rows.

        Raises:
            NoAnswerError: when there are not so many.
        """
        self._iterator = self._iterator or iter(self.stream)
        while sum(one.rows for one in self._left) < rows:
            more = next(self._iterator, None)
            if more is None:
                raise NoAnswerError(f"{self.label}: answered fewer rows than it was given")
            self._left.append(more)
        whole = self._left[0] if len(self._left) == 1 else _joined(self._left)
        self._left = [_part(whole, slice(rows, None))] if whole.rows > rows else []
        return whole if whole.rows == rows else _part(whole, slice(0, rows))

    def finish(self) -> None:
        """The end, which tells how the model ended.

        Raises:
            NoAnswerError: when it answers more rows than there are.
        """
        if self._left or next(self._iterator or iter(()), None) is not None:
            raise NoAnswerError(f"{self.label}: answered more rows than it was given")


def _joined(parts: list[Answers]) -> Answers:
    columns = zip(*((one.codes, one.probabilities, one.numbers) for one in parts), strict=True)
    return Answers(*(None if one[0] is None else np.concatenate(one) for one in columns))


def _part(answers: Answers, which: slice) -> Answers:
    parts = (answers.codes, answers.probabilities, answers.numbers)
    return Answers(*(None if one is None else one[which] for one in parts))
