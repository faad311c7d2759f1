"""The embedded engine: batches of Arrow, counted with numpy, on this machine. Memory is bounded by the batch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from model_promotion.core.errors import BadCall
from model_promotion.core.scores import Answers, NoAnswerError
from model_promotion.engines._columns import fitted, kind_of, profiled
from model_promotion.engines._files import Files, opened
from model_promotion.evidence.counting import Batch, count
from model_promotion.evidence.tables import MOST_LABELS, PairTables, Question, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from model_promotion.core.dataset import Dataset
    from model_promotion.core.scores import Order
    from model_promotion.evidence.profiling import Counts, Edges
    from model_promotion.ports import Data, Scores

BATCH_ROWS = 100_000


@dataclass(frozen=True)
class LocalEngine:
    """Reads Parquet and CSV; the models answer in child processes, at the same time."""

    scores: Scores

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Data]:
        """The data behind a path."""
        with opened(dataset.uri) as files:
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
        """What the column of the truth holds."""
        name = self.dataset.target
        kind = self.files.schema.field(name).type
        is_number = pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)
        seen: set[Any] = set()
        rows, whole, largest = 0, is_number, 0.0
        for batch in self._batches([name]):
            values = pc.unique(batch.column(0).drop_null())
            rows += len(batch)
            if is_number:
                numbers = values.cast(pa.float64()).to_numpy()
                numbers = numbers[np.isfinite(numbers)]
                whole = whole and bool((numbers == np.floor(numbers)).all())
                largest = max(largest, float(np.abs(numbers).max(initial=0.0)))
            if len(seen) <= MOST_LABELS:
                seen.update(value for value in values.to_pylist() if value == value)  # noqa: PLR0124 - NaN is none
        labels = tuple(sorted(seen, key=_order)) if len(seen) <= MOST_LABELS else ()
        return Target(rows, labels, is_number, whole, largest)

    def fit_edges(self) -> Edges:
        """Edges from the first rows of every file, together SAMPLE_ROWS."""
        return fitted(self.files)

    def profile(self, edges: Edges) -> Mapping[str, Counts]:
        """All rows, counted.

        Raises:
            NotFound: for a column that is not there.
        """
        return profiled(self.files, edges)

    def score_pair(self, question: Question, orders: tuple[Order, Order]) -> PairTables:
        """Champion's and candidate's answers to every row, counted. Each answers in a process of its own, at once.

        Raises:
            NoAnswerError: when one of them fails, or does not answer every row.
        """
        tables: PairTables | None = None
        with ExitStack() as stack:
            streams = [self._begun(stack, order) for order in (orders[:1] if orders[0] is orders[1] else orders)]
            workers = stack.enter_context(ThreadPoolExecutor(2))
            for start, frame in self._roles(question):
                answers = list(workers.map(Aligned.take, streams, repeat(len(frame))))
                added = count(self._batch(question, frame, start, [answers[0], answers[-1]]), question)
                tables = added if tables is None else tables + added
            for stream in streams:
                stream.finish()
        if tables is None:
            raise BadCall(f"{self.dataset.uri} holds no row", hint="name data with rows")
        return tables

    def _begun(self, stack: ExitStack, order: Order) -> Aligned:
        named = replace(order, files=self.files.parquet, batch_rows=BATCH_ROWS)
        return Aligned(stack.enter_context(self.scores.scoring(named)), order.label)

    def _roles(self, question: Question) -> Iterator[tuple[int, pd.DataFrame]]:
        start = 0
        for batch in self._batches(list(dict.fromkeys((*self.dataset.roles, *question.slices)))):
            yield start, batch.to_pandas()
            start += len(batch)

    def _batch(self, question: Question, frame: pd.DataFrame, start: int, answers: list[Answers]) -> Batch:
        truth = truth_of(frame[self.dataset.target], question)
        unit = self.dataset.group or self.dataset.id
        units = unit_of(frame[unit]) if unit else np.arange(start, start + len(frame), dtype=np.uint64)
        weights = weight_of(frame[self.dataset.weight]) if self.dataset.weight else None
        levels = {name: frame[name].astype(str).to_numpy() for name in question.slices}
        return Batch(truth, answers[0], answers[1], units, weights, levels)

    def _batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        for path in self.files.parquet:
            # Pre-buffering would hold whole row groups.
            with pq.ParquetFile(path, pre_buffer=False) as file:
                yield from file.iter_batches(BATCH_ROWS, columns=columns)


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


def truth_of(values: pd.Series, question: Question) -> Any:  # noqa: ANN401 - arrays
    """Labels as places of classes, -1 for none; amounts as numbers, NaN for none."""
    if question.classes:
        return pd.Index(question.classes).get_indexer(pd.Index(values))
    return pd.to_numeric(values, errors="coerce").to_numpy(np.float64)


def unit_of(values: pd.Series) -> Any:  # noqa: ANN401 - arrays
    """A number for each unit, the same for the same value on every machine."""
    return pd.util.hash_array(values.to_numpy(dtype=object) if values.dtype.kind not in "iuf" else values.to_numpy())


def weight_of(values: pd.Series) -> Any:  # noqa: ANN401 - arrays
    """How much each row counts.

    Raises:
        BadCall: when one is negative, infinite or missing.
    """
    weights = pd.to_numeric(values, errors="coerce").to_numpy(np.float64)
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise BadCall(
            f"the weights in {values.name} must be finite numbers of at least 0", hint="mend or leave out --weight"
        )
    return weights


def _order(value: Any) -> tuple[str, Any]:  # noqa: ANN401 - a label
    return ("", value) if isinstance(value, int | float) else (type(value).__name__, value)
