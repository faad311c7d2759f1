"""Where the records of an sqlite registry lie, wherever the caller stands."""

import subprocess
import sys
from pathlib import Path

from tests.e2e.program import DOOR, clean_env

# A process of its own: the addresses that MLflow is given are global, and this one is gone afterwards.
APPEND = """
import os, sys
from model_promotion.clocks import SystemClock
from model_promotion.connections.address import resolve
from model_promotion.connections.deadline import Deadline
from model_promotion.connections.mlflow import MlflowConnection
from model_promotion.core.record import GENESIS, Record
from model_promotion.journals.mlflow import MlflowJournal

address = resolve(f"sqlite:///{sys.argv[1]}", None, "a test")
journal = MlflowJournal(MlflowConnection(address, Deadline(60.0, SystemClock())))
journal.append(Record("i", 1, GENESIS, "promote", "churn", "champion", "1", "2", 1.0, "me", "nobody"))
print(len(journal.stored("churn")), "MLFLOW_TRACKING_URI" in os.environ, "MLFLOW_REGISTRY_URI" in os.environ)
"""
CREATE = "import mlflow, sys; mlflow.MlflowClient(f'sqlite:///{sys.argv[1]}').create_experiment('training')"


def test_records_lie_beside_the_sqlite_file_and_leave_no_trace_elsewhere(tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    for folder in (there, here):
        folder.mkdir()
    env = clean_env(tmp_path, PYTHONPATH=str(DOOR.parent / "lib"))
    for code in (CREATE, APPEND):
        words = [sys.executable, "-c", code, str(there / "mlflow.db")]
        ran = subprocess.run(words, cwd=here, env=env, capture_output=True, text=True, check=True, timeout=120)
    # The next job of this process must not take this registry's address for a wish of the user.
    assert ran.stdout.split() == ["1", "False", "False"]
    assert not list(here.iterdir())
    assert [path.name for path in (there / "promotion-records").rglob("*.json")] == ["outcome.json"]
