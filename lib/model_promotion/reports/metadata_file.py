"""The files that --metadata-file and --junit-xml name."""

import contextlib
import os
from pathlib import Path

from model_promotion.core.errors import BadCall, PromotionError
from model_promotion.reports.whole_file import write_whole


class NotWritten(PromotionError):
    """The file could not be written; what it tells of is done all the same."""


def place(path: Path, option: str) -> Path:
    """The path, if a file can be written there; nothing is made yet.

    Raises:
        BadCall: when it is no file (a folder, a device), or its folder is not there and cannot be made.
    """
    try:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.stat()  # A name that no file can have is found out here.
        nearest = next(folder for folder in path.resolve().parents if folder.exists())
        wrong = _no_file(path) or _wrong(nearest)
    except (OSError, ValueError) as error:
        wrong = _why(error)
    if wrong:
        raise BadCall(f"{option} {path} cannot be written: {wrong}", hint=f"name another {option} PATH")
    return path


def _no_file(path: Path) -> str:
    """What stands there that a file must not take the place of."""
    if path.is_dir():
        return "it is a folder"
    return "it is no file, but a device or a pipe" if path.exists() and not path.is_file() else ""


def _wrong(nearest: Path) -> str:
    if not nearest.is_dir():
        return f"{nearest} is no folder"
    return "" if os.access(nearest, os.W_OK | os.X_OK) else f"{nearest} is not writable"


def write(text: str, path: Path) -> None:
    """Write the text, whole or not at all, and the folders above it.

    Raises:
        NotWritten: with what went wrong.
    """
    try:
        place = path.resolve()  # The rest of a pipeline reads where a link leads.
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(text, place)
    except (OSError, ValueError) as error:
        raise NotWritten(f"{path} could not be written: {_why(error)}") from error


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or "it is no name of a file"
