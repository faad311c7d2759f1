"""Whole registries, read by pages, on a real MLflow store; tests/e2e/ does it over HTTP and in Unity Catalog."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from model_promotion.clocks import SystemClock
from model_promotion.connections.address import resolve
from model_promotion.connections.deadline import Deadline
from model_promotion.connections.mlflow import MlflowConnection
from model_promotion.core.entities import Version
from model_promotion.registries import _bulk
from model_promotion.registries.mlflow import MlflowRegistry, MlflowWriter

MODELS, VERSIONS = 7, 3


@dataclass
class Store:
    """A filled store: what the adapter makes of it, MLflow's own client, and the runs by their f1."""

    registry: MlflowRegistry
    writer: MlflowWriter
    client: Any
    runs: dict[float, str]
    folder: Path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    from mlflow import MlflowClient

    folder = tmp_path_factory.mktemp("store")
    uri, source = f"sqlite:///{folder / 'mlflow.db'}", folder.as_uri()
    client = MlflowClient(uri, uri)
    runs = {}
    for experiment in (client.create_experiment(name, source) for name in ("one", "two")):
        for value in (len(runs) / 10, len(runs) / 10 + 0.1):
            runs[value] = client.create_run(experiment).info.run_id
            client.log_metric(runs[value], "f1", value)
    for number in range(MODELS):
        name = f"heart-{number}" if number % 2 else f"it's_{number}"
        client.create_registered_model(name, tags={"owner": "ward 3"})
        for _ in range(VERSIONS):
            client.create_model_version(name, source, tags={"semver": "1.0.0"})
        client.set_registered_model_alias(name, "champion", "2")
    client.transition_model_version_stage("heart-1", "1", "Production")
    connection = MlflowConnection(resolve(uri, uri, "test"), Deadline(60, SystemClock()))
    return Store(MlflowRegistry(connection), MlflowWriter(connection), client, runs, folder)


def test_every_model_comes_with_aliases_stages_tags_and_versions_highest_first(store: Store) -> None:
    listed = {one.model.name: one for one in store.registry.catalogue()}
    assert (list(listed), len(listed)) == (sorted(listed), MODELS)
    heart = listed["heart-1"]
    assert heart.model == store.registry.model("heart-1")
    assert [version.number for version in heart.versions] == ["3", "2", "1"]
    assert heart.versions[2] == store.registry.version("heart-1", "1")


@pytest.mark.parametrize(
    ("pattern", "count"), [("heart-*", 3), ("heart-1", 1), ("it's*", 4), ("*_0", 1), ("heart_*", 0), ("nobody", 0)]
)
def test_a_pattern_is_searched_for_where_it_begins_with_a_name(store: Store, pattern: str, count: int) -> None:
    assert len(store.registry.catalogue(pattern)) == count


