"""An endpoint as the REST API describes it, whole or with parts missing."""

from typing import Any

import pytest

from model_promotion.serving._configs import summary
from model_promotion.serving.databricks import at_rest

MODEL = "shop.pricing.churn"


def served(number: str, model: str = MODEL) -> dict[str, Any]:
    return {"name": f"it-{number}", "entity_name": model, "entity_version": number}


def raw(*entities: dict[str, Any], traffic: object = None, **more: object) -> dict[str, Any]:
    routes = [
        {"served_entity_name": f"it-{number}", "traffic_percentage": pct} for number, pct in (traffic or {}).items()
    ]  # type: ignore[attr-defined]
    config = {"served_entities": list(entities), "traffic_config": {"routes": routes}}
    state = {"ready": "READY", "config_update": "NOT_UPDATING"}
    return {"name": "churn", "state": state, "config": config, **more}


SERVES = {
    "one version": (raw(served("1"), traffic={"1": 100}), {"1": 100}),
    "two versions": (raw(served("1"), served("2"), traffic={"1": 90, "2": 10}), {"1": 90, "2": 10}),
    "one version twice": (raw(served("1"), served("1"), traffic={"1": 50}), {"1": 100}),
    "a percentage in words": (raw(served("1"), traffic={"1": "40"}), {"1": 40}),
    "a percentage with a point": (raw(served("1"), traffic={"1": "40.0"}), {"1": 40}),
    "no percentage": (raw(served("1"), traffic={"1": None}), {"1": 0}),
    "no traffic": (raw(served("1")), {"1": 0}),
    "a number for a version": (raw({**served("1"), "entity_version": 1}, traffic={"1": 100}), {"1": 100}),
    "another model": (raw(served("1", "shop.pricing.other"), traffic={"1": 100}), {}),
    "no config": ({"name": "churn"}, {}),
    "a config of nothing": ({"name": "churn", "config": None, "state": None, "pending_config": None}, {}),
    "entities of nothing": ({"name": "churn", "config": {"served_entities": None, "traffic_config": None}}, {}),
    "a version on its way": (
        raw(served("1"), traffic={"1": 100}, pending_config={"served_entities": [served("2")]}),
        {"1": 100, "2": 0},
    ),
    "nothing on its way": (raw(served("1"), traffic={"1": 100}, pending_config={"served_entities": None}), {"1": 100}),
}


@pytest.mark.parametrize(("described", "serves"), SERVES.values(), ids=SERVES.keys())
def test_what_it_serves_is_read_from_whatever_is_there(described: dict[str, Any], serves: dict[str, int]) -> None:
    assert summary(described, MODEL).serves == serves


@pytest.mark.parametrize(
    ("ready", "update", "expected"),
    [
        ("READY", "NOT_UPDATING", (True, False)),
        ("NOT_READY", "IN_PROGRESS", (False, True)),
        ("READY", "UPDATE_FAILED", (True, False)),
        ("READY", "UPDATE_CANCELED", (True, False)),
        ("SCALED_TO_ZERO", "PAUSED", (None, None)),
        (None, None, (None, None)),
    ],
)
def test_a_state_that_is_not_known_is_not_taken_for_rest(
    ready: str | None, update: str | None, expected: tuple[bool | None, bool | None]
) -> None:
    found = summary(raw(served("1"), state={"ready": ready, "config_update": update}), MODEL)
    assert (found.ready, found.updating) == expected
    assert found.state == f"{ready or 'state unknown'}, {update or 'update state unknown'}"


def test_a_config_that_is_on_its_way_is_an_update_whatever_the_state_says() -> None:
    assert summary(raw(served("1"), pending_config={"served_entities": [served("2")]}), MODEL).updating is True


@pytest.mark.parametrize(
    ("listed", "rests"),
    [
        ({"config": {}, "state": {"config_update": "NOT_UPDATING"}}, True),
        ({"config": {}, "state": {"config_update": "IN_PROGRESS"}}, False),
        ({"config": {}, "state": {"config_update": "UPDATE_FAILED"}}, False),
        ({"config": {}, "state": {"config_update": "A_STATE_OF_TOMORROW"}}, False),
        ({"config": {}}, False),
        ({"state": {"config_update": "NOT_UPDATING"}}, False),
    ],
)
def test_an_endpoint_that_does_not_say_it_rests_may_be_about_to_serve_anything(
    listed: dict[str, Any], *, rests: bool
) -> None:
    from databricks.sdk.service.serving import ServingEndpoint

    if "config" in listed:
        listed = {**listed, "config": {"served_entities": [{"entity_name": "a", "entity_version": "1"}]}}
    assert at_rest(ServingEndpoint.from_dict(listed)) is rests
