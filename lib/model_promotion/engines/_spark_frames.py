"""What a name means to Spark, as a data frame; only what classic Spark and Spark Connect both have."""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from model_promotion.core.errors import BadCall, Denied, NotFound, PromotionError, Unavailable
from model_promotion.core.trial import one_line
from model_promotion.engines._files import files_at, opened
from model_promotion.engines._forms import coarser

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PART = r"(?:`[^`]+`|[^`./\s]+)"
TABLE = re.compile(rf"{PART}(?:\.{PART}){{1,2}}")
WILD = re.compile(r"[\\\[\]{}*?]")
"""What Spark takes for a pattern."""
FILE = re.compile(r".*\.(parquet|csv)", re.IGNORECASE)
HOW = "name a table (catalog.schema.table), or the path of Parquet, CSV or Delta"
NOISE = ("\tat ", "JVM stacktrace", "An error occurred while calling ")
MEANS = (
    (r"NOT_FOUND|NoSuch|cannot be found|does not exist|REQUIRES_SINGLE_PART_NAMESPACE", NotFound),
    (r"PERMISSION|INSUFFICIENT|ACCESS_DENIED|PERMISSION_DENIED|UNAUTHENTICATED", Denied),
    (r"UNAVAILABLE|SESSION_CLOSED|Connection refused|ConnectException", Unavailable),
)


@contextmanager
def told(uri: str) -> Iterator[None]:
    """Whatever Spark cannot do with somebody's data is said in one line.

    Raises:
        NotFound: when it is not there.
        Denied: when we may not.
        Unavailable: when Spark is gone.
        BadCall: for all else.
    """
    try:
        yield
    except PromotionError:
        raise
    except Exception as error:
        if not type(error).__module__.startswith(("pyspark", "py4j", "grpc")):
            raise
        text = str(error)
        kind = next((kind for words, kind in MEANS if re.search(words, text)), BadCall)
        raise kind(f"{uri} cannot be used: {one_line(_last_line(text))}", hint=HOW) from error


def _last_line(text: str) -> str:
    """Of a Python traceback that Spark passes on the error itself, else the first line."""
    lines = [line.removeprefix(": ") for line in text.splitlines() if line.strip() and not line.startswith(NOISE)]
    errors = [line for line in lines if re.match(r"\w+(\.\w+)*(Error|Exception): ", line)]
    return (errors or lines or [""])[-1 if errors else 0]


@contextmanager
def reading(session: Any, uri: str, ids: Sequence[str], *, here: bool) -> Iterator[Any]:  # noqa: ANN401 - pyspark is not typed here
    """The rows behind a name. What lies `here`, where the workers are, is read exactly as the local engine reads it.

    Args:
        session: Spark's.
        uri: a table or a path.
        ids: as for files: the columns that hold names of something.
        here: whether the workers see the files of this machine.

    Raises:
        BadCall: when nothing is there, or it is nothing that can be read.
    """
    path = Path(uri.removeprefix("file://"))
    if not here or not path.exists() or (path / "_delta_log").is_dir():
        yield frame_of(session, uri)
        return
    with opened(uri, ids) as files, TemporaryDirectory(prefix="promote-times-") as folder:
        with told(uri):
            frame = _known(session.read.parquet(*map(_name, coarser(files.parquet, Path(folder)))))
        yield frame


def frame_of(session: Any, uri: str) -> Any:  # noqa: ANN401 - as above
    """The rows behind a name, as Spark reads it.

    Raises:
        BadCall: when nothing is there, or it is nothing that can be read.
    """
    path = Path(uri.removeprefix("file://"))
    if path.exists():
        return _of_path(session, path.resolve())
    if FILE.fullmatch(uri) and "://" not in uri and not path.is_absolute():
        raise BadCall(f"there is no data at {uri}", hint=HOW)
    is_table = TABLE.fullmatch(uri) and not FILE.fullmatch(uri)
    try:
        with told(uri):
            return _known(session.table(uri) if is_table else _elsewhere(session, uri))
    except NotFound as error:
        what = f"table {uri}, as Spark sees it" if is_table else f"data at {uri}"
        raise BadCall(f"there is no {what}", hint=HOW) from error


