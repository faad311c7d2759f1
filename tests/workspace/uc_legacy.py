"""The MLflow dialect of Unity Catalog, /api/2.0/mlflow/unity-catalog/*: what `databricks-uc` speaks by default."""

import math
import re
from typing import TYPE_CHECKING, Any

from tests.workspace.paging import page
from tests.workspace.state import Model, Version
from tests.workspace.wire import Call, RefusedError, Routes

if TYPE_CHECKING:
    from tests.workspace.workspace import Workspace

routes = Routes("registry", "/api/2.0/mlflow/unity-catalog")
_BY_NAME = re.compile(r"\s*name\s*=\s*(['\"])(?P<name>.+)\1\s*")


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def model_json(model: Model, *, found: bool = False) -> dict[str, Any]:
    """A RegisteredModel; one found by a search carries neither aliases nor tags."""
    shown = {
        "name": model.name,
        "creation_timestamp": model.created_ms,
        "last_updated_timestamp": model.updated_ms,
        "user_id": model.owner,
        "description": model.description,
        "deployment_job_id": model.deployment_job_id,
    }
    if model.deployment_job_state:
        shown["deployment_job_state"] = model.deployment_job_state
    aliases = [{"alias": alias, "version": str(number)} for alias, number in model.aliases.items()]
    return shown if found else {**shown, "aliases": aliases, "tags": _tags(model.tags)}


def version_json(ws: "Workspace", version: Version, *, found: bool = False) -> dict[str, Any]:
    """A ModelVersion; strings nobody set are "", as protobuf says them."""
    shown = {
        "name": version.model,
        "version": str(version.number),
        "creation_timestamp": version.created_ms,
        "last_updated_timestamp": version.updated_ms,
        "user_id": version.created_by,
        "description": version.description,
        "source": version.source,
        "run_id": version.run_id,
        "run_experiment_id": "",
        "run_tracking_server_id": "",
        "status": version.status,
        "status_message": "",
        "storage_location": version.storage_location,
        "model_id": version.model_id,
    }
    if version.deployment_job_state:
        shown["deployment_job_state"] = version.deployment_job_state
    return shown if found else {**shown, **extras_json(version), "aliases": _aliases_json(ws, version)}


def extras_json(version: Version) -> dict[str, Any]:
    """What both families inline beside the version itself: tags, metrics, params."""
    came_from = {"model_id": version.model_id, "run_id": version.run_id}
    return {
        "tags": _tags(version.tags),
        "model_params": [{"name": name, "value": value} for name, value in version.params.items()],
        "model_metrics": [
            {"key": key, "value": _number(value), "timestamp": version.created_ms, "step": 0, **came_from}
            for key, value in version.metrics.items()
        ],
    }


def _number(value: float) -> float | str:
    """JSON has no NaN and no infinity; protobuf's JSON writes them as words."""
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else f"{'-' * (value < 0)}Infinity"


def _aliases_json(ws: "Workspace", version: Version) -> list[dict[str, str]]:
    aliases = ws.registry.model(version.model).aliases_of(version.number)
    return [{"alias": alias, "version": str(version.number)} for alias in aliases]


def _pairs(call: Call) -> dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in call.json.get("tags", [])}


@routes.on("GET /registered-models/get")
def get_model(ws: "Workspace", call: Call) -> dict[str, Any]:
    return {"registered_model": model_json(ws.catalog.model(call.actor, call.arg("name")))}


@routes.on("POST /registered-models/create", writes=True)
def create_model(ws: "Workspace", call: Call) -> dict[str, Any]:
    facts = {"description": call.arg("description"), "deployment_job_id": call.arg("deployment_job_id")}
    model = ws.catalog.create_model(call.actor, call.arg("name"), {**facts, "tags": _pairs(call)})
    return {"registered_model": model_json(model)}


@routes.on("PATCH /registered-models/update", writes=True)
def update_model(ws: "Workspace", call: Call) -> dict[str, Any]:
    model = ws.catalog.update_model(call.actor, call.arg("name"), call.json)
    return {"registered_model": model_json(model)}


@routes.on("DELETE /registered-models/delete", writes=True)
def delete_model(ws: "Workspace", call: Call) -> None:
    ws.catalog.delete_model(call.actor, call.arg("name"))


@routes.on("GET /registered-models/search")
def search_models(ws: "Workspace", call: Call) -> dict[str, Any]:
    found, more = page(call, ws.catalog.models(call.actor))
    return {"registered_models": [model_json(model, found=True) for model in found], **more}


@routes.on("POST /registered-models/alias", writes=True)
def set_alias(ws: "Workspace", call: Call) -> None:
    ws.catalog.set_alias(call.actor, call.arg("name"), call.arg("alias"), call.whole("version"))


@routes.on("DELETE /registered-models/alias", writes=True)
def delete_alias(ws: "Workspace", call: Call) -> None:
    ws.catalog.delete_alias(call.actor, call.arg("name"), call.arg("alias"))


