"""How load is sent: a task for each request, begun when it is due."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_promotion.core.answers import ending_of
from model_promotion.core.load import Destination, Due, Ending, Load, LoadRun, Sample, dues
from model_promotion.serving._http import proxy_for, read, session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    import aiohttp

    from model_promotion.ports import Clock

RENEWED_S = 60.0
"""For so long headers are taken for fresh."""
STEP_S = 0.2
"""So often it is asked, while nothing is due, whether to stop."""
HEAD_START_S = 0.05


@dataclass(frozen=True)
class Sender:
    """One run: a loop that sends, with one pool of connections for each target, and a thread that says when.

    A loop by itself wakes up to a millisecond late, as epoll counts in milliseconds; a thread sleeps more exactly.
    """

    load: Load
    clock: Clock
    stopped: threading.Event
    renewed_s: float = RENEWED_S

    async def send(self) -> LoadRun:
        """What became of each request, once all of them have ended."""
        loop, over = asyncio.get_running_loop(), threading.Event()
        sending: list[asyncio.Task[Sample]] = []
        async with contextlib.AsyncExitStack() as stack:
            lines = [await stack.enter_async_context(_line(target, self.renewed_s)) for target in self.load.targets]
            planned = [*dues(self.load)]  # Drawn before the first is due: of many that takes a while.
            begun = self.clock.monotonic() + HEAD_START_S
            times = ((begun + due.at_s, due) for due in planned)

            def begin(due: Due) -> None:
                sending.append(loop.create_task(self._sample(lines[due.target], due, begun + due.at_s)))

            try:
                await asyncio.to_thread(self._pace, times, over, lambda due: loop.call_soon_threadsafe(begin, due))
            finally:
                over.set()
            # What the thread said last is begun before this goes on: both stand in the same queue.
            samples = await asyncio.gather(*sending)
        return LoadRun(self.load, tuple(samples), whole=not self.stopped.is_set())

    def _pace(self, times: Iterable[tuple[float, Due]], over: threading.Event, begin: Callable[[Due], object]) -> None:
        """Begin each request when it is due, until there are none, or there is to be no more sending."""
        for at, due in times:
            while not (over.is_set() or self.stopped.is_set()):
                wait_s = at - self.clock.monotonic()
                if wait_s <= 0:
                    begin(due)
                    break
                self.clock.sleep(min(wait_s, STEP_S))
            else:
                return

    async def _sample(self, line: _Line, due: Due, due_at: float) -> Sample:
        late_s = self.clock.monotonic() - due_at
        try:
            async with asyncio.timeout(self.load.timeout_s - late_s):
                ending = await line.ending(self.load.payloads[due.payload].body)
        except TimeoutError:
            ending = Ending.TIMED_OUT
        return Sample(due.target, due.at_s, late_s, self.clock.monotonic() - due_at, ending)


@dataclass
class _Line:
    """The connections to one target."""

    target: Destination
    pool: aiohttp.ClientSession
    proxy: str | None
    headers: dict[str, str]

    async def ending(self, body: bytes) -> Ending:
        """Send one request, and see it through to its end."""
        import aiohttp

        try:
            async with self.pool.post(
                self.target.url, data=body, headers=self.headers, proxy=self.proxy, allow_redirects=False
            ) as response:
                return ending_of(response.status, await read(response))
        except aiohttp.ClientConnectorError:
            return Ending.NO_CONNECTION
        except (aiohttp.ClientError, OSError):
            return Ending.BROKEN
        except ValueError:
            return Ending.NO_PREDICTIONS

    async def renew(self, every_s: float) -> None:
        """Ask for fresh headers again and again; as asking may wait for a login, not in this thread."""
        while True:
            await asyncio.sleep(every_s)
            # The old ones are sent as long as there are no others: if they have run out, the answers will say so.
            with contextlib.suppress(Exception):
                self.headers = dict(await asyncio.to_thread(self.target.headers))


@contextlib.asynccontextmanager
async def _line(target: Destination, renewed_s: float) -> AsyncIterator[_Line]:
    headers = dict(await asyncio.to_thread(target.headers))
    async with session() as pool:
        line = _Line(target, pool, proxy_for(target.url), headers)
        renewing = asyncio.create_task(line.renew(renewed_s))
        try:
            yield line
        finally:
            renewing.cancel()
