"""Whole-process times against a workspace that takes 50 ms per request, as ratios to a bare four-call script.

`python benchmarks/process.py [--rounds N]`: each round runs the bare script, a promotion and a rollback in turn; the
ratios are taken round by round, and their median is what counts. Says how many requests each makes, and how many of
them wait on each other (the longest chain of requests of which none overlaps the next).
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.workspace import Workspace
from tests.workspace.log import Seen
from tests.workspace.mlflow_server import running
from tests.workspace.seed import MODEL, seed

LATENCY_S = 0.05
SCRIPT = str(ROOT / "promote_model.py")
COMMANDS = {
    "bare": [str(ROOT / "benchmarks" / "bare.py"), MODEL],
    "promote": [SCRIPT, MODEL, "--plain"],
    "rollback": [SCRIPT, MODEL, "--rollback", "--plain"],
}
LIMITS = {"promote": 1.15, "rollback": 0.75}


def chain(requests: Sequence[Seen]) -> int:
    """The most requests of which each starts after the one before it has ended."""
    length, free_at = 0, 0.0
    for request in sorted(requests, key=lambda one: one.t_end):
        if request.t_start >= free_at:
            length, free_at = length + 1, request.t_end
    return length


def timed(name: str, workspace: Workspace, folder: Path) -> tuple[float, list[Seen]]:
    """Run one command from a fresh state; its wall time in seconds and the requests it made."""
    reset(name, workspace)
    before = len(workspace.log)
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), **workspace.env()}
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, *COMMANDS[name]], env=env, cwd=folder, capture_output=True, check=False)
    wall_s = time.perf_counter() - begun
    if done.returncode:
        sys.exit(f"{name} ended with {done.returncode}:\n{done.stdout.decode()}{done.stderr.decode()}")
    return wall_s, list(workspace.log[before:])


def reset(name: str, workspace: Workspace) -> None:
    """Before the bare script and a promotion v1 stands; a rollback follows the promotion. Nothing is held."""
    if name != "rollback":
        workspace.set_alias(MODEL, "champion", 1)
    workspace.registry.version(MODEL, 2).tags.pop("promotion_hold", None)
    workspace.faults.latency = LATENCY_S


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running(folder) as url, Workspace(url) as workspace:
            seed(workspace, folder / "seed")
            runs = [{key: timed(key, workspace, folder) for key in COMMANDS} for _ in range(rounds + 1)][1:]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {rounds} rounds after one warm-up")
    over = []
    for key in COMMANDS:
        walls = [run[key][0] for run in runs]
        requests = runs[-1][key][1]
        line = f"{key:9} median {statistics.median(walls):.2f} s [{min(walls):.2f}, {max(walls):.2f}]"
        line += f", {len(requests)} requests, {chain(requests)} of them one after another"
        if key in LIMITS:
            ratio = statistics.median(run[key][0] / run["bare"][0] for run in runs)
            line += f", ratio to bare {ratio:.2f} (at most {LIMITS[key]})"
            over += [key] if ratio > LIMITS[key] else []
        print(line)
    sys.exit(f"over the limit: {', '.join(over)}" if over else 0)


if __name__ == "__main__":
    main()
