"""Scoring two models on the same rows, and drift between two samples, each beside a plain loop in one run.

`python benchmarks/evidence.py [--rows 1e6 1e7] [--part scoring|drift] [--evidently PYTHON]`: scoring is held against
one pandas loop that predicts with one of the two models, process start included for both; drift against a scan of the
same Parquet files, and against Evidently's PSI of them where a Python is named that has it (it asks for pandas < 3).
Each is repeated, turn by turn, and the median of the ratios counts. Ends with 1 over a limit.

Scoring tells seconds of all cores too, because two models are twice the work of one: where the loop's model keeps every
core busy by itself, twice its time is what two of them take.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SCORING_LIMIT = 1.3
DRIFT_LIMIT = 4.0
STORED_LIMIT = 1.5
FEATURES = [f"x{place}" for place in range(10)]

MAKE = """
import sys
import mlflow.sklearn, numpy as np, pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
folder, rows, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
def made(n, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 10))
    y = (x @ np.linspace(1, -1, 10) + rng.normal(size=n) > 0).astype(int)
    return pd.DataFrame(x, columns=[f"x{i}" for i in range(10)]).assign(y=y)
made(rows, 0).to_parquet(f"{folder}/rows.parquet", row_group_size=250_000)
train = made(20_000, 1)
for name, strength in (("a", 0.1), ("b", 0.05)):
    boosted = HistGradientBoostingClassifier(learning_rate=strength)
    model = LogisticRegression(C=strength) if kind == "logistic" else boosted
    model.fit(train.drop(columns="y"), train["y"])
    mlflow.sklearn.save_model(model, f"{folder}/{name}", serialization_format="cloudpickle")
"""
BARE = """
import sys
import mlflow.pyfunc, pyarrow.parquet as pq
folder = sys.argv[1]
model, right, rows = mlflow.pyfunc.load_model(f"{folder}/a"), 0, 0
for batch in pq.ParquetFile(f"{folder}/rows.parquet").iter_batches(100_000):
    frame = batch.to_pandas()
    right += int((model.predict(frame.drop(columns="y")) == frame["y"]).sum())
    rows += len(frame)
print(right / rows)
"""
OURS = """
import sys
from pathlib import Path
from model_promotion.core.dataset import Dataset
from model_promotion.core.scores import Order
from model_promotion.engines.local import LocalEngine
from model_promotion.evidence.tables import Question
from model_promotion.scoring.process import ChildScorer
from model_promotion.scoring.streams import ChildScores
folder = Path(sys.argv[1])
with LocalEngine(ChildScores(ChildScorer())).open(Dataset(str(folder / "rows.parquet"), target="y")) as data:
    target = data.target()
    question = Question(target.task, target.labels)
    features = [name for name in data.columns if name != "y"]
    pair = tuple(Order(name, folder / name, features, classes=target.labels) for name in "ab")
    tables = data.score_pair(question, pair)
    data.digest()
print(tables.total("right")[0] / tables.rows)
"""
SAMPLES = """
import sys
import numpy as np, pandas as pd
folder, rows = sys.argv[1], int(sys.argv[2])
for name, seed, shift in (("then", 0, 0.0), ("now", 1, 0.5)):
    rng = np.random.default_rng(seed)
    columns = {f"n{i}": rng.normal(size=rows) for i in range(10)}
    columns["n0"] += shift
    columns["n1"] = rng.poisson(3, rows).astype(float)
    columns["n2"] = np.exp(columns["n2"])
    columns["n9"][rng.random(rows) < 0.05 + 0.07 * seed] = np.nan
    for place, levels in enumerate((5, 50, 1000)):
        texts = [f"level {level}" for level in range(levels)]
        columns[f"c{place}"] = pd.Categorical.from_codes(rng.integers(0, levels, rows), texts)
    frame = pd.DataFrame(columns)
    for place in range(3):
        frame[f"c{place}"] = frame[f"c{place}"].astype(str)
    frame.to_parquet(f"{folder}/{name}.parquet", row_group_size=250_000)
"""
EVIDENTLY = """
import sys, time
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
begun = time.perf_counter()
then, now = (pd.read_parquet(f"{sys.argv[1]}/{name}.parquet") for name in ("then", "now"))
Report([DataDriftPreset(method="psi")]).run(now, then)
print(time.perf_counter() - begun)
"""


@dataclass(frozen=True)
class Ran:
    """A process and what it started: seconds, those of all cores together, the largest one's peak, what was printed."""

    wall_s: float
    cores_s: float
    peak_mib: float
    said: str


