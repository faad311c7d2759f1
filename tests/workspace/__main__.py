"""Serves a seeded workspace until it is told to stop: `python tests/workspace/__main__.py --latency-ms 50`."""

import argparse
import signal
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.workspace.seed import seed
from tests.workspace.workspace import Workspace


def main() -> None:
    """Prints one NAME=value line for each environment variable, then an empty line, then serves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency-ms", type=float, default=0.0, help="wait before each answer")
    parser.add_argument("--tracking-url", help="a running mlflow server; without it tracking answers 503")
    parser.add_argument("--polls", type=int, default=1, help="looks until an endpoint update is done [1]")
    asked = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with tempfile.TemporaryDirectory() as folder, Workspace(asked.tracking_url) as workspace:
        seed(workspace, Path(folder))
        workspace.faults.latency, workspace.polls_until_ready = asked.latency_ms / 1000, asked.polls
        lines = [f"{name}={value}" for name, value in workspace.env().items()]
        sys.stdout.write("\n".join([*lines, "", ""]))
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
