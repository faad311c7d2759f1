"""A small model that really loads, and a workspace with something in it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.workspace.workspace import Workspace

MODEL = "main.ml.churn"
ROW = {"age": 40.0, "visits": 3}

_CODE = '''"""A churn score that needs nothing but json."""

import json
from pathlib import Path


class Churn:
    def __init__(self, weights):
        self.weights = weights

    def predict(self, data, params=None):
        rows = data.to_dict("records")
        return [self.weights["bias"] + self.weights["age"] * row["age"] for row in rows]


def _load_pyfunc(path):
    return Churn(json.loads((Path(path) / "weights.json").read_text()))
'''
_MLMODEL = """flavors:
  python_function:
    loader_module: loopback_churn
    code: code
    data: data
    env:
      virtualenv: python_env.yaml
    python_version: 3.11.7
mlflow_version: 3.17.2
model_size_bytes: {size}
model_uuid: m-{uuid:032x}
model_id: m-{uuid:032x}
run_id: ''
saved_input_example_info:
  artifact_path: input_example.json
  pandas_orient: split
  serving_input_path: serving_input_example.json
  type: dataframe
signature:
  inputs: '{inputs}'
  outputs: '{outputs}'
  params: null
utc_time_created: '2026-11-01 12:00:00.000000'
"""
_INPUTS = [
    {"type": "double", "name": "age", "required": True},
    {"type": "long", "name": "visits", "required": True},
]


def write_model(folder: Path, bias: float = 0.1, inputs: list[dict[str, object]] | None = None) -> Path:
    """An MLflow model folder: python_function flavor, no pickle, score = bias + 0.01 * age; mlflow is not needed."""
    weights = json.dumps({"bias": bias, "age": 0.01})
    split = {"columns": list(ROW), "data": [list(ROW.values())]}
    outputs = json.dumps([{"type": "double", "name": "churn", "required": True}])
    files = {
        "MLmodel": _MLMODEL.format(
            size=len(weights) + len(_CODE), uuid=int(bias * 1000), inputs=json.dumps(inputs or _INPUTS), outputs=outputs
        ),
        "code/loopback_churn.py": _CODE,
        "data/weights.json": weights,
        "input_example.json": json.dumps(split),
        "serving_input_example.json": json.dumps({"dataframe_split": split}),
        "requirements.txt": "mlflow\n",
        "python_env.yaml": "python: 3.11.7\ndependencies:\n- -r requirements.txt\n",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def seed(workspace: Workspace, folder: Path, name: str = MODEL) -> Workspace:
    """A model, main.ml.churn, 1, 2, 3; champion -> 1, staging -> 2; endpoint `churn` serves 1 and scores as it does."""
    workspace.add_model(name)
    for number, f1 in enumerate((0.80, 0.85, 0.79), start=1):
        bias = number / 10
        workspace.add_version(name, write_model(folder / str(number), bias), metrics={"f1": f1}, run_id="")
        workspace.serve(name, number, _scorer(bias))
    workspace.set_alias(name, "champion", 1, by="seed")
    workspace.set_alias(name, "staging", 2, by="seed")
    workspace.add_endpoint("churn", (name, 1))
    return workspace


def _scorer(bias: float) -> Callable[[dict[str, Any]], list[float]]:
    """What the seeded version says over HTTP, for rows in either of MLflow's dataframe orients."""

    def score(payload: dict[str, Any]) -> list[float]:
        split = payload.get("dataframe_split") or {"columns": [], "data": []}
        rows = [dict(zip(split["columns"], row, strict=True)) for row in split["data"]]
        return [bias + 0.01 * row["age"] for row in payload.get("dataframe_records", rows)]

    return score