@routes.on("GET /registered-models/alias")
def get_by_alias(ws: "Workspace", call: Call) -> dict[str, Any]:
    return {"model_version": version_json(ws, ws.catalog.behind(call.actor, call.arg("name"), call.arg("alias")))}


@routes.on("POST /registered-models/set-tag", writes=True)
def tag_model(ws: "Workspace", call: Call) -> None:
    ws.catalog.tag(call.actor, (call.arg("name"), None), call.arg("key"), call.arg("value"))


@routes.on("DELETE /registered-models/delete-tag", writes=True)
def untag_model(ws: "Workspace", call: Call) -> None:
    ws.catalog.untag(call.actor, (call.arg("name"), None), call.arg("key"))


@routes.on("GET /model-versions/get")
def get_version(ws: "Workspace", call: Call) -> dict[str, Any]:
    version = ws.catalog.version(call.actor, call.arg("name"), call.whole("version"))
    return {"model_version": version_json(ws, version)}


@routes.on("GET /model-versions/search")
def search_versions(ws: "Workspace", call: Call) -> dict[str, Any]:
    """Only `name = '...'` can be asked (mlflow/mlflow#12217)."""
    wanted = _BY_NAME.fullmatch(call.arg("filter"))
    if wanted is None:
        raise RefusedError("INVALID_PARAMETER_VALUE", f"Unsupported filter: {call.arg('filter')}")
    known = wanted["name"] in ws.registry.models
    found, more = page(call, ws.catalog.versions(call.actor, wanted["name"]) if known else [], usual=10_000)
    return {"model_versions": [version_json(ws, version, found=True) for version in found], **more}


@routes.on("POST /model-versions/create", writes=True)
def create_version(ws: "Workspace", call: Call) -> dict[str, Any]:
    facts: dict[str, Any] = {key: call.arg(key) for key in ("source", "run_id", "description", "model_id")}
    version = ws.catalog.create_version(call.actor, call.arg("name"), {**facts, "tags": _pairs(call)})
    return {"model_version": version_json(ws, version)}


@routes.on("POST /model-versions/finalize", writes=True)
def finalize_version(ws: "Workspace", call: Call) -> dict[str, Any]:
    version = ws.catalog.finalize_version(call.actor, call.arg("name"), call.whole("version"))
    return {"model_version": version_json(ws, version)}


@routes.on("PATCH /model-versions/update", writes=True)
def update_version(ws: "Workspace", call: Call) -> dict[str, Any]:
    where = call.arg("name"), call.whole("version")
    return {"model_version": version_json(ws, ws.catalog.describe_version(call.actor, *where, call.arg("description")))}


@routes.on("DELETE /model-versions/delete", writes=True)
def delete_version(ws: "Workspace", call: Call) -> None:
    ws.catalog.delete_version(call.actor, call.arg("name"), call.whole("version"))


@routes.on("POST /model-versions/set-tag", writes=True)
def tag_version(ws: "Workspace", call: Call) -> None:
    thing = call.arg("name"), call.whole("version")
    ws.catalog.tag(call.actor, thing, call.arg("key"), call.arg("value"))


@routes.on("DELETE /model-versions/delete-tag", writes=True)
def untag_version(ws: "Workspace", call: Call) -> None:
    ws.catalog.untag(call.actor, (call.arg("name"), call.whole("version")), call.arg("key"))


@routes.on("GET /model-versions/get-download-uri")
def download_uri(ws: "Workspace", call: Call) -> dict[str, Any]:
    return {"artifact_uri": ws.catalog.version(call.actor, call.arg("name"), call.whole("version")).storage_location}


@routes.on("POST /model-versions/generate-temporary-credentials")
def credentials(ws: "Workspace", call: Call) -> dict[str, Any]:
    ws.catalog.version(call.actor, call.arg("name"), call.whole("version"))
    return {"credentials": temporary_credentials()}


def temporary_credentials() -> dict[str, Any]:
    """DEFAULT_STORAGE makes the client fetch files through presigned addresses of this workspace."""
    keys = {"access_key_id": "loopback", "secret_access_key": "loopback", "session_token": "loopback"}
    return {"aws_temp_credentials": keys, "expiration_time": 4_102_444_800_000, "storage_mode": "DEFAULT_STORAGE"}


@routes.on("POST /model-versions/emit-lineage")
def emit_lineage(_ws: "Workspace", _call: Call) -> None:
    """Noted by Databricks for its lineage page; changes nothing in the registry, so it is no write."""


@routes.on("GET /registered-models:is-databricks-sdk-models-artifact-repository-enabled")
def artifact_probe(ws: "Workspace", _call: Call) -> dict[str, Any]:
    return {"is_databricks_sdk_models_artifact_repository_enabled": ws.sdk_artifacts}
