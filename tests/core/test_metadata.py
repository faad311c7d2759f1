import json
from dataclasses import replace
from math import nan
from typing import Any

import pytest

from model_promotion.core.entities import Run
from model_promotion.core.metadata import Metadata, model_type

SKLEARN = {"flavors": {"python_function": {}, "sklearn": {}}}
A_FILE = Metadata(
    run_id="r1",
    model_name="iris-classifier",
    version="3",
    metrics={"test_accuracy": 0.97, "train_accuracy": 1.0},
    promoted_to_production=True,
    alias="champion",
    stage=None,
    model_type="RandomForestClassifier",
    params={"max_depth": "3"},
    summary="done",
)


def read(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(replace(A_FILE, **changes).text)
    return found


def test_the_file_says_what_a_pipeline_needs_and_which_schema_it_has() -> None:
    body = read()
    assert body["schema_version"] == 1
    assert (body["run_id"], body["model_name"], body["version"]) == ("r1", "iris-classifier", "3")
    assert (body["promoted_to_production"], body["model_type"]) == (True, "RandomForestClassifier")
    assert body["params"] == {"max_depth": "3"}


def test_each_metric_is_found_under_metrics_and_at_the_top() -> None:
    body = read()
    assert body["metrics"] == {"test_accuracy": 0.97, "train_accuracy": 1.0}
    assert (body["test_accuracy"], body["train_accuracy"]) == (0.97, 1.0)


def test_a_metric_never_takes_the_place_of_a_field() -> None:
    body = read(metrics={"version": 0.5, "schema_version": 7.0, "promoted_to_production": 0.0})
    assert (body["version"], body["schema_version"], body["promoted_to_production"]) == ("3", 1, True)
    assert body["metrics"]["version"] == 0.5


def test_what_has_no_form_in_json_is_spelled_out() -> None:
    assert read(metrics={"f1": nan})["f1"] == "nan"


@pytest.mark.parametrize(
    ("run", "mlmodel", "said"),
    [
        (Run({"model_type": "Forest"}, {"model_type": "Tree", "estimator_name": "RF"}), SKLEARN, "Forest"),
        (Run({}, {"model_type": "Tree", "estimator_name": "RF"}), SKLEARN, "Tree"),
        (Run({}, {"estimator_name": "RandomForestClassifier"}), SKLEARN, "RandomForestClassifier"),
        (Run(), SKLEARN, "sklearn"),
        (Run(), {"flavors": {"python_function": {}}}, None),
        (Run(), {"flavors": "none"}, None),
        (Run(), {}, None),
    ],
)
def test_what_kind_of_model_it_is(run: Run, mlmodel: dict[str, Any], said: str | None) -> None:
    assert model_type(run, mlmodel) == said
