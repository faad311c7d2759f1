"""Tracking: runs and experiments are a real `mlflow server`'s, their files lie in the workspace's own file store.

As on Databricks, artifact addresses are dbfs:/databricks/mlflow-tracking/<experiment>/<run>/artifacts. The client reads
and writes them through the Files API (/WorkspaceInternal/Mlflow/Artifacts/...), or falls back to presigned credentials.
"""

import http.client
import json
import re
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.workspace.wire import Call, RefusedError, Reply, Routes

if TYPE_CHECKING:
    from tests.workspace.workspace import Workspace

routes = Routes("tracking")
_ROOT = "dbfs:/databricks/mlflow-tracking/"
_MODEL_FOLDER = re.compile(r"(dbfs:/databricks/mlflow-tracking/\d+)/models/")
_READING_POST = re.compile(r"(search|get|credentials-for-read|credentials-for-download)\b.*")
_PASSED_HEADERS = ("Content-Type", "Accept")


class Tracking:
    """The way to the real mlflow server; one kept connection a thread."""

    def __init__(self, url: str | None) -> None:
        self.url = url
        self._kept = threading.local()

    def ask(self, call: Call) -> Reply:
        """Passes the call on; 503 if there is no server, or it does not answer."""
        if self.url is None:
            raise RefusedError("TEMPORARILY_UNAVAILABLE", "The tracking service is not available.")
        try:
            return self._send(call)
        except (http.client.HTTPException, OSError):
            self._kept.connection = None
            try:
                return self._send(call)
            except (http.client.HTTPException, OSError) as error:
                raise RefusedError("TEMPORARILY_UNAVAILABLE", f"The tracking service is down: {error}") from error

    def _send(self, call: Call) -> Reply:
        connection = getattr(self._kept, "connection", None)
        if connection is None:
            connection = self._kept.connection = http.client.HTTPConnection(urlsplit(self.url or "").netloc, timeout=60)
        headers = {name: call.headers[name] for name in _PASSED_HEADERS if name in call.headers}
        connection.request(call.method, call.raw_target, body=call.body or None, headers=headers)
        answer = connection.getresponse()
        body, kind = answer.read(), answer.headers.get_content_type()
        return Reply(answer.status, body, {"Content-Type": kind})


def as_on_databricks(text: str) -> str:
    """Artifact addresses as Databricks writes them, whatever --default-artifact-root the mlflow server has."""
    return _MODEL_FOLDER.sub(r"\1/logged_models/", text.replace("mlflow-artifacts:/", _ROOT))


def file_path(artifact_uri: str) -> str:
    """The Files API path of a run's or logged model's artifact address (mlflow's databricks_*_artifact_repo.py)."""
    experiment, kind, *rest = artifact_uri.removeprefix(_ROOT).split("/")
    inside = ["LoggedModels", *rest] if kind == "logged_models" else ["Runs", kind, *rest]
    return "/".join(["/WorkspaceInternal/Mlflow/Artifacts", experiment, *inside])


def is_write(call: Call) -> bool:
    """Everything but GET, and the searches that are POSTs."""
    last = call.path.rstrip("/").rpartition("/")[2]
    return call.method not in ("GET", "HEAD") and not _READING_POST.fullmatch(last)


def _artifact_root(ws: "Workspace", call: Call, path: str) -> str:
    """The Files API path of the artifacts of a run (`runs/get?run_id=..`) or a logged model (`logged-models/..`)."""
    target = f"/api/2.0/mlflow/{path}"
    reply = ws.tracking.ask(Call("GET", target, headers=call.headers, raw_target=target))
    if reply.status != 200:
        raise RefusedError("RESOURCE_DOES_NOT_EXIST", f"'{path}' does not exist.")
    found = json.loads(as_on_databricks(reply.body.decode()))
    thing = found.get("run") or found.get("model")
    return file_path(thing["info"]["artifact_uri"])


def _list(ws: "Workspace", root: str, path: str) -> dict[str, Any]:
    """Databricks lists a file as itself and an absent folder as empty."""
    place, base = ws.files.place(f"{root}/{path}"), ws.files.place(root)
    inside = [place] if place.is_file() else sorted(place.iterdir()) if place.is_dir() else []
    shown = [{"path": str(e.relative_to(base)), "is_dir": e.is_dir(), "file_size": e.stat().st_size} for e in inside]
    return {"root_uri": root, "files": shown}


