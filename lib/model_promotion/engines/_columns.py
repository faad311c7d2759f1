"""Columns of Parquet files as counts between edges."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from model_promotion.core.errors import Conflict, NotFound
from model_promotion.engines._sampling import spread
from model_promotion.evidence.profiling import (
    MOST_LEVELS,
    Counts,
    Edges,
    count_levels,
    count_numbers,
    edges_of,
    joined,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from model_promotion.engines._files import Files

SAMPLE_ROWS = 200_000
BATCH_ROWS = 250_000
COUNTED = ("number", "time", "text", "truth value")
COUNTERS = 2


def fitted(files: Files) -> Edges:
    """Edges from rows of all over the files; columns that are neither numbers, times nor texts have none."""
    kinds = kinds_of(files)
    counted = [name for name, kind in kinds.items() if kind in COUNTED]
    texts = [name for name in counted if kinds[name] in ("text", "truth value")]
    return edges_from(spread(files, counted, SAMPLE_ROWS, texts), kinds)


def edges_from(sample: pa.Table, kinds: Mapping[str, str]) -> Edges:
    """Edges of every column that is counted."""
    numbers = [name for name, kind in kinds.items() if kind in ("number", "time")]
    texts = [name for name, kind in kinds.items() if kind in ("text", "truth value")]
    return Edges(
        {name: edges_of(_numbers(sample.column(name))) for name in numbers},
        {name: _levels(sample.column(name)) for name in texts},
        frozenset(name for name in numbers if kinds[name] == "time"),
    )


def kinds_of(files: Files) -> dict[str, str]:
    """What each column holds."""
    return {name: kind_of(files.schema.field(name).type) for name in files.schema.names}


def profiled(files: Files, edges: Edges) -> Mapping[str, Counts]:
    """All rows of all files.

    Raises:
        NotFound: for a column that is not there.
        Conflict: for one that holds no numbers where the edges are between numbers, or no times.
    """
    countable(edges, kinds_of(files), files.given[0])
    profile = nothing(edges)
    # Arrow and numpy count without holding the interpreter: one column a core, while the next rows are read.
    with ThreadPoolExecutor(COUNTERS) as counters:
        for batch in _ahead(_batches(files, list(edges.columns), list(edges.levels))):
            counted = counters.map(lambda name, batch=batch: _counted(batch.column(name), name, edges), edges.columns)
            profile = joined(profile, dict(zip(edges.columns, counted, strict=True)))
    return profile


def countable(edges: Edges, kinds: Mapping[str, str], where: object) -> None:
    """Whether data with such columns can be counted between these edges.

    Raises:
        NotFound: for a column that is not there.
        Conflict: for one that holds no numbers where the edges are between numbers, or no times.
    """
    if missing := [name for name in edges.columns if name not in kinds]:
        raise NotFound(f"{where} has no column {', '.join(missing)}", hint="compare data of the same columns")
    for name in edges.numbers:
        wanted = "time" if name in edges.times else "number"
        if kinds[name] != wanted:
            said = f"{name} of {where} holds {kinds[name]}s, and {wanted}s in the reference"
            raise Conflict(said, hint="mend the data")


def nothing(edges: Edges) -> Mapping[str, Counts]:
    """No row, counted."""
    return {
        **{name: count_numbers(np.zeros(0), between) for name, between in edges.numbers.items()},
        **{name: count_levels({}, levels) for name, levels in edges.levels.items()},
    }


def counted(batch: pa.RecordBatch, edges: Edges) -> Mapping[str, Counts]:
    """The rows of one batch."""
    return {name: _counted(batch.column(name), name, edges) for name in edges.columns}


def _counted(column: pa.Array, name: str, edges: Edges) -> Counts:
    if name in edges.numbers:
        return count_numbers(_numbers(column), edges.numbers[name], column.null_count)
    return count_levels(_tally(column), edges.levels[name], column.null_count)


def _batches(files: Files, columns: Sequence[str], texts: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for path in files.parquet:
        # Texts arrive as the dictionary that Parquet keeps them in: seven times faster than as texts.
        with pq.ParquetFile(path, pre_buffer=False, read_dictionary=texts) as file:
            yield from file.iter_batches(BATCH_ROWS, columns=columns)


def _ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same, each read while the one before it is counted."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def _numbers(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Its values as float64, without the nulls; times in microseconds since 1970."""
    there = column.drop_null() if column.null_count else column
    if kind_of(column.type) == "time":
        there = there.cast(pa.timestamp("us", getattr(column.type, "tz", None)), safe=False).cast(pa.int64())
    return np.asarray(there.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def _tally(column: pa.Array) -> dict[str, int]:
    """How often each text is there."""
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    codes = column.indices.drop_null().to_numpy()
    counted = np.bincount(codes, minlength=len(column.dictionary))
    levels = column.dictionary.cast(pa.string()).to_pylist()
    found: Counter[str] = Counter()
    for level, count in zip(levels, counted.tolist(), strict=True):
        if count:
            found[level] += count
    return found


def _levels(column: pa.ChunkedArray) -> tuple[str, ...]:
    counted = pc.value_counts(column.drop_null().cast(pa.string())).to_pylist()
    most = sorted(counted, key=lambda one: (-one["counts"], one["values"]))[:MOST_LEVELS]
    return tuple(sorted(one["values"] for one in most))


def kind_of(kind: pa.DataType) -> str:
    """What a column of this type holds, in words."""
    if pa.types.is_dictionary(kind):
        return kind_of(kind.value_type)
    tests = {
        "number": (pa.types.is_floating, pa.types.is_integer, pa.types.is_decimal),
        "text": (pa.types.is_string, pa.types.is_large_string),
        "truth value": (pa.types.is_boolean,),
        "time": (pa.types.is_timestamp, pa.types.is_date),
        "binary value": (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary),
        "nested value": (pa.types.is_nested,),
    }
    return next((word for word, each in tests.items() if any(one(kind) for one in each)), "other value")
