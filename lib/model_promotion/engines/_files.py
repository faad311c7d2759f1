"""A path as Parquet files: Parquet is read where it lies, all else rewritten once, so that all read the same rows."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from model_promotion.core.errors import BadCall
from model_promotion.core.run_inputs import QUERY
from model_promotion.core.trial import one_line
from model_promotion.engines._csv import rewritten
from model_promotion.engines._duckdb import from_json, from_query
from model_promotion.engines._forms import in_one_form

KINDS = {
    ".parquet": "Parquet",
    ".pq": "Parquet",
    ".csv": "CSV",
    ".csv.gz": "CSV",
    ".json": "JSON",
    ".jsonl": "JSON",
    ".ndjson": "JSON",
}
HOW = "name a .parquet, .csv or .json file, a directory of one kind, or a query in a .sql file"
SHOWN = 5


@dataclass(frozen=True)
class Files:
    """`given` is what was named, in order; `parquet` what is read."""

    given: tuple[Path, ...]
    parquet: tuple[Path, ...]

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns and their types, which are those of every file."""
        return pq.read_schema(self.parquet[0])

    @cached_property
    def rows(self) -> int:
        """How many there are."""
        return sum(pq.read_metadata(path).num_rows for path in self.parquet)

    def batches(self, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        """All rows in their order, so many at once."""
        for path in self.parquet:
            # Pre-buffering would hold whole row groups.
            with pq.ParquetFile(path, pre_buffer=False) as file:
                yield from file.iter_batches(rows, columns=columns)

    def digest(self) -> str:
        """The SHA-256 of one file, or of the SHA-256s of several, one hexadecimal line each."""
        each = []
        # What a query answers depends on more than its text.
        for path in self.parquet if _is_query(self.given[0]) else self.given:
            with path.open("rb") as file:
                each.append(hashlib.file_digest(file, "sha256").hexdigest())
        return each[0] if len(each) == 1 else hashlib.sha256("".join(f"{one}\n" for one in each).encode()).hexdigest()


def is_aside(path: Path) -> bool:
    """Whether a part of the path is hidden or underscored."""
    return any(part.startswith((".", "_")) for part in path.parts)


@contextmanager
def readable(uri: str) -> Iterator[None]:
    """Whatever is odd about somebody's data is said in one line, and is no defect of ours.

    Raises:
        BadCall: instead of what Arrow, numpy or pandas raise.
    """
    try:
        yield
    except (pa.ArrowException, ValueError, TypeError, KeyError, OverflowError) as error:
        told = one_line(f"{type(error).__name__}: {error}")
        raise BadCall(f"{uri} cannot be used: {told}", hint="mend the data, or name others") from error


@contextmanager
def opened(uri: str, ids: Sequence[str] = ()) -> Iterator[Files]:
    """The files behind a path, as Parquet of one form.

    Args:
        uri: a file or a directory.
        ids: the columns that hold names of something: in a CSV 01 and 1 are two.

    Raises:
        BadCall: when nothing is there, or it is of no kind that can be read here.
    """
    path = Path(uri.removeprefix("file://"))
    if not path.exists():
        raise BadCall(f"there is no data at {path}", hint=HOW)
    given = files_at(path)
    with TemporaryDirectory(prefix="promote-data-") as folder:
        with readable(uri):
            parquet = tuple(_as_parquet(given, Path(folder), ids))
            files = Files(given, tuple(in_one_form(given, parquet, Path(folder))))
        yield files


def _as_parquet(given: Sequence[Path], folder: Path, ids: Sequence[str]) -> Iterable[Path]:
    if _is_query(given[0]):
        return [from_query(given[0], folder)]
    kind = _kind(given[0])
    if kind == "JSON":
        return from_json(given, folder)
    return rewritten(given, folder, ids) if kind == "CSV" else given


def _is_query(path: Path) -> bool:
    return path.suffix.lower() == QUERY


def files_at(path: Path) -> tuple[Path, ...]:
    """The files of one kind that a path means.

    Raises:
        BadCall: when there is none, or of both kinds.
    """
    if path.is_file() and _is_query(path):
        return (path,)
    if (path / "_delta_log").is_dir():
        raise BadCall(f"{path} is a Delta table, whose files alone say nothing", hint="write it as Parquet first")
    found = _found(path)
    known = [one for one in found if _kind(one)]
    if not known:
        raise BadCall(f"{path} holds no Parquet, CSV or JSON file", hint=HOW)
    if len(kinds := sorted({_kind(one) for one in known})) > 1:
        raise BadCall(f"{path} holds {' and '.join(kinds)} files", hint=HOW)
    if unknown := [str(one.relative_to(path)) for one in found if not _kind(one)]:
        said = f"{path} holds files that are not read beside those that are: {', '.join(unknown[:SHOWN])}"
        raise BadCall(said, hint="move them away, or let their names begin with _ or .")
    return tuple(known)


def _found(path: Path) -> list[Path]:
    """Every file; hidden and underscored names are notes of other programs, as for Spark and Hive."""
    if not path.is_dir():
        return [path]
    found = [one for one in sorted(path.rglob("*")) if one.is_file() and not is_aside(one.relative_to(path))]
    for one in found:
        if named := next((part for part in one.relative_to(path).parts[:-1] if "=" in part), None):
            column = named.partition("=")[0]
            said = f"{path} is partitioned: the column {column} stands in the names of folders ({named}), in no file"
            raise BadCall(said, hint=f"write {column} into the files, or name one such folder")
    return found


def _kind(path: Path) -> str:
    return next((kind for ending, kind in KINDS.items() if path.name.lower().endswith(ending)), "")
