"""The Files API: models under /Models/<catalog>/<schema>/<model>/<version>, run files under /WorkspaceInternal.

A presigned address is a ticket: good for one path and one verb, without a bearer token, as cloud storage gives out.
Files of 50 MiB and more, which the SDK uploads in parts, are not served.
"""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from tests.workspace.wire import Call, RefusedError, Reply, Routes

if TYPE_CHECKING:
    from tests.workspace.access import Principal
    from tests.workspace.state import Registry, Version
    from tests.workspace.workspace import Workspace

_INSIDE_VERSION = 6  # "/", "Models", catalog, schema, model, version


@dataclass
class FileStore:
    """Where the virtual paths lie on this machine."""

    registry: "Registry"
    root: Path
    tickets: dict[str, tuple[str, str]] = field(default_factory=dict)

    def place(self, path: str) -> Path:
        """The local path behind a virtual one; it need not exist."""
        parts = PurePosixPath("/" + path.strip("/")).parts
        if ".." in parts:
            raise RefusedError("INVALID_PARAMETER_VALUE", f"'{path}' leaves its folder")
        version = self.version_of(path)
        if version is None:
            return self.root.joinpath(*parts[1:])
        version.artifacts = version.artifacts or self.root.joinpath(*parts[1:_INSIDE_VERSION])
        return version.artifacts.joinpath(*parts[_INSIDE_VERSION:])

    def version_of(self, path: str) -> "Version | None":
        """The model version a path belongs to, None for other files."""
        parts = PurePosixPath("/" + path.strip("/")).parts
        if len(parts) < _INSIDE_VERSION or parts[1] != "Models":
            return None
        if not parts[5].isdigit():
            raise RefusedError("NOT_FOUND", f"'{path}' does not exist")
        return self.registry.version(".".join(parts[2:5]), int(parts[5]))

    def existing(self, path: str, *, folder: bool) -> Path:
        place = self.place(path)
        if not (place.is_dir() if folder else place.is_file()):
            raise RefusedError(
                "NOT_FOUND", f"The path '{path}' does not exist or is no {'folder' if folder else 'file'}"
            )
        return place

    def write(self, path: str, content: bytes) -> None:
        place = self.place(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)

    def ticket(self, method: str, path: str) -> str:
        """The path of a presigned address for that verb and file."""
        signature = secrets.token_hex(16)
        self.tickets[signature] = (method, path)
        return f"/presigned/{signature}/{PurePosixPath(path).name}"


routes = Routes("files")


def _path(ws: "Workspace", call: Call) -> str:
    """The asked path, after a look at the caller's rights: files of a version are read by EXECUTE, written once."""
    path = "/" + call.arg("path").strip("/")
    version = ws.files.version_of(path)
    if version is not None:
        ws.catalog.model(call.actor, version.model)
        if call.method == "PUT" or "upload" in call.path:
            _must_be_open(ws, call.actor, version)
    return path


def _must_be_open(ws: "Workspace", who: "Principal", version: "Version") -> None:
    ws.access.must(who, ws.registry.model(version.model), "CREATE_MODEL_VERSION")
    if version.status != "PENDING_REGISTRATION":
        raise RefusedError(
            "PERMISSION_DENIED", f"The files of '{version.model}' {version.number} cannot change any more"
        )


@routes.on("HEAD /api/2.0/fs/directories{path*}")
def is_folder(ws: "Workspace", call: Call) -> None:
    ws.files.existing(_path(ws, call), folder=True)


@routes.on("GET /api/2.0/fs/directories{path*}")
def list_folder(ws: "Workspace", call: Call) -> dict[str, Any]:
    path = _path(ws, call)
    inside = sorted(ws.files.existing(path, folder=True).iterdir())
    return {"contents": [_entry(path, each) for each in inside]}


def _entry(folder: str, place: Path) -> dict[str, Any]:
    stat = place.stat()
    shown = {"path": f"{folder}/{place.name}", "name": place.name, "is_directory": place.is_dir()}
    size = {} if place.is_dir() else {"file_size": stat.st_size}
    return {**shown, **size, "last_modified": int(stat.st_mtime * 1000)}


@routes.on("PUT /api/2.0/fs/directories{path*}", writes=True)
def make_folder(ws: "Workspace", call: Call) -> None:
    ws.files.place(_path(ws, call)).mkdir(parents=True, exist_ok=True)


@routes.on("HEAD /api/2.0/fs/files{path*}")
@routes.on("GET /api/2.0/fs/files{path*}")
def read_file(ws: "Workspace", call: Call) -> Reply:
    return _content(ws.files.existing(_path(ws, call), folder=False))


def _content(place: Path) -> Reply:
    changed = datetime.fromtimestamp(place.stat().st_mtime, UTC)
    return Reply(body=place.read_bytes(), headers={"Last-Modified": format_datetime(changed, usegmt=True)})


@routes.on("PUT /api/2.0/fs/files{path*}", writes=True)
def write_file(ws: "Workspace", call: Call) -> Reply:
    ws.files.write(_path(ws, call), call.body)
    return Reply(204, b"")


@routes.on("POST /api/2.0/fs/create-download-url")
def download_url(ws: "Workspace", call: Call) -> dict[str, Any]:
    path = _path(ws, call)
    ws.files.existing(path, folder=False)
    return {"url": ws.url + ws.files.ticket("GET", path), "headers": []}


@routes.on("POST /api/2.0/fs/create-upload-url")
def upload_url(ws: "Workspace", call: Call) -> dict[str, Any]:
    return {"url": ws.url + ws.files.ticket("PUT", _path(ws, call)), "headers": []}


def _redeem(ws: "Workspace", call: Call) -> str:
    method, path = ws.files.tickets.get(call.arg("signature"), ("", ""))
    if method != call.method:
        raise RefusedError("PERMISSION_DENIED", "SignatureDoesNotMatch")
    return path


@routes.on("GET /presigned/{signature}/{name}", open_door=True)
def presigned_get(ws: "Workspace", call: Call) -> Reply:
    return _content(ws.files.existing(_redeem(ws, call), folder=False))


@routes.on("PUT /presigned/{signature}/{name}", open_door=True, writes=True)
def presigned_put(ws: "Workspace", call: Call) -> Reply:
    ws.files.write(_redeem(ws, call), call.body)
    return Reply(200, b"")
