"""A reviewed plan as a file: read with suspicion, written whole or not at all."""

from pathlib import Path

from model_promotion.core.errors import BadCall
from model_promotion.core.reviewed import MOST_CHARACTERS, Reviewed, ReviewedFleet, parse
from model_promotion.reports.whole_file import write_whole


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
    """Write the plan, whole or not at all.

    Raises:
        BadCall: when the folder cannot be written.
    """
    try:
        write_whole(reviewed.text, path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no name of a file"
        raise BadCall(f"plan {path} cannot be written: {why}", hint="name another --plan-out FILE") from error
