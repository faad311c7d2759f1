"""A reviewed plan as a file: read with suspicion, written whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path

from model_promotion.core.errors import BadCall
from model_promotion.core.reviewed import MOST_CHARACTERS, Reviewed, ReviewedFleet, parse


def read(path: Path) -> Reviewed | ReviewedFleet:
    """The plan in a file, of one promotion or of a fleet.

    Raises:
        BadCall: when the file cannot be read, or is no plan.
        Conflict: when it was edited after it was made.
    """
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MOST_CHARACTERS + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise BadCall(f"plan {path} cannot be read: {why}", hint="make one: --plan-out FILE") from error
    return parse(text)


def write(reviewed: Reviewed | ReviewedFleet, path: Path) -> None:
    """Write the plan beside its place and move it there, so that no half plan is ever seen.

    Raises:
        BadCall: when the folder cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", text=True)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(reviewed.text)
            os.replace(name, path)  # noqa: PTH105 - the same deed, in the words of the rest of this block
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no name of a file"
        raise BadCall(f"plan {path} cannot be written: {why}", hint="name another --plan-out FILE") from error
