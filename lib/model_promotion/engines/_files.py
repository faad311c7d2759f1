"""A path as Parquet files: Parquet is read where it lies, CSV is rewritten once, so that all read the same rows."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from model_promotion.core.errors import BadCall, NotFound
from model_promotion.core.trial import one_line

KINDS = ("parquet", "csv")
CSV_BLOCK_BYTES = 16 * 2**20
"""The types of a CSV's columns are told by its first block."""
HOW = "name a .parquet or .csv file, or a directory of one kind"


@dataclass(frozen=True)
class Files:
    """`given` is what was named, in order; `parquet` what is read."""

    given: tuple[Path, ...]
    parquet: tuple[Path, ...]

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns and their types.

        Raises:
            BadCall: when the files do not have the same columns.
        """
        first, *others = [pq.read_schema(path) for path in self.parquet]
        for path, other in zip(self.given[1:], others, strict=True):
            if set(first.names) != set(other.names):
                raise BadCall(f"{path} has other columns than {self.given[0]}", hint=HOW)
        return first

    def digest(self) -> str:
        """The SHA-256 of one file, or of the SHA-256s of several, one hexadecimal line each."""
        each = []
        for path in self.given:
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
def opened(uri: str) -> Iterator[Files]:
    """The files behind a path, as Parquet.

    Raises:
        NotFound: when nothing is there.
        BadCall: when it is of no kind that can be read here.
    """
    path = Path(uri.removeprefix("file://"))
    if not path.exists():
        raise NotFound(f"there is no data at {path}", hint=HOW)
    given = files_at(path)
    if given[0].suffix == ".parquet":
        yield Files(given, given)
        return
    with TemporaryDirectory(prefix="promote-data-") as folder:
        yield Files(given, tuple(_rewritten(given, Path(folder))))


def files_at(path: Path) -> tuple[Path, ...]:
    """The files of one kind that a path means.

    Raises:
        BadCall: when there is none, or of both kinds.
    """
    if (path / "_delta_log").is_dir():
        raise BadCall(f"{path} is a Delta table, whose files alone say nothing", hint="write it as Parquet first")
    # Hidden and underscored names are notes of other programs, as for Spark and Hive.
    found = [one for one in sorted(path.rglob("*")) if not is_aside(one.relative_to(path))] if path.is_dir() else [path]
    by_kind = {kind: [one for one in found if one.suffix == f".{kind}" and one.is_file()] for kind in KINDS}
    if all(by_kind.values()):
        raise BadCall(f"{path} holds Parquet and CSV files", hint=HOW)
    files = next((files for files in by_kind.values() if files), None)
    if files is None:
        raise BadCall(f"{path} holds no Parquet or CSV file", hint=HOW)
    return tuple(files)


def _rewritten(given: Sequence[Path], folder: Path) -> Iterator[Path]:
    options = pacsv.ReadOptions(block_size=CSV_BLOCK_BYTES)
    empty_is_null = pacsv.ConvertOptions(strings_can_be_null=True)
    for number, path in enumerate(given):
        made = folder / f"{number}.parquet"
        try:
            with (
                pacsv.open_csv(path, options, convert_options=empty_is_null) as rows,
                pq.ParquetWriter(made, rows.schema) as writer,
            ):
                for batch in rows:
                    writer.write_batch(batch)
        except pa.ArrowInvalid as error:
            raise BadCall(
                f"{path} cannot be read as CSV: {error}", hint="Parquet keeps the types of its columns"
            ) from error
        yield made
