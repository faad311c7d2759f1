"""A small registry of real scikit-learn models in one sqlite file: trained once, copied for every test."""

import os
import shutil
from contextlib import chdir
from pathlib import Path

MODEL = "churn"
METRICS = {number: {"f1": f1, "rmse": 1 - f1} for number, f1 in enumerate((0.80, 0.85, 0.90, 0.90, 0.60), start=1)}
GOOD, BETTER, NAN, UNREADABLE, WORSE = METRICS


def fill(uri: str, folder: Path) -> None:
    """Versions 1 good, 2 better, 3 answers NaN, 4 cannot be unpickled, 5 worse; champion 1, staging 2."""
    from mlflow import MlflowClient

    client = MlflowClient(uri, uri)
    client.create_registered_model(MODEL)
    experiment = client.create_experiment("training", artifact_location=str(folder / "runs"))
    for number, metrics in METRICS.items():
        run = client.create_run(experiment).info.run_id
        for name, value in metrics.items():
            client.log_metric(run, name, value)
        client.set_terminated(run)
        client.create_model_version(MODEL, _saved(folder / "models" / str(number), number), run_id=run)
    client.set_registered_model_alias(MODEL, "champion", str(GOOD))
    client.set_registered_model_alias(MODEL, "staging", str(BETTER))


def _saved(folder: Path, number: int) -> str:
    import mlflow.sklearn
    import numpy as np
    import pandas as pd
    from mlflow.models import infer_signature
    from sklearn.linear_model import LinearRegression

    rows = pd.DataFrame({"age": [20.0, 40.0, 60.0], "visits": [1.0, 2.0, 4.0]})
    model = LinearRegression().fit(rows, [0.1, 0.2 * number, 0.5])
    signature = infer_signature(rows, model.predict(rows))
    if number == NAN:
        model.coef_ = np.full_like(model.coef_, np.nan)
    kept = {"pip_requirements": ["scikit-learn"], "serialization_format": "cloudpickle"}
    mlflow.sklearn.save_model(model, folder, signature=signature, **kept)
    if number == UNREADABLE:
        (folder / "model.pkl").write_bytes(b"no pickle at all")
    return str(folder)


def made(folder: Path) -> Path:
    """A folder with mlflow.db in it."""
    before = dict(os.environ)
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    try:
        with chdir(folder):
            fill(f"sqlite:///{folder / 'mlflow.db'}", folder)
    finally:
        os.environ.clear()
        os.environ.update(before)
    return folder


def copied(template: Path, to: Path) -> Path:
    """The database alone: the models are read where they were saved."""
    to.mkdir()
    shutil.copy(template / "mlflow.db", to)
    return to
