"""Promotions in Unity Catalog: the real clients against the loopback workspace."""

import json
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from tests.e2e.conftest import Place
from tests.workspace import TOKEN, USER, Seen, Workspace
from tests.workspace.seed import write_model

STORES = {
    "legacy": {},
    "native": {"MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY": "true"},
    "legacy, sdk": {"MLFLOW_ENABLE_DB_SDK": "true"},
    "native, sdk": {"MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY": "true", "MLFLOW_ENABLE_DB_SDK": "true"},
}
PROMOTION = ["tag promotion_intent", "alias prev_champion", "alias champion", "tag promotion_head"]


@pytest.fixture(params=["legacy", "native"])
def either(request: pytest.FixtureRequest, place: Place) -> Place:
    """The place through each API family in turn."""
    place.settings.update(STORES[request.param])
    return place


def deed(write: Seen) -> str:
    """What a registry write does, whichever API family it speaks."""
    if "alias" in write.path:
        return f"alias {write.body['alias'] if 'alias' in write.body else write.path.rpartition('/')[2]}"
    changes = write.body.get("changes", {})
    if removed := changes.get("remove") or ([write.body["key"]] if write.method == "DELETE" else []):
        return f"untag {plain(removed[0])}"
    return f"tag {plain(changes['add_tags'][0]['key'] if changes else write.body['key'])}"


def plain(key: str) -> str:
    """The key without what is different each time."""
    return re.sub(r"(?<=promotion_intent)_[0-9a-f]{12}$", "", key)


def deeds(writes: Sequence[Seen]) -> list[str]:
    return [deed(write) for write in writes]


