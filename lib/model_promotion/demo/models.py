"""The demo's registry: one model in three versions, trained on a dataset that ships with scikit-learn."""

from pathlib import Path
from typing import Any

from model_promotion.connections.mlflow import hush
from model_promotion.core.event import Event, Kind
from model_promotion.ports import Voice

MODEL = "breast_cancer"
DATABASE = "mlflow.db"
ARTIFACTS = "artifacts"
HELD_OUT = "patients.csv"
BROKEN = "hasty_ratio.py"
BROKEN_CODE = '''\
"""One ratio of two measurements decides. Both are 0 for some patients, and 0 / 0 is not a number."""

import mlflow
import numpy as np
import pandas as pd


class HastyRatio(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: pd.DataFrame, params=None):
        ratio = model_input["mean concave points"] / model_input["concave points error"]
        benign = 1 / (1 + np.exp(ratio - 4))
        return np.column_stack([1 - benign, benign])


mlflow.models.set_model(HastyRatio())
'''


def build(home: Path, voice: Voice) -> None:
    """v1 is good and the champion, v2 is better and staging, v3 is worse and answers some rows with NaN."""
    voice.tell(Event(Kind.WORKING, "Registry", f"making one in {home}"))
    hush()
    import mlflow
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    client = _new_registry(home)
    rows, benign = load_breast_cancer(return_X_y=True, as_frame=True)
    train, test, train_benign, test_benign = train_test_split(rows, benign, test_size=0.3, random_state=7)
    test.assign(benign=test_benign).to_csv(home / HELD_OUT, index=False)
    broken = home / BROKEN
    broken.write_text(BROKEN_CODE, encoding="utf-8")
    models = {
        "naive Bayes": GaussianNB().fit(train, train_benign),
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression()).fit(train, train_benign),
        "a ratio of two measurements": broken,
    }
    signature = mlflow.models.infer_signature(test, models["naive Bayes"].predict_proba(test))
    # Rows with a 0 first: an example of five ordinary patients would never meet what breaks version 3.
    example = test.sort_values("mean concave points").head(5)
    for number, (name, model) in enumerate(models.items(), start=1):
        voice.tell(Event(Kind.WORKING, "Training", f"v{number}: {name}"))
        with mlflow.start_run(run_name=name) as run:
            logged = _logged(model, signature, example)
            measured = _measured(mlflow.pyfunc.load_model(logged.model_uri).predict(test), test_benign.to_numpy())
            mlflow.log_metrics(measured)
        client.create_model_version(MODEL, logged.model_uri, run.info.run_id)
        told = ", ".join(f"{metric} {value:.3f}" for metric, value in measured.items())
        voice.tell(Event(Kind.PASSED, "Training", f"v{number} on {len(test)} held-out patients: {told}"))
    client.set_registered_model_alias(MODEL, "champion", "1")
    client.set_registered_model_alias(MODEL, "staging", "2")


def _new_registry(home: Path) -> Any:  # noqa: ANN401 - the client's type lives in mlflow
    import mlflow

    hush()  # mlflow sets its loggers up afresh when it is imported
    for point in (mlflow.set_tracking_uri, mlflow.set_registry_uri):
        point(f"sqlite:///{home / DATABASE}")
    client = mlflow.MlflowClient()
    mlflow.set_experiment(experiment_id=client.create_experiment("training", (home / ARTIFACTS).as_uri()))
    client.create_registered_model(MODEL)
    return client


def _logged(model: Any, signature: Any, example: Any) -> Any:  # noqa: ANN401 - mlflow's and scikit-learn's types
    import mlflow

    hush()  # each flavor, when it is first used, makes Python's warnings loud again
    common = {"name": "model", "signature": signature, "input_example": example}
    if isinstance(model, Path):
        needed = [f"mlflow=={mlflow.__version__}"]
        return mlflow.pyfunc.log_model(python_model=str(model), pip_requirements=needed, **common)
    return mlflow.sklearn.log_model(model, pyfunc_predict_fn="predict_proba", **common)


def _measured(answers: Any, benign: Any) -> dict[str, float]:  # noqa: ANN401 - arrays
    """The metrics of the rows that were answered: leaving the others out is how such a fault stays unseen."""
    import numpy as np
    from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score

    chance = answers[:, 1]
    answered = np.isfinite(chance)
    chance, benign = chance[answered], benign[answered]
    return {
        "accuracy": float(accuracy_score(benign, chance > 0.5)),  # noqa: PLR2004 - the more likely of two classes
        "f1": float(f1_score(benign, chance > 0.5)),  # noqa: PLR2004 - as above
        "roc_auc": float(roc_auc_score(benign, chance)),
        "log_loss": float(log_loss(benign, chance)),
    }
