#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = [
#     "mlflow>=3.10,<4",
#     "databricks-sdk>=0.60,<1",
#     "picklescan>=1,<2",
#     "tabulate>=0.9,<1",
#     "tqdm>=4.66,<5",
# ]
# ///
"""Promote a model version from one alias to the next. `promote_model.py --help` tells the rest."""

import sys
from pathlib import Path

_lib = Path(__file__).resolve().parent / "lib"
if (_lib / "model_promotion").is_dir():
    sys.path.insert(0, str(_lib))

from model_promotion import ExitCode, Outcome, PromotionJob, Verdict  # noqa: E402 - the path comes first
from model_promotion.cli import door  # noqa: E402 - as above

__all__ = ["ExitCode", "Outcome", "PromotionJob", "Verdict"]

if __name__ == "__main__":
    door()
