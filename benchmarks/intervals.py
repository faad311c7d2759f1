"""The intervals of five metrics' changes on the same rows, beside scipy.stats.bootstrap, in one run.

`python benchmarks/intervals.py [--rows 1e6] [--resamples 2000]`: F1, precision, recall, macro-F1 and accuracy from the
tables of two models that answer classes, against scipy's paired percentile bootstrap of one of them, which is accuracy
(its usual BCa bounds do not end in a minute at this size). Ends with 1 over the limit.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LIMIT_S = 0.3
POSITIVE, RIGHT = 0.3, (0.9, 0.91)
NAMES = ("f1", "precision", "recall", "f1_macro", "accuracy")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    begun = time.perf_counter()
    found = work()
    return time.perf_counter() - begun, found


def main() -> None:
    """Both, one after the other."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rows", type=float, default=1e6)
    options.add_argument("--resamples", type=int, default=2000)
    asked = options.parse_args()
    sys.path.insert(0, str(ROOT / "lib"))
    import numpy as np
    from scipy import stats

    from model_promotion.core.scores import Answers
    from model_promotion.evidence.buckets import Draw
    from model_promotion.evidence.comparing import Compared
    from model_promotion.evidence.counting import Batch, count
    from model_promotion.evidence.tables import Question, Task

    rows, made = int(asked.rows), np.random.default_rng(1)
    truth = (made.random(rows) < POSITIVE).astype(np.int64)
    champion, candidate = (
        np.where(made.random(rows) < share, truth, 1 - truth).astype(np.int32) for share in (0.9, 0.91)
    )
    question = Question(Task.BINARY, (0, 1))
    batch = Batch(truth, Answers(codes=champion), Answers(codes=candidate), np.arange(rows, dtype=np.uint64))
    counted_s, tables = timed(lambda: count(batch, question))

    def ours() -> list[tuple[float, float]]:
        measured = Compared(tables, question, Draw(1, asked.resamples)).measured(NAMES)
        return [one.bounds(0.05) for one in measured.values()]

    ours_s, bounds = min(timed(ours) for _ in range(3))
    gain = (candidate == truth).astype(float) - (champion == truth)
    draw = {"n_resamples": asked.resamples, "method": "percentile", "confidence_level": 0.9, "batch": 10, "rng": 1}
    theirs_s, theirs = timed(lambda: stats.bootstrap((gain,), np.mean, **draw).confidence_interval)
    print(
        f"{len(NAMES)} metrics, {rows:,} rows, {asked.resamples:,} resamples: {ours_s:.3f} s (limit {LIMIT_S}) after "
        f"{counted_s:.2f} s of counting; scipy.stats.bootstrap of accuracy alone {theirs_s:.1f} s, "
        f"{theirs_s / ours_s:.0f} times as long; accuracy's bounds {bounds[-1][0]:.5f} to {bounds[-1][1]:.5f}, "
        f"scipy's {theirs.low:.5f} to {theirs.high:.5f}"
    )
    sys.exit(0 if ours_s <= LIMIT_S else 1)


if __name__ == "__main__":
    main()
