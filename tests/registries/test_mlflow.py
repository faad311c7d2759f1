"""The registry adapter on a real MLflow store: one sqlite file for the module, one model for each test."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import permutations
from math import inf, isnan, nan
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from model_promotion.clocks import SystemClock
from model_promotion.connections.address import resolve
from model_promotion.connections.deadline import Deadline
from model_promotion.connections.mlflow import MlflowConnection, name_filter
from model_promotion.core.entities import RecordedMetrics, Run, Version
from model_promotion.core.errors import Denied, NotFound, PromotionError
from model_promotion.core.steps import SetAlias, SetTag
from model_promotion.registries._entities import by_name
from model_promotion.registries.mlflow import MlflowRegistry, MlflowWriter

T = TypeVar("T")
MLMODEL = "flavors:\n  python_function:\n    loader_module: none\nmodel_uuid: abc\n"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    import mlflow

    folder = tmp_path_factory.mktemp("registry")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    mlflow.MlflowClient(uri, uri).create_experiment("here", (folder / "artifacts").as_uri())
    return uri


@pytest.fixture
def connection(database: str) -> MlflowConnection:
    return MlflowConnection(resolve(database, database, "test"), Deadline(60, SystemClock()))


@dataclass
class Shop:
    """One model's corner of the store; `source` is a folder that holds a model."""

    client: Any
    registry: MlflowRegistry
    writer: MlflowWriter
    name: str
    source: Path

    def register(self, name: str = "", **parts: Any) -> str:
        """A version of the model, or of the one that is named; the model is made if need be."""
        name = name or self.name
        with contextlib.suppress(NotFound):
            self.registry.model(name)
            return str(self.client.create_model_version(name, self.source.as_uri(), **parts).version)
        self.client.create_registered_model(name)
        return self.register(name, **parts)


@pytest.fixture
def registry(connection: MlflowConnection) -> MlflowRegistry:
    return MlflowRegistry(connection)


@pytest.fixture
def shop(connection: MlflowConnection, registry: MlflowRegistry, tmp_path: Path) -> Shop:
    source = tmp_path / "model"
    source.mkdir()
    (source / "MLmodel").write_text(MLMODEL, encoding="utf-8")
    (source / "model.pkl").write_bytes(b"12345")
    client = connection.call("hand out the client", lambda client: client)
    return Shop(client, registry, MlflowWriter(connection), f"shop.pricing.{uuid4().hex}", source)


def a_run(client: Any, **metrics: float) -> str:
    run_id: str = client.create_run(client.get_experiment_by_name("here").experiment_id).info.run_id
    for key, value in metrics.items():
        client.log_metric(run_id, key, value)
    return run_id


def test_numbers_are_texts_whatever_the_store_hands_out(shop: Shop) -> None:
    shop.register()
    shop.client.set_registered_model_alias(shop.name, "champion", 1)
    assert shop.registry.model(shop.name).aliases == {"champion": "1"}
    assert shop.registry.version(shop.name, "1").number == "1"
    assert [version.number for version in shop.registry.versions(shop.name)] == ["1"]


def test_versions_come_highest_number_first(shop: Shop) -> None:
    for _ in range(11):
        shop.register()
    assert [version.number for version in shop.registry.versions(shop.name)] == list(map(str, range(11, 0, -1)))


@pytest.mark.parametrize("odd", ["it's", 'a "quoted" one', "naïve 🚀", "100%", "a_b", "back\\slash"])
def test_a_name_may_hold_quotes_and_other_letters(shop: Shop, odd: str) -> None:
    shop.register(odd)
    shop.register(odd.replace("_", "x").replace("%", "yes") + " other")
    assert shop.registry.model(odd).name == odd
    assert [version.model for version in shop.registry.versions(odd)] == [odd]
    assert odd in shop.registry.names()


def test_a_name_with_both_kinds_of_quotes_cannot_be_searched_for_and_that_is_said() -> None:
    with pytest.raises(PromotionError, match="both kinds of quotes"):
        name_filter("both ' and \"")


def test_what_is_missing_is_not_found(shop: Shop) -> None:
    with pytest.raises(NotFound):
        shop.registry.model(shop.name)
    assert shop.registry.versions(shop.name) == []
    shop.register()
    with pytest.raises(NotFound):
        shop.registry.version(shop.name, "2")
    with pytest.raises(NotFound):
        shop.registry.version(f"{shop.name}x", "1")


def test_aliases_and_tags_are_written_read_back_and_removed(shop: Shop) -> None:
    shop.register()
    name = shop.name
    steps = (SetAlias(name, "champion", None, "1"), SetTag(name, "k", None, "v"), SetTag(name, "h", None, "w", "1"))
    for step in steps:
        shop.writer.write(step)
    model, version = shop.registry.model(name), shop.registry.version(name, "1")
    assert (model.aliases, model.tags, version.tags) == ({"champion": "1"}, {"k": "v"}, {"h": "w"})
    for step in steps:
        shop.writer.write(step.undone())
    model, version = shop.registry.model(name), shop.registry.version(name, "1")
    assert (model.aliases, model.tags, version.tags) == ({}, {}, {})


