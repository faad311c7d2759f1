"""The registry of the loopback workspace, proved with the real mlflow client."""

from io import BytesIO
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from tests.workspace import Workspace
from tests.workspace.seed import MODEL, write_model


def refused(code: str) -> object:
    """Expects the real client to raise that error code."""
    return pytest.raises(MlflowException, check=lambda error: error.error_code == code)


def as_user(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, user: str, *groups: str) -> MlflowClient:
    """A client of somebody else."""
    workspace.add_token(f"token-of-{user}", user, groups)
    monkeypatch.setenv("DATABRICKS_TOKEN", f"token-of-{user}")
    return MlflowClient()


def test_a_promotion_moves_champion_from_1_to_2(family: Workspace) -> None:
    client = MlflowClient()
    assert client.get_registered_model(MODEL).aliases == {"champion": "1", "staging": "2"}
    candidate = client.get_model_version_by_alias(MODEL, "staging")
    assert (candidate.version, candidate.status, candidate.aliases) == ("2", "READY", ["staging"])
    client.set_registered_model_alias(MODEL, "prev_champion", "1")
    client.set_registered_model_alias(MODEL, "champion", candidate.version)
    client.delete_registered_model_alias(MODEL, "staging")
    assert client.get_registered_model(MODEL).aliases == {"champion": "2", "prev_champion": "1"}
    moves = [(each.was, each.to, each.by) for each in family.alias_history(MODEL, "champion")]
    assert moves == [(None, 1, "seed"), (1, 2, "ci@example.com")]
    assert [each.method for each in family.writes()][:2] in (["POST", "POST"], ["PUT", "PUT"])
    assert len(family.writes("registry")) == 3


def test_each_family_is_spoken_by_its_own_store_class(family: Workspace) -> None:
    MlflowClient().get_registered_model(MODEL)
    native = [each for each in family.log if each.path.startswith("/api/2.1/unity-catalog")]
    legacy = [each for each in family.log if each.path.startswith("/api/2.0/mlflow/unity-catalog")]
    assert bool(native) != bool(legacy)
    assert all(each.status == 200 for each in family.log)


def test_versions_carry_metrics_tags_and_empty_strings(family: Workspace) -> None:
    client = MlflowClient()
    client.set_model_version_tag(MODEL, "2", "approval_risk", "Approved")
    client.set_registered_model_tag(MODEL, "promotion_head", "x")
    version = client.get_model_version(MODEL, "2")
    assert {each.key: each.value for each in version.metrics} == {"f1": 0.85}
    assert (version.tags, version.model_id, version.description) == ({"approval_risk": "Approved"}, "", "")
    assert client.get_registered_model(MODEL).tags == {"promotion_head": "x"}
    client.delete_model_version_tag(MODEL, "2", "approval_risk")
    client.delete_registered_model_tag(MODEL, "promotion_head")
    assert (family.tags(MODEL, 2), family.tags(MODEL)) == ({}, {})


@pytest.mark.usefixtures("family")
def test_search_finds_models_and_versions_by_name_only() -> None:
    client = MlflowClient()
    assert [each.name for each in client.search_registered_models()] == [MODEL]
    assert [each.version for each in client.search_model_versions(f"name='{MODEL}'")] == ["3", "2", "1"]
    assert client.search_model_versions("name='main.ml.nothing'") == []
    with pytest.raises(MlflowException, match="Unsupported filter"):
        client.search_model_versions("run_id='r'")


@pytest.mark.usefixtures("family")
def test_models_are_created_renamed_and_deleted() -> None:
    client = MlflowClient()
    client.create_registered_model("main.ml.new", tags={"team": "risk"}, description="d")
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.create_registered_model("main.ml.new")
    client.rename_registered_model("main.ml.new", "main.ml.newer")
    renamed = client.get_registered_model("main.ml.newer")
    assert (renamed.name, renamed.tags, renamed.description) == ("main.ml.newer", {"team": "risk"}, "d")
    client.update_registered_model("main.ml.newer", deployment_job_id="77")
    assert client.get_registered_model("main.ml.newer").deployment_job_state == "CONNECTED"
    client.delete_registered_model("main.ml.newer")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model("main.ml.newer")


