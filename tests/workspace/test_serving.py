"""Serving, identity and grants of the loopback workspace, proved with the real Databricks SDK."""

from collections import Counter

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.errors import InvalidParameterValue, NotFound, OperationFailed, PermissionDenied, ResourceConflict
from databricks.sdk.service.serving import Route, ServedEntityInput, TrafficConfig

from tests.workspace import GROUP, TOKEN, USER, RefusedError, Workspace
from tests.workspace.seed import MODEL, ROW


@pytest.fixture
def client(churn: Workspace) -> WorkspaceClient:
    return connect(churn)


def connect(workspace: Workspace, token: str = TOKEN) -> WorkspaceClient:
    config = Config(host=workspace.url, token=token, auth_type="pat", retry_timeout_seconds=2, http_timeout_seconds=5)
    return WorkspaceClient(config=config)


def split(champion: int, candidate: int) -> dict:
    """An update to versions 1 and 2 with that traffic."""
    entities = [ServedEntityInput(name=f"churn-{v}", entity_name=MODEL, entity_version=str(v)) for v in (1, 2)]
    shares = [("churn-1", champion), ("churn-2", candidate)]
    routes = [Route(traffic_percentage=pct, served_model_name=name) for name, pct in shares]
    return {"served_entities": entities, "traffic_config": TrafficConfig(routes=routes)}


def test_the_list_is_a_summary_and_get_is_not(client: WorkspaceClient) -> None:
    (short,) = client.serving_endpoints.list()
    assert [(e.entity_name, e.entity_version) for e in short.config.served_entities] == [(MODEL, "1")]
    assert not hasattr(short.config, "traffic_config")
    whole = client.serving_endpoints.get("churn")
    assert whole.config.traffic_config.routes[0].traffic_percentage == 100
    assert (whole.state.ready.value, whole.permission_level.value, whole.creator) == ("READY", "CAN_MANAGE", USER)


def test_an_update_is_pending_until_it_is_finished_and_bars_a_second(churn: Workspace, client: WorkspaceClient) -> None:
    client.serving_endpoints.update_config("churn", **split(100, 0))
    waiting = client.serving_endpoints.get("churn")
    assert (waiting.state.config_update.value, waiting.pending_config.config_version) == ("IN_PROGRESS", 2)
    assert [each.name for each in waiting.config.served_entities] == ["churn-1"]
    with pytest.raises(ResourceConflict):
        client.serving_endpoints.update_config("churn", **split(90, 10))
    churn.finish_update("churn")
    done = client.serving_endpoints.get("churn")
    assert (done.state.config_update.value, done.pending_config, done.config.config_version) == (
        "NOT_UPDATING",
        None,
        2,
    )


def test_an_update_can_end_after_some_looks_or_in_failure(churn: Workspace, client: WorkspaceClient) -> None:
    churn.polls_until_ready = 1
    assert client.serving_endpoints.update_config_and_wait("churn", **split(50, 50)).config.config_version == 2
    churn.polls_until_ready = None
    waiting = client.serving_endpoints.update_config("churn", **split(0, 100))
    churn.fail_update("churn", "no space left")
    with pytest.raises(OperationFailed):
        waiting.result()
    assert client.serving_endpoints.build_logs("churn", "churn-2").logs.endswith("no space left")
    assert client.serving_endpoints.get("churn").config.config_version == 2


def test_configs_that_make_no_sense_are_refused(churn: Workspace, client: WorkspaceClient) -> None:
    for wrong in (split(50, 60), {**split(50, 50), "served_entities": split(1, 1)["served_entities"][:1]}):
        with pytest.raises(InvalidParameterValue):
            client.serving_endpoints.update_config("churn", **wrong)
    missing = ServedEntityInput(name="x", entity_name=MODEL, entity_version="9")
    with pytest.raises(NotFound):
        client.serving_endpoints.update_config("churn", served_entities=[missing])
    churn.endpoints["churn"].creator = "left@example.com"
    churn.endpoints["churn"].rights[USER] = "CAN_MANAGE"
    with pytest.raises(PermissionDenied):
        client.serving_endpoints.update_config("churn", **split(50, 50))


