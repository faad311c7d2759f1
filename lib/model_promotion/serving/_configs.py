"""A Databricks endpoint's configuration as its REST API has it: read, and changed as a whole.

It is the raw JSON throughout: the SDK's typed form loses settings that it does not know (facts of the SDK's source).
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from model_promotion.core.deployment import MOST_ENTITIES, Deployment, EntityState, ServedEntity, ServingStep, SetServed
from model_promotion.core.entities import Endpoint

UPDATING = {"IN_PROGRESS": True, "NOT_UPDATING": False, "UPDATE_FAILED": False, "UPDATE_CANCELED": False}
READY = {"READY": True, "NOT_READY": False}
STATES: Mapping[str, EntityState] = {
    "DEPLOYMENT_READY": "ready",
    "DEPLOYMENT_CREATING": "creating",
    "DEPLOYMENT_RECOVERING": "creating",
    "DEPLOYMENT_FAILED": "failed",
    "DEPLOYMENT_ABORTED": "failed",
}
ONLY_READ = frozenset({"creation_timestamp", "creator", "foundation_model", "state"})
NOT_PUT = frozenset({"served_entities", "served_models", "traffic_config", "config_version", "start_time"})
OLD_NAMES = {"model_name": "entity_name", "model_version": "entity_version"}
Raw = Mapping[str, Any]


def deployment(raw: Raw) -> Deployment:
    """What an endpoint serves; what the answer does not tell is None, or `unknown`."""
    state, pending = raw.get("state") or {}, raw.get("pending_config") or {}
    ready, update = state.get("ready"), state.get("config_update")
    on_their_way = entities(pending)
    failed = [one.message or one.name for one in on_their_way if one.state == "failed"]
    gave_up = update in ("UPDATE_FAILED", "UPDATE_CANCELED")
    return Deployment(
        endpoint=str(raw.get("name")),
        entities=entities(raw.get("config") or {}),
        pending=on_their_way,
        ready=READY.get(str(ready)),
        # A failed update may leave its configuration pending: that is not on its way any more.
        updating=UPDATING.get(str(update)) if gave_up or not pending else True,
        failed_because=("; ".join(failed) or str(update)) if gave_up else "",
        creator=str(raw.get("creator") or ""),
        route_optimized=bool(raw.get("route_optimized")),
        config_version=str((raw.get("config") or {}).get("config_version") or ""),
        may_manage={None: None, "CAN_MANAGE": True}.get(raw.get("permission_level"), False),
    )


def summary(raw: Raw, model: str) -> Endpoint:
    """An endpoint as the check of a promotion sees it; a state that is not known reads as None."""
    seen, state = deployment(raw), raw.get("state") or {}
    serves: dict[str, int] = {}
    for entity in seen.entities:
        if entity.model == model:
            serves[entity.number] = serves.get(entity.number, 0) + entity.share_pct
    serves |= {one.number: 0 for one in seen.pending if one.model == model and one.number not in serves}
    told = f"{state.get('ready') or 'state unknown'}, {state.get('config_update') or 'update state unknown'}"
    return Endpoint(seen.endpoint, serves, ready=seen.ready, updating=seen.updating, state=told)


def entities(config: Raw) -> tuple[ServedEntity, ...]:
    """The entities of a configuration with their traffic, in their order."""
    shares = {_route(one): _pct(one) for one in _routes(config)}
    return tuple(_entity(one, shares.get(str(one.get("name")), 0)) for one in _served(config))


def changed(config: Raw, step: ServingStep) -> dict[str, Any]:
    """The body of the PUT that takes this step; a PUT replaces the whole configuration, so everything is in it.

    Raises:
        ValueError: when the step does not fit to the configuration.
    """
    served = [{key: value for key, value in one.items() if key not in ONLY_READ} for one in _served(config)]
    routes = [copy.deepcopy(dict(one)) for one in _routes(config)]
    key = "served_entity_name" if any("served_entity_name" in one for one in routes) else "served_model_name"
    shares = {_route(one): _pct(one) for one in routes}
    if isinstance(step, SetServed):
        served, shares = _with(served, shares, step) if step.to is not None else _without(served, shares, step)
    else:
        if missing := {step.source, step.entity} - {*shares}:
            raise ValueError(f"{step.endpoint} does not route to {', '.join(sorted(missing))} any more")
        rest = shares[step.source] + shares[step.entity] - step.to
        shares |= {step.entity: step.to, step.source: rest}
        if rest < 0:
            raise ValueError(f"{step.source} has not that much traffic to give")
    if sum(shares.values()) != 100:  # noqa: PLR2004 - percent
        raise ValueError(f"the traffic of {step.endpoint} would add up to {sum(shares.values())} %")
    stood = {_route(one): one for one in routes}
    put = [{**stood.get(name, {key: name}), "traffic_percentage": pct} for name, pct in shares.items()]
    kept = {name: value for name, value in config.items() if value and name not in NOT_PUT}
    if tables := kept.get("auto_capture_config"):
        kept["auto_capture_config"] = {name: value for name, value in tables.items() if name != "state"}
    ways = {**(config.get("traffic_config") or {}), "routes": put}
    return {**kept, "served_entities": served, "traffic_config": ways}


def _with(
    served: list[dict[str, Any]], shares: dict[str, int], step: SetServed
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    if len(served) >= MOST_ENTITIES:
        raise ValueError(f"{step.endpoint} serves {len(served)} versions already, and can serve {MOST_ENTITIES}")
    like = next((one for one in served if one.get("name") == step.like), None)
    if like is None:
        raise ValueError(f"{step.endpoint} does not serve {step.like} any more")
    new = {**copy.deepcopy(like), "name": step.entity, "entity_name": step.model, "entity_version": str(step.to)}
    return [*served, new], {**shares, step.entity: 0}


def _without(
    served: list[dict[str, Any]], shares: dict[str, int], step: SetServed
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    if left := shares.get(step.entity, 0):
        raise ValueError(f"{step.entity} still gets {left} % of the traffic of {step.endpoint}")
    return (
        [one for one in served if one.get("name") != step.entity],
        {name: pct for name, pct in shares.items() if name != step.entity},
    )


def _entity(raw: Raw, share_pct: int) -> ServedEntity:
    state = raw.get("state") or {}
    return ServedEntity(
        name=str(raw.get("name")),
        model=str(raw.get("entity_name")),
        number=str(raw.get("entity_version")),
        share_pct=share_pct,
        state=STATES.get(str(state.get("deployment")), "unknown"),
        message=str(state.get("deployment_state_message") or ""),
        scales_to_zero=bool(raw.get("scale_to_zero_enabled")),
    )


def _served(config: Raw) -> Sequence[dict[str, Any]]:
    """The entities; a configuration that has them under their old name only, under the new one."""
    if found := config.get("served_entities"):
        return list(found)
    old = config.get("served_models") or ()
    return [{OLD_NAMES.get(key, key): value for key, value in one.items()} for one in old]


def _routes(config: Raw) -> Sequence[Raw]:
    return (config.get("traffic_config") or {}).get("routes") or ()


def _route(route: Raw) -> str:
    return str(route.get("served_entity_name") or route.get("served_model_name"))


def _pct(route: Raw) -> int:
    return int(float(route.get("traffic_percentage") or 0))
