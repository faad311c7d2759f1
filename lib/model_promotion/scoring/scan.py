"""Looks into a model's pickles without loading them, for names that do harm when they are loaded."""

from pathlib import Path

# Every Python model of MLflow is written with these: a model is code, and what code may do, no list of names tells.
CLOUDPICKLE = "cloudpickle"
UNREAD = "a file that cannot be scanned"


def dangers(folder: Path) -> tuple[str, ...]:
    """What picklescan calls dangerous in the folder's files, one phrase each; a file it cannot read is one too."""
    from picklescan.scanner import SafetyLevel, scan_directory_path

    try:
        found = scan_directory_path(str(folder))
    except Exception:  # noqa: BLE001 - a file made to trip the scanner must not pass, nor end this process
        return (UNREAD,)
    names = [item for item in found.globals if item.safety is SafetyLevel.Dangerous]
    bad = sorted({f"{item.module}.{item.name}" for item in names if item.module.split(".")[0] != CLOUDPICKLE})
    return (*bad, *((UNREAD,) if found.scan_err else ()))
