"""Runs a team's own tests of a model with pytest and `suite_plugin.py`, and writes down how each test ended.

Run as `python -I suite_child.py < request.json`, beside `child.py` and `suite_plugin.py`. Its lines are those of
`probe_child.py`: one before each test and one after.
"""
# ruff: noqa: ANN401 - as in child.py

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SAID_LENGTH = 250
NO_TESTS = 5
ENDS = {2: "was interrupted", 3: "broke", 4: "cannot use what it was given", NO_TESTS: "found no test"}
LACKING = "pytest is not installed where the model runs; install it there: pip install pytest"


sys.path.insert(0, str(Path(__file__).parent))  # `python -I` leaves it out,
import manners  # noqa: E402

sys.path.pop(0)  # and what the model imports is its own.


class Reporter:
    """A plugin of pytest that writes a line for each test that begins, and one when it has ended."""

    def __init__(self, write: Callable[[dict[str, Any]], None]) -> None:
        self.write = write
        self.worst: dict[str, Any] = {}

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        self.worst = {"case": nodeid, "kind": "passed", "said": "", "took_s": 0.0}
        self.write({"trying": nodeid[:SAID_LENGTH]})

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Setup, call or teardown ended: what is not well in one of them counts for the test."""
        self.worst["took_s"] += report.duration
        if report.failed:
            self.worst |= {"kind": "broke" if report.when != "call" else "flawed", "said": reason(report)}
        elif report.skipped and not hasattr(report, "wasxfail") and self.worst["kind"] == "passed":
            self.worst |= {"kind": "skipped", "said": reason(report)}

    def pytest_runtest_logfinish(self) -> None:
        """A test has ended."""
        self.write({**self.worst, "case": self.worst["case"][:SAID_LENGTH]})

    def pytest_collectreport(self, report: Any) -> None:
        """A file that cannot be read, or is skipped as a whole, is told as if it were a test."""
        if report.failed or report.skipped:
            kind = "broke" if report.failed else "skipped"
            name = report.nodeid[:SAID_LENGTH] or "tests"
            self.write({"case": name, "kind": kind, "said": reason(report), "took_s": 0.0})


def reason(report: Any) -> str:
    """One line: where, and what was raised there."""
    told = report.longrepr
    if isinstance(told, tuple):
        return str(told[-1]).removeprefix("Skipped: ")[:SAID_LENGTH]
    crash = getattr(told, "reprcrash", None)
    if crash is not None:
        return f"{Path(crash.path).name}:{crash.lineno}: {' '.join(crash.message.split())}"[:SAID_LENGTH]
    lines = [line for line in report.longreprtext.splitlines() if line.strip()]
    # pytest marks what was raised; a fixture that is not there is followed by those that are.
    raised = [line for line in lines if line.startswith("E ")] or lines
    return raised[-1].removeprefix("E ").strip()[:SAID_LENGTH] if raised else "no reason was given"


def words(request: dict[str, Any]) -> list[str]:
    """The call of pytest. Options of the team's own configuration may need plugins that are not here."""
    named = {"--candidate": request["model_dir"], "--champion": request["champion_dir"]}
    named |= {"--champion-python": request["champion_python"], "--eval-rows": request["eval_rows"]}
    given = [word for flag, value in named.items() if value for word in (flag, value)]
    folders = [str(path if path.is_dir() else path.parent) for path in map(Path, request["tests"])]
    # Names of tests begin at the root, which would depend on where this process happens to run.
    root = ["--rootdir", os.path.commonpath(folders)]
    return ["-q", "-o", "addopts=", "-p", "no:cacheprovider", *root, *given, *request["tests"]]


def run(request: dict[str, Any], write: Callable[[dict[str, Any]], None]) -> None:
    """Every test; what keeps pytest itself from running them is told as one."""
    try:
        import pytest
    except ImportError:
        write({"case": "tests", "kind": "broke", "said": LACKING, "took_s": 0.0})
        return
    manners.pyfunc(request)
    plugin = manners.neighbour("suite_plugin")
    with contextlib.redirect_stderr(io.StringIO()) as errors:
        code = int(pytest.main(words(request), plugins=[plugin, Reporter(write)]))
    if code in ENDS:
        last = next((line for line in reversed(errors.getvalue().splitlines()) if line.strip()), "")
        said = f"pytest {ENDS[code]}{': ' if last else ''}{last.removeprefix('ERROR: ')}"
        write({"case": "tests", "kind": "broke", "said": said[:SAID_LENGTH], "took_s": 0.0})


def main() -> None:
    """One request in, two lines a test out."""
    request = manners.request()
    with manners.lines(request["answer_to"]) as write:
        try:
            run(request, write)
        except BaseException as error:  # noqa: BLE001 - a test may raise SystemExit or KeyboardInterrupt as well
            write({"case": "tests", "kind": "broke", "said": manners.told(error), "took_s": 0.0})
        write({"end": True})
    os._exit(0)


if __name__ == "__main__":
    main()
