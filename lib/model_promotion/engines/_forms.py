"""One form for all files of some data: the same columns, each of one type in every file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from model_promotion.core.errors import BadCall

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

BATCH_ROWS = 100_000
ONE_FORM = "write all files with the same columns and types"


def in_one_form(given: Sequence[Path], parquet: Sequence[Path], folder: Path) -> Iterator[Path]:
    """The Parquet files, those anew in the folder that hold a column in another type than all files together need.

    Raises:
        BadCall: when a file has other columns than the first, or one of them twice, or where the types do not fit.
    """
    schemas = [pq.read_schema(path) for path in parquet]
    types = _types(dict(zip(given, schemas, strict=True)))
    for number, (path, schema) in enumerate(zip(parquet, schemas, strict=True)):
        fits = all(field.type == types[field.name] for field in schema)
        yield path if fits else _cast(path, types, folder / f"cast-{number}.parquet")


def coarser(parquet: Sequence[Path], folder: Path) -> Iterator[Path]:
    """The Parquet files; anew in the folder those with times finer than microseconds, which Spark does not read."""
    for number, path in enumerate(parquet):
        schema = pq.read_schema(path)
        fine = [field.name for field in schema if pa.types.is_timestamp(field.type) and field.type.unit == "ns"]
        types = {field.name: field.type for field in schema}
        types |= {name: pa.timestamp("us", types[name].tz) for name in fine}
        yield _cast(path, types, folder / f"coarse-{number}.parquet", safe=False) if fine else path


def _types(schemas: Mapping[Path, pa.Schema]) -> dict[str, pa.DataType]:
    first, names = next((path, schema.names) for path, schema in schemas.items())
    for path, schema in schemas.items():
        if twice := [name for name in dict.fromkeys(schema.names) if schema.names.count(name) > 1]:
            raise BadCall(f"{path} has more than one column {', '.join(twice)}", hint="give each column its own name")
        if set(schema.names) != set(names):
            other = ", ".join(sorted(set(schema.names) ^ set(names)))
            raise BadCall(f"{path} has other columns than {first}: {other}", hint=ONE_FORM)
    return {name: _type({path: schema.field(name).type for path, schema in schemas.items()}, name) for name in names}


def _type(types: Mapping[Path, pa.DataType], name: str) -> pa.DataType:
    """The type that holds the values of all: nothing becomes anything, whole numbers become floating ones."""
    first, *others = dict.fromkeys(types.values())
    if not others:
        # Little of Arrow's own arithmetic takes views.
        return pa.string() if pa.types.is_string_view(first) else first
    plain = [pa.schema([(name, _plain(one))]) for one in (first, *others)]
    try:
        return pa.unify_schemas(plain, promote_options="permissive").field(0).type
    except pa.ArrowException as error:
        where = ", ".join(f"{next(at for at, kind in types.items() if kind == one)}: {one}" for one in (first, *others))
        raise BadCall(f"{name} is not of one type in all files ({where})", hint=ONE_FORM) from error


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    return pa.string() if pa.types.is_string_view(kind) else kind


def _cast(path: Path, types: Mapping[str, pa.DataType], made: Path, *, safe: bool = True) -> Path:
    with pq.ParquetFile(path, pre_buffer=False) as file:
        there = file.schema_arrow
        schema = pa.schema([field.with_type(types[field.name]) for field in there], there.metadata)
        with pq.ParquetWriter(made, schema) as writer:
            for batch in file.iter_batches(BATCH_ROWS):
                writer.write_batch(batch.cast(schema, safe=safe))
    return made