@pytest.mark.parametrize("sdk_files", [True, False], ids=["SDK files", "presigned files"])
def test_a_version_is_registered_from_a_folder_and_loads(family: Workspace, tmp_path: Path, *, sdk_files: bool) -> None:
    import mlflow
    import pandas as pd

    family.sdk_artifacts = sdk_files
    made = MlflowClient().create_model_version(MODEL, str(write_model(tmp_path / "new", bias=0.5)))
    assert (made.version, made.status) == ("4", "READY")
    MlflowClient().update_model_version(MODEL, "4", "the fourth")
    assert mlflow.models.Model.load(f"models:/{MODEL}/4").signature.inputs.input_names() == ["age", "visits"]
    assert "MLmodel" in [each.path for each in mlflow.artifacts.list_artifacts(f"models:/{MODEL}/4")]
    assert "flavors" in Path(mlflow.artifacts.download_artifacts(f"models:/{MODEL}/4/MLmodel")).read_text()
    rows = pd.DataFrame([{"age": 40.0, "visits": 3}])
    assert mlflow.pyfunc.load_model(f"models:/{MODEL}/4").predict(rows) == [pytest.approx(0.9)]


def test_a_version_without_files_has_none_to_load(churn: Workspace) -> None:
    from mlflow.models import Model

    churn.add_version(MODEL)
    with pytest.raises(Exception, match="MLmodel"):
        Model.load(f"models:/{MODEL}/4")


def test_files_of_a_finished_version_never_change(churn: Workspace) -> None:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.errors import PermissionDenied

    with pytest.raises(PermissionDenied):
        WorkspaceClient().files.upload("/Models/main/ml/churn/1/MLmodel", BytesIO(b"other"))
    assert churn.writes("files")[0].status == 403


def test_what_is_missing_is_said_to_be_missing(family: Workspace) -> None:
    client = MlflowClient()
    for ask in (
        lambda: client.get_model_version_by_alias(MODEL, "nobody"),
        lambda: client.get_model_version(MODEL, "9"),
        lambda: client.get_registered_model("main.ml.nothing"),
        lambda: client.set_registered_model_alias(MODEL, "champion", "9"),
        lambda: client.delete_registered_model_alias(MODEL, "nobody"),
    ):
        with refused("RESOURCE_DOES_NOT_EXIST"):
            ask()
    family.registry.missing_alias_code = "NOT_FOUND"
    with refused("NOT_FOUND"):
        client.get_model_version_by_alias(MODEL, "nobody")


@pytest.mark.parametrize("alias", ["latest", "Latest", "v1", "V12"])
def test_reserved_aliases_are_refused(family: Workspace, alias: str) -> None:
    with refused("INVALID_PARAMETER_VALUE"):
        MlflowClient().set_registered_model_alias(MODEL, alias, "1")
    assert family.aliases(MODEL) == {"champion": 1, "staging": 2}


@pytest.mark.parametrize("alias", ["a.b", "a@b", "a b", "x" * 256])
def test_alias_characters_are_the_servers_business_too(churn: Workspace, alias: str) -> None:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.errors import InvalidParameterValue

    with pytest.raises(InvalidParameterValue):
        WorkspaceClient().registered_models.set_alias(MODEL, alias, 1)
    assert churn.aliases(MODEL) == {"champion": 1, "staging": 2}


@pytest.mark.parametrize("key", ["a.b", "a,b", "a-b", "a=b", "a/b", "a:b", " a", "a ", "k" * 256])
def test_tag_keys_unity_catalog_does_not_know_are_refused(churn: Workspace, key: str) -> None:
    with pytest.raises(MlflowException):
        MlflowClient().set_model_version_tag(MODEL, "1", key, "x")
    assert churn.tags(MODEL, 1) == {}


