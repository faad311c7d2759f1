"""Endpoints that can be changed, in memory: the double for tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from model_promotion.core.deployment import Deployment, ServingStep
from model_promotion.core.entities import Endpoint
from model_promotion.core.errors import Conflict, NotFound
from model_promotion.core.load import Destination
from model_promotion.serving._configs import changed, deployment, summary

Raw = dict[str, Any]


@dataclass
class MemoryEndpoints:
    """Endpoints that take changes as Databricks does: `looks` says how many readings one is on its way.

    `effect` stands between a change and its being taken, to fail or to lose it. `fails` is why every update fails.
    `said` is what each endpoint answers when its metrics are asked for.
    """

    raw: dict[str, Raw] = field(default_factory=dict)
    looks: int = 0
    said: dict[str, str] = field(default_factory=dict)
    fails: str = ""
    effect: Callable[[Callable[[], None]], None] = lambda take: take()
    written: list[ServingStep] = field(default_factory=list)
    scope = "memory"
    _left: dict[str, int] = field(default_factory=dict)

    def serve(self, name: str, model: str, **shares: int) -> "MemoryEndpoints":
        """An endpoint whose entities are named by their version: `v1=90`."""
        entities = [_entity(f"it-{one[1:]}", model, one[1:]) for one in shares]
        routes = [{"served_entity_name": f"it-{one[1:]}", "traffic_percentage": pct} for one, pct in shares.items()]
        config = {"served_entities": entities, "traffic_config": {"routes": routes}}
        state = {"ready": "READY", "config_update": "NOT_UPDATING"}
        self.raw[name] = {"name": name, "config": config, "state": state, "permission_level": "CAN_MANAGE"}
        return self

    def endpoints(self, model: str, *, on_their_way: bool = False) -> Sequence[Endpoint]:  # noqa: ARG002 - they are all read
        """Those that name the model."""
        return [found for found in (summary(raw, model) for raw in self.raw.values()) if found.serves]

    def deployment(self, name: str) -> Deployment:
        """What it serves; with every look an update comes one look closer."""
        self._look(name)
        return deployment(self._found(name))

    def metrics(self, name: str) -> str:
        """What was given; none are an empty text."""
        self._found(name)
        return self.said.get(name, "")

    def write(self, step: ServingStep) -> None:
        """Begin an update."""
        self.written.append(step)
        self.effect(lambda: self._begin(step))

    def target(self, name: str, entity: str) -> Destination:
        """An address that tells which entity is meant; without one, that with the most traffic."""
        seen = deployment(self._found(name))
        asked = seen.entity(entity) if entity else max(seen.entities, key=lambda one: one.share_pct)
        if asked is None:
            raise NotFound(f"{name} does not serve {entity}")
        return Destination(f"{name}/{asked.name}", f"memory:{asked.name}/{asked.number}")

    def _begin(self, step: ServingStep) -> None:
        raw = self._found(step.endpoint)
        if raw["state"]["config_update"] == "IN_PROGRESS":
            raise Conflict(f"{step.endpoint} is currently updating")
        try:
            raw["pending_config"] = changed(raw["config"], step)
        except ValueError as error:
            raise Conflict(str(error)) from error
        raw["state"]["config_update"] = "IN_PROGRESS"
        self._left[step.endpoint] = self.looks

    def _look(self, name: str) -> None:
        raw = self._found(name)
        if raw["state"]["config_update"] != "IN_PROGRESS":
            return
        self._left[name] = self._left.get(name, self.looks) - 1
        if self._left[name] >= 0:
            return
        if self.fails:
            state = {"deployment": "DEPLOYMENT_FAILED", "deployment_state_message": self.fails}
            raw["pending_config"]["served_entities"][-1]["state"] = state
            raw["state"]["config_update"] = "UPDATE_FAILED"
            return
        raw["config"] = raw.pop("pending_config", raw["config"])
        for one in raw["config"]["served_entities"]:
            one["state"] = {"deployment": "DEPLOYMENT_READY"}
        raw["state"]["config_update"] = "NOT_UPDATING"

    def _found(self, name: str) -> Raw:
        if name not in self.raw:
            raise NotFound(f"there is no endpoint {name}")
        return self.raw[name]


def _entity(name: str, model: str, number: str) -> Raw:
    state = {"deployment": "DEPLOYMENT_READY"}
    return {"name": name, "entity_name": model, "entity_version": number, "workload_size": "Small", "state": state}
