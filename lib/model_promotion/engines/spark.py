"""The engine for data that outgrow one machine, or are tables already: the local engine's kernels on Spark's workers.

Each worker asks both models through the same program as the local engine does, each in a process of its own without
the worker's credentials. That is why this is no `mlflow.pyfunc.spark_udf`: that one puts both models into one process,
knows no probabilities beside labels, and where it is given an alias goes on asking the version that once stood behind
it. Here the very files are sent that were downloaded and looked through. Rows stay on the workers, only tables that
add up leave.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model_promotion.core.errors import BadCall
from model_promotion.core.scores import NoAnswerError
from model_promotion.engines._columns import countable, edges_from, nothing
from model_promotion.engines._files import readable
from model_promotion.engines._roles import EDGE_ROWS, Roles, has_all, texts_of
from model_promotion.engines._spark_columns import columns_sample, levels_of, sample_of, target_in
from model_promotion.engines._spark_frames import (
    collected,
    column,
    delta_version,
    digest_of,
    hashed,
    kinds_of,
    reading,
    told,
)
from model_promotion.engines._spark_session import context, equipped, is_here, session
from model_promotion.engines._spark_shipping import sent_by_value
from model_promotion.engines._spark_tables import ROWS, counts_of, edges_in, tables_of
from model_promotion.engines._spark_worker import UNIT, Pair, Profiler
from model_promotion.evidence.tables import Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from model_promotion.core.dataset import Dataset
    from model_promotion.core.scores import Order
    from model_promotion.evidence.profiling import Counts, Edges
    from model_promotion.evidence.tables import PairTables, Question, Target
    from model_promotion.ports import Data, Means, Scores

USUAL_TASKS = 32
"""Where Spark does not tell its cores."""


@dataclass(frozen=True)
class SparkEngine:
    """Opens tables and files in the session that is there, else in one on this machine."""

    scores: Scores

    def capabilities(self) -> Mapping[str, str]:
        """Spark's version, and its master, or that it is reached through Connect; the session starts for it."""
        spark, ours = session(), context()
        where = str(ours.master) if ours else "Spark Connect"
        return {"spark": str(spark.version), "master": where, "pyarrow": pa.__version__, "numpy": np.__version__}

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Data]:
        """The data behind a name."""
        spark = session()
        ids = [name for name in (dataset.id, dataset.group) if name]
        with reading(spark, dataset.uri, ids, here=is_here()) as frame:
            yield SparkData(dataset, frame, spark, self.scores)


def connect(means: Means) -> SparkEngine:
    """The engine.

    Raises:
        BadCall: when pyspark or Java is missing.
    """
    equipped()
    return SparkEngine(means.scores)


