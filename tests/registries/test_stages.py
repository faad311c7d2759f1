"""Stages in real MLflow stores: an sqlite file, a folder of files, and one with the defect of MLflow 3.0 to 3.5.0."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from model_promotion.clocks import SystemClock
from model_promotion.connections.address import Address, resolve
from model_promotion.connections.deadline import Deadline
from model_promotion.connections.mlflow import MlflowConnection
from model_promotion.core.errors import PromotionError
from model_promotion.core.steps import SetAlias
from model_promotion.registries.mlflow import MlflowRegistry, MlflowWriter

NAME, PRODUCTION, STAGING = "churn", "stage:Production", "stage:Staging"
MOVE = SetAlias(NAME, PRODUCTION, "1", "2", enters_from="Staging", leaves_to="Archived")


@dataclass
class Shelf:
    """Three versions: 1 in Production, 2 in Staging, 3 in no stage; each with a metric."""

    registry: MlflowRegistry
    writer: MlflowWriter
    client: Any

    def stages(self) -> dict[str, str]:
        return {version.number: version.stage for version in self.registry.versions(NAME)}


@pytest.fixture(params=["sqlite", "files"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    return stocked(f"sqlite:///{tmp_path / 'mlflow.db'}" if request.param == "sqlite" else files(tmp_path, monkeypatch))


def files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    return (folder / "mlruns").as_uri()


def stocked(uri: str) -> Shelf:
    import mlflow

    client = mlflow.MlflowClient(uri, uri)  # It makes the registry; ours only opens one.
    connection = MlflowConnection(resolve(uri, uri, "test"), Deadline(60, SystemClock()))
    client.create_registered_model(NAME)
    experiment = client.create_experiment("training")
    for stage in ("Production", "Staging", None):
        model = client.create_logged_model(experiment)
        run = client.create_run(experiment).info.run_id
        client.log_metric(run, "f1", 0.9, model_id=model.model_id)
        made = client.create_model_version(NAME, model.artifact_location, run_id=run, model_id=model.model_id)
        if stage:
            client.transition_model_version_stage(NAME, made.version, stage)
    return Shelf(MlflowRegistry(connection), MlflowWriter(connection), client)


def test_a_stage_reads_as_the_highest_version_in_it(shelf: Shelf) -> None:
    shelf.client.transition_model_version_stage(NAME, "3", "Production")
    model = shelf.registry.model(NAME)
    assert (model.at(PRODUCTION), model.at(STAGING), model.at("Production")) == ("3", "2", None)


def test_entering_a_stage_archives_who_was_there_and_undoing_it_puts_both_back(shelf: Shelf) -> None:
    before = shelf.stages()
    shelf.writer.write(MOVE)
    assert shelf.stages() == {"1": "Archived", "2": "Production", "3": "None"}
    shelf.writer.write(MOVE.undone())
    assert shelf.stages() == before == {"1": "Production", "2": "Staging", "3": "None"}


def test_an_undoing_that_was_cut_off_between_its_two_requests_can_be_written_again(shelf: Shelf) -> None:
    before = shelf.stages()
    shelf.writer.write(MOVE)
    shelf.client.transition_model_version_stage(NAME, "1", "Production", archive_existing_versions=True)
    assert shelf.stages() == {"1": "Production", "2": "Archived", "3": "None"}
    shelf.writer.write(MOVE.undone())
    assert shelf.stages() == before


def test_a_first_version_leaves_its_stage_for_the_one_it_came_from(shelf: Shelf) -> None:
    shelf.client.transition_model_version_stage(NAME, "1", "None")
    first = SetAlias(NAME, PRODUCTION, None, "2", enters_from="Staging", leaves_to="Archived")
    shelf.writer.write(first)
    shelf.writer.write(first.undone())
    assert shelf.stages() == {"1": "None", "2": "Staging", "3": "None"}


def as_in_3_5_0(store: Any, version: Any, meta_dir: str | None = None, **_: Any) -> None:
    """The body that MLflow 3.5.0 had (store/model_registry/file_store.py): metrics go to the YAML file as objects."""
    from mlflow.store.model_registry import file_store

    fields = {key: value for key, value in dict(version).items() if key != "tags"}
    folder = meta_dir or store._get_model_version_dir(version.name, version.version)  # noqa: SLF001 - as it was there
    file_store.overwrite_yaml(folder, file_store.FileStore.META_DATA_FILE_NAME, fields)


def test_the_defect_of_mlflow_3_5_0_in_files_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = stocked(files(tmp_path, monkeypatch))
    from mlflow.store.model_registry.file_store import FileStore

    monkeypatch.setattr(FileStore, "_save_model_version_as_meta_file", as_in_3_5_0)
    with pytest.raises(PromotionError, match="cannot write or delete versions that have metrics") as deleting:
        shelf.writer.delete(shelf.registry.version(NAME, "3"))
    assert deleting.value.hint == "upgrade to mlflow 3.5.1 or later"
    with pytest.raises(PromotionError, match="cannot move stages in a folder of files") as defect:
        shelf.writer.write(MOVE)
    assert "3.5.1" in defect.value.hint
    assert "--to" in defect.value.hint
    shelf.writer.write(SetAlias(NAME, "production", None, "2"))  # Aliases are files of their own.
    assert shelf.registry.model(NAME).aliases == {"production": "2"}


@pytest.mark.parametrize(
    ("uri", "release", "aliases", "stages"),
    [
        ("sqlite:///mlflow.db", "3.5.0", True, True),
        ("http://127.0.0.1:5000", "3.5.0", True, True),
        ("databricks-uc", "3.17.2", True, False),
        ("databricks-uc://production", "3.17.2", True, False),
        ("databricks", "3.17.2", False, True),
        ("databricks://production", "3.17.2", False, True),
        ("uc:http://127.0.0.1:8080", "3.17.2", False, False),
        ("file:///mlruns", "3.0.0", True, False),
        ("mlruns", "3.5.0", True, False),
        ("mlruns", "3.5.1", True, True),
        ("mlruns", "2.22.0", True, True),
        ("mlruns", "3.17.2", True, True),
        ("mlruns", "3.5.0rc1", True, False),
    ],
)
def test_what_a_registry_has_is_known_by_its_address(uri: str, release: str, aliases: bool, stages: bool) -> None:
    features = Address(uri, uri).features(release)
    assert (features.aliases, features.stages, bool(features.because)) == (aliases, stages, not (aliases and stages))


def test_without_aliases_a_backup_is_kept_as_a_tag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The workspace registry of Databricks, whose other calls an sqlite file answers just as well."""
    shelf = stocked(f"sqlite:///{tmp_path / 'mlflow.db'}")
    aliasless: Callable[..., object] = Address("databricks", "databricks").features
    monkeypatch.setattr(Address, "features", lambda _, release: aliasless(release))
    backup = SetAlias(NAME, "prev_stage_production", None, "1")
    shelf.writer.write(backup)
    assert shelf.registry.model(NAME).at("prev_stage_production") == "1"
    shelf.writer.write(backup.undone())
    assert shelf.registry.model(NAME).at("prev_stage_production") is None
