"""Looks into a model's pickles without loading them, for names that do harm when they are loaded."""

import bz2
import functools
import gzip
import io
import lzma
import zlib
from pathlib import Path
from typing import IO, Any

from model_promotion.core.trial import one_line

# Every Python model of MLflow is written with these: a model is code, and what code may do, no list of names tells.
CLOUDPICKLE = "cloudpickle"
UNREAD = "a file that cannot be scanned"
# What is called or begins like this must be readable to the end; any other file may be what it likes.
NAMES = frozenset({".pkl", ".pickle", ".dill", ".joblib", ".dat", ".data", ".pt", ".pth", ".bin", ".ckpt", ".npy"})
PICKLES = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
PACKED: dict[bytes, Any] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
    b"\x5d\x00\x00": lzma.open,
}
ZLIB = tuple(bytes((0x78, level)) for level in (0x01, 0x5E, 0x9C, 0xDA))
MOST = 512 * 2**20


def refused(folder: Path) -> str:
    """Why a model with these files is not loaded, in one line; empty where nothing stands against it."""
    found = dangers(folder)
    return one_line(f"is not loaded, its files call {', '.join(found)}") if found else ""


def dangers(folder: Path) -> tuple[str, ...]:
    """What picklescan calls dangerous in the folder's files, one phrase each; a pickle it cannot read is one too."""
    bad: set[str] = set()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        known = path.stat()
        bad |= _dangers(path, (known.st_ino, known.st_size, known.st_mtime_ns, known.st_ctime_ns))
    return tuple(sorted(bad, key=lambda one: (one == UNREAD, one)))


@functools.lru_cache(maxsize=4096)
def _dangers(path: Path, _: tuple[int, ...]) -> frozenset[str]:
    """Of one file; several checks run the same model, and what has not changed since is not read again."""
    from picklescan.scanner import SafetyLevel, scan_bytes

    with path.open("rb") as file:
        start = file.read(6)
    is_one = path.suffix.lower() in NAMES or start.startswith(PICKLES)
    if not start:
        return frozenset()
    try:
        with _opened(path, start) as content:
            found = scan_bytes(content, str(path), path.suffix.lower())
    except Exception:  # noqa: BLE001 - a file made to trip the scanner must not pass, nor end this process
        return frozenset({UNREAD} if is_one else ())
    bad = [item for item in found.globals if item.safety is SafetyLevel.Dangerous]
    names = [item for item in bad if item.module.split(".")[0] != CLOUDPICKLE]
    # In what is no pickle, what looks like one for a few bytes has no names.
    told = {f"{item.module}.{item.name}" for item in names if is_one or "unknown" not in (item.module, item.name)}
    return frozenset(told | ({UNREAD} if found.scan_err and is_one else set()))


def _opened(path: Path, start: bytes) -> IO[bytes]:
    """The file, unpacked where it is packed.

    Raises:
        ValueError: when there is more in it than would fit into memory.
    """
    if start.startswith(ZLIB):
        content = zlib.decompressobj().decompress(path.read_bytes(), MOST)
    elif unpack := next((unpack for magic, unpack in PACKED.items() if start.startswith(magic)), None):
        with unpack(path, "rb") as packed:
            content = packed.read(MOST)
    else:
        return path.open("rb")
    if len(content) == MOST:
        raise ValueError(f"{path} holds more than {MOST} bytes")
    return io.BytesIO(content)
