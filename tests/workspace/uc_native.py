"""Unity Catalog's public models API, /api/2.1/unity-catalog/*: for the native MLflow store and the Databricks SDK."""

from typing import TYPE_CHECKING, Any

from tests.workspace.access import is_function
from tests.workspace.paging import page
from tests.workspace.state import Model, Version
from tests.workspace.uc_legacy import extras_json, temporary_credentials
from tests.workspace.wire import Call, Routes

if TYPE_CHECKING:
    from tests.workspace.workspace import Workspace

routes = Routes("registry", "/api/2.1/unity-catalog")


def _names(full_name: str) -> dict[str, str]:
    catalog, schema, model = full_name.split(".")
    return {"catalog_name": catalog, "schema_name": schema, "model_name": model}


def _alias(full_name: str, alias: str, number: int) -> dict[str, Any]:
    return {"alias_name": alias, "version_num": number, **_names(full_name)}


def _wants_aliases(call: Call) -> bool:
    """Only on request: without include_aliases=true the list stays away (databricks/databricks-sdk-py#868)."""
    return call.arg("include_aliases").lower() == "true"


def model_json(model: Model, *, aliases: bool = False, tags: bool = False) -> dict[str, Any]:
    names = _names(model.name)
    shown: dict[str, Any] = {
        "name": names["model_name"],
        "catalog_name": names["catalog_name"],
        "schema_name": names["schema_name"],
        "full_name": model.name,
        "owner": model.owner,
        "comment": model.description,
        "created_at": model.created_ms,
        "updated_at": model.updated_ms,
        "created_by": model.owner,
        "metastore_id": "loopback",
        "deployment_job_id": model.deployment_job_id,
    }
    if model.deployment_job_state:
        shown["deployment_job_state"] = model.deployment_job_state
    if aliases:
        shown["aliases"] = [_alias(model.name, alias, number) for alias, number in model.aliases.items()]
    if tags:
        shown["tags"] = [{"key": key, "value": value} for key, value in model.tags.items()]
    return shown


def version_json(version: Version) -> dict[str, Any]:
    shown = {
        **_names(version.model),
        "version": version.number,
        "source": version.source,
        "comment": version.description,
        "run_id": version.run_id,
        "status": version.status,
        "storage_location": version.storage_location,
        "created_at": version.created_ms,
        "updated_at": version.updated_ms,
        "created_by": version.created_by,
        "id": version.id,
        "metastore_id": "loopback",
        "model_id": version.model_id,
    }
    return {**shown, "deployment_job_state": version.deployment_job_state} if version.deployment_job_state else shown


def _whole_version(ws: "Workspace", version: Version, call: Call) -> dict[str, Any]:
    shown = {**version_json(version), **extras_json(version)}
    if _wants_aliases(call):
        of_this = ws.registry.model(version.model).aliases_of(version.number)
        shown["aliases"] = [_alias(version.model, alias, version.number) for alias in of_this]
    return shown


def _pairs(call: Call) -> dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in call.json.get("tags", [])}


def _full_name(call: Call, last: str) -> str:
    return ".".join(call.arg(part) for part in ("catalog_name", "schema_name", last))


@routes.on("GET /models")
def list_models(ws: "Workspace", call: Call) -> dict[str, Any]:
    inside = ".".join(filter(None, (call.arg("catalog_name"), call.arg("schema_name"))))
    models = [each for each in ws.catalog.models(call.actor) if not inside or each.name.startswith(inside + ".")]
    found, more = page(call, models)
    return {"registered_models": [model_json(model) for model in found], **more}


@routes.on("POST /models", writes=True)
def create_model(ws: "Workspace", call: Call) -> dict[str, Any]:
    facts = {"description": call.arg("comment"), "deployment_job_id": call.arg("deployment_job_id")}
    model = ws.catalog.create_model(call.actor, _full_name(call, "name"), {**facts, "tags": _pairs(call)})
    return model_json(model, aliases=True, tags=True)


@routes.on("POST /models/versions", writes=True)
def create_version(ws: "Workspace", call: Call) -> dict[str, Any]:
    facts = {key: call.arg(key) for key in ("source", "run_id", "model_id")}
    whole = {**facts, "description": call.arg("comment"), "tags": _pairs(call)}
    return version_json(ws.catalog.create_version(call.actor, _full_name(call, "model_name"), whole))


