"""Stages as people call them: an sqlite file, the workspace registry of Databricks; and Unity Catalog has none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import QUICK, Place
from tests.e2e.program import Result, clean_env, inside
from tests.e2e.registry import BETTER, GOOD, MODEL, NAN, WORSE, made
from tests.workspace import mlflow_server as server
from tests.workspace.seed import write_model

UP = ("--to-stage", "Production")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As elsewhere, with stages: the good one is in Production, the better one in Staging."""
    from mlflow import MlflowClient

    folder = made(tmp_path_factory.mktemp("registry"))
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    client = MlflowClient(uri, uri)
    client.transition_model_version_stage(MODEL, str(GOOD), "Production")
    client.transition_model_version_stage(MODEL, str(BETTER), "Staging")
    return folder


def call(desk: Path, *args: str) -> Result:
    return inside([MODEL, *args, "--json"], clean_env(desk.parent), desk)


def stages(desk: Path) -> dict[int, str]:
    from mlflow import MlflowClient

    uri = f"sqlite:///{desk / 'mlflow.db'}"
    found = MlflowClient(uri, uri).search_model_versions(f"name='{MODEL}'")
    return {int(version.version): version.current_stage for version in found}


def test_from_staging_to_production_and_back(desk: Path) -> None:
    done = call(desk, *UP)
    assert (done.code, stages(desk)[GOOD], stages(desk)[BETTER]) == (0, "Archived", "Production"), done.all
    assert "stage Production is used" in done.err
    assert done.json["undo"].endswith(f"{MODEL} --rollback --to-stage Production")
    again = call(desk, *UP, "--version", str(BETTER))
    assert (again.code, "nothing to do" in again.json["summary"]) == (0, True), again.all
    back = call(desk, "--rollback", *UP)
    assert (back.code, stages(desk)[GOOD], stages(desk)[BETTER]) == (0, "Production", "Archived"), back.all
    held = call(desk, *UP, "--version", str(BETTER))
    assert (held.code, "held" in held.all) == (2, True), held.all
    rows = call(desk, "--history").json["table"]["rows"]
    assert [row[2:4] for row in rows] == [["promote", "stage Production"], ["rollback", "stage Production"]]
    assert call(desk, "--verify-audit").code == 0


def test_what_was_there_before_the_record_is_gone_back_to_by_its_backup(desk: Path) -> None:
    assert call(desk, *UP, "--from-stage", "Staging").code == 0
    assert call(desk, *UP, "--version", "5").code == 1  # It is worse, and that is said.
    assert stages(desk)[5] == "Production"
    assert call(desk, "--rollback", *UP).code == 0
    assert call(desk, "--rollback", *UP).code == 0
    assert stages(desk)[GOOD] == "Production"


def test_in_step_the_alias_and_the_stage_move_together(desk: Path) -> None:
    done = call(desk, "--sync-stages")
    assert (done.code, stages(desk)[BETTER]) == (0, "Production"), done.all
    assert call(desk, "--check", "--version", str(NAN)).json["was"] == str(BETTER)
    back = call(desk, "--rollback", "--sync-stages")
    assert (back.code, stages(desk)[GOOD]) == (0, "Production"), back.all


def test_a_stage_that_was_left_behind_is_brought_in_step_and_goes_back_with_the_alias(desk: Path) -> None:
    assert call(desk).code == 0
    assert stages(desk)[GOOD] == "Production"
    done = call(desk, "--version", str(BETTER), "--sync-stages")
    assert (done.code, stages(desk)[GOOD], stages(desk)[BETTER]) == (0, "Archived", "Production"), done.all
    assert "brought in step: stage Production: v1 -> v2" in done.json["summary"]
    back = call(desk, "--rollback", "--sync-stages")
    assert (back.code, stages(desk)[GOOD]) == (0, "Production"), back.all
    assert "[Production] stage Production: v2 -> v1, read back" in back.err
    assert call(desk, "--verify-audit").code == 0


def test_on_its_way_from_staging_to_production_a_version_is_not_taken_back_down(desk: Path) -> None:
    staging = ("--to-stage", "Staging")
    assert call(desk, *UP).code == 0
    assert call(desk, "--version", str(WORSE), *staging, "--force").code == 1
    before = stages(desk)
    for down in (("--version", str(BETTER)), ("--rollback", "--to-version", str(BETTER))):
        refused = call(desk, *down, *staging)
        told = f"v{BETTER} is in stage Production, and a version has one stage only"
        assert (refused.code, told in refused.all, stages(desk)) == (2, True, before), refused.all


