"""What DuckDB reads for us, rewritten once as Parquet: JSON, and what a query answers that somebody wrote in a file.

A query is somebody's program. It runs where it finds nothing of ours: in memory, without extensions, so without a
network, with no secrets, able to open what lies below the current folder and nothing else. It is a subquery of ours,
in which DuckDB takes nothing that writes: by itself `WITH a AS (COPY ... TO 'file') SELECT 1` is a SELECT as well.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from model_promotion.core.errors import BadCall
from model_promotion.core.installing import extra
from model_promotion.core.trial import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INSTALL = extra("duckdb")
BATCH_ROWS = 100_000
SETTINGS = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
    "memory_limit": "1GiB",
    # One: the same query on the same files answers in the same order each time, so it has one digest.
    "threads": 1,
}


def from_json(given: Sequence[Path], folder: Path) -> Iterator[Path]:
    """Each file as Parquet: one array of objects, or objects one after the other; all of them tell the types.

    Raises:
        BadCall: for a file that is something else, or where DuckDB is missing.
    """
    for number, path in enumerate(given):
        read = f"FROM read_json({_text(path.resolve())}, records = true, sample_size = -1)"
        yield _written(read, path, folder / f"{number}.parquet", reads=f"allowed_paths = [{_text(path.resolve())}]")


def from_query(path: Path, folder: Path) -> Path:
    """What the one SELECT in a file answers, as Parquet. Relative paths in it begin at the current folder.

    Raises:
        BadCall: when it is something else, opens something else, fails, or where DuckDB is missing.
    """
    here = Path.cwd()
    if here == Path(here.anchor):
        said = f"{path} may open what lies below the current folder, and that is {here}"
        raise BadCall(said, hint="start in the folder where the data lie")
    asked = f"FROM query({_text(path.read_text(encoding='utf-8'))})"
    return _written(asked, path, folder / "0.parquet", reads=f"allowed_directories = [{_text(here)}]")


def _written(query: str, path: Path, made: Path, *, reads: str) -> Path:
    """The answer to a query, batch by batch as Parquet; `reads` is the setting that says what may be opened."""
    with _connected(path, made.parent, reads) as database:
        import duckdb

        try:
            rows = database.sql(query).to_arrow_reader(BATCH_ROWS)
            with pq.ParquetWriter(made, rows.schema) as writer:
                for batch in rows:
                    writer.write_batch(batch)
        except (duckdb.Error, NotImplementedError) as error:  # the latter: a type that Parquet does not have
            raise BadCall(f"{path} cannot be read: {one_line(str(error))}", hint=_hint(error)) from error
    return made


def _connected(path: Path, folder: Path, reads: str) -> Any:  # noqa: ANN401 - duckdb is not typed here
    try:
        import duckdb
    except ImportError as error:
        raise BadCall(f"{path} is read with duckdb, which is not installed here", hint=INSTALL) from error
    database = duckdb.connect(":memory:", config={**SETTINGS, "temp_directory": str(folder)})
    for setting in (reads, "enable_external_access = false", "lock_configuration = true"):
        database.execute(f"SET {setting}")
    return database


def _hint(error: Exception) -> str:
    if "disabled by configuration" in str(error):
        return "a query may open files below the current folder, nothing else, and has no network"
    return "a query is one SELECT of DuckDB, JSON is an array of objects or one a line; their columns must fit Parquet"


def _text(said: object) -> str:
    """A text as SQL writes it."""
    return "'" + str(said).replace("'", "''") + "'"
