"""Serving endpoints as they are: configs, updates under way, rights, traffic. No HTTP."""

import copy
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.workspace.wire import RefusedError

MAX_ENTITIES = 15
LEVELS = ("CAN_VIEW", "CAN_QUERY", "CAN_MANAGE")
# 37 and 100 have no common divisor: any 100 requests in a row are split exactly as the routes say.
_STRIDE = 37
Model = Callable[[dict[str, Any]], Any]


def echo(payload: dict[str, Any]) -> list[float]:
    """The model behind an entity nobody gave one: a 0.5 for each row."""
    rows = payload.get("dataframe_records") or payload.get("instances") or payload.get("inputs")
    rows = rows if rows is not None else payload.get("dataframe_split", {}).get("data", [])
    return [0.5] * len(rows)


@dataclass
class Endpoint:
    """One endpoint: `config` serves, `pending` is on its way."""

    name: str
    creator: str
    config: dict[str, Any]
    pending: dict[str, Any] | None = None
    config_update: str = "NOT_UPDATING"
    polls_left: int | None = None
    rights: dict[str, str] = field(default_factory=dict)
    calls: int = 0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    busy_ms: list[float] = field(default_factory=list)
    metrics_text: str | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def level(self, names: set[str]) -> int:
        """0 CAN_VIEW, 1 CAN_QUERY, 2 CAN_MANAGE, -1 none; the creator manages."""
        held = {self.rights.get(name) for name in names} | ({"CAN_MANAGE"} if self.creator in names else set())
        return max((LEVELS.index(each) for each in held if each), default=-1)

    def entity(self, name: str) -> dict[str, Any]:
        entities: list[dict[str, Any]] = self.config["served_entities"]
        for each in entities:
            if each["name"] == name:
                return each
        raise RefusedError("RESOURCE_DOES_NOT_EXIST", f"Served model '{name}' does not exist on '{self.name}'.")

    def next_entity(self) -> dict[str, Any]:
        """Whose turn it is, by the traffic split."""
        turn, edge = (self.calls * _STRIDE) % 100, 0
        self.calls += 1
        for route in self.config["traffic_config"]["routes"]:
            edge += int(route["traffic_percentage"])
            if turn < edge:
                return self.entity(route_name(route))
        raise RefusedError("BAD_REQUEST", f"No traffic is routed on '{self.name}'.")

    def begin(self, wanted: dict[str, Any], polls: int | None) -> None:
        """The old config serves on while the new one is built."""
        if self.config_update == "IN_PROGRESS":
            raise RefusedError("RESOURCE_CONFLICT", f"Endpoint '{self.name}' is currently updating its config.")
        self.pending = new_config(wanted, self.creator, self.config["config_version"] + 1)
        self.pending["start_time"] = time.time_ns() // 1_000_000
        mark(self.pending, "DEPLOYMENT_CREATING", "")
        self.config_update, self.polls_left = "IN_PROGRESS", polls

    def polled(self) -> None:
        """Somebody looked; an update that ends after N looks comes one look closer."""
        if self.config_update != "IN_PROGRESS" or self.polls_left is None:
            return
        self.polls_left -= 1
        if self.polls_left < 0:
            self.finish()

    def finish(self) -> None:
        """The new config serves."""
        if self.pending is not None:
            self.pending.pop("start_time", None)
            self.config, self.pending = mark(self.pending, "DEPLOYMENT_READY", ""), None
        self.config_update = "NOT_UPDATING"

    def fail(self, reason: str) -> None:
        """The new config could not be built; the old one serves on."""
        if self.pending is not None:
            mark(self.pending, "DEPLOYMENT_FAILED", reason)
        self.config_update = "UPDATE_FAILED"


def route_name(route: dict[str, Any]) -> str:
    return str(route.get("served_entity_name") or route.get("served_model_name") or "")


def new_config(wanted: dict[str, Any], creator: str, number: int) -> dict[str, Any]:
    """What was asked, checked and with the names Databricks would fill in."""
    entities = copy.deepcopy(wanted.get("served_entities") or wanted.get("served_models") or [])
    for each in entities:
        each.setdefault("name", f"{each['entity_name']}-{each['entity_version']}")
        each.update(creator=creator, creation_timestamp=time.time_ns() // 1_000_000)
    config = {"served_entities": entities, "traffic_config": wanted.get("traffic_config"), "config_version": number}
    if not config["traffic_config"] and len(entities) == 1:
        routes = [{"served_model_name": entities[0]["name"], "traffic_percentage": 100}]
        config["traffic_config"] = {"routes": routes}
    _check(config)
    return mark(config, "DEPLOYMENT_READY", "")


def mark(config: dict[str, Any], deployment: str, reason: str) -> dict[str, Any]:
    """The same state for every entity of a config."""
    for each in config["served_entities"]:
        each["state"] = {"deployment": deployment, "deployment_state_message": reason}
    return config


def _check(config: dict[str, Any]) -> None:
    entities = config["served_entities"]
    names = [each["name"] for each in entities]
    served = [(each["entity_name"], each["entity_version"]) for each in entities]
    routes = (config["traffic_config"] or {}).get("routes", [])
    if not entities or len(entities) > MAX_ENTITIES:
        raise _wrong(f"served_models cannot be empty or contain more than {MAX_ENTITIES} elements")
    if len(set(names)) < len(names):
        raise _wrong("Served entity names must be unique")
    if len(set(served)) < len(served):
        raise RefusedError("BAD_REQUEST", "Cannot create 2+ served entities for the same model and version")
    if {route_name(each) for each in routes} - set(names):
        raise _wrong("A traffic route names a served entity that is not in the config")
    if sum(int(each["traffic_percentage"]) for each in routes) != 100:
        raise _wrong("The traffic percentages of all routes must add up to 100")


def _wrong(message: str) -> RefusedError:
    return RefusedError("INVALID_PARAMETER_VALUE", message)