def test_the_name_of_a_model_means_that_model_alone_whatever_pattern_it_looks_like(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    client = MlflowClient(uri, uri)
    for name in ("iris1", "iris[1]"):
        client.create_registered_model(name)
        client.create_model_version(name, str(tmp_path))
    registry = MlflowRegistry(MlflowConnection(resolve(uri, uri, "test"), Deadline(60, SystemClock())))
    (only,) = registry.catalogue("iris[1]")
    assert (only.model.name, [version.model for version in only.versions]) == ("iris[1]", ["iris[1]"])
    assert [one.model.name for one in registry.catalogue("iris[12]")] == ["iris1"]


@contextmanager
def counted(client: Any) -> Iterator[list[str]]:
    """The searches that go to the store while this runs."""
    asked: list[str] = []
    searches = ("search_registered_models", "search_model_versions", "search_runs", "search_logged_models")
    kept = {name: getattr(client, name) for name in searches}

    def counting(name: str) -> Any:
        return lambda *args, **named: (asked.append(name), kept[name](*args, **named))[1]

    for name in kept:
        setattr(client, name, counting(name))
    try:
        yield asked
    finally:
        for name in kept:
            delattr(client, name)


def test_the_requests_grow_with_the_pages_and_not_with_the_versions(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = store.registry.catalogue()
    client = store.registry._connection.call("hand out the client", lambda client: client)  # noqa: SLF001 - to count
    with counted(client) as asked:
        store.registry.catalogue()
    assert asked == ["search_registered_models", "search_model_versions"]
    monkeypatch.setattr(_bulk, "MODELS_IN_A_PAGE", 2)
    monkeypatch.setattr(_bulk, "VERSIONS_IN_A_PAGE", 5)
    with counted(client) as asked:
        assert store.registry.catalogue() == whole
    assert asked == ["search_registered_models"] * 4 + ["search_model_versions"] * 5


def of_run(run_id: str) -> Version:
    return Version("m", "1", run_id=run_id)


def test_a_metric_of_many_runs_comes_by_pages_from_whatever_experiments(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_bulk, "RUNS_IN_A_PAGE", 3)
    client = store.registry._connection.call("hand out the client", lambda client: client)  # noqa: SLF001 - to count
    versions = [of_run(run_id) for run_id in (*store.runs.values(), "0" * 32, "it's no id", "")]
    with counted(client) as asked:
        found = store.registry.scores(versions, "f1")
    assert found == [*((value, "its run") for value in store.runs), None, None, None]
    assert asked == ["search_runs"] * 2
    assert store.registry.scores([], "f1") == []
    assert store.registry.scores(versions[:1], "rmse") == [None]


def test_a_deleted_run_still_counts(store: Store) -> None:
    run_id = store.runs[0.1]
    store.client.delete_run(run_id)
    assert store.registry.scores([of_run(run_id)], "f1") == [(0.1, "its run")]
    store.client.restore_run(run_id)


@pytest.fixture
def logged(store: Store, request: pytest.FixtureRequest) -> list[Version]:
    """Trained in one run, evaluated in others: f1 0.6, 0.7, 0.8, on a named dataset 0.9, NaN, and none."""
    client, found = store.client, []
    experiment = client.create_experiment(request.node.name, store.folder.as_uri())
    trained = client.create_run(experiment).info.run_id
    client.log_metric(trained, "f1", 0.5)
    for value, dataset in ((0.6, {}), (0.7, {}), (0.8, {}), (0.9, ON_TEST), (math.nan, {}), (None, {})):
        model_id = client.create_logged_model(experiment, source_run_id=trained).model_id
        if value is not None:
            evaluated = client.create_run(experiment).info.run_id
            client.log_metric(evaluated, "f1", value, model_id=model_id, **dataset)
        found.append(Version("m", "1", run_id=trained, model_id=model_id))
    return found


ON_TEST = {"dataset_name": "test", "dataset_digest": "d1"}


def test_a_metric_of_many_logged_models_comes_by_pages_before_that_of_the_run(
    store: Store, logged: list[Version], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_bulk, "LOGGED_MODELS_IN_A_PAGE", 4)
    client = store.registry._connection.call("hand out the client", lambda client: client)  # noqa: SLF001 - to count
    with counted(client) as asked:
        found = store.registry.scores(logged, "f1")
    evaluated = [(value, "its logged model") for value in (0.6, 0.7, 0.8)]
    trained = (0.5, "its run")
    assert [*found[:4], found[5]] == [*evaluated, trained, trained]
    assert str(found[4]) == "(nan, 'its logged model')", "the run that measured it knows that it was NaN"
    assert asked == ["search_logged_models"] * 2 + ["search_runs"]
    assert store.registry.scores(logged[3:4], "f1 [test]") == [(0.9, "its logged model")]


def test_a_logged_model_that_is_gone_leaves_the_run(store: Store, logged: list[Version]) -> None:
    version = logged[0]
    store.client.delete_logged_model(version.model_id)
    assert store.registry.scores([version], "f1") == [(0.5, "its run")]


def test_the_versions_own_metric_comes_first_and_a_nought_that_was_nan_is_nan(
    store: Store, logged: list[Version]
) -> None:
    own = [replace(version, metrics={"f1": value}) for version, value in zip(logged, (0.1, 0.2), strict=False)]
    nan = replace(logged[4], metrics={"f1": 0.0})
    nought = replace(logged[5], metrics={"f1": 0.0})
    client = store.registry._connection.call("hand out the client", lambda client: client)  # noqa: SLF001 - to count
    with counted(client) as asked:
        found = store.registry.scores(own, "f1")
    assert (found, asked) == ([(0.1, "the version"), (0.2, "the version")], [])
    assert str(store.registry.scores([nan, nought], "f1")) == "[(nan, 'its logged model'), (0.0, 'the version')]"


def test_without_logged_models_none_is_asked_for(store: Store) -> None:
    client = store.registry._connection.call("hand out the client", lambda client: client)  # noqa: SLF001 - to count
    with counted(client) as asked:
        store.registry.scores([of_run(run_id) for run_id in store.runs.values()], "f1")
    assert asked == ["search_runs"]


def test_a_version_that_was_deleted_is_gone_with_its_aliases(store: Store) -> None:
    store.writer.delete(store.registry.version("heart-5", "2"))
    (heart,) = store.registry.catalogue("heart-5")
    assert ([version.number for version in heart.versions], heart.model.aliases) == (["3", "1"], {})