def test_traffic_is_split_exactly_and_a_candidate_at_zero_answers_alone(
    churn: Workspace, client: WorkspaceClient
) -> None:
    client.serving_endpoints.update_config("churn", **split(90, 10))
    churn.finish_update("churn")
    answered = Counter(
        client.serving_endpoints.query("churn", dataframe_records=[ROW]).served_model_name for _ in range(100)
    )
    assert answered == {"churn-1": 90, "churn-2": 10}
    path = "/serving-endpoints/churn/served-models/churn-2/invocations"
    said = client.api_client.do("POST", path, body={"dataframe_records": [ROW]}, response_headers=["served-model-name"])
    assert (said["served-model-name"], said["predictions"]) == ("churn-2", [pytest.approx(0.6)])


def test_a_broken_model_shows_in_the_metrics(churn: Workspace, client: WorkspaceClient) -> None:
    def broken(_payload: dict) -> list:
        raise RefusedError("INTERNAL_ERROR", "out of memory")

    churn.serve(MODEL, 1, broken)
    with pytest.raises(Exception, match="out of memory"):
        client.serving_endpoints.query("churn", dataframe_records=[ROW])
    text = client.serving_endpoints.export_metrics("churn").contents.read().decode()
    assert 'request_5xx_count_total{endpoint="churn"} 1' in text
    churn.set_metrics("churn", "request_count_total 7\n")
    assert client.serving_endpoints.export_metrics("churn").contents.read() == b"request_count_total 7\n"


def test_endpoints_without_rights_are_out_of_sight(churn: Workspace) -> None:
    churn.add_token("guest-token", "guest@example.com")
    guest = connect(churn, "guest-token")
    assert list(guest.serving_endpoints.list()) == []
    churn.endpoints["churn"].rights["guest@example.com"] = "CAN_QUERY"
    assert guest.serving_endpoints.query("churn", dataframe_records=[ROW]).predictions
    with pytest.raises(PermissionDenied):
        guest.serving_endpoints.update_config("churn", **split(50, 50))


def test_me_is_who_the_token_says(client: WorkspaceClient) -> None:
    me = client.current_user.me()
    assert (me.user_name, [each.display for each in me.groups]) == (USER, [GROUP])


def test_the_owner_and_the_aliases_are_shown_on_request(churn: Workspace, client: WorkspaceClient) -> None:
    assert client.registered_models.get(MODEL).owner == USER
    assert not client.registered_models.get(MODEL).aliases
    shown = client.registered_models.get(MODEL, include_aliases=True).aliases
    assert {each.alias_name: each.version_num for each in shown} == {"champion": 1, "staging": 2}
    client.registered_models.set_alias(MODEL, "champion", 2)
    assert client.model_versions.get_by_alias(MODEL, "champion").version == 2
    churn.add_token("guest-token", "guest@example.com")
    with pytest.raises(PermissionDenied):
        connect(churn, "guest-token").registered_models.get(MODEL)


def test_grants_are_direct_or_inherited_and_can_be_hidden(churn: Workspace, client: WorkspaceClient) -> None:
    churn.grant("main", GROUP, "EXECUTE")
    churn.grant(MODEL, "guest@example.com", "APPLY_TAG")
    effective = client.grants.get_effective("FUNCTION", MODEL, principal=GROUP).privilege_assignments
    privilege = effective[0].privileges[0]
    assert (privilege.privilege.value, privilege.inherited_from_name) == ("EXECUTE", "main")
    direct = client.grants.get("FUNCTION", MODEL).privilege_assignments
    assert [(each.principal, [p.value for p in each.privileges]) for each in direct] == [
        ("guest@example.com", ["APPLY_TAG"])
    ]
    churn.access.grants_hidden = True
    churn.add_token("guest-token", "guest@example.com")
    with pytest.raises(PermissionDenied):
        connect(churn, "guest-token").grants.get_effective("FUNCTION", MODEL, principal="guest@example.com")
