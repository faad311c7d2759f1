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
        BadCall: when it is a folder, or its folder is not there and cannot be made.
    """
    try:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.stat()  # A name that no file can have is found out here.
        nearest = next(folder for folder in path.absolute().parents if folder.exists())
        wrong = "it is a folder" if path.is_dir() else _wrong(nearest)
    except (OSError, ValueError) as error:
        wrong = _why(error)
    if wrong:
        raise BadCall(f"{option} {path} cannot be written: {wrong}", hint=f"name another {option} PATH")
    return path


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
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(text, path)
    except (OSError, ValueError) as error:
        raise NotWritten(f"{path} could not be written: {_why(error)}") from error


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or "it is no name of a file"