def test_on_its_way_from_staging_to_production_nothing_is_taken_for_a_move_from_outside(desk: Path) -> None:
    staging = ("--to-stage", "Staging", "--force")
    assert call(desk, "--version", str(WORSE), *staging).code == 1
    assert call(desk, "--from-stage", "Staging", *UP, "--force").code == 1
    up = call(desk, "--version", str(BETTER), *staging)
    rows = call(desk, "--history").json["table"]["rows"]
    assert ([row[2] for row in rows], "outside this tool" in up.all) == (["promote"] * 3, False), up.all


def test_what_was_moved_in_step_is_where_the_record_says_at_both_ends(desk: Path) -> None:
    assert call(desk, "--version", str(BETTER), *UP, "--sync-stages").code == 0
    done = call(desk, "--version", str(WORSE), "--sync-stages", "--force")
    history = call(desk, "--history", *UP)
    assert (done.code, "outside this tool" in done.all + history.all) == (1, False), done.all
    back = call(desk, "--rollback", *UP)
    assert (back.code, stages(desk)[BETTER]) == (0, "Production"), back.all


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--to-stage", "prod"), "none of Staging, Production"),
        (("--to-stage", "Archived"), "none of Staging, Production"),
        ((*UP, "--to", "champion"), "name two places"),
        (("--from-stage", "Production", *UP), "source and target are both stage Production"),
    ],
)
def test_a_call_that_makes_no_sense_is_64(desk: Path, args: tuple[str, ...], told: str) -> None:
    before = stages(desk)
    wrong = call(desk, *args)
    assert (wrong.code, told in wrong.all, stages(desk)) == (64, True, before), wrong.all


def test_a_reviewed_plan_holds_for_a_stage_too(desk: Path) -> None:
    assert call(desk, *UP, "--plan-out", "plan.json").code == 0
    done = call(desk, "--apply", "plan.json")
    assert (done.code, stages(desk)[BETTER]) == (0, "Production"), done.all


def test_unity_catalog_has_no_stages_so_the_alias_of_that_name_is_used_and_that_is_said(place: Place) -> None:
    done = place.ask(*UP)
    assert (done.code, place.aliases["production"]) == (0, 2), done.all
    assert "Unity Catalog has no stages: @production is used" in done.err
    assert place.ask("--sync-stages").code == 0  # Nothing to keep in step with.
    nowhere = place.ask("--from", "production", *UP)
    assert (nowhere.code, "source and target are both @production here" in nowhere.all) == (64, True), nowhere.all


# --- the workspace registry: what it answers is what a plain server answers, only that its client has no aliases ---


@pytest.fixture(scope="module")
def workspace_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server.running(tmp_path_factory.mktemp("workspace")) as url:
        yield url


@pytest.fixture
def workspace_env(workspace_url: str, tmp_path: Path) -> dict[str, str]:
    """A workspace with version 1 in Production and 2 in Staging."""
    from mlflow import MlflowClient

    (tmp_path / "cwd").mkdir()
    client = MlflowClient(workspace_url, workspace_url)
    client.create_registered_model(MODEL)
    for number, stage in enumerate(("Production", "Staging"), start=1):
        source = write_model(tmp_path / str(number), number / 10)
        client.create_model_version(MODEL, f"dbfs:/{source}")
        client.transition_model_version_stage(MODEL, str(number), stage)
    address = {"MLFLOW_TRACKING_URI": "databricks", "MLFLOW_REGISTRY_URI": "databricks"}
    login = {"DATABRICKS_HOST": workspace_url, "DATABRICKS_TOKEN": "x"}
    return clean_env(tmp_path / "cwd", **address, **login, **QUICK)


def test_a_registry_without_aliases_works_through_its_stages(
    workspace_env: dict[str, str], workspace_url: str, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    def ask(*args: str) -> Result:
        return inside([MODEL, *args, "--json"], workspace_env, tmp_path / "cwd")

    def stood() -> dict[str, str]:
        found = MlflowClient(workspace_url, workspace_url).search_model_versions(f"name='{MODEL}'")
        return {str(version.version): version.current_stage for version in found}

    done = ask("--force")
    assert (done.code, stood()) == (1, {"1": "Archived", "2": "Production"}), done.all
    assert "has no aliases: stage Production is used" in done.err
    back = ask("--rollback")
    assert (back.code, stood()) == (1, {"1": "Production", "2": "Archived"}), back.all  # The record is a file here.
    assert ask("--to", "blue").code == 64
    assert ask("--from", "champion", *UP).code == 64
    assert ask("--version", "2", "--sync-stages", "--force").code == 1  # Nothing to keep in step with.
