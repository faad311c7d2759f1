"""Looks into a model's pickles without loading them, for names that do harm when they are loaded."""

from pathlib import Path

# Every Python model of MLflow is written with these: a model is code, and what code may do, no list of names tells.
CLOUDPICKLE = "cloudpickle"
UNREAD = "a file that cannot be scanned"
# By name where formats have no sign of their own (protocol 0, PyTorch's old one), by content whatever the name.
NAMES = frozenset({".pkl", ".pickle", ".dill", ".joblib", ".dat", ".data", ".pt", ".pth", ".bin", ".ckpt", ".npy"})
PICKLES = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
ARCHIVES = (b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c")


def dangers(folder: Path) -> tuple[str, ...]:
    """What picklescan calls dangerous in the folder's files, one phrase each; a file it cannot read is one too."""
    from picklescan.scanner import SafetyLevel, ScanResult, scan_file_path

    found = ScanResult([])
    try:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and _may_be_a_pickle(path):
                found.merge(scan_file_path(str(path)))
    except Exception:  # noqa: BLE001 - a file made to trip the scanner must not pass, nor end this process
        return (UNREAD,)
    names = [item for item in found.globals if item.safety is SafetyLevel.Dangerous]
    bad = sorted({f"{item.module}.{item.name}" for item in names if item.module.split(".")[0] != CLOUDPICKLE})
    return (*bad, *((UNREAD,) if found.scan_err else ()))


def _may_be_a_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(6)
    return bool(start) and (path.suffix.lower() in NAMES or start.startswith((*PICKLES, *ARCHIVES)))
