"""A file written whole or not at all."""

import contextlib
import os
import stat
from pathlib import Path


def write_whole(text: str, path: Path) -> None:
    """Write the text beside its place and move it there, so that no half file is ever seen.

    A link gives way, and what it points to stays. Who may read a file that is there already may read the new one.

    Raises:
        OSError: when the folder cannot be written.
        ValueError: when the path is no name of a file.
    """
    # Opened as any file is, so that it may be read by whom the umask says; mkstemp would keep it to us.
    beside = path.with_name(f".{os.urandom(8).hex()}.tmp")
    try:
        with beside.open("x", encoding="utf-8") as file:
            file.write(text)
        if path.is_file() and not path.is_symlink():
            beside.chmod(stat.S_IMODE(path.stat().st_mode))
        os.replace(beside, path)  # noqa: PTH105 - Path.replace says nothing of replacing what is there
    except BaseException:
        with contextlib.suppress(OSError, ValueError):
            beside.unlink()
        raise
