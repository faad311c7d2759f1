"""What goes wrong on the way: slowness, errors, lost replies, silence, and somebody acting at the worst moment."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.workspace.wire import Call, RefusedError, Reply, Route

When = Literal["before", "after"]
DROP = "drop"
Callback = Callable[[Call], Any]


class DroppedError(Exception):
    """The connection ends here, without an answer."""


@dataclass
class Fault:
    """A fault that meets matching requests, `times` times or for ever."""

    path: str
    kind: Literal["fail", "lose", "hang"] = "fail"
    method: str | None = None
    asked: Mapping[str, str] = field(default_factory=dict)  # query arguments that it must have
    status: int = 500
    error_code: str = "INTERNAL_ERROR"
    message: str = "made to fail"
    body: str | bytes | dict[str, Any] | None = None
    retry_after: float | None = None
    when: When = "before"
    times: int | None = None
    met: int = 0

    def meets(self, call: Call) -> bool:
        """Is it this one's turn? Counts the meeting."""
        spent = self.times is not None and self.met >= self.times
        if spent or self.method not in (None, call.method) or not re.search(self.path, call.path):
            return False
        if not self.asked.items() <= call.query.items():
            return False
        self.met += 1
        return True

    def reply(self) -> Reply:
        headers = {} if self.retry_after is None else {"Retry-After": f"{self.retry_after:g}"}
        said = RefusedError(self.error_code, self.message, self.status).reply().body
        return Reply(self.status, said if self.body is None else self.body, headers)


@dataclass
class Hook:
    """A callback at the k-th writing request from the moment it was set."""

    k: int
    callback: Callback
    when: When
    area: str | None
    seen: int = 0


@dataclass
class Faults:
    """The knobs. Faults are met in the order in which they were set."""

    latency: float = 0.0
    _faults: list[Fault] = field(default_factory=list)
    _hooks: list[Hook] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _released: threading.Event = field(default_factory=threading.Event)

    def fail(self, path: str, **how: Any) -> Fault:
        """Answers matching paths with an error; `how` are fields of Fault: method, asked, status, times ...

        A str body that starts with "<" goes out as HTML; `status=200, body=b""` is an empty success.
        """
        return self._add(Fault(path, **how))

    def lose_reply(self, path: str, when: When = "after", times: int | None = 1, method: str | None = None) -> Fault:
        """Drops the connection before the request took effect, or after."""
        return self._add(Fault(path, "lose", method, when=when, times=times))

    def hang(self, path: str, times: int | None = None, method: str | None = None) -> Fault:
        """Never answers; the connection is dropped when the faults are cleared or the workspace ends."""
        return self._add(Fault(path, "hang", method, times=times))

    def on_write(self, k: int, callback: Callback, when: When = "before", area: str | None = None) -> None:
        """Calls back at the k-th writing request from now on, once, with no lock held.

        A callback that returns DROP loses the connection: "before" means the write never takes effect. The reply of the
        write waits for the callback, so a process killed by an "after" callback has not seen the answer.
        """
        with self._lock:
            self._hooks.append(Hook(k, callback, when, area))

    def clear(self) -> None:
        """All well again."""
        with self._lock:
            self._faults.clear()
            self._hooks.clear()
        self.latency = 0.0
        self._released.set()
        self._released = threading.Event()

    def _add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def before(self, call: Call, route: Route | None) -> tuple[Reply | None, list[Hook]]:
        """What the request meets on its way in: an early reply perhaps, and the hooks it has to pass on its way out."""
        if self.latency:
            time.sleep(self.latency)
        hooks = self._due(call, route)
        self._call_back(call, [each for each in hooks if each.when == "before"])
        fault = self._first(call, "before")
        if fault is None:
            return None, hooks
        if fault.kind == "hang":
            self._released.wait()
        if fault.kind != "fail":
            raise DroppedError
        return fault.reply(), hooks

    def after(self, call: Call, hooks: list[Hook]) -> None:
        """What the answer meets on its way out."""
        self._call_back(call, [each for each in hooks if each.when == "after"])
        if self._first(call, "after") is not None:
            raise DroppedError

    def _first(self, call: Call, when: When) -> Fault | None:
        with self._lock:
            return next((each for each in self._faults if each.when == when and each.meets(call)), None)

    def _due(self, call: Call, route: Route | None) -> list[Hook]:
        if route is None or not route.is_write(call):
            return []
        with self._lock:
            counted = [each for each in self._hooks if each.area in (None, route.area)]
            for each in counted:
                each.seen += 1
            return [each for each in counted if each.seen == each.k]

    @staticmethod
    def _call_back(call: Call, hooks: list[Hook]) -> None:
        if DROP in [each.callback(call) for each in hooks]:
            raise DroppedError
