"""A budget of wall time for everything that is asked of one registry."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from model_promotion.core.errors import TimedOut, Unavailable
from model_promotion.ports import Clock

T = TypeVar("T")
PATIENCE = "try again, or allow more with --timeout DURATION"


class Deadline:
    """Ends any call when the time for the registry as a whole is used up.

    The clients' own timeouts cannot be trusted with this: they retry for minutes, and some of it cannot be configured.
    Time counts only while at least one call is under way, so a slow model test takes nothing from it. A deadline
    `for_each` call starts afresh with it.
    """

    def __init__(self, total_s: float, clock: Clock, *, interrupts_wait: bool = True, for_each: bool = False) -> None:
        self.total_s = total_s
        self._for_each = for_each
        self._interrupts_wait = interrupts_wait
        self._clock = clock
        self._lock = threading.Lock()
        self._used_s = 0.0
        self._under_way = 0
        self._busy_since = 0.0

    def renew(self) -> None:
        """Start afresh: putting things back must not fail because the work before it was slow."""
        with self._lock:
            self._used_s, self._busy_since = 0.0, self._clock.monotonic()

    def call(self, ask: Callable[[], T]) -> T:
        """The answer of `ask`, or Unavailable when the time is up.

        An interrupt waits for a call that is under way, so that a write is never left half known; unless it moves
        files, which takes long, and which no alias depends on.
        """
        left_s = self._enter()
        answer: list[Any] = []
        answered = threading.Event()

        def run() -> None:
            try:
                answer.append((True, ask()))
            except BaseException as error:  # noqa: BLE001 - handed to the caller, whatever it is
                answer.append((False, error))
            finally:
                answered.set()

        try:
            threading.Thread(target=run, daemon=True).start()
            _wait(answered, left_s, self._interrupts_wait)
        finally:
            self._leave()
        if not answer:
            raise TimedOut(f"no answer within {self.total_s:g} s", hint=PATIENCE)
        succeeded, value = answer[0]
        if not succeeded:
            raise value
        return value  # type: ignore[no-any-return]

    def _enter(self) -> float:
        with self._lock:
            now = self._clock.monotonic()
            if not self._under_way:
                self._busy_since = now
                self._used_s = 0.0 if self._for_each else self._used_s
            left_s = self.total_s - self._used_s - (now - self._busy_since if self._under_way else 0.0)
            if left_s <= 0:
                # Not even begun: what is sent without time to wait for its answer would land behind our back.
                raise Unavailable(f"the {self.total_s:g} s for the registry are used up", hint=PATIENCE)
            self._under_way += 1
            return left_s

    def _leave(self) -> None:
        with self._lock:
            self._under_way -= 1
            if not self._under_way:
                self._used_s += self._clock.monotonic() - self._busy_since


def _wait(answered: threading.Event, left_s: float, interrupts_wait: bool) -> None:  # noqa: FBT001 - one caller
    """An event, because a thread whose join was interrupted passes for ended (python/cpython#90882)."""
    try:
        answered.wait(left_s)
    except KeyboardInterrupt:
        answered.wait(left_s if interrupts_wait else 0)
        raise