def _of_path(session: Any, path: Path) -> Any:  # noqa: ANN401 - as above
    with told(str(path)):
        if (path / "_delta_log").is_dir():
            return _known(session.read.format("delta").load(str(path)))
        files = files_at(path)
        # The files and not their folder: Spark would make columns of folders that are named like x=1.
        names = list(map(_name, files))
        if files[0].suffix.lower() == ".csv":
            return _known(session.read.csv(names, header=True, inferSchema=True))
        return _known(session.read.parquet(*names))


def _name(path: Path) -> str:
    """How Spark calls a file. A volume of Unity Catalog is no file of this machine to it, though it looks like one."""
    plain = WILD.sub(r"\\\g<0>", str(path.resolve()))
    return plain if plain.startswith("/Volumes/") else f"file://{plain}"


def _elsewhere(session: Any, uri: str) -> Any:  # noqa: ANN401 - as above
    """What lies where only Spark can look: a folder without an ending is a Delta table, else Parquet."""
    if uri.lower().endswith(".csv"):
        return session.read.csv(uri, header=True, inferSchema=True)
    if not uri.lower().endswith(".parquet"):
        with suppress(Exception):
            return _known(session.read.format("delta").load(uri))
    return session.read.parquet(uri)


def _known(frame: Any) -> Any:  # noqa: ANN401 - as above
    """The same; Spark looks for it only when it is asked for its columns."""
    _ = frame.schema
    return frame


def kinds_of(frame: Any) -> dict[str, str]:  # noqa: ANN401 - as above
    """What each column holds, in the same words as for files."""
    from pyspark.sql import types

    kinds = {
        "number": (types.NumericType,),
        "text": (types.StringType,),
        "truth value": (types.BooleanType,),
        "time": (types.DateType, types.TimestampType, types.TimestampNTZType),
        "binary value": (types.BinaryType,),
        "nested value": (types.ArrayType, types.MapType, types.StructType),
    }
    return {
        field.name: next((word for word, each in kinds.items() if isinstance(field.dataType, each)), "other value")
        for field in frame.schema.fields
    }


def column(name: str) -> Any:  # noqa: ANN401 - as above
    """A column by its name, whatever letters are in it."""
    from pyspark.sql import functions

    return functions.col("`{}`".format(name.replace("`", "``")))


def collected(frame: Any) -> pa.Table:  # noqa: ANN401 - as above
    """All rows of a small frame; before Spark 4 they come through pandas."""
    return frame.toArrow() if hasattr(frame, "toArrow") else pa.Table.from_pandas(frame.toPandas())


def hashed(frame: Any) -> Any:  # noqa: ANN401 - as above
    """The xxhash64 of each row; Spark hashes no maps."""
    from pyspark.sql import functions

    names = [field.name for field in frame.schema.fields if "map<" not in field.dataType.simpleString()]
    return functions.xxhash64(*map(column, names))


def digest_of(frame: Any, history: Sequence[str]) -> str:  # noqa: ANN401 - as above
    """The number of rows and the sum of their hashes, whatever their order, with the columns and what is known besides.

    It tells changed data from the same, and is no proof against somebody who makes rows to fit.
    """
    from pyspark.sql import functions

    total = functions.sum(hashed(frame).cast("decimal(38,0)"))
    row = frame.agg(functions.count(functions.lit(1)), total).collect()[0]
    columns = hashlib.sha256(frame.schema.simpleString().encode()).hexdigest()[:16]
    parts = (str(row[0]), f"{int(row[1] or 0) % 2**64:016x}", columns, *history)
    return "sum-of-xxhash64:" + "-".join(parts)


def delta_version(session: Any, uri: str) -> tuple[str, ...]:  # noqa: ANN401 - as above
    """The version of a Delta table, of anything else nothing."""
    parts = re.findall(PART, uri) if TABLE.fullmatch(uri) else ("delta", uri)
    named = ".".join("`{}`".format(part.strip("`").replace("`", "``")) for part in parts)
    with suppress(Exception):  # no Delta table, or nobody may know its history
        return (f"delta{session.sql(f'DESCRIBE HISTORY {named} LIMIT 1').collect()[0]['version']}",)
    return ()
