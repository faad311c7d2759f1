"""Many promotions by one manifest, against the same one after another, in a workspace that takes 50 ms per request.

`python benchmarks/manifest.py [--models 40] [--server]`: each way promotes models of its own. One after another is
measured twice: as a process for each model, and as calls within one process that has everything loaded, so that what
the limit is held against is the order of the work and not the time it takes to start. Ends with 1 under the limit.

Runs and experiments are kept in memory, so that every request takes 50 ms. With --server they are a real mlflow
server's, which beside its client on a small machine takes most of the processor, and longer when several ask.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.workspace import Workspace
from tests.workspace.mlflow_server import running
from tests.workspace.quick_tracking import QuickTracking
from tests.workspace.seed import seed

LATENCY_S = 0.05
LIMIT = 5.0
SCRIPT = str(ROOT / "promote_model.py")
WITHIN_ONE = """
import sys
sys.path.insert(0, sys.argv[1])
from model_promotion.cli import main
sys.exit(max(main([model, "--plain"]) for model in sys.argv[2:]))
"""


@dataclass(frozen=True)
class Ground:
    """The workspace with models for each way, and a folder to work in."""

    workspace: Workspace
    folder: Path
    count: int

    def models(self, way: str) -> list[str]:
        """Names of models that only this way promotes."""
        return [f"main.ml.{way}_{number:02}" for number in range(self.count)]

    def seeded(self, ways: Sequence[str]) -> None:
        """Every model as the tests know it: version 1 is champion, 2 is staging."""
        for model in (model for way in ways for model in self.models(way)):
            seed(self.workspace, self.folder / "seed", model)
        self.workspace.faults.latency = LATENCY_S

    def run(self, *words: str) -> None:
        """A process that must end well."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **self.workspace.env()}
        done = subprocess.run([sys.executable, *words], env=env, cwd=self.folder, capture_output=True, check=False)
        if done.returncode:
            sys.exit(f"{words[0]} ended with {done.returncode}:\n{done.stdout.decode()}{done.stderr.decode()}")

    def processes(self, models: list[str]) -> None:
        """One after another, a process each."""
        for model in models:
            self.run(SCRIPT, model, "--plain")

    def within_one(self, models: list[str]) -> None:
        """One after another within one process."""
        self.run("-c", WITHIN_ONE, str(ROOT / "lib"), *models)

    def manifest(self, models: list[str]) -> None:
        """All of them by one call."""
        path = self.folder / "manifest.toml"
        path.write_text("".join(f'[[promotion]]\nmodel = "{model}"\n' for model in models), encoding="utf-8")
        self.run(SCRIPT, "--manifest", str(path), "--plain")

    def timed(self, way: str) -> tuple[float, int]:
        """The wall time in seconds, and the requests; every champion must have moved."""
        before, begun = len(self.workspace.log), time.perf_counter()
        getattr(self, way)(self.models(way))
        wall_s = time.perf_counter() - begun
        assert all(self.workspace.aliases(model)["champion"] == 2 for model in self.models(way))  # noqa: PLR2004
        return wall_s, len(self.workspace.log) - before


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=40)
    parser.add_argument("--server", action="store_true", help="records go to a real mlflow server")
    asked = parser.parse_args()
    count = asked.models
    ways = ("manifest", "within_one", "processes")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running(folder) if asked.server else nullcontext() as url, Workspace(url) as workspace:
            workspace.tracking = workspace.tracking if asked.server else QuickTracking()
            ground = Ground(workspace, folder, count)
            ground.seeded(("warm_up", *ways))
            ground.processes(ground.models("warm_up")[:1])  # It makes the experiment that holds the records.
            took = {way: ground.timed(way) for way in ways}
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {count} models, {LATENCY_S * 1000:.0f} ms")
    fastest = took["manifest"][0]
    for way, (wall_s, requests) in took.items():
        print(f"{way:11} {wall_s:6.1f} s, {requests} requests, ratio to the manifest {wall_s / fastest:.1f}")
    ratio = took["within_one"][0] / fastest
    sys.exit(f"under the limit: {ratio:.1f} instead of {LIMIT}" if ratio < LIMIT else 0)


if __name__ == "__main__":
    main()
