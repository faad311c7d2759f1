"""The log of all requests, in the order of their arrival."""

import itertools
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

from tests.workspace.wire import Call, Route


@dataclass(frozen=True)
class Seen:
    """One request. `status` 0: no answer was given, yet or ever. `writes`: it asked to change something.

    A request writes if it asks to change the registry, an endpoint's config, a file, a run or an experiment, whether or
    not it was granted (see `status`). Searches, credentials, download addresses, emit-lineage and invocations read.
    """

    n: int
    t_start: float
    t_end: float
    method: str
    path: str
    body: Any
    status: int
    writes: bool
    actor: str
    area: str


class RequestLog:
    """Grows while requests come in; reading gives a copy."""

    def __init__(self) -> None:
        self._seen: dict[int, Seen] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def arrived(self, call: Call, route: Route | None) -> int:
        """Notes a request and gives it its number."""
        writes, area = (route.is_write(call), route.area) if route else (False, "")
        actor, body = call.who.user_name if call.who else "", call.json or call.body
        with self._lock:
            n = next(self._numbers)
            self._seen[n] = Seen(n, time.time(), 0.0, call.method, call.path, body, 0, writes, actor, area)
        return n

    def answered(self, n: int, status: int) -> None:
        with self._lock:
            if n in self._seen:
                self._seen[n] = replace(self._seen[n], t_end=time.time(), status=status)

    def all(self) -> list[Seen]:
        with self._lock:
            return list(self._seen.values())

    def clear(self) -> None:
        with self._lock:
            self._seen.clear()
