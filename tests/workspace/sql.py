"""The addresses of statement execution: a warehouse whose tables are Arrow's, and whose SQL is run word for word.

A statement is PENDING when it is sent and RUNNING when it is asked for the first time. DuckDB runs it, after a
translation; that Spark understands the same text is for the tests of who wrote it to show.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.workspace.wire import Call, RefusedError, Routes

if TYPE_CHECKING:
    from tests.workspace.workspace import Workspace

routes = Routes("sql")
_API = "/api/2.0/sql/statements"
Table = tuple[str, ...]
Rows = list[list[str | None]]


class FailedError(Exception):
    """What a statement fails with, in Databricks' words."""


@dataclass
class Ran:
    """A statement: what was asked, what it answered, or why not."""

    text: str
    given: Mapping[str, str]
    columns: dict[str, str] = field(default_factory=dict)
    rows: Rows = field(default_factory=list)
    error: str = ""
    state: str = "PENDING"


@dataclass
class Warehouse:
    """The tables by their three names, and the knobs: `stuck` statements never end, `ends_as` is how the others end.

    Without `users` everybody may use it.
    """

    id: str = "abcdef0123456789"
    tables: dict[Table, Any] = field(default_factory=dict)
    ran: dict[str, Ran] = field(default_factory=dict)
    users: tuple[str, ...] = ()
    chunk_rows: int = 50
    stuck: bool = False
    ends_as: str = ""


@routes.on(f"POST {_API}", locked=False)
def execute(ws: "Workspace", call: Call) -> dict[str, Any]:
    if call.arg("warehouse_id") != ws.warehouse.id:
        raise RefusedError("RESOURCE_DOES_NOT_EXIST", f"SQL warehouse {call.arg('warehouse_id')} does not exist.")
    if ws.warehouse.users and call.actor.user_name not in ws.warehouse.users:
        raise RefusedError("PERMISSION_DENIED", f"{call.actor.user_name} is not authorized to use this SQL Endpoint.")
    made = Ran(call.arg("statement"), {one["name"]: one["value"] for one in call.json.get("parameters") or ()})
    try:
        made.columns, made.rows = _run(ws, call, made)
    except FailedError as error:
        made.error = str(error)
    named = str(uuid.uuid4())
    ws.warehouse.ran[named] = made
    return {"statement_id": named, "status": {"state": made.state}}


def _run(ws: "Workspace", call: Call, made: Ran) -> tuple[dict[str, str], Rows]:
    from tests.workspace.duck import run, tables_in

    for name in tables_in(made.text):
        if name not in ws.warehouse.tables:
            shown = ".".join(f"`{part}`" for part in name)
            raise FailedError(
                f"[TABLE_OR_VIEW_NOT_FOUND] The table or view {shown} cannot be found. Verify the spelling and "
                "correctness of the schema and catalog. SQLSTATE: 42P01"
            )
        if not ws.access.has(call.actor, ".".join(name), "SELECT"):
            raise FailedError(
                "[INSUFFICIENT_PERMISSIONS] Insufficient privileges:\nUser does not have permission SELECT on Table "
                f"'{'.'.join(name)}'. SQLSTATE: 42501"
            )
    return run(made.text, made.given, ws.warehouse.tables)


@routes.on(f"GET {_API}/{{id}}")
def get_statement(ws: "Workspace", call: Call) -> dict[str, Any]:
    made = _found(ws, call)
    if made.state in ("PENDING", "RUNNING"):
        waits = made.state == "PENDING" or ws.warehouse.stuck
        made.state = "RUNNING" if waits else ws.warehouse.ends_as or ("FAILED" if made.error else "SUCCEEDED")
    said: dict[str, Any] = {"statement_id": call.where["id"], "status": {"state": made.state}}
    if made.state == "FAILED":
        said["status"]["error"] = {"error_code": "BAD_REQUEST", "message": made.error}
    if made.state == "SUCCEEDED":
        said |= {"manifest": _manifest(ws, made), "result": _chunk(ws, call.where["id"], 0)}
    return said


@routes.on(f"GET {_API}/{{id}}/result/chunks/{{place}}")
def get_chunk(ws: "Workspace", call: Call) -> dict[str, Any]:
    _found(ws, call)
    return _chunk(ws, call.where["id"], int(call.where["place"]))


@routes.on(f"POST {_API}/{{id}}/cancel")
def cancel(ws: "Workspace", call: Call) -> dict[str, Any]:
    _found(ws, call).state = "CANCELED"
    return {}


def _found(ws: "Workspace", call: Call) -> Ran:
    if call.where["id"] not in ws.warehouse.ran:
        raise RefusedError("NOT_FOUND", f"The statement {call.where['id']} was not found.")
    return ws.warehouse.ran[call.where["id"]]


def _manifest(ws: "Workspace", made: Ran) -> dict[str, Any]:
    columns = [
        {"name": name, "position": place, "type_text": kind, "type_name": kind.partition("(")[0]}
        for place, (name, kind) in enumerate(made.columns.items())
    ]
    return {
        "format": "JSON_ARRAY",
        "schema": {"column_count": len(columns), "columns": columns},
        "total_row_count": len(made.rows),
        "total_chunk_count": -(-len(made.rows) // ws.warehouse.chunk_rows),
        "truncated": False,
    }


def _chunk(ws: "Workspace", named: str, place: int) -> dict[str, Any]:
    """A chunk, and which one comes next; without a row there is no array."""
    each, rows = ws.warehouse.chunk_rows, ws.warehouse.ran[named].rows
    part = rows[place * each : (place + 1) * each]
    said: dict[str, Any] = {"chunk_index": place, "row_offset": place * each, "row_count": len(part)}
    more = {"next_chunk_index": place + 1} if (place + 1) * each < len(rows) else {}
    return {**said, **more, **({"data_array": part} if part else {})}
