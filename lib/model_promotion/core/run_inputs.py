"""The datasets that a run logged with `mlflow.log_input`, and which of them its model is evaluated on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from model_promotion.core.errors import BadCall, NotFound
from model_promotion.core.jsonable import mapping_of

if TYPE_CHECKING:
    from model_promotion.core.entities import Run

RUN = "run"
"""In place of a path: the data that the candidate's run logged. A file of that name is `./run`."""
CONTEXTS = ("evaluation", "eval", "test", "testing", "validation")
LOCAL = frozenset({"local", "uc_volume"})
NAME_THEM = "name the data: --eval-data PATH"
QUERY = ".sql"


@dataclass(frozen=True)
class LoggedInput:
    """One dataset as a run holds it; `source`, `schema` and `profile` are JSON texts that anybody may have written."""

    name: str
    digest: str
    context: str
    source_type: str
    source: str
    schema: str = ""
    profile: str = ""

    @property
    def label(self) -> str:
        """How a sentence names it."""
        return f"{self.name} ({self.context}, {self.digest})"

    @property
    def uri(self) -> str:
        """The path or table that it was read from.

        Raises:
            NotFound: when that is nothing which an engine can read.
        """
        held = mapping_of(self.source)
        place = held.get("uri") or held.get("path") or held.get("delta_table_name") or held.get("table_name")
        readable = self.source_type in (*LOCAL, "delta_table", "spark")
        if not (readable and isinstance(place, str) and place):
            said = f"the run's data {self.label} come from the source {self.source_type!r}, which cannot be read here"
            raise NotFound(said, hint=NAME_THEM)
        path = _path(place)
        if PurePath(path).suffix.lower() == QUERY:
            # A query is a program, and who may write to a run is not who may say what is run here.
            raise NotFound(f"the run's data {self.label} are a query, {path}, which only a call runs", hint=NAME_THEM)
        return path

    @property
    def is_table(self) -> bool:
        """Whether it was read from a table by its name."""
        held = mapping_of(self.source)
        return self.source_type in ("delta_table", "spark") and not held.get("path")

    @property
    def rows(self) -> int | None:
        """How many there were; None where that is not recorded."""
        found = mapping_of(self.profile).get("num_rows")
        return found if type(found) is int else None


def evaluated_on(inputs: Sequence[LoggedInput], label: str) -> LoggedInput:
    """The one whose context says so; of several contexts, the first of CONTEXTS.

    Raises:
        NotFound: when there is none.
        NotFound: when there are several of the same context.
    """
    if not inputs:
        raise NotFound(f"the run of {label} logged no dataset", hint=NAME_THEM)
    for context in CONTEXTS:
        found = [one for one in inputs if one.context == context]
        if len(found) > 1:
            named = ", ".join(one.label for one in found)
            raise NotFound(f"the run of {label} logged {len(found)} datasets for {context}: {named}", hint=NAME_THEM)
        if found:
            return found[0]
    there = ", ".join(one.label for one in inputs)
    raise NotFound(f"the run of {label} logged no dataset for {', '.join(CONTEXTS)}, but {there}", hint=NAME_THEM)


def logged_by(run: "Run", label: str, engine: str) -> LoggedInput:
    """What a version was evaluated on, by its run, where this engine can read it.

    Raises:
        NotFound: when there is none.
        BadCall: when it is a table, and the engine is for files.
    """
    if run.deleted:
        raise NotFound(f"the run of {label} was deleted", hint=NAME_THEM)
    found = evaluated_on(run.inputs, label)
    if found.is_table and engine == "local":
        hint = "add --engine spark, or name files: --eval-data PATH"
        raise BadCall(f"the run's data are the table {found.uri}, which this engine does not read", hint=hint)
    return found


def _path(place: str) -> str:
    """A `file:` address as the path that it means.

    Raises:
        NotFound: when it is an address of another kind.
    """
    if "://" not in place and not place.startswith("file:"):
        return place
    try:
        parts = urlsplit(place)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise NotFound(f"the run's data lie at {place}, which cannot be read here", hint=NAME_THEM)
    return unquote(parts.path)