@routes.on("GET /models/{name}")
def get_model(ws: "Workspace", call: Call) -> dict[str, Any]:
    return model_json(ws.catalog.model(call.actor, call.arg("name")), aliases=_wants_aliases(call), tags=True)


@routes.on("PATCH /models/{name}", writes=True)
def update_model(ws: "Workspace", call: Call) -> dict[str, Any]:
    said = {"comment": "description", "deployment_job_id": "deployment_job_id"}
    changes = {ours: call.json[theirs] for theirs, ours in said.items() if theirs in call.json}
    if new_name := call.json.get("new_name"):
        schema = call.where["name"].rpartition(".")[0]
        changes["new_name"] = new_name if "." in new_name else f"{schema}.{new_name}"
    return model_json(ws.catalog.update_model(call.actor, call.where["name"], changes), aliases=True, tags=True)


@routes.on("DELETE /models/{name}", writes=True)
def delete_model(ws: "Workspace", call: Call) -> None:
    ws.catalog.delete_model(call.actor, call.arg("name"))


@routes.on("GET /models/{name}/versions")
def list_versions(ws: "Workspace", call: Call) -> dict[str, Any]:
    found, more = page(call, ws.catalog.versions(call.actor, call.arg("name")))
    return {"model_versions": [version_json(version) for version in found], **more}


@routes.on("GET /models/{name}/versions/{version}")
def get_version(ws: "Workspace", call: Call) -> dict[str, Any]:
    version = ws.catalog.version(call.actor, call.arg("name"), call.whole("version"))
    return _whole_version(ws, version, call)


@routes.on("PATCH /models/{name}/versions/{version}", writes=True)
def update_version(ws: "Workspace", call: Call) -> dict[str, Any]:
    where = call.arg("name"), call.whole("version")
    return version_json(ws.catalog.describe_version(call.actor, *where, call.arg("comment")))


@routes.on("DELETE /models/{name}/versions/{version}", writes=True)
def delete_version(ws: "Workspace", call: Call) -> None:
    ws.catalog.delete_version(call.actor, call.arg("name"), call.whole("version"))


@routes.on("PATCH /models/{name}/versions/{version}/finalize", writes=True)
def finalize_version(ws: "Workspace", call: Call) -> dict[str, Any]:
    return version_json(ws.catalog.finalize_version(call.actor, call.arg("name"), call.whole("version")))


@routes.on("GET /models/{name}/aliases/{alias}")
def get_by_alias(ws: "Workspace", call: Call) -> dict[str, Any]:
    version = ws.catalog.behind(call.actor, call.arg("name"), call.arg("alias"))
    return _whole_version(ws, version, call)


@routes.on("PUT /models/{name}/aliases/{alias}", writes=True)
def set_alias(ws: "Workspace", call: Call) -> dict[str, Any]:
    ws.catalog.set_alias(call.actor, call.where["name"], call.where["alias"], call.whole("version_num"))
    return _alias(call.where["name"], call.where["alias"], call.whole("version_num"))


@routes.on("DELETE /models/{name}/aliases/{alias}", writes=True)
def delete_alias(ws: "Workspace", call: Call) -> None:
    ws.catalog.delete_alias(call.actor, call.where["name"], call.where["alias"])


@routes.on("PATCH /securable-tags/{kind}/{name}", writes=True)
def tag_model(ws: "Workspace", call: Call) -> None:
    _change_tags(ws, call, (call.where["name"], None))


@routes.on("PATCH /subentity-tags/{kind}/{name}/{version}", writes=True)
def tag_version(ws: "Workspace", call: Call) -> None:
    _change_tags(ws, call, (call.where["name"], call.whole("version")))


def _change_tags(ws: "Workspace", call: Call, thing: tuple[str, int | None]) -> None:
    is_function(call)
    changes = call.json.get("changes", {})
    for tag in changes.get("add_tags", []):
        ws.catalog.tag(call.actor, thing, tag["key"], tag.get("value", ""))
    for key in changes.get("remove", []):
        ws.catalog.untag(call.actor, thing, key)


@routes.on("POST /temporary-model-version-credentials")
def credentials(ws: "Workspace", call: Call) -> dict[str, Any]:
    ws.catalog.version(call.actor, _full_name(call, "model_name"), call.whole("version"))
    return temporary_credentials()
