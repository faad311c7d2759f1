"""Some rows of Parquet files, from all over them: data are often sorted, by time or by what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from model_promotion.engines._files import Files

PIECES = 32
DECODED_ROWS = 50_000


def spread(files: Files, columns: Sequence[str], rows: int, texts: Sequence[str] = ()) -> pa.Table:
    """About so many rows, in their order: of each row group as much as its share, in PIECES pieces or more in all.

    The columns named as texts come as dictionaries.
    """
    parts: list[pa.Table] = []
    for path in files.parquet:
        with pq.ParquetFile(path, pre_buffer=False, read_dictionary=texts) as file:
            for group in range(file.num_row_groups):
                wanted = _places(file.metadata.row_group(group).num_rows, files.rows, rows)
                parts += _taken(file, group, columns, wanted)
    if not parts:
        return pa.schema([files.schema.field(name) for name in columns]).empty_table()
    return pa.concat_tables(parts, promote_options="permissive")


def _places(there: int, of_all: int, rows: int) -> np.ndarray:
    """Which rows of a group are taken; one piece is its beginning, which costs no more than it holds."""
    if not there:
        return np.zeros(0, np.int64)
    pieces = min(there, -(-PIECES * there // of_all))
    each = max(1, int(min(1.0, rows / of_all) * there / pieces))
    starts = np.arange(pieces) * there // pieces
    if rows >= of_all:
        return np.arange(there)
    return (starts[:, None] + np.arange(each)).ravel()


def _taken(file: pq.ParquetFile, group: int, columns: Sequence[str], wanted: np.ndarray) -> Iterator[pa.Table]:
    if not len(wanted):
        return
    start, last = 0, int(wanted[-1])
    for batch in file.iter_batches(min(DECODED_ROWS, last + 1), row_groups=[group], columns=columns):
        here = wanted[(wanted >= start) & (wanted < start + len(batch))] - start
        # Copied, so that the batch is freed.
        yield pa.Table.from_batches([batch.take(pa.array(here))])
        start += len(batch)
        if start > last:
            return