def test_an_alias_cannot_point_at_a_version_that_is_not_there(shop: Shop) -> None:
    shop.register()
    with pytest.raises(NotFound):
        shop.writer.write(SetAlias(shop.name, "champion", None, "9"))
    assert shop.registry.model(shop.name).aliases == {}


def measured(value: float, step: int, at: int, dataset: str | None = None) -> Any:
    from mlflow.entities import Metric

    return Metric("f1", value, at, step, dataset_name=dataset, dataset_digest=dataset)


ROWS = [(0.1, 0, 9), (0.3, 2, 1), (0.2, 1, 5), (0.8, 1, 5, "test"), (0.9, 0, 5, "train")]


def test_the_newest_step_counts_for_each_dataset_by_itself_in_whatever_order_they_come() -> None:
    for rows in permutations(ROWS):
        assert by_name([measured(*row) for row in rows]) == {"f1": 0.3, "f1 [test]": 0.8, "f1 [train]": 0.9}


def test_of_one_step_the_last_time_counts() -> None:
    assert by_name([measured(0.2, 1, 7), measured(0.1, 1, 6)]) == {"f1": 0.2}


class Guarded(MlflowConnection):
    """A connection whose login may not read logged models."""

    def call(self, doing: str, ask: Callable[[Any], T]) -> T:
        if doing.startswith("read the metrics of"):
            raise Denied(f"could not {doing}: not allowed")
        return super().call(doing, ask)


def test_a_logged_model_that_may_not_be_read_leads_on_to_the_run(shop: Shop, database: str) -> None:
    guarded = MlflowRegistry(Guarded(resolve(database, database, "test"), Deadline(60, SystemClock())))
    one = Version(shop.name, "1", run_id=a_run(shop.client, f1=0.7), model_id="m-not-ours", tags={"f1": "0.1"})
    assert guarded.metrics(one) == RecordedMetrics({"f1": 0.7}, "its run")


def test_metrics_of_a_logged_model_keep_their_datasets_apart(shop: Shop) -> None:
    experiment_id = shop.client.get_experiment_by_name("here").experiment_id
    run_id = a_run(shop.client)
    logged = shop.client.create_logged_model(experiment_id, source_run_id=run_id)
    for dataset, value in (("test", 0.8), ("train", 0.9)):
        told = {"model_id": logged.model_id, "dataset_name": dataset, "dataset_digest": dataset}
        shop.client.log_metric(run_id, "f1", value, **told)
    found = shop.registry.metrics(Version(shop.name, "1", run_id=run_id, model_id=logged.model_id))
    assert found == RecordedMetrics({"f1 [test]": 0.8, "f1 [train]": 0.9}, "its logged model")


def test_metrics_come_from_the_logged_model_before_the_run_before_the_tags(shop: Shop) -> None:
    from mlflow.entities import LoggedModelStatus

    experiment_id = shop.client.get_experiment_by_name("here").experiment_id
    run_id = a_run(shop.client, f1=0.2)
    logged = shop.client.create_logged_model(experiment_id, source_run_id=run_id)
    shop.client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
    shop.client.log_metric(run_id, "f1", 0.3, model_id=logged.model_id)
    shop.client.log_metric(run_id, "f1", 0.2)
    tags = {"f1": "0.1", "colour": "blue"}
    only_tags = shop.register(tags=tags)
    with_run = shop.register(tags=tags, run_id=run_id)
    logged_at = f"models:/{logged.model_id}"
    with_model = str(shop.client.create_model_version(shop.name, logged_at, run_id, tags).version)
    versions = [shop.registry.version(shop.name, number) for number in (only_tags, with_run, with_model)]
    found = [shop.registry.metrics(version) for version in versions]
    assert [dict(one.values) for one in found] == [{"f1": 0.1}, {"f1": 0.2}, {"f1": 0.3}]
    assert [one.found_in for one in found] == ["its tags", "its run", "its logged model"]
    own = Version(shop.name, "9", metrics={"f1": 0.4}, run_id=run_id, tags=tags)
    assert shop.registry.metrics(own).found_in == "the version"


def test_a_nan_that_was_recorded_is_handed_on_as_one(shop: Shop) -> None:
    number = shop.register(run_id=a_run(shop.client, f1=nan))
    assert isnan(shop.registry.metrics(shop.registry.version(shop.name, number)).values["f1"])


@pytest.mark.parametrize("parts", [{}, {"run_id": "0" * 32}, {"model_id": "m-" + "0" * 32}, {"tags": {"k": "v"}}])
def test_a_version_without_evidence_has_no_metrics(registry: MlflowRegistry, parts: dict[str, Any]) -> None:
    with pytest.raises(NotFound, match="no metric is recorded for v1"):
        registry.metrics(Version("m", "1", **parts))


