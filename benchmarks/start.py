"""How soon the first line appears, and how much memory a dry run takes, beside named baselines in one run.

`python benchmarks/start.py [--rounds N]`: times until the first line of a promotion, of --help and of a wrong call,
each beside a bare `python -c pass`, round by round; then the peak memory of a dry run on a workspace beside that of
`import mlflow`.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.workspace import Workspace
from tests.workspace.mlflow_server import running
from tests.workspace.seed import MODEL, seed

SCRIPT = str(ROOT / "promote_model.py")
STARTS = {
    "python -c pass": ["-c", "pass"],
    "promotion": [SCRIPT, MODEL],
    "--help": [SCRIPT, "--help"],
    "wrong call": [SCRIPT, MODEL, "--no-such-option"],
}
LIMIT_MS = 150
MEMORY_LIMIT = 1.3


def first_line_ms(arguments: list[str], folder: Path) -> float:
    """Milliseconds from the start of the process to its first line (or to its end, when it says nothing)."""
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=bare_env(folder)
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        took_ms = (time.perf_counter() - begun) * 1000
        process.kill()
    return took_ms


def peak_mib(arguments: list[str], env: dict[str, str], folder: Path) -> float:
    """The peak resident memory of a whole process, in MiB, by the kernel's own account (Linux: ru_maxrss in KiB)."""
    with subprocess.Popen([sys.executable, *arguments], cwd=folder, stdout=subprocess.DEVNULL, env=env) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{arguments} ended with {process.returncode}")
    return usage.ru_maxrss / 1024


def bare_env(folder: Path) -> dict[str, str]:
    """No registry is configured."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder)}


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs = [{key: first_line_ms(words, folder) for key, words in STARTS.items()} for _ in range(rounds + 1)][1:]
        over = []
        for key in STARTS:
            times = [run[key] for run in runs]
            line = (
                f"first line of {key:15} median {statistics.median(times):4.0f} ms [{min(times):.0f}, {max(times):.0f}]"
            )
            print(line if key == "python -c pass" else f"{line} (under {LIMIT_MS} ms)")
            over += [key] if statistics.median(times) >= LIMIT_MS else []
        with running(folder) as url, Workspace(url) as workspace:
            seed(workspace, folder / "seed")
            env = {**bare_env(folder), **workspace.env()}
            pairs = [
                (peak_mib([SCRIPT, MODEL, "--dry-run"], env, folder), peak_mib(["-c", "import mlflow"], env, folder))
                for _ in range(3)
            ]
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        print(f"peak memory: dry run {pairs[-1][0]:.0f} MiB, import mlflow {pairs[-1][1]:.0f} MiB,", end=" ")
        print(f"ratio {ratio:.3f} (at most {MEMORY_LIMIT})")
        over += ["memory"] if ratio > MEMORY_LIMIT else []
    sys.exit(f"over the limit: {', '.join(over)}" if over else 0)


if __name__ == "__main__":
    main()
