"""What runs on Spark's workers: the kernels of the local engine, on the batches of one partition.

This is pickled with all of ours that it needs, so the workers need numpy, pandas, pyarrow, scipy and mlflow, not us.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from model_promotion.core.errors import BadCall
from model_promotion.core.scores import NoAnswerError
from model_promotion.engines._columns import counted, nothing
from model_promotion.engines._files import readable
from model_promotion.engines._roles import Roles, as_one
from model_promotion.engines._spark_tables import BAD_CALL, NO_ANSWER, rows_of, rows_of_counts, rows_of_edges, words
from model_promotion.evidence.counting import count
from model_promotion.evidence.profiling import Edges, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from model_promotion.evidence.tables import Question
    from model_promotion.ports import Abroad, Asking

UNIT = "promote_model_unit"
"""The column that tells rows apart where the data name no unit."""
PROFILE_ROWS = 250_000
PAIR = ("champion", "candidate")


@dataclass(frozen=True)
class Profiler:
    """Counts columns between edges."""

    edges: Edges

    def counts(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The counts of one partition."""
        profile = nothing(self.edges)
        for batch in in_batches(batches, PROFILE_ROWS):
            profile = joined(profile, counted(batch, self.edges))
        yield from rows_of_counts(profile)


@dataclass(frozen=True)
class Pair:
    """Champion and candidate, asked about the same rows; `models` is one where they are the same.

    `fits` tells that all rows are in one partition, whose first batch says where the edges between scores are.
    `folders` are where a worker finds their files: a path, or the name under which Spark has sent them.
    """

    roles: Roles
    models: Sequence[Abroad]
    columns: Sequence[Sequence[str]]
    folders: Sequence[str]
    fits: bool = False

    def counts(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The tables of one partition, or the one sentence why there are none."""
        tables, question = None, self.roles.question

        def add(batch: Any) -> None:  # noqa: ANN401 - a Batch
            nonlocal tables, question
            question = self._fitted([batch]) if self.fits and not tables else question
            one = count(batch, question)
            tables = tables + one if tables else one

        yield from self._said(batches, add)
        if tables is not None:
            yield from rows_of(tables)
        if self.fits:
            yield from rows_of_edges(question.score_edges)

    def edges(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Edges between the scores of a few rows, or the one sentence why there are none."""
        some: list[Any] = []
        yield from self._said(batches, some.append)
        if some:
            yield from rows_of_edges(self._fitted(some).score_edges)

    def _fitted(self, some: Sequence[Any]) -> Question:
        return self.roles.with_edges([as_one([getattr(one, name) for one in some]) for name in PAIR]).question

    def _said(self, batches: Iterator[pa.RecordBatch], then: Any) -> Iterator[pa.RecordBatch]:  # noqa: ANN401 - a function
        """Does it with every batch; what goes wrong is told, as an exception would be a task that Spark tries again."""
        try:
            with readable(self.roles.dataset.uri), ExitStack() as stack:
                asked: list[Asking] = []
                for batch in in_batches(batches, self.roles.batch_rows):
                    asked = asked or [
                        stack.enter_context(one.answering(folder_at(folder)))
                        for one, folder in zip(self.models, self.folders, strict=True)
                    ]
                    then(self._batch(batch, asked))
                for one in asked:
                    one.finish()
        except NoAnswerError as error:
            yield words(NO_ANSWER, str(error))
        except BadCall as error:
            yield words(BAD_CALL, json.dumps([str(error), error.hint]))

    def _batch(self, batch: pa.RecordBatch, asked: Sequence[Asking]) -> Any:  # noqa: ANN401 - a Batch
        for one, columns in zip(asked, self.columns, strict=True):
            one.give(batch.select(list(columns)))
        # The candidate first: where nobody answers, it is the candidate's fault that counts.
        answers = [one.take() for one in reversed(asked)][::-1]
        units = None if self.roles.unit else batch.column(UNIT).to_numpy().view(np.uint64)
        return self.roles.batch(batch, answers, units)

    def with_edges(self, edges: tuple[Any, Any] | None) -> Pair:
        """The same with edges between scores."""
        return replace(self, roles=replace(self.roles, question=replace(self.roles.question, score_edges=edges)))


def in_batches(batches: Iterator[pa.RecordBatch], most: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of so many, however Spark has cut them."""
    kept: list[pa.RecordBatch] = []
    for batch in batches:
        kept.append(batch)
        while sum(map(len, kept)) >= most:
            whole = pa.Table.from_batches(kept).combine_chunks()
            yield whole.slice(0, most).to_batches()[0]
            kept = whole.slice(most).to_batches()
    if sum(map(len, kept)):
        yield pa.Table.from_batches(kept).combine_chunks().to_batches()[0]


def folder_at(place: str) -> Path:
    """Where a model's files are on this machine."""
    from pyspark import SparkFiles

    return Path(place) if Path(place).is_absolute() else Path(SparkFiles.get(place))