def test_the_run_behind_a_version_tells_its_params_and_tags(shop: Shop) -> None:
    run = shop.client.create_run("1", tags={"estimator_name": "RandomForestClassifier"}).info.run_id
    shop.client.log_param(run, "max_depth", 3)
    found = shop.registry.run(shop.registry.version(shop.name, shop.register(run_id=run)))
    assert (found.params, found.tags["estimator_name"]) == ({"max_depth": "3"}, "RandomForestClassifier")


def test_a_version_that_no_run_made_has_none(shop: Shop) -> None:
    with pytest.raises(NotFound, match="no run behind v1"):
        shop.registry.run(shop.registry.version(shop.name, shop.register()))


def test_files_are_listed_with_their_sizes_and_the_mlmodel_is_read(shop: Shop) -> None:
    version = shop.registry.version(shop.name, shop.register())
    assert {file.path: file.size for file in shop.registry.files(version)} == {"MLmodel": len(MLMODEL), "model.pkl": 5}
    assert shop.registry.metadata(version)["model_uuid"] == "abc"


@pytest.mark.parametrize("content", ["", "- a list", "a: [", "\x00", "text"])
def test_an_mlmodel_that_makes_no_sense_is_not_found_rather_than_not_answered(shop: Shop, content: str) -> None:
    (shop.source / "MLmodel").write_text(content, encoding="utf-8")
    version = shop.registry.version(shop.name, shop.register())
    with pytest.raises(NotFound, match="the MLmodel of v1 is not"):
        shop.registry.metadata(version)


def test_files_that_are_gone_are_not_found(shop: Shop) -> None:
    version = shop.registry.version(shop.name, shop.register())
    (shop.source / "MLmodel").unlink()
    with pytest.raises(NotFound):
        shop.registry.metadata(version)


def test_a_download_lies_below_the_folder_that_was_given(shop: Shop, tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()
    path = shop.registry.download(shop.registry.version(shop.name, shop.register()), into)
    assert path.is_relative_to(into)
    assert (path / "model.pkl").read_bytes() == b"12345"


def test_where_it_looks_is_said_in_full(registry: MlflowRegistry) -> None:
    assert registry.address.startswith("sqlite file /")
    assert registry.address.endswith("mlflow.db (from test)")


@pytest.mark.parametrize(("logged", "told"), [(nan, "nan"), (inf, "inf"), (-inf, "-inf"), (0.0, "0.0")])
def test_what_was_no_number_when_it_was_logged_is_none_when_it_is_read(shop: Shop, logged: float, told: str) -> None:
    """An SQL store keeps NaN of a logged model as 0, and infinity as the largest number there is."""
    experiment_id = shop.client.get_experiment_by_name("here").experiment_id
    model = shop.client.create_logged_model(experiment_id)
    run_id = shop.client.create_run(experiment_id).info.run_id
    shop.client.log_metric(run_id, "loss", logged, model_id=model.model_id)
    shop.register(run_id=run_id, model_id=model.model_id)
    version = shop.registry.version(shop.name, "1")
    assert str(shop.registry.metrics(version).values["loss"]) == told
    by_model = replace(version, model_id=model.model_id)
    assert [str(score) for score in shop.registry.scores([by_model, version], "loss")] == [
        f"({told}, 'its logged model')",
        f"({told}, 'its run')",
    ]


def logged_by(shop: Shop, run_id: str, **contexts: Any) -> Run:
    """A version's run as the registry tells it, after these datasets were logged in these contexts."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    for context, dataset in contexts.items():
        entity = Dataset.from_dictionary(dataset.to_dict())
        shop.client.log_inputs(run_id, [DatasetInput(entity, [InputTag("mlflow.data.context", context)])])
    shop.register(run_id=run_id)
    return shop.registry.run(shop.registry.version(shop.name, "1"))


def test_the_datasets_that_a_run_logged_come_with_their_context_and_source(shop: Shop, tmp_path: Path) -> None:
    import mlflow.data
    import pandas as pd

    frame = pd.DataFrame({"age": [1.0, 2.0], "sold": ["yes", "no"]})
    frame.to_parquet(tmp_path / "rows.parquet")
    rows = mlflow.data.from_pandas(frame, source=str(tmp_path / "rows.parquet"), name="rows", targets="sold")
    made = mlflow.data.from_numpy(frame["age"].to_numpy(), name="made")
    run = logged_by(shop, a_run(shop.client), test=rows, training=made)
    found = {one.context: one for one in run.inputs}
    assert (found.keys(), run.deleted) == ({"test", "training"}, False)
    assert (found["test"].uri, found["test"].rows) == (str(tmp_path / "rows.parquet"), 2)
    assert (found["test"].name, found["test"].digest) == ("rows", rows.digest)
    with pytest.raises(NotFound, match="cannot be read here"):
        _ = found["training"].uri


def test_a_run_that_was_deleted_or_logged_nothing_is_told_apart(shop: Shop) -> None:
    run_id = a_run(shop.client)
    assert logged_by(shop, run_id).inputs == ()
    shop.client.delete_run(run_id)
    assert shop.registry.run(shop.registry.version(shop.name, "1")).deleted
