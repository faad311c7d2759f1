"""Versions of logged models: their metrics lie on the logged model alone, and their copies keep it and its files.

On sqlite, and on a real mlflow server over HTTP, without a login and with one.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import Result, clean_env, inside
from tests.e2e.test_mlflow_server import (  # noqa: F401 - fixtures are found by name
    ADMIN,
    PASSWORD,
    guarded_server,
    open_server,
)
from tests.workspace.seed import ROW, write_model

F1 = (0.80, 0.95, 0.70)
LOGIN = {"MLFLOW_TRACKING_USERNAME": ADMIN, "MLFLOW_TRACKING_PASSWORD": PASSWORD}


@dataclass
class Shop:
    """Model `name` with the versions 1, 2, 3: champion 1, staging 2. Evaluated in runs of their own."""

    uri: str
    cwd: Path
    login: dict[str, str]
    name: str
    client: Any

    @property
    def there(self) -> str:
        """The model that copies go to."""
        return f"{self.name}_prod"

    def call(self, *args: str) -> Result:
        return inside([*args, "--json"], clean_env(self.cwd, MLFLOW_TRACKING_URI=self.uri, **self.login), self.cwd)

    def answer(self, version: str) -> float:
        """What a version of the copies says of one row, when it is loaded as an application would."""
        import mlflow
        import pandas as pd

        loaded = mlflow.pyfunc.load_model(f"models:/{self.there}/{version}")
        return float(loaded.predict(pd.DataFrame([ROW]))[0])


@pytest.fixture(params=["sqlite", "server", "guarded server"])
def shop(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    import mlflow

    fixtures = {"server": "open_server", "guarded server": "guarded_server"}
    where = fixtures.get(request.param)
    uri = request.getfixturevalue(where) if where else f"sqlite:///{tmp_path / 'mlflow.db'}"
    login = LOGIN if request.param == "guarded server" else {}
    for name, value in {**login, "MLFLOW_TRACKING_URI": uri}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "cwd").mkdir()
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    yield filled(Shop(uri, tmp_path / "cwd", login, f"shop_{uuid.uuid4().hex[:8]}", mlflow.MlflowClient(uri, uri)))
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])


def filled(shop: Shop) -> Shop:
    client, files = shop.client, shop.cwd.parent
    place = {"artifact_location": (files / "artifacts").as_uri()} if shop.uri.startswith("sqlite") else {}
    experiment = client.create_experiment(f"training of {shop.name}", **place)
    client.create_registered_model(shop.name)
    for number, f1 in enumerate(F1, start=1):
        trained, evaluated = (client.create_run(experiment).info.run_id for _ in range(2))
        model_id = client.create_logged_model(experiment, source_run_id=trained).model_id
        client.log_model_artifacts(model_id, str(write_model(files / str(number), number / 10)))
        client.finalize_logged_model(model_id, "READY")
        client.log_metric(evaluated, "f1", f1, model_id=model_id)
        client.create_model_version(shop.name, f"models:/{model_id}", trained, model_id=model_id)
    client.set_registered_model_alias(shop.name, "champion", "1")
    client.set_registered_model_alias(shop.name, "staging", "2")
    return shop


def test_the_best_is_found_by_a_metric_of_logged_models(shop: Shop) -> None:
    done = shop.call(shop.name, "--auto", "--metric", "f1")
    assert (done.code, done.json["to"]) == (0, "2"), done.all
    assert "f1 0.95 (its logged model) is the highest of 3" in done.json["summary"]


def test_a_copy_keeps_the_metrics_of_its_logged_model_and_is_compared_by_them(shop: Shop) -> None:
    first = shop.call(shop.there, "--copy-from", shop.name, "--version", "1")
    assert (first.code, first.json["to"]) == (0, "1"), first.all
    worse = shop.call(shop.there, "--copy-from", shop.name, "--version", "3", "--compare-metrics")
    assert (worse.code, worse.verdict("recorded_metrics")) == (2, "failed"), worse.all
    better = shop.call(shop.there, "--copy-from", shop.name, "--compare-metrics")
    assert (better.code, better.json["was"], better.json["to"]) == (0, "1", "3"), better.all
    again = shop.call(shop.there, "--copy-from", shop.name, "--compare-metrics")
    assert (again.code, again.json["entries"]) == (0, []), again.all
    assert shop.call(shop.there, "--rollback").code == 0


def test_a_copy_loads_and_answers_as_its_source_also_when_that_is_deleted(shop: Shop) -> None:
    done = shop.call(shop.there, "--copy-from", shop.name, "--run-tests")
    assert done.code == 0, done.all
    assert shop.answer("1") == pytest.approx(0.2 + 0.01 * ROW["age"])
    shop.client.delete_model_version(shop.name, "2")
    assert shop.answer("1") == pytest.approx(0.2 + 0.01 * ROW["age"])
    shop.client.delete_registered_model(shop.name)
    assert shop.answer("1") == pytest.approx(0.2 + 0.01 * ROW["age"])


def test_a_copy_of_a_version_whose_logged_model_is_deleted_is_made_from_the_version(shop: Shop) -> None:
    source = shop.client.get_model_version(shop.name, "2").source
    shop.client.delete_logged_model(source.removeprefix("models:/"))
    done = shop.call(shop.there, "--copy-from", shop.name)
    assert done.code in (0, 1), done.all
    assert shop.client.get_model_version(shop.there, "1").source == f"models:/{shop.name}/2"
    assert shop.answer("1") == pytest.approx(0.2 + 0.01 * ROW["age"])