def test_tags_have_limits_of_length_and_number(family: Workspace) -> None:
    client = MlflowClient()
    with refused("INVALID_PARAMETER_VALUE"):
        client.set_registered_model_tag(MODEL, "long", "x" * 1001)
    for number in range(50):
        family.set_tag(MODEL, f"k{number}", "x" * 1000)
    client.set_registered_model_tag(MODEL, "k7", "again")
    with refused("INVALID_PARAMETER_VALUE"):
        client.set_registered_model_tag(MODEL, "one_too_many", "x")


@pytest.mark.parametrize("name", ["churn", "ml.churn", "a.b.c.d", "a..c"])
def test_names_have_three_levels(churn: Workspace, name: str) -> None:
    with refused("INVALID_PARAMETER_VALUE"):
        MlflowClient().create_registered_model(name)
    assert list(churn.registry.models) == [MODEL]


def test_deleting_a_version_deletes_its_aliases(family: Workspace) -> None:
    MlflowClient().delete_model_version(MODEL, "1")
    assert MlflowClient().get_registered_model(MODEL).aliases == {"staging": "2"}
    assert family.alias_history(MODEL, "champion")[-1].to is None


def test_aliases_are_the_owners_and_tags_need_apply_tag(family: Workspace, home: pytest.MonkeyPatch) -> None:
    client = as_user(family, home, "reader@example.com")
    with refused("PERMISSION_DENIED"):
        client.get_registered_model(MODEL)
    family.grant("main.ml", "reader@example.com", "EXECUTE")
    assert client.get_model_version_by_alias(MODEL, "champion").version == "1"
    for write in (
        lambda: client.set_registered_model_alias(MODEL, "champion", "2"),
        lambda: client.set_model_version_tag(MODEL, "2", "a", "b"),
    ):
        with refused("PERMISSION_DENIED"):
            write()
    family.grant(MODEL, "reader@example.com", "APPLY_TAG")
    client.set_model_version_tag(MODEL, "2", "a", "b")
    assert (family.aliases(MODEL)["champion"], family.tags(MODEL, 2)) == (1, {"a": "b"})


def test_owners_may_be_groups_and_metastore_admins_own_all(churn: Workspace, home: pytest.MonkeyPatch) -> None:
    churn.add_model("main.ml.other", owner="deployers")
    churn.add_version("main.ml.other")
    as_user(churn, home, "a@example.com", "deployers").set_registered_model_alias("main.ml.other", "x", "1")
    churn.access.metastore_admins.add("boss@example.com")
    as_user(churn, home, "boss@example.com").set_registered_model_alias("main.ml.other", "x", "1")
    assert [each.by for each in churn.alias_history("main.ml.other")] == ["a@example.com", "boss@example.com"]


def test_an_unknown_token_gets_401(family: Workspace, home: pytest.MonkeyPatch) -> None:
    home.setenv("DATABRICKS_TOKEN", "stolen")
    with refused("UNAUTHENTICATED"):
        MlflowClient().get_registered_model(MODEL)
    assert family.log[-1].status == 401


def test_a_dry_look_at_everything_writes_nothing(family: Workspace) -> None:
    from mlflow.models import Model

    client = MlflowClient()
    client.get_registered_model(MODEL)
    client.search_model_versions(f"name='{MODEL}'")
    Model.load(f"models:/{MODEL}@champion")
    assert len(family.log) > 5
    assert family.writes() == []


def test_who_may_browse_finds_a_model_and_may_not_read_it(family: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    client = as_user(family, monkeypatch, "guest@example.com")
    assert list(client.search_registered_models()) == []
    family.grant(MODEL, "guest@example.com", "BROWSE")
    assert [found.name for found in client.search_registered_models()] == [MODEL]
    with refused("PERMISSION_DENIED"):
        client.get_registered_model(MODEL)
