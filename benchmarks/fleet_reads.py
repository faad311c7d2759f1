"""`--list` and `--auto` on 5,000 models with 20,000 versions, as ratios to a plain loop over the two searches.

`python benchmarks/fleet_reads.py [--rounds N]`: on an sqlite file, and on a real `mlflow server` in front of the same
file, each round runs the plain loop and both calls in turn, each as a process of its own; the ratios are taken round by
round, and their median is what counts. Says how many requests each makes of the server.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.fleet import MODELS, VERSIONS, build
from tests.workspace.mlflow_server import running

SCRIPT = str(ROOT / "promote_model.py")
CALLS = {
    "--list": [SCRIPT, "--list", "--json"],
    "--auto": [SCRIPT, "--auto", "--metric", "roc_auc", "--dry-run", "--json"],
}
LIMIT = 1.2
ENDS_WITH = (0, 1)  # The dry run warns: the versions of the fleet have no signature.
MOST_REQUESTS = MODELS // 100


class Counter(BaseHTTPRequestHandler):
    """Hands each request on to the server, and counts it."""

    server_url = ""
    count = 0

    def do_GET(self) -> None:
        """Count, ask, and answer what the server answers."""
        self._hand_on()

    do_POST = do_GET  # noqa: N815 - as above

    def _hand_on(self) -> None:
        type(self).count += 1
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        kind = {"Content-Type": "application/json"} if body else {}
        asked = urllib.request.Request(self.server_url + self.path, body, kind, method=self.command)  # noqa: S310
        try:
            with urllib.request.urlopen(asked) as reply:  # noqa: S310 - a loopback address of ours
                status, text = reply.status, reply.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Nothing: the count is the log."""


@contextmanager
def counting(url: str) -> Iterator[str]:
    """The address of a counter in front of a server."""
    Counter.server_url = url
    with ThreadingHTTPServer(("127.0.0.1", 0), Counter) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def timed(words: list[str], uri: str, folder: Path) -> float:
    """The wall time of one call as a process of its own, in seconds."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "MLFLOW_TRACKING_URI": uri, "NO_PROXY": "127.0.0.1"}
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words],
        env=env | {"MLFLOW_DISABLE_TELEMETRY": "true"},
        cwd=folder,
        capture_output=True,
        check=False,
    )
    wall_s = time.perf_counter() - begun
    if done.returncode not in ENDS_WITH:
        sys.exit(f"{words} ended with {done.returncode}:\n{done.stdout.decode()[-2000:]}{done.stderr.decode()[-2000:]}")
    return wall_s


def measure(where: str, uri: str, folder: Path, rounds: int) -> list[str]:
    """The table for one registry; the answer names what is over its limit."""
    bare = [str(ROOT / "benchmarks" / "fleet_bare.py"), uri]
    both = {"plain loop": bare, **CALLS}
    runs = [{name: timed(words, uri, folder) for name, words in both.items()} for _ in range(rounds + 1)][1:]
    over = []
    for name in both:
        walls = [run[name] for run in runs]
        line = f"{where:14} {name:10} median {statistics.median(walls):.2f} s [{min(walls):.2f}, {max(walls):.2f}]"
        if name in CALLS:
            ratio = statistics.median(run[name] / run["plain loop"] for run in runs)
            line += f", ratio to the loop {ratio:.2f} (at most {LIMIT})"
            over += [f"{name} on {where}"] if ratio > LIMIT else []
        print(line, flush=True)
    return over


def requests_of(words: list[str], url: str, folder: Path) -> int:
    """How many requests one call makes of the server."""
    Counter.count = 0
    with counting(url) as through:
        timed([*words[:-1], through] if words[-1] == url else words, through, folder)
    return Counter.count


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {rounds} rounds after one warm-up")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = build(folder)
        print(f"{MODELS} models with {MODELS * VERSIONS} versions", flush=True)
        over = measure("sqlite", f"sqlite:///{database}", folder, rounds)
        with running(folder) as url:
            over += measure("mlflow server", url, folder, rounds)
            bare = [str(ROOT / "benchmarks" / "fleet_bare.py"), url]
            for call, words in {"plain loop": bare, **CALLS}.items():
                count = requests_of(words, url, folder)
                print(f"requests {call:10} {count}")
                over += [f"requests of {call}"] if count > MOST_REQUESTS else []
    sys.exit(f"over the limit: {', '.join(over)}" if over else 0)


if __name__ == "__main__":
    main()
