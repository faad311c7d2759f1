"""The door: a threading HTTP/1.1 server on 127.0.0.1 that turns bytes into calls and replies into bytes."""

import http.client
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl

from tests.workspace import access, files, serving, sql, tracking, uc_legacy, uc_native
from tests.workspace.faults import DroppedError, Hook
from tests.workspace.wire import Call, RefusedError, Reply, Route

if TYPE_CHECKING:
    from tests.workspace.workspace import Workspace

# tracking comes last: it passes on whatever nobody before it knows.
FAMILIES = (
    access.routes,
    uc_legacy.routes,
    uc_native.routes,
    files.routes,
    serving.routes,
    sql.routes,
    tracking.routes,
)


def all_routes() -> Iterator[Route]:
    for family in FAMILIES:
        yield from family


class Server(ThreadingHTTPServer):
    """Carries the workspace to its handlers."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, workspace: "Workspace") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.workspace = workspace
        self.routes = tuple(all_routes())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away (it was killed, say) is everyday life here."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    # Without this, keep-alive plus delayed ACK costs 40 ms a request.
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the standard library's
        """Silent: the workspace keeps its own log."""

    def answer(self) -> None:
        ws = self.server.workspace
        call, route = find(self.server.routes, self._call())
        try:
            call = replace(call, who=ws.access.who(call.headers))
            refusal = None
        except RefusedError as refused:
            refusal = None if route and route.open_door else refused.reply()
        n = ws.requests.arrived(call, route)
        try:
            reply = serve(ws, call, route, refusal)
        except DroppedError:
            self.close_connection = True
        else:
            ws.requests.answered(n, reply.status)
            self._send(reply)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the standard library's names

    def _call(self) -> Call:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = dict(parse_qsl(query, keep_blank_values=True))
        headers = cast("Mapping[str, str]", self.headers)  # looked up whatever the case of the letters
        return Call(self.command, path, asked, body, headers, raw_target=self.path)

    def _send(self, reply: Reply) -> None:
        """Headers and body in one write."""
        payload, kind = reply.payload()
        headers = {"Content-Type": kind, "x-databricks-org-id": "1", **reply.headers}
        if reply.status != http.HTTPStatus.NO_CONTENT:
            headers["Content-Length"] = str(len(payload))
        lines = [f"HTTP/1.1 {reply.status} {http.client.responses.get(reply.status, '')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.wfile.write(head if self.command == "HEAD" else head + payload)


def find(routes: tuple[Route, ...], call: Call) -> tuple[Call, Route | None]:
    """The call with the names in its path filled in, and the route that answers it."""
    for route in routes:
        where = route.match(call.method, call.path)
        if where is not None:
            return replace(call, where=where), route
    return call, None


def serve(ws: "Workspace", call: Call, route: Route | None, refusal: Reply | None) -> Reply:
    """The way of a request: faults, the door, the deed, faults again."""
    early, hooks = ws.faults.before(call, route)
    reply = early or refusal or _deed(ws, call, route)
    return _out(ws, call, hooks, reply)


def _out(ws: "Workspace", call: Call, hooks: list[Hook], reply: Reply) -> Reply:
    ws.faults.after(call, hooks)
    return reply


def _deed(ws: "Workspace", call: Call, route: Route | None) -> Reply:
    if route is None:
        missing = f"No API found for '{call.method} {call.path}'"
        return RefusedError("ENDPOINT_NOT_FOUND", missing).reply()
    try:
        with ws.lock if route.locked else nullcontext():
            said = route.handler(ws, call)
    except RefusedError as refused:
        return refused.reply()
    except Exception as error:  # noqa: BLE001 - a defect of the loopback has to be seen by the test, as a 500
        return RefusedError("INTERNAL_ERROR", f"loopback workspace: {error!r}").reply()
    return said if isinstance(said, Reply) else Reply(body=said or {})
