"""Time from degradation to rollback: a canary on real MLflow scoring servers, whose candidate begins to do worse.

`python benchmarks/rollback.py [--rounds N]`: the clock runs from when the model is told to degrade until the endpoint
gives all of its traffic to the old version again; callers ask the endpoint throughout. Errors and wrong answers end a
canary at the next look, latencies are judged when their rung ends.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "lib")]

from model_promotion.core.exits import ExitCode
from tests.e2e.degraded import Degraded, Servers, degraded, opened, servers
from tests.endpoints.degrading import HOW
from tests.workspace import Workspace

LOOK_S, RUNG_S, PER_S = 1, 10, 45
POLICY = f"[rollout]\ntimeout_s = 60\nlook_s = {LOOK_S}\nprobes_per_s = {PER_S}\nleast_requests = 40\n"


def once(how: str, both: Servers) -> Degraded:
    """One canary in a workspace of its own."""
    with Workspace() as workspace, tempfile.TemporaryDirectory() as folder:
        found = degraded(opened(workspace, both, Path(folder), POLICY), both.candidate, how, f"{RUNG_S}s")
    both.candidate.turn("well")
    return found


def told(how: str, found: list[Degraded]) -> str:
    """What came of all rounds."""
    took = sorted(one.back_s for one in found)
    failed = sum(sum(one.callers.failed.values()) for one in found)
    sent = sum(one.callers.sent for one in found)
    back = sum(one.result.code == ExitCode.REFUSED for one in found)
    line = f"{how:14} median {statistics.median(took):5.1f} s ({took[0]:.1f} to {took[-1]:.1f})"
    return f"{line}, {back} of {len(found)} rolled back, {failed} of {sent} requests of callers failed"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {rounds} rounds")
    print(f"half of the traffic for {RUNG_S} s, looks of {LOOK_S} s, {PER_S} requests a second to each version")
    with tempfile.TemporaryDirectory() as folder, servers(Path(folder)) as both:
        for how in HOW:
            print(told(how, [once(how, both) for _ in range(rounds)]), flush=True)


if __name__ == "__main__":
    main()
