"""A reviewed plan as a file: read with suspicion, written whole or not at all."""

from pathlib import Path

from model_promotion.core.errors import BadCall
from model_promotion.core.reviewed import MOST_CHARACTERS, MOST_OF_A_FLEET, Reviewed, ReviewedFleet, parse
from model_promotion.reports.whole_file import write_whole


def read(path: Path) -> Reviewed | ReviewedFleet:
    """The plan in a file, of one promotion or of a fleet.

    Raises:
        BadCall: when the file cannot be read, or is no plan.
        Conflict: when it was edited after it was made.
    """
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MOST_OF_A_FLEET + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise BadCall(f"plan {path} cannot be read: {why}", hint="make one: --plan-out FILE") from error
    return parse(text)


def write(reviewed: Reviewed | ReviewedFleet, path: Path) -> None:
    """Write the plan, whole or not at all.

    Raises:
        BadCall: when the folder cannot be written, or it would be too long to be read again.
    """
    text = reviewed.text
    if len(text) > (MOST_OF_A_FLEET if isinstance(reviewed, ReviewedFleet) else MOST_CHARACTERS):
        raise BadCall(f"plan {path} would be too long to be read again", hint="plan a part of it at a time")
    try:
        write_whole(text, path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no name of a file"
        raise BadCall(f"plan {path} cannot be written: {why}", hint="name another --plan-out FILE") from error