def _tickets(ws: "Workspace", method: str, root: str, paths: list[str]) -> list[dict[str, Any]]:
    signed = [ws.url + ws.files.ticket(method, f"{root}/{path}") for path in paths]
    return [{"path": p, "signed_uri": uri, "type": "AWS_PRESIGNED_URL"} for p, uri in zip(paths, signed, strict=True)]


@routes.on("GET /api/2.0/mlflow/artifacts/list", locked=False)
def list_run_files(ws: "Workspace", call: Call) -> dict[str, Any]:
    return _list(ws, _artifact_root(ws, call, f"runs/get?run_id={call.arg('run_id')}"), call.arg("path"))


@routes.on("POST /api/2.0/mlflow/artifacts/credentials-for-read", locked=False)
def read_tickets(ws: "Workspace", call: Call) -> dict[str, Any]:
    root = _artifact_root(ws, call, f"runs/get?run_id={call.arg('run_id')}")
    return {"credential_infos": _tickets(ws, "GET", root, call.json.get("path", []))}


@routes.on("POST /api/2.0/mlflow/artifacts/credentials-for-write", locked=False, writes=True)
def write_tickets(ws: "Workspace", call: Call) -> dict[str, Any]:
    root = _artifact_root(ws, call, f"runs/get?run_id={call.arg('run_id')}")
    return {"credential_infos": _tickets(ws, "PUT", root, call.json.get("path", []))}


@routes.on("GET /api/2.0/mlflow/logged-models/{id}/artifacts/directories", locked=False)
def list_model_files(ws: "Workspace", call: Call) -> dict[str, Any]:
    root = _artifact_root(ws, call, f"logged-models/{call.where['id']}")
    return _list(ws, root, call.arg("artifact_directory_path"))


@routes.on("POST /api/2.0/mlflow/logged-models/{id}/artifacts/credentials-for-download", locked=False)
@routes.on("POST /api/2.0/mlflow/logged-models/{id}/artifacts/credentials-for-upload", locked=False, writes=is_write)
def model_tickets(ws: "Workspace", call: Call) -> dict[str, Any]:
    root = _artifact_root(ws, call, f"logged-models/{call.where['id']}")
    method = "PUT" if call.path.endswith("upload") else "GET"
    infos = _tickets(ws, method, root, call.json.get("paths", []))
    return {"credentials": [{"credential_info": each} for each in infos]}


@routes.on("POST /api/2.0/mlflow/experiments/create", locked=False, writes=True)
def create_experiment(ws: "Workspace", call: Call) -> Reply:
    """An experiment is a workspace object: its name is an absolute path, and the folder above it has to be there."""
    name = call.arg("name")
    if not name.startswith("/"):
        raise RefusedError("INVALID_PARAMETER_VALUE", f"Got an invalid experiment name '{name}': not an absolute path.")
    folder = name.rpartition("/")[0]
    if folder not in ws.folders | {f"/Users/{call.actor.user_name}"}:
        raise RefusedError("RESOURCE_DOES_NOT_EXIST", f"Parent directory {folder} does not exist.")
    return ws.tracking.ask(call)


@routes.on("POST /api/2.0/workspace/mkdirs", writes=True)
def make_folders(ws: "Workspace", call: Call) -> None:
    parts = call.arg("path").strip("/").split("/")
    ws.folders.update("/" + "/".join(parts[:end]) for end in range(1, len(parts) + 1))


@routes.on("* /api/2.0/mlflow/registered-models/{rest*}")
@routes.on("* /api/2.0/mlflow/model-versions/{rest*}")
def workspace_registry(_ws: "Workspace", _call: Call) -> None:
    raise RefusedError("FEATURE_DISABLED", "The Workspace Model Registry is disabled; use models in Unity Catalog.")


@routes.on("* /api/{api}/mlflow/{rest*}", locked=False, writes=is_write)
def pass_on(ws: "Workspace", call: Call) -> Reply:
    reply = ws.tracking.ask(call)
    if "json" not in reply.headers["Content-Type"]:
        return reply
    return Reply(reply.status, as_on_databricks(reply.body.decode()).encode(), reply.headers)
