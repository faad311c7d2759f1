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
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model_promotion.engines._files import Files

SAMPLE_ROWS = 200_000
BATCH_ROWS = 250_000
COUNTED = ("number", "time", "text", "truth value")
COUNTERS = 2
NOTHING = "missing value"
"""What a column holds of which nobody has said anything, such as one of a CSV that is empty throughout."""


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
    shares = [edges.columns[first::COUNTERS] for first in range(COUNTERS)]
    # Arrow and numpy read and count without holding the interpreter.
    with ThreadPoolExecutor(COUNTERS) as counters:
        parts = list(counters.map(lambda names: _share(files, names, edges), shares))
    return {name: parts[place % COUNTERS][name] for place, name in enumerate(edges.columns)}


def _share(files: Files, names: Sequence[str], edges: Edges) -> Mapping[str, Counts]:
    """Some columns of all rows, one after the other: what was read is counted while the processor has it at hand."""
    empty = nothing(edges)
    profile = {name: empty[name] for name in names}
    for path in files.parquet:
        # Texts arrive as the dictionary that Parquet keeps them in: seven times faster than as texts.
        with pq.ParquetFile(path, pre_buffer=False, read_dictionary=list(edges.levels)) as file:
            for name in names:
                for batch in file.iter_batches(BATCH_ROWS, columns=[name], use_threads=False):
                    profile[name] += _counted(batch.column(name), name, edges)
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
        if kinds[name] not in (wanted, NOTHING):
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
        NOTHING: (pa.types.is_null,),
    }
    return next((word for word, each in tests.items() if any(one(kind) for one in each)), "other value")