def child(code: str, *words: str, python: str = sys.executable) -> Ran:
    """Runs the code to its end."""
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'lib'}", "MLFLOW_LOGGING_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"}
    begun = time.perf_counter()
    with subprocess.Popen([python, "-c", code, *words], stdout=subprocess.PIPE, env=env, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read().strip()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"a part ended with {process.returncode}")
    wall_s = time.perf_counter() - begun
    return Ran(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)


def scoring(rows: int, kind: str, rounds: int) -> bool:
    """Both models by the engine, beside one model in a loop; whether it holds the limit."""
    with tempfile.TemporaryDirectory() as folder:
        child(MAKE, folder, str(rows), kind)
        rounds_of = [(child(BARE, folder), child(OURS, folder)) for _ in range(rounds)]
    for bare, ours in rounds_of:
        assert bare.said == ours.said, f"{bare.said} is not {ours.said}"
    ratio, cores = (
        statistics.median(getattr(ours, name) / getattr(bare, name) for bare, ours in rounds_of)
        for name in ("wall_s", "cores_s")
    )
    bare, ours = rounds_of[0]
    print(
        f"scoring {rows:>9,} rows, two {kind:<8} models: {ours.wall_s:6.1f} s beside {bare.wall_s:6.1f} s for one "
        f"in a loop, ratio {ratio:.2f} (limit {SCORING_LIMIT}); of all cores {ours.cores_s:.1f} s beside "
        f"{bare.cores_s:.1f} s, ratio {cores:.2f}; largest process {ours.peak_mib:.0f} beside {bare.peak_mib:.0f} MiB",
        flush=True,
    )
    return ratio <= SCORING_LIMIT


def drift(rows: int, rounds: int, evidently: str) -> bool:
    """Edges and both profiles and every distance, beside a scan of both files; with kept edges, of one."""
    sys.path.insert(0, str(ROOT / "lib"))
    import pyarrow.parquet as pq

    from model_promotion.core.dataset import Dataset
    from model_promotion.engines._columns import fitted, profiled
    from model_promotion.engines._files import opened
    from model_promotion.evidence.drift import drift as judged
    from model_promotion.evidence.profiling import columns_of

    def scan(path: str) -> None:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            for _ in file.iter_batches(250_000):
                pass

    def timed(work: Callable[..., Any], *given: object) -> tuple[float, Any]:
        begun = time.perf_counter()
        found = work(*given)
        return time.perf_counter() - begun, found

    with tempfile.TemporaryDirectory() as folder:
        child(SAMPLES, folder, str(rows))
        then, now = (Dataset(f"{folder}/{name}.parquet").uri for name in ("then", "now"))
        whole, stored, beside = [], [], []
        for _ in range(rounds):
            with opened(then) as before, opened(now) as after:
                scan_s = sum(timed(scan, path)[0] for path in (then, now))
                edges_s, edges = timed(fitted, before)
                reference_s, reference = timed(profiled, before, edges)
                current_s, current = timed(profiled, after, edges)
                drift_s, found = timed(judged, columns_of(reference, current, edges))
            whole.append((edges_s + reference_s + current_s + drift_s) / scan_s)
            stored.append((current_s + drift_s) / (scan_s / 2))
            if evidently:
                theirs = child(EVIDENTLY, folder, python=evidently)
                beside.append((float(theirs.said) / (whole[-1] * scan_s), float(theirs.said), theirs.peak_mib))
    ratio, kept = statistics.median(whole), statistics.median(stored)
    print(
        f"drift   {rows:>9,} rows, 13 columns: {ratio:.2f} of a scan of both files (limit {DRIFT_LIMIT}), with a kept "
        f"profile {kept:.2f} of a scan of one (limit {STORED_LIMIT}); drifted: {', '.join(found.drifted)}"
    )
    if beside:
        times, their_s, mib = (statistics.median(one) for one in zip(*beside, strict=True))
        print(f"        Evidently's PSI of the same files: {times:.0f} times as long, {their_s:.1f} s, {mib:.0f} MiB")
    return ratio <= DRIFT_LIMIT and kept <= STORED_LIMIT


def main() -> None:
    """Every part at every size."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rows", nargs="+", type=float, default=[1e6])
    options.add_argument("--part", choices=("scoring", "drift"))
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--evidently", default="", help="a Python that has Evidently")
    asked = options.parse_args()
    held = []
    for rows in map(int, asked.rows):
        if asked.part != "drift":
            held += [scoring(rows, kind, asked.rounds) for kind in ("logistic", "boosted")]
        if asked.part != "scoring":
            held.append(drift(rows, asked.rounds, asked.evidently))
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
