"""How every script that runs beside a model begins, speaks and ends.

Imported by path, in whatever environment the model needs: it imports nothing of ours, and no syntax newer than Python
3.10.
"""
# ruff: noqa: ANN401 - what a request holds is JSON

from __future__ import annotations

import importlib.util
import json
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LINE_LENGTH = 250


class Trouble(Exception):
    """One sentence about why there is no answer."""


def neighbour(name: str) -> Any:
    """The script of that name, which lies beside this one, as a module: nothing of ours comes onto the model's path."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None  # noqa: S101 - the file is beside this one
    assert spec.loader is not None  # noqa: S101 - as above
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def request() -> dict[str, Any]:
    """What is asked, from stdin. From here on no bytecode is left behind, and no warning becomes the last words."""
    sys.dont_write_bytecode = True  # the downloaded model stays as it was downloaded
    warnings.showwarning = lambda *_, **__: None  # so that the last line of stderr is the model's own
    asked: dict[str, Any] = json.load(sys.stdin)
    return asked


def pyfunc(asked: dict[str, Any]) -> Any:
    """MLflow's loader. It is imported before the clock and the limit of memory: what it costs is not the model's doing.

    The limit is set here rather than by the parent: a preexec_fn may deadlock a parent that has threads.
    """
    import mlflow.pyfunc

    if asked["memory_limit_mib"] is not None:
        import resource

        most = asked["memory_limit_mib"] * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))
    return mlflow.pyfunc


@contextmanager
def lines(path: str) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Writes JSON lines, each of them at once: what was announced is told even if the process does not live on."""
    with Path(path).open("a", encoding="utf-8") as file:

        def write(line: dict[str, Any]) -> None:
            file.write(json.dumps(line, allow_nan=False) + "\n")
            file.flush()

        yield write


def told(error: BaseException) -> str:
    """The error's type and text as one short line, whatever its own __str__ does."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - foreign __str__
        text = ""
    name = "" if isinstance(error, Trouble) else type(error).__name__
    return " ".join(f"{name}: {text}".split()).strip(": ")[:LINE_LENGTH]


def peak_mib() -> float | None:
    """The most memory this process held. Linux: VmHWM, as ru_maxrss survives exec and would show the parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if "VmHWM:" in line)
    if sys.platform == "win32":
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
