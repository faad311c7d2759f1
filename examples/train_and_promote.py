"""Train a model, register it, and promote it only if it is better than the one in production.

Run it from the root of the repository, or change PROMOTE to `promote-model` where that is installed:

    python examples/train_and_promote.py                     # aliases: @champion, else @staging
    python examples/train_and_promote.py --stages            # stages: Production, else Staging
    python examples/train_and_promote.py --n-estimators 300 --max-depth 8

The registry is the one that MLFLOW_TRACKING_URI names (with MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD where
it asks for a login), else the file mlflow.db in the current folder. It ends as the promotion does: with 0 also when the
new version is not better, because then nothing went wrong; models/model_metadata.json says which of both it was.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import mlflow
import mlflow.sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

MODEL = "iris-classifier"
PROMOTE = [sys.executable, str(Path(__file__).parents[1] / "promote_model.py")]
METADATA = "models/model_metadata.json"


def train(params: dict[str, int | None]) -> str:
    """The number of the version that was trained on these parameters and registered."""
    rows, labels = load_iris(return_X_y=True, as_frame=True)
    seen, unseen, known, hidden = train_test_split(rows, labels, test_size=0.4, random_state=7, stratify=labels)
    model = RandomForestClassifier(**params, random_state=7).fit(seen, known)
    accuracy = {"train_accuracy": model.score(seen, known), "test_accuracy": model.score(unseen, hidden)}
    mlflow.set_tracking_uri(os.environ.get("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db"))
    mlflow.set_experiment(f"{MODEL} training")
    with mlflow.start_run():
        mlflow.log_params({**params, "model_type": type(model).__name__})
        mlflow.log_metrics(accuracy)
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(seen, model.predict(seen)),
            pip_requirements=["scikit-learn"],
            # Saved without pickle; the trees of a forest are the one type that has to be named for it.
            serialization_format="skops",
            skops_trusted_types=["sklearn.tree._tree.Tree"],
            registered_model_name=MODEL,
        )
    return str(logged.registered_model_version)


def chosen(version: str, *, stages: bool) -> list[str]:
    """What promote_model.py is asked."""
    where = ["--to-stage", "Production"] if stages else ["--to", "champion"]
    return [MODEL, version, "--if-better", "test_accuracy", *where, "--metadata-file", METADATA]


def main() -> int:
    """Train, then promote what was trained."""
    parser = argparse.ArgumentParser(description="Train a model, and promote it if it is better.")
    parser.add_argument("--n-estimators", type=int, default=100)
    parser.add_argument("--max-depth", type=int)
    parser.add_argument("--stages", action="store_true", help="stages instead of aliases")
    options = parser.parse_args()
    version = train({"n_estimators": options.n_estimators, "max_depth": options.max_depth})
    # 0 done (or not better), 1 done with warnings, 2 refused, 3 not found, 4 not allowed or not reachable.
    return subprocess.run([*PROMOTE, *chosen(version, stages=options.stages)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
