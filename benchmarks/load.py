"""The load generator beside hey and wrk on the same small server, round by round in one run; and a pause of a second.

`python benchmarks/load.py [--rounds N]`: hey and wrk are asked of the system (`apt-get install hey wrk`); what is not
there is left out, and said. Both are closed loops. First everyone asks for the same modest rate, so that what differs
is who measures, and the ratio of the latencies is taken round by round. Then everyone sends what it can: hey and wrk
without a limit, ours at the rates below, of which the highest counts at which no more than one request in a hundred
left late. Then the server stands still for one second: an open loop and a closed one say what that did to p99.
"""

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "lib")]

from model_promotion.clocks import SystemClock
from model_promotion.core.load import Destination, Load, LoadPolicy, LoadRun, LoadTest
from model_promotion.core.payloads import Payload
from model_promotion.evidence.latencies import late_ms, loaded
from model_promotion.serving.load import AioLoader
from tests.endpoints.small import Small, running

BODY = '{"inputs": [1.0]}'
RATE, SECONDS = 200, 5
WORKERS = 4
OURS = (250, 500, 1000, 2000, 3000)
OURS_DUE, OURS_LEFT = "ours, from due", "ours, from sent"
STALL_RATE, STALL_SECONDS = 100, 10


class Told(NamedTuple):
    """What one who sends said: requests a second, and latencies in ms."""

    per_s: float
    p50: float
    p95: float
    p99: float


def sent(url: str, rate: float, seconds: float) -> LoadRun:
    """A run of ours."""
    load = Load((Destination(url, url),), (Payload(BODY.encode()),), LoadTest(rate, seconds), warm_up_s=0.0)
    return AioLoader(SystemClock()).run(load)


def ours(url: str) -> tuple[Told, Told]:
    """What our open loop says: from when a request was due, and, as the others count, from when it left."""
    run = sent(url, RATE, SECONDS)
    left = run.__class__(run.load, tuple(one._replace(took_s=one.took_s - one.late_s) for one in run.samples))
    return _told(run), _told(left)


def _told(run: LoadRun) -> Told:
    (found,) = loaded(run)
    return Told(found.answered_per_s, *(found.quantiles[name].value for name in ("p50_ms", "p95_ms", "p99_ms")))


def hey(url: str, *, paced: bool = True) -> Told:
    """What hey says: WORKERS connections, each of which waits for its answer."""
    limit = ["-c", str(WORKERS), "-q", f"{RATE / WORKERS:g}"] if paced else ["-c", "16"]
    words = ["hey", "-z", f"{SECONDS}s", *limit, "-m", "POST", "-T", "application/json", "-d", BODY, url]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    seconds = {share: float(at) for share, at in re.findall(r"(\d+)%+ in ([\d.]+) secs", text)}
    per_s = float(re.findall(r"Requests/sec:\s*([\d.]+)", text)[0])
    return Told(per_s, *(seconds[share] * 1000 for share in ("50", "95", "99")))


def wrk_per_s(url: str, folder: Path) -> float:
    """How many requests a second wrk gets through, on one core."""
    body = folder / "body.lua"
    body.write_text(f"wrk.method = 'POST'\nwrk.body = '{BODY}'\n", encoding="utf-8")
    words = ["wrk", "-t1", "-c16", f"-d{SECONDS}s", "-s", str(body), url]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return float(re.findall(r"Requests/sec:\s*([\d.]+)", text)[0])


def highest(url: str) -> tuple[float, float]:
    """The highest of the rates at which we were not late ourselves, and how late we were then; 0 when at none."""
    best = (0.0, 0.0)
    for rate in OURS:
        run = sent(url, rate, SECONDS)
        if late_ms(run) > LoadPolicy.max_late_ms:
            break
        best = (loaded(run)[0].answered_per_s, late_ms(run))
    return best


def closed(url: str, rate: float, seconds: float) -> list[float]:
    """A closed loop at the same rate: each of WORKERS sends its next request when it is time and the last came back."""
    host, _, path = url.removeprefix("http://").partition("/")
    took: list[float] = []
    end = time.monotonic() + seconds

    def work() -> None:
        connection = HTTPConnection(host)
        while (begun := time.monotonic()) < end:
            connection.request("POST", f"/{path}", BODY)
            connection.getresponse().read()
            took.append((time.monotonic() - begun) * 1000)
            time.sleep(max(0.0, begun + WORKERS / rate - time.monotonic()))

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(took)


def stalled(server: Small, run: Callable[[], Sequence[float]]) -> float:
    """The p99 that this measures while the server stands still for one second."""
    threading.Timer(STALL_SECONDS / 2, server.stop).start()
    threading.Timer(STALL_SECONDS / 2 + 1, server.go_on).start()
    took = run()
    return sorted(took)[int(0.99 * len(took))]


def beside_hey(server: Small, rounds: int) -> None:
    """The same rate, the latencies beside each other."""
    said = [_round(server.at("well")) for _ in range(rounds + 1)][1:]
    for name in said[0]:
        row = Told(*map(statistics.median, zip(*(one[name] for one in said), strict=True)))
        print(f"{name:15} at {RATE}/s: " + ", ".join(f"{key} {value:.2f}" for key, value in row._asdict().items()))
    if "hey" not in said[0]:
        print("hey is not installed here")
        return
    for name in (OURS_DUE, OURS_LEFT):
        pairs = {key: [(getattr(one[name], key), getattr(one["hey"], key)) for one in said] for key in Told._fields}
        ratios = {key: statistics.median(a / b for a, b in both) for key, both in pairs.items()}
        added = statistics.median(a - b for a, b in pairs["p50"])
        told = ", ".join(f"{key} {ratio:.3f}" for key, ratio in ratios.items())
        print(f"{name} to hey, ratios: {told}; p50 {added:+.2f} ms")


def _round(url: str) -> dict[str, Told]:
    due, left = ours(url)
    return {OURS_DUE: due, OURS_LEFT: left, **({"hey": hey(url)} if shutil.which("hey") else {})}


def without_limit(server: Small, rounds: int, folder: Path) -> None:
    """What each can send."""
    url = server.at("well")
    for _ in range(rounds):
        best, late = highest(url)
        line = f"most a second: ours {best:.0f} (p99 of lateness {late:.1f} ms)"
        line += f", hey {hey(url, paced=False).per_s:.0f}" if shutil.which("hey") else ", hey not installed"
        line += f", wrk {wrk_per_s(url, folder):.0f}" if shutil.which("wrk") else ", wrk not installed"
        print(line)


def standing_still(server: Small, rounds: int) -> None:
    """One second of nothing, seen by both loops."""
    url = server.at("well")

    def open_loop() -> list[float]:
        return [one.took_s * 1000 for one in sent(url, STALL_RATE, STALL_SECONDS).samples]

    for _ in range(rounds):
        seen, hidden = stalled(server, open_loop), stalled(server, lambda: closed(url, STALL_RATE, STALL_SECONDS))
        print(f"p99 with a pause of 1 s in {STALL_SECONDS} s: open {seen:.0f} ms, closed {hidden:.0f} ms")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {rounds} rounds")
    with running() as server:
        beside_hey(server, rounds)
        without_limit(server, rounds, Path(os.environ.get("TMPDIR", "/tmp")))  # noqa: S108 - a Lua file for wrk
        standing_still(server, rounds)


if __name__ == "__main__":
    main()
