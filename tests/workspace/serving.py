"""The addresses of model serving: list, get, update config, metrics, logs, and the invocations themselves."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.workspace.endpoints import LEVELS, Endpoint, echo
from tests.workspace.wire import Call, RefusedError, Reply, Routes

if TYPE_CHECKING:
    from tests.workspace.workspace import Workspace

routes = Routes("serving")
_API = "/api/2.0/serving-endpoints"
_SUMMARY = ("name", "entity_name", "entity_version")
_BUCKETS_MS = (10, 50, 100, 500, 1000, 5000)


def _endpoint(ws: "Workspace", call: Call, level: str) -> Endpoint:
    """The endpoint of the path, if it is there and the caller may do that much."""
    found = ws.endpoints.get(call.where["name"])
    if found is None:
        raise RefusedError("RESOURCE_DOES_NOT_EXIST", f"Endpoint with name '{call.where['name']}' does not exist.")
    if found.level(call.actor.names) < LEVELS.index(level):
        raise RefusedError(
            "PERMISSION_DENIED", f"User '{call.actor.user_name}' does not have {level} on '{found.name}'."
        )
    return found


def _state(endpoint: Endpoint) -> dict[str, str]:
    return {"ready": "READY", "config_update": endpoint.config_update}


def _named(endpoint: Endpoint) -> dict[str, Any]:
    return {"name": endpoint.name, "id": endpoint.id, "creator": endpoint.creator, "state": _state(endpoint)}


@routes.on(f"GET {_API}")
def list_endpoints(ws: "Workspace", call: Call) -> dict[str, Any]:
    """The summary: neither traffic nor a pending config nor entity states."""
    seen = [each for each in ws.endpoints.values() if each.level(call.actor.names) >= 0]
    return {"endpoints": [{**_named(each), "config": _summary(each)} for each in seen]}


def _summary(endpoint: Endpoint) -> dict[str, Any]:
    short = [{key: each[key] for key in _SUMMARY if key in each} for each in endpoint.config["served_entities"]]
    return {"served_entities": short}


@routes.on(f"GET {_API}/{{name}}")
def get_endpoint(ws: "Workspace", call: Call) -> dict[str, Any]:
    endpoint = _endpoint(ws, call, "CAN_VIEW")
    endpoint.polled()
    return _detail(ws, call, endpoint)


def _detail(ws: "Workspace", call: Call, endpoint: Endpoint) -> dict[str, Any]:
    shown = {
        **_named(endpoint),
        "config": _twin(endpoint.config),
        "permission_level": LEVELS[endpoint.level(call.actor.names)],
        "route_optimized": False,
        "endpoint_url": f"{ws.url}/serving-endpoints/{endpoint.name}/invocations",
    }
    return shown if endpoint.pending is None else {**shown, "pending_config": _twin(endpoint.pending)}


def _twin(config: dict[str, Any]) -> dict[str, Any]:
    """Entities are also shown under their old name."""
    old = [
        {"model_name": e["entity_name"], "model_version": e["entity_version"], **e} for e in config["served_entities"]
    ]
    return {**config, "served_models": old}


@routes.on(f"PUT {_API}/{{name}}/config", writes=True)
def update_config(ws: "Workspace", call: Call) -> dict[str, Any]:
    """Databricks re-validates the endpoint's creator: without EXECUTE the update is refused, whoever asks."""
    endpoint = _endpoint(ws, call, "CAN_MANAGE")
    creator = ws.access.principal(endpoint.creator)
    for each in call.json.get("served_entities", []):
        ws.catalog.version(creator, each["entity_name"], int(each["entity_version"]))
    endpoint.begin(call.json, ws.polls_until_ready)
    return _detail(ws, call, endpoint)


@routes.on(f"GET {_API}/{{name}}/served-models/{{served}}/logs")
@routes.on(f"GET {_API}/{{name}}/served-models/{{served}}/build-logs")
def logs(ws: "Workspace", call: Call) -> dict[str, str]:
    endpoint = _endpoint(ws, call, "CAN_VIEW")
    configs = [endpoint.config, *([endpoint.pending] if endpoint.pending else [])]
    states = (e["state"] for c in configs for e in c["served_entities"] if e["name"] == call.where["served"])
    return {"logs": "\n".join(state["deployment_state_message"] or state["deployment"] for state in states)}


