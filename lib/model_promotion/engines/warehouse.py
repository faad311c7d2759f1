"""The engine for tables of Unity Catalog without a cluster: a SQL warehouse counts them, only counts come back.

It counts what drift is told by, and lists labels for the watch. It runs no Python, so no model answers there.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pyarrow as pa

from model_promotion.core.errors import BadCall, Conflict, NotFound
from model_promotion.core.sql import Statement, table_named
from model_promotion.engines import _warehouse_sql as sql
from model_promotion.engines._columns import countable
from model_promotion.engines._roles import has_all, texts_of
from model_promotion.evidence.profiling import Counts, Edges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from model_promotion.core.dataset import Dataset
    from model_promotion.core.scores import Order
    from model_promotion.evidence.tables import PairTables, Question, Target
    from model_promotion.ports import Data, Means, Statements

MOST_TEXTS = 100_000
NUMBERS = ("number", "time")
TEXTS = ("text", "truth value")
HASHED = (*NUMBERS, *TEXTS, "binary value")


@dataclass(frozen=True)
class WarehouseEngine:
    """Counts tables where they are."""

    statements: Statements

    def capabilities(self) -> Mapping[str, str]:
        """The warehouse counts by statements; which version it runs is its own affair."""
        return {}

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Data]:
        """The table of that name, catalog.schema.table.

        Raises:
            BadCall: when there is none.
        """
        table = table_named(dataset.uri)
        try:
            columns = self.statements.answer(sql.described(table)).columns
        except NotFound as error:
            raise BadCall(f"there is no table {dataset.uri}, as the warehouse sees it", hint=error.hint) from error
        yield WarehouseData(dataset.uri, table, columns, self.statements)


def connect(means: Means) -> WarehouseEngine:
    """The engine."""
    return WarehouseEngine(means.statements)


@dataclass(frozen=True)
class WarehouseData:
    """A table: its name as it was typed and between backticks, and the types of its columns."""

    named: str
    table: str
    types: Mapping[str, str]
    statements: Statements

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column's name."""
        return tuple(self.types)

    @cached_property
    def kinds(self) -> dict[str, str]:
        """What each column holds."""
        return {name: sql.kind_of(kind) for name, kind in self.types.items()}

    @property
    def rows(self) -> int:
        """How many there are."""
        return self._rows_and_hashes[0]

    def digest(self) -> str:
        """The number of rows and the sum of their hashes, whatever their order; nested values are not looked at."""
        rows, hashes = self._rows_and_hashes
        columns = hashlib.sha256(repr(sorted(self.types.items())).encode()).hexdigest()[:16]
        return f"sum-of-xxhash64:{rows}-{hashes % 2**64:016x}-{columns}"

    @cached_property
    def _rows_and_hashes(self) -> tuple[int, int]:
        ((rows, hashes),) = self.statements.answer(sql.digested(self.table, [*self._types(HASHED)])).rows
        return int(rows or 0), int(hashes or 0)

    def fit_edges(self) -> Edges:
        """BINS bins of equal mass for numbers and times, the most frequent values for texts; of all rows."""
        passed: dict[str, list[tuple[float, int]]] = {name: [] for name in self._types(NUMBERS)}
        for name, value, times in self._asked(sql.edges, self._types(NUMBERS)):
            # 0.0 and -0.0 are one value, and which of them is told depends on the order of the rows.
            passed[name].append((float(value) + 0.0, int(times)))
        found: dict[str, list[str]] = {name: [] for name in self._types(TEXTS)}
        for name, value in self._asked(sql.levels, self._types(TEXTS)):
            found[name].append(value)
        return Edges(
            {name: _edges(values) for name, values in passed.items()},
            {name: tuple(sorted(values)) for name, values in found.items()},
            frozenset(name for name in passed if self.kinds[name] == "time"),
        )

    def profile(self, edges: Edges) -> Mapping[str, Counts]:
        """All rows, counted.

        Raises:
            NotFound: for a column that is not there.
            BadCall: for one that holds no numbers where the edges are between numbers, or no times.
            Conflict: when rows came or went meanwhile.
        """
        countable(edges, self.kinds, self.named)
        profile = {**self._numbers(edges.numbers), **self._levels(edges.levels)}
        if any(one.rows != self.rows for one in profile.values()):
            raise Conflict(f"{self.named} changed while it was counted", hint="try again, or name a copy of it")
        return profile

    def target(self) -> Target:
        """Nothing that is asked for unless models are to answer."""
        self._no_models()

    def levels(self, columns: Sequence[str]) -> Mapping[str, tuple[str, ...]]:  # noqa: ARG002 - the port's
        """As target."""
        self._no_models()

    def texts(self, columns: Sequence[str]) -> Iterator[tuple[str | None, ...]]:
        """These columns of every row, in whatever order the warehouse has them.

        Raises:
            BadCall: for a column that is not there, and for more rows than are worth sending.
        """
        has_all(columns, self.columns, self.named)
        found = self.statements.answer(sql.listed(self.table, columns, MOST_TEXTS + 1)).rows
        if len(found) > MOST_TEXTS:
            said = f"{self.named} has more than {MOST_TEXTS:,} rows, which is more than a warehouse is asked to send"
            raise BadCall(said, hint="name a view of the newest rows, or --engine spark")
        values = ([row[place] for row in found] for place in range(len(columns)))
        texts = (_plain(each, self.types[name]) for name, each in zip(columns, values, strict=True))
        yield from zip(*texts, strict=True)

    def write_head(self, rows: int, path: Path) -> None:  # noqa: ARG002 - the port's
        """As target."""
        self._no_models()

    def score_pair(self, question: Question, orders: tuple[Order, Order]) -> PairTables:  # noqa: ARG002 - the port's
        """As target."""
        self._no_models()

    def _no_models(self) -> NoReturn:
        raise BadCall(
            f"a SQL warehouse runs no models, so --engine warehouse compares none on {self.named}: it tells drift only",
            hint="models are compared with --engine local on files, or --engine spark on tables",
        )

    def _types(self, kinds: Sequence[str]) -> dict[str, str]:
        """The columns that hold one of these, with their types."""
        return {name: kind for name, kind in self.types.items() if self.kinds[name] in kinds}

    def _asked(self, ask: Callable[..., Statement], columns: Mapping[str, str], *more: object) -> Iterator[list[Any]]:
        """The rows of a statement about these columns, with the column's name for its place."""
        names = list(columns)
        for place, *values in self.statements.answer(ask(self.table, columns, *more)).rows if columns else ():
            yield [names[int(place or 0) - 1], *values]

    def _numbers(self, between: Mapping[str, np.ndarray]) -> dict[str, Counts]:
        counts = {name: Counts(np.zeros(len(one) + 1, np.int64)) for name, one in between.items()}
        types = {name: self.types[name] for name in between}
        for name, bin_, n, low, high in self._asked(sql.counted_numbers, types, list(between.values())):
            counts[name] += _of_bin(len(between[name]) + 1, int(bin_), int(n), (low, high))
        return counts

    def _levels(self, known: Mapping[str, Sequence[str]]) -> dict[str, Counts]:
        counts = {name: Counts(np.zeros(len(one) + 1, np.int64)) for name, one in known.items()}
        types = {name: self.types[name] for name in known}
        for name, spot, n, new in self._asked(sql.counted_levels, types, list(known.values())):
            bins, place = np.zeros(len(known[name]) + 1, np.int64), int(spot)
            if place != sql.NULL:
                bins[place if place != sql.NEW else -1] = int(n)
            nulls = int(n) if place == sql.NULL else 0
            counts[name] += Counts(bins, nulls, new_levels=frozenset() if new is None else frozenset([new]))
        return counts


def _plain(texts: list[str | None], type_text: str) -> list[str | None]:
    """2, 2.0 and 2.00 as one number, as with files."""
    kind = type_text.upper().partition("(")[0]
    read = {"FLOAT": float, "DOUBLE": float, "DECIMAL": Decimal}.get(kind)
    return texts if read is None else texts_of(pa.array([None if one is None else read(one) for one in texts]))


def _edges(passed: Sequence[tuple[float, int]]) -> np.ndarray:
    """The quantiles, and what lies below the least value as an end of its own, as for files."""
    if not passed:
        return np.zeros(0)
    least = np.nextafter(min(value for value, _ in passed), -np.inf)
    return np.unique([least, *(value for value, times in passed if times)])


def _of_bin(bins: int, place: int, n: int, ends: tuple[Any, Any]) -> Counts:
    """One bin of a column; below 0 it is what is in none."""
    found = np.zeros(bins, np.int64)
    if place < 0:
        nulls, nans, infinite = (n if place == which else 0 for which in (sql.NULL, sql.NAN, sql.INFINITE))
        return Counts(found, nulls, nans, infinite)
    found[place] = n
    return Counts(found, low=float(ends[0]), high=float(ends[1]))
