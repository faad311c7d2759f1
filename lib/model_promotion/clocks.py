"""The real clock, and one for tests that never waits."""

import time


class SystemClock:
    """Time as the machine has it."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()

    def sleep(self, wait_s: float) -> None:
        """Wait."""
        time.sleep(wait_s)


class MemoryClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        return self._now

    def sleep(self, wait_s: float) -> None:
        """Let time pass at once."""
        self._now += wait_s