@dataclass(frozen=True)
class SparkData:
    """A data frame, ready to be counted."""

    dataset: Dataset
    frame: Any
    spark: Any
    scores: Scores

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column's name."""
        return tuple(self.frame.columns)

    @property
    def kinds(self) -> dict[str, str]:
        """What each column holds."""
        return kinds_of(self.frame)

    @property
    def rows(self) -> int:
        """How many there are."""
        with told(self.dataset.uri):
            return int(self.frame.count())

    def digest(self) -> str:
        """What tells these very rows from others, whatever their order."""
        with told(self.dataset.uri):
            return digest_of(self.frame, delta_version(self.spark, self.dataset.uri))

    def write_head(self, rows: int, path: Path) -> None:
        """The first rows, with all their columns, as one Parquet file."""
        with told(self.dataset.uri):
            pq.write_table(collected(self.frame.limit(rows)), path)

    def texts(self, columns: Sequence[str]) -> Iterator[tuple[str | None, ...]]:
        """These columns of every row, in whatever order Spark has them.

        Raises:
            BadCall: for a column that is not there.
        """
        has_all(columns, self.columns, self.dataset.uri)
        names = list(dict.fromkeys(columns))
        with told(self.dataset.uri), readable(self.dataset.uri):
            found = collected(self.frame.select(*map(column, names)))
            texts = {name: texts_of(found.column(name).combine_chunks()) for name in names}
        yield from zip(*(texts[name] for name in columns), strict=True)

    def target(self) -> Target:
        """What the column of the truth holds.

        Raises:
            BadCall: when it holds neither numbers, texts nor truth values.
        """
        with told(self.dataset.uri), readable(self.dataset.uri):
            return target_in(self.frame, self.dataset.target)

    def levels(self, columns: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """The different values of each column in all rows, the most frequent first; one more than are too many."""
        with told(self.dataset.uri), readable(self.dataset.uri):
            return levels_of(self.frame, columns)

    def fit_edges(self) -> Edges:
        """Edges from a sample of all rows."""
        with told(self.dataset.uri), readable(self.dataset.uri):
            return edges_from(columns_sample(self.frame, self.rows), self.kinds)

    def profile(self, edges: Edges) -> Mapping[str, Counts]:
        """All rows, counted.

        Raises:
            NotFound: for a column that is not there.
        """
        countable(edges, self.kinds, self.dataset.uri)
        sent_by_value({})
        wanted = self.frame.select(*map(column, edges.columns))
        with told(self.dataset.uri), readable(self.dataset.uri):
            return counts_of(self._added(wanted, Profiler(edges).counts), nothing(edges))

    def score_pair(self, question: Question, orders: tuple[Order, Order]) -> PairTables:
        """Champion's and candidate's answers to every row, counted on the workers.

        Raises:
            NoAnswerError: when one of them fails, or does not answer every row.
        """
        if any(order.env_manager != "local" for order in orders):
            raise BadCall("Spark's workers run a model in their own Python", hint="use --engine local with it")
        uri, roles = self.dataset.uri, Roles(self.dataset, question)
        with ExitStack() as stack:
            stack.enter_context(told(uri))
            stack.enter_context(readable(uri))
            stack.enter_context(_alive(orders))
            sent_by_value(question.losses or {})
            pair = self._pair(stack, roles, orders[:1] if orders[0] is orders[1] else orders)
            return self._counted(self._wanted(pair), pair)

    def _counted(self, wanted: Any, pair: Pair) -> PairTables:  # noqa: ANN401 - pyspark is not typed here
        """Few rows at once, as the local engine does; else in a task a core, each of which starts both models."""
        rows, question, tasks = self.rows, pair.roles.question, self._tasks
        needs_edges = question.task is Task.BINARY and question.score_edges is None
        if rows <= pair.roles.batch_rows:
            tasks, pair = 1, replace(pair, fits=needs_edges)
        elif needs_edges:
            some = sample_of(wanted, rows, EDGE_ROWS).coalesce(1)
            pair = pair.with_edges(edges_in(self._added(some, pair.edges)))
        added = self._added(wanted.coalesce(tasks), pair.counts)
        return replace(tables_of(added), score_edges=pair.roles.question.score_edges or edges_in(added))

    def _pair(self, stack: ExitStack, roles: Roles, orders: Sequence[Order]) -> Pair:
        sized = [replace(order, batch_rows=roles.batch_rows) for order in orders]
        # The candidate first: where neither may be asked, it is the candidate's fault that counts.
        models = [self.scores.abroad(order) for order in reversed(sized)][::-1]
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="promote-model-")))
        return Pair(roles, models, [one.columns for one in orders], [self._sent(one, folder) for one in orders])

    def _wanted(self, pair: Pair) -> Any:  # noqa: ANN401 - as above
        """The columns that the models and the question need, and the hash of the row where nothing names its unit."""
        names = dict.fromkeys((*(name for one in pair.columns for name in one), *pair.roles.columns))
        unit = [] if pair.roles.unit else [hashed(self.frame).alias(UNIT)]
        return self.frame.select(*map(column, names), *unit)

    def _added(self, frame: Any, work: Any) -> pa.Table:  # noqa: ANN401 - as above
        """What the workers made of the rows, added up."""
        from pyspark.sql import functions

        made = frame.mapInArrow(work, ROWS)
        return collected(
            made.groupBy("name", "place", "text").agg(
                functions.sum("whole").alias("whole"),
                functions.sum("real").alias("real"),
                functions.min("real").alias("least"),
                functions.max("real").alias("most"),
            )
        )

    @property
    def _tasks(self) -> int:
        ours = context()
        return int(ours.defaultParallelism) if ours else USUAL_TASKS

    def _sent(self, order: Order, folder: Path) -> str:
        """Where the workers find a model's files: here, where they are on this machine, else where Spark puts them."""
        if is_here():
            return str(order.model_dir.resolve())
        name = f"{folder.name}-{order.label}".replace("/", "-")
        archive = shutil.make_archive(str(folder / name), "zip", order.model_dir)
        if (ours := context()) is not None:
            ours.addArchive(f"{archive}#{name}")
        else:
            self.spark.addArtifacts(f"{archive}#{name}", archive=True)
        return name


@contextmanager
def _alive(orders: tuple[Order, Order]) -> Iterator[None]:
    """A model that takes a worker with it has not answered."""
    try:
        yield
    except Exception as error:
        if "Python worker exited unexpectedly" not in str(error):
            raise
        raise NoAnswerError(f"{orders[1].label}: a Spark worker died while it was asked") from error