def client_of(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """A reader of the workspace's tracking who is not the program."""
    for name, value in workspace.env(MLFLOW_ENABLE_DB_SDK="false").items():
        monkeypatch.setenv(name, value)
    return MlflowClient("databricks", "databricks-uc")


@pytest.mark.parametrize("store", STORES)
def test_a_promotion_backs_up_moves_reads_back_and_records(place: Place, store: str) -> None:
    place.settings.update(STORES[store])
    done = place.process()
    assert (done.code, place.aliases) == (0, {"champion": 2, "prev_champion": 1, "staging": 2}), done.all
    assert deeds(place.workspace.writes("registry")) == [*PROMOTION, "untag promotion_intent"]
    assert list(place.tags) == ["promotion_head"]
    assert done.json["undo"].endswith(f"promote_model.py {place.model} --rollback")
    assert list(place.cwd.iterdir()) == []


def test_the_backup_is_read_back_before_the_champion_moves(either: Place) -> None:
    """Two reads lie between the two writes: ours, and the one that the client itself sends before each alias write."""
    assert either.ask().code == 0
    log = [seen for seen in either.workspace.log if seen.area == "registry"]
    backup, target = [place for place, seen in enumerate(log) if seen.writes and "alias" in deed(seen)]
    between = log[backup + 1 : target]
    assert [seen.method for seen in between] == ["GET", "GET"]
    assert all(seen.t_start >= log[backup].t_end for seen in between)


def test_the_champion_stays_when_the_backup_does_not_read_back(place: Place) -> None:
    lost = lambda _: place.workspace.delete_alias(place.model, "prev_champion")  # noqa: E731 - the rival in one line
    place.workspace.faults.on_write(2, lost, when="after", area="registry")
    refused = place.ask()
    assert (refused.code, place.aliases, place.tags) == (2, {"champion": 1, "staging": 2}, {})
    assert place.workspace.alias_history(place.model, "champion")[1:] == []


@pytest.mark.parametrize("mode", ["--dry-run", "--check"])
def test_looking_sends_no_writing_request_at_all(either: Place, mode: str) -> None:
    looked = either.ask(mode)
    assert (looked.code, either.workspace.writes()) == (0, [])
    planned = [(step["alias"], step["was"], step["to"]) for step in looked.json["planned"] if "alias" in step]
    assert planned == ([("prev_champion", None, "1"), ("champion", "1", "2")] if mode == "--dry-run" else [])
    assert list(either.cwd.iterdir()) == []


def test_the_same_promotion_again_changes_nothing(place: Place) -> None:
    assert place.ask().code == 0
    before = place.workspace.writes()
    again = place.ask()
    assert (again.code, place.workspace.writes()) == (0, before)


def test_a_first_promotion_has_no_backup_and_no_comparison(place: Place) -> None:
    place.workspace.delete_alias(place.model, "champion")
    done = place.ask()
    assert (done.code, place.aliases) == (0, {"champion": 2, "staging": 2})
    assert "no backup" in done.json["summary"]


def breaking(place: Place) -> None:
    wider = [{"type": "double", "name": name, "required": True} for name in ("age", "visits", "income")]
    folder = write_model(place.cwd.parent / "wider", 0.4, wider)
    place.workspace.add_version(place.model, folder, metrics={"f1": 0.9})
    place.workspace.set_alias(place.model, "staging", 4)


def updating(place: Place) -> None:
    config = {"served_entities": [{"name": "c", "entity_name": place.model, "entity_version": "3"}]}
    config["traffic_config"] = {"routes": [{"served_model_name": "c", "traffic_percentage": 100}]}  # type: ignore[assignment]
    place.workspace.endpoints["churn"].begin(config, None)


def failing(path: str, status: int) -> Callable[[Place], object]:
    return lambda place: place.workspace.faults.fail(path, status=status, error_code="INTERNAL_ERROR")


def owned_by_another(*granted: str) -> Callable[[Place], None]:
    def arrange(place: Place) -> None:
        place.workspace.registry.model(place.model).owner = "boss@example.com"
        place.workspace.grant(place.model, USER, "EXECUTE", *granted)

    return arrange


def grants_hidden(place: Place) -> None:
    owned_by_another("APPLY_TAG")(place)
    place.workspace.access.grants_hidden = True


def version(**facts: Any) -> Callable[[Place], None]:
    def arrange(place: Place) -> None:
        for name, value in facts.items():
            setattr(place.workspace.registry.version(place.model, 2), name, value)

    return arrange


def job_waiting(place: Place) -> None:
    place.workspace.registry.model(place.model).deployment_job_id = "11"
    state = {"job_id": "11", "run_state": "RUNNING", "current_task_name": "approval", "run_id": "5", "job_state": ""}
    version(deployment_job_state=state)(place)


LISTS = "/serving-endpoints$"
FINDINGS: dict[str, tuple[Callable[[Place], object], str, str, int]] = {
    "its signature breaks callers": (breaking, "signature", "failed", 2),
    "it is held": (version(tags={"promotion_hold": "rolled back"}), "hold", "failed", 2),
    "it is not READY": (version(status="FAILED_REGISTRATION"), "ready", "failed", 2),
    "its deployment job waits": (job_waiting, "deployment_job", "failed", 2),
    "an endpoint is updating": (updating, "serving_endpoints", "failed", 2),
    "the endpoints are hidden": (failing(LISTS, 403), "serving_endpoints", "unknown", 1),
    "the endpoints are down": (failing(LISTS, 500), "serving_endpoints", "unknown", 1),
    "its files are gone": (version(artifacts=None), "artifacts", "failed", 2),
    "its metric is worse": (version(metrics={"f1": 0.7}), "recorded_metrics", "failed", 1),
    "its metric is missing": (version(metrics={}), "recorded_metrics", "unknown", 1),
    "its metric is NaN": (version(metrics={"f1": float("nan")}), "recorded_metrics", "unknown", 1),
    "somebody else owns it": (owned_by_another("APPLY_TAG"), "permission", "failed", 4),
    "the grants are hidden": (grants_hidden, "permission", "unknown", 1),
    "one has MANAGE only": (owned_by_another("MANAGE", "APPLY_TAG"), "permission", "unknown", 1),
}


@pytest.mark.parametrize("case", FINDINGS)
def test_what_is_found_decides(quiet_place: Place, case: str) -> None:
    arrange, check, verdict, code = FINDINGS[case]
    arrange(quiet_place)
    looked = quiet_place.ask("--check", "--timeout", "6")
    assert (looked.code, looked.verdict(check)) == (code, verdict), looked.all
    assert quiet_place.workspace.writes() == []
    if code > 1:
        assert quiet_place.ask("--timeout", "6").code == code
        assert (quiet_place.workspace.writes(), quiet_place.champion) == ([], 1)
        assert looked.json["hints"]


@pytest.mark.parametrize("metrics", [{"f1": 0.7}, {"f1": float("nan")}, {}], ids=["worse", "NaN", "missing"])
def test_compare_metrics_refuses_what_is_not_proven_as_good(quiet_place: Place, metrics: dict[str, float]) -> None:
    version(metrics=metrics)(quiet_place)
    assert quiet_place.ask("--compare-metrics").code == 2
    assert (quiet_place.workspace.writes(), quiet_place.champion) == ([], 1)


def test_manage_alone_may_turn_out_to_be_too_little_and_nothing_is_left_half_done(quiet_place: Place) -> None:
    owned_by_another("MANAGE", "APPLY_TAG")(quiet_place)
    denied = quiet_place.ask()
    assert (denied.code, quiet_place.aliases, quiet_place.tags) == (4, {"champion": 1, "staging": 2}, {})


def test_a_group_that_owns_the_model_is_enough(place: Place) -> None:
    place.workspace.registry.model(place.model).owner = "ml-engineers"
    assert place.ask().code == 0


def test_force_goes_past_a_hold_and_the_record_says_so(place: Place) -> None:
    version(tags={"promotion_hold": "rolled back"})(place)
    forced = place.ask("--force", "--reason", "incident 12")
    assert (forced.code, place.champion) == (1, 2)
    assert "skipped by --force: hold" in forced.json["summary"]


NAMED = [["1.3.0"], ["--version", "v1.3.0"], ["latest"], ["--version", "3"], ["--from", "next"]]


@pytest.mark.parametrize("named", NAMED)
def test_a_candidate_can_be_named_in_many_ways(quiet_place: Place, named: list[str]) -> None:
    quiet_place.workspace.set_tag(quiet_place.model, "semver", "1.3.0", 3)
    quiet_place.workspace.set_alias(quiet_place.model, "next", 3)
    assert quiet_place.ask("--dry-run", *named).json["to"] == "3"


@pytest.mark.parametrize("address", ["{}@next", "{}:3", "models:/{}@next", "models:/{}/3"])
def test_an_address_names_the_candidate_too(quiet_place: Place, address: str) -> None:
    quiet_place.workspace.set_alias(quiet_place.model, "next", 3)
    name, quiet_place.model = quiet_place.model, address.format(quiet_place.model)
    looked = quiet_place.ask("--dry-run").json
    assert (looked["model"], looked["to"]) == (name, "3")


def test_the_record_is_a_run_that_tells_who_when_why_and_on_what_evidence(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done = place.ask("--reason", "better on new data")
    head = json.loads(place.tags["promotion_head"])
    client = client_of(place.workspace, monkeypatch)
    run = client.get_run(head["id"])
    assert client.get_experiment(run.info.experiment_id).name == "/Shared/model-promotions"
    wanted = {"kind": "promote", "model": place.model, "alias": "champion", "was": "1", "to": "2", "by": USER}
    assert run.data.params == {**wanted, "why": "better on new data"}
    assert run.data.metrics == {"f1": 0.85}
    assert run.data.tags["promotion.sha256"] == head["sha256"]
    text = Path(client.download_artifacts(run.info.run_id, "outcome.json", str(tmp_path))).read_text()
    body = json.loads(text)
    assert (body["number"], body["vouched_by"]) == (1, "Databricks login")
    assert {finding["check"] for finding in body["evidence"]["findings"]} >= {"signature", "hold", "permission"}
    assert TOKEN not in text + done.all


def test_history_says_who_was_champion_when(place: Place) -> None:
    before = time.time() - 5
    assert place.ask("--reason", "better").code == 0
    assert place.ask("--rollback").code == 0
    rows = [row[2:] for row in place.ask("--history").json["table"]["rows"]]
    assert rows == [
        ["promote", "@champion", "v1", "v2", USER, "better"],
        ["rollback", "@champion", "v2", "v1", USER, ""],
    ]
    at = place.ask("--history", "--at", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2)))
    assert (at.code, at.json["to"]) == (0, "1")
    assert place.ask("--history", "--at", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(before))).code == 3


def test_no_tag_ever_holds_a_person_or_a_reason(place: Place) -> None:
    for args in (["--reason", "Jane Doe asked"], ["--rollback", "--reason", "Jane Doe saw it"], ["--release"]):
        assert place.ask(*args).code == 0
        written = [str(write.body) for write in place.workspace.writes("registry")]
        assert not [body for body in written if "example.com" in body or "Jane" in body]


def test_a_held_version_is_refused_until_it_is_released(place: Place) -> None:
    assert [place.ask(*args).code for args in ([], ["--rollback"], [], ["--release"], [])] == [0, 0, 2, 0, 0]
    assert place.champion == 2
    assert place.ask("--verify-audit").code == 0
