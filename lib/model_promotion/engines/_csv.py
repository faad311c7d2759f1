"""CSV, rewritten once as Parquet, so that all who read it read the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from model_promotion.core.errors import BadCall

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

CSV_BLOCK_BYTES = 16 * 2**20
"""The types of a CSV's columns are told by its first block."""
NUMBER = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"
SAME_AS_NUMBER = r"^-?(0|[1-9][0-9]{0,14})$|^-?(0|[1-9][0-9]{0,8})\.(0|[0-9]{0,5}[1-9])$"
"""Texts that no other number, and no other way to write a number, is confused with."""
HINT = "Parquet keeps the types of its columns"


def rewritten(given: Sequence[Path], folder: Path, ids: Sequence[str] = ()) -> Iterator[Path]:
    """Each file as Parquet.

    Args:
        given: the CSV files.
        folder: where the Parquet files go.
        ids: columns whose values are names of something: 01 and 1 are two.

    Raises:
        BadCall: for a file that is torn, or whose columns change their type.
    """
    texts = {name: pa.string() for name in ids if _are_texts(given, name)}
    for number, path in enumerate(given):
        made = folder / f"{number}.parquet"
        try:
            with (
                _opened(path, types={**_words_for_nothing(path), **texts}) as rows,
                pq.ParquetWriter(made, rows.schema) as writer,
            ):
                for batch in rows:
                    writer.write_batch(_without_empty(batch))
        except (pa.ArrowInvalid, OSError) as error:  # the latter: what gzip finds torn
            raise BadCall(f"{path} cannot be read as CSV: {error}", hint=HINT) from error
        yield made


def _opened(
    path: Path,
    *,
    types: Mapping[str, pa.DataType] | None = None,
    only: Sequence[str] = (),
    nothing: Sequence[str] | None = None,
) -> pacsv.CSVStreamingReader:
    convert = pacsv.ConvertOptions(column_types=types, include_columns=only, null_values=nothing)
    reading, parsing = pacsv.ReadOptions(block_size=CSV_BLOCK_BYTES), pacsv.ParseOptions(newlines_in_values=True)
    return pacsv.open_csv(path, reading, parsing, convert)


def _are_texts(given: Sequence[Path], name: str) -> bool:
    """Whether these names would lose something as numbers. Else they stay numbers: a model may take them as such."""
    numbers = others = False
    for path in given:
        try:
            with _opened(path, types={name: pa.string()}, only=[name]) as rows:
                for batch in rows:
                    values = _without_empty(batch).column(0).drop_null()
                    numbers = numbers or bool(pc.any(pc.match_substring_regex(values, NUMBER)).as_py())
                    others = others or pc.all(pc.match_substring_regex(values, SAME_AS_NUMBER)).as_py() is False
        except (pa.ArrowException, KeyError, OSError):
            return False  # it is not there, or torn: who reads all of it says so
    return numbers and others


def _words_for_nothing(path: Path) -> dict[str, pa.DataType]:
    """Columns that hold nothing but words such as NA: nobody knows whether they stand for a number, so they stay."""
    with _opened(path) as rows:
        bare = [field.name for field in rows.schema if pa.types.is_null(field.type)]
    if not bare:
        return {}
    with _opened(path, only=bare, nothing=[""]) as rows:
        return {field.name: field.type for field in rows.schema if not pa.types.is_null(field.type)}


def _without_empty(batch: pa.RecordBatch) -> pa.RecordBatch:
    """An empty text is none; every other text, NA as well, is what somebody wrote."""
    columns = [
        pc.if_else(pc.equal(one, ""), None, one) if pa.types.is_string(one.type) else one for one in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)
