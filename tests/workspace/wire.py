"""What travels: a call, a reply, a refusal, and the table that says who answers which call."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from tests.workspace.access import Principal
    from tests.workspace.workspace import Workspace

STATUS = {
    "INVALID_PARAMETER_VALUE": 400,
    "BAD_REQUEST": 400,
    "FEATURE_DISABLED": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "NOT_FOUND": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "RESOURCE_ALREADY_EXISTS": 409,
    "RESOURCE_CONFLICT": 409,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "INTERNAL_ERROR": 500,
    "TEMPORARILY_UNAVAILABLE": 503,
}


@dataclass(frozen=True)
class Reply:
    """An answer: dict bodies become JSON, text and bytes travel as they are."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def payload(self) -> tuple[bytes, str]:
        """The bytes to send and their content type."""
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        if isinstance(self.body, str):
            return self.body.encode(), "text/html" if self.body.lstrip().startswith("<") else "text/plain"
        return json.dumps(self.body).encode(), "application/json"


class RefusedError(Exception):
    """The workspace says no, in Databricks' own words."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status or STATUS[code]

    def reply(self) -> Reply:
        return Reply(self.status, {"error_code": self.code, "message": self.message})


@dataclass(frozen=True)
class Call:
    """One request, after the door: who asks for what."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    who: "Principal | None" = None
    raw_target: str = ""

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; {} if it is none."""
        try:
            data = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return data if isinstance(data, dict) else {}

    def arg(self, name: str, default: str = "") -> str:
        """An argument from wherever the client put it: path, body or query string."""
        for place in (self.where, self.json, self.query):
            if place.get(name) is not None:
                return str(place[name])
        return default

    def whole(self, name: str) -> int:
        """An argument that has to be a whole number."""
        text = self.arg(name)
        if not text.isdigit():
            raise RefusedError("INVALID_PARAMETER_VALUE", f"{name} has to be a whole number, got '{text}'")
        return int(text)

    @property
    def actor(self) -> "Principal":
        """Who asks; behind an open door nobody does, and asking for a name there is a defect."""
        if self.who is None:
            raise RefusedError("UNAUTHENTICATED", "Credential was not sent or was of an unsupported type for this API.")
        return self.who


Handler = Callable[["Workspace", Call], Any]
Writes = bool | Callable[[Call], bool]


@dataclass(frozen=True)
class Route:
    """One line of the table: method and path pattern, and what kind of call it is."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    area: str
    writes: Writes = False
    locked: bool = True
    open_door: bool = False

    def match(self, method: str, path: str) -> dict[str, str] | None:
        if self.method not in (method, "*"):
            return None
        found = self.pattern.fullmatch(path)
        return None if found is None else {key: unquote(text or "") for key, text in found.groupdict().items()}

    def is_write(self, call: Call) -> bool:
        """Does this call ask to change something somebody else could see?"""
        return self.writes(call) if callable(self.writes) else self.writes


class Routes:
    """A family of routes, filled with a decorator: `@routes.on("GET /path/{name}/{rest*}")`."""

    def __init__(self, area: str, prefix: str = "") -> None:
        self.area, self.prefix, self._routes = area, prefix, list[Route]()

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def on(self, line: str, **kind: Any) -> Callable[[Handler], Handler]:
        """Adds the decorated handler; `kind` is any of Route's writes, locked, open_door."""
        method, path = line.split(" ", 1)

        def add(handler: Handler) -> Handler:
            self._routes.append(Route(method, _pattern(self.prefix + path), handler, self.area, **kind))
            return handler

        return add


def _pattern(path: str) -> re.Pattern[str]:
    """`{name}` is one segment, `{rest*}` is everything that is left."""
    escaped = re.escape(path).replace(r"\{", "{").replace(r"\}", "}").replace(r"\*}", "*}")
    escaped = re.sub(r"\{(\w+)\*\}", r"(?P<\1>.*)", escaped)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", escaped))