@routes.on("GET /api/2.0/permissions/serving-endpoints/{id}")
def permissions(ws: "Workspace", call: Call) -> dict[str, Any]:
    endpoint = next((each for each in ws.endpoints.values() if each.id == call.where["id"]), None)
    if endpoint is None or endpoint.level(call.actor.names) < 0:
        raise RefusedError("RESOURCE_DOES_NOT_EXIST", f"Endpoint with id '{call.where['id']}' does not exist.")
    held = {endpoint.creator: "CAN_MANAGE", **endpoint.rights}
    rows = [{"user_name": name, "all_permissions": [{"permission_level": level}]} for name, level in held.items()]
    return {"object_id": f"/serving-endpoints/{endpoint.id}", "access_control_list": rows}


@routes.on(f"GET {_API}/{{name}}/metrics")
def metrics(ws: "Workspace", call: Call) -> Reply:
    endpoint = _endpoint(ws, call, "CAN_VIEW")
    text = endpoint.metrics_text
    return Reply(body="\n".join(_measured(endpoint)) + "\n" if text is None else text)


def _measured(endpoint: Endpoint) -> Iterator[str]:
    """Prometheus text over all calls so far. The real one covers the last minute; its label names are not published."""
    label = f'{{endpoint="{endpoint.name}"}}'
    by_class = {kind: sum(n for (_, status), n in endpoint.answers.items() if status // 100 == kind) for kind in (4, 5)}
    yield f"request_count_total{label} {endpoint.answers.total()}"
    yield f"request_4xx_count_total{label} {by_class[4]}"
    yield f"request_5xx_count_total{label} {by_class[5]}"
    yield f"cpu_usage_percentage{label} 10.0"
    for edge in _BUCKETS_MS:
        below = sum(ms <= edge for ms in endpoint.busy_ms)
        yield f'request_latency_ms_bucket{{endpoint="{endpoint.name}",le="{edge}"}} {below}'
    yield f'request_latency_ms_bucket{{endpoint="{endpoint.name}",le="+Inf"}} {len(endpoint.busy_ms)}'
    yield f"request_latency_ms_sum{label} {sum(endpoint.busy_ms):.3f}"
    yield f"request_latency_ms_count{label} {len(endpoint.busy_ms)}"


@routes.on("POST /serving-endpoints/{name}/invocations", locked=False)
def invoke(ws: "Workspace", call: Call) -> Reply:
    with ws.lock:
        endpoint = _endpoint(ws, call, "CAN_QUERY")
        entity = endpoint.next_entity()
    return _answer(ws, call, endpoint, entity)


@routes.on("POST /serving-endpoints/{name}/served-models/{served}/invocations", locked=False)
def invoke_one(ws: "Workspace", call: Call) -> Reply:
    """Past the traffic split: also an entity at 0 % answers here."""
    with ws.lock:
        endpoint = _endpoint(ws, call, "CAN_QUERY")
        entity = endpoint.entity(call.where["served"])
    return _answer(ws, call, endpoint, entity)


def _answer(ws: "Workspace", call: Call, endpoint: Endpoint, entity: dict[str, Any]) -> Reply:
    """Runs the callable outside the lock, so that slow models are slow side by side."""
    model = ws.served.get((entity["entity_name"], int(entity["entity_version"])), echo)
    start = time.perf_counter()
    reply = _predict(model, call.json)
    with ws.lock:
        endpoint.answers[entity["name"], reply.status] += 1
        endpoint.busy_ms.append((time.perf_counter() - start) * 1000)
    return Reply(reply.status, reply.body, {**reply.headers, "served-model-name": entity["name"]})


def _predict(model: Any, payload: dict[str, Any]) -> Reply:
    try:
        said = model(payload)
    except RefusedError as refused:
        return refused.reply()
    except Exception as error:  # noqa: BLE001 - a model may break in any way; serving answers 400 then
        return RefusedError("BAD_REQUEST", f"Encountered an unexpected error: {error}").reply()
    return said if isinstance(said, Reply) else Reply(body={"predictions": said})
