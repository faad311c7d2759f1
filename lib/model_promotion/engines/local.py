"""The embedded engine: batches of Arrow, counted with numpy, on this machine. Memory is bounded by the batch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model_promotion.core.errors import BadCall
from model_promotion.core.scores import Answers, NoAnswerError
from model_promotion.engines._columns import fitted, kinds_of, profiled
from model_promotion.engines._files import Files, opened, readable
from model_promotion.engines._roles import BATCH_ROWS, EDGE_ROWS, Roles, as_one, has_all, levels_of, target_of, texts_of
from model_promotion.engines._sampling import spread
from model_promotion.evidence.counting import count
from model_promotion.evidence.tables import PairTables, Question, Target, Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from model_promotion.core.dataset import Dataset
    from model_promotion.core.scores import Order
    from model_promotion.evidence.profiling import Counts, Edges
    from model_promotion.ports import Data, Means, Scores


@dataclass(frozen=True)
class LocalEngine:
    """Reads files; the models answer in child processes, at the same time."""

    scores: Scores

    def capabilities(self) -> Mapping[str, str]:
        """Arrow reads, numpy counts."""
        return {"pyarrow": pa.__version__, "numpy": np.__version__}

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Data]:
        """The data behind a path."""
        with opened(dataset.uri, [name for name in (dataset.id, dataset.group) if name]) as files:
            yield LocalData(dataset, files, self.scores)


def connect(means: Means) -> LocalEngine:
    """The engine."""
    return LocalEngine(means.scores)


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
        return kinds_of(self.files)

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.files.rows

    def digest(self) -> str:
        """What tells these very rows from others."""
        return f"sha256:{self.files.digest()}"

    def write_head(self, rows: int, path: Path) -> None:
        """The first rows, with all their columns, as one Parquet file."""
        left = rows
        with pq.ParquetWriter(path, self.files.schema) as writer:
            for batch in self.files.batches(self.columns, BATCH_ROWS):
                writer.write_batch(batch.slice(0, left).cast(self.files.schema))
                left -= min(left, len(batch))
                if not left:
                    return

    def texts(self, columns: Sequence[str]) -> Iterator[tuple[str | None, ...]]:
        """These columns of every row, batch by batch.

        Raises:
            BadCall: for a column that is not there.
        """
        has_all(columns, self.columns, self.dataset.uri)
        with readable(self.dataset.uri):
            for batch in self.files.batches(list(dict.fromkeys(columns)), BATCH_ROWS):
                yield from zip(*(texts_of(batch.column(name)) for name in columns), strict=True)

    def target(self) -> Target:
        """What the column of the truth holds.

        Raises:
            BadCall: when it holds neither numbers, texts nor truth values.
        """
        with readable(self.dataset.uri):
            target = self.dataset.target
            return target_of((batch.column(0) for batch in self.files.batches([target], BATCH_ROWS)), target)

    def fit_edges(self) -> Edges:
        """Edges from rows of all over the files, together SAMPLE_ROWS."""
        with readable(self.dataset.uri):
            return fitted(self.files)

    def levels(self, columns: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """The different values of each column in all rows, the most frequent first; one more than are too many."""
        with readable(self.dataset.uri):
            return levels_of(self.files.batches(columns, BATCH_ROWS), columns)

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
        # The candidate first: where neither can be begun, it is the candidate's fault that counts.
        asked = orders[:1] if orders[0] is orders[1] else orders[::-1]
        with ExitStack() as stack:
            stack.enter_context(readable(self.dataset.uri))
            ahead = self._ahead(stack, asked) if self._needs_edges(roles) else []
            files = (*ahead, *self.files.parquet)
            streams = [self._begun(stack, order, files, roles.batch_rows) for order in asked][::-1]
            workers = stack.enter_context(ThreadPoolExecutor(2))
            for path in ahead:
                roles = roles.with_edges(_taken(workers, streams, pq.read_metadata(path).num_rows))
            for units, batch in self._numbered(roles):
                answers = _taken(workers, streams, len(batch))
                roles = roles if tables else roles.with_edges(answers)
                counted = count(roles.batch(batch, answers, units), roles.question)
                tables = tables + counted if tables else counted
            for stream in reversed(streams):
                stream.finish()
        if tables is None:
            raise BadCall(f"{self.dataset.uri} holds no row", hint="name data with rows")
        return replace(tables, score_edges=roles.question.score_edges)

    def _needs_edges(self, roles: Roles) -> bool:
        """Whether edges must be known before the first of several batches is counted."""
        question = roles.question
        return question.task is Task.BINARY and not question.score_edges and self.files.rows > roles.batch_rows

    def _ahead(self, stack: ExitStack, orders: Sequence[Order]) -> list[Path]:
        """Rows of all over the files in a file of their own, so that no order of the rows decides on the edges."""
        columns = list(dict.fromkeys(name for order in orders for name in order.columns))
        path = Path(stack.enter_context(TemporaryDirectory(prefix="promote-edges-"))) / "rows.parquet"
        pq.write_table(spread(self.files, columns, EDGE_ROWS), path)
        return [path]

    def _begun(self, stack: ExitStack, order: Order, files: Sequence[Path], rows: int) -> Aligned:
        named = replace(order, files=files, batch_rows=rows)
        return Aligned(stack.enter_context(self.scores.scoring(named)), order.label)

    def _numbered(self, roles: Roles) -> Iterator[tuple[np.ndarray, pa.RecordBatch]]:
        """Batches with the numbers of their rows; all rows in one where they are so few."""
        start, rows = 0, roles.batch_rows
        batches = self.files.batches(roles.columns, rows)
        for batch in _as_one(batches) if self.files.rows <= rows else batches:
            yield np.arange(start, start + len(batch), dtype=np.uint64), batch
            start += len(batch)


def _taken(workers: ThreadPoolExecutor, streams: Sequence[Aligned], rows: int) -> list[Answers]:
    """Everybody's answers to the next rows, at the same time; where nobody answers, the candidate is named."""
    asked = [workers.submit(stream.take, rows) for stream in streams]
    wait(asked)
    return [one.result() for one in reversed(asked)][::-1]


def _as_one(batches: Iterator[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """All of them as one, where there are any."""
    there = list(batches)
    return pa.Table.from_batches(there).combine_chunks().to_batches() if there else []


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
        whole = self._left[0] if len(self._left) == 1 else as_one(self._left)
        self._left = [_part(whole, slice(rows, None))] if whole.rows > rows else []
        return whole if whole.rows == rows else _part(whole, slice(0, rows))

    def finish(self) -> None:
        """The end, which tells how the model ended.

        Raises:
            NoAnswerError: when it answers more rows than there are.
        """
        if self._left or next(self._iterator or iter(()), None) is not None:
            raise NoAnswerError(f"{self.label}: answered more rows than it was given")


def _part(answers: Answers, which: slice) -> Answers:
    parts = (answers.codes, answers.probabilities, answers.numbers)
    return Answers(*(None if one is None else one[which] for one in parts))
