"""How long the torture lasts, and what it counted."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.e2e.registry import made
from tests.torture import forks as fork_server
from tests.torture.forks import Forks
from tests.torture.grounds import Ground, Loopback, Sqlite, loopback, sqlite
from tests.workspace import Workspace

LONG = bool(os.environ.get("TORTURE"))
Tally = dict[str, float]
Make = Callable[[], Ground]
T = TypeVar("T")


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with fork_server.running(tmp_path_factory.mktemp("forks")) as server:
        yield server


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("registry"))


@pytest.fixture
def loopbacks(workspace: Workspace, forks: Forks, tmp_path: Path) -> Callable[[], Loopback]:
    """Makes models in Unity Catalog, each untouched."""
    return lambda: loopback(workspace, forks, tmp_path)


@pytest.fixture
def files(template: Path, forks: Forks, tmp_path: Path) -> Callable[[], Sqlite]:
    """Makes sqlite registries, each untouched."""
    return lambda: sqlite(template, forks, tmp_path)


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """What this test counts; it is printed at the end, with xdist too."""
    counted: Tally = {}
    request.node.user_properties.append(("torture", counted))
    return counted


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Kills, rounds, violations, seconds."""
    total: Counter[str] = Counter()
    counted: dict[str, Tally] = {}
    for outcome in ("passed", "failed", ""):  # The last holds what was counted up to the very end of a test.
        for report in terminalreporter.stats.get(outcome, []):
            if counts := [value for name, value in getattr(report, "user_properties", ()) if name == "torture"]:
                counted[report.nodeid] = counts[-1]
                total["seconds"] += report.duration
    for one in counted.values():
        total.update(one)
    if total:
        said = ", ".join(f"{value:.0f} {name}" for name, value in total.items())
        terminalreporter.write_line(f"torture ({'long' if LONG else 'quick'}): {said}")


def budget(quick_s: float, long_s: float) -> Iterator[int]:
    """Round numbers until the time is over, at least one."""
    end, number = time.monotonic() + (long_s if LONG else quick_s), 0
    while number == 0 or time.monotonic() < end:
        yield number
        number += 1


def left(cases: Iterable[T], within_s: float, tally: Tally) -> Iterator[T]:
    """The cases until the time is over, which is counted: then the matrix was cut short."""
    end = time.monotonic() + within_s
    for case in cases:
        if time.monotonic() > end:
            tally["cut short"] = 1
            return
        yield case
