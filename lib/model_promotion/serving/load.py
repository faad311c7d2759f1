"""The load generator: sends each request when it is due, whether or not others were answered."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_promotion.core.answers import Asked, ending_of
from model_promotion.core.errors import PromotionError
from model_promotion.core.load import Destination, Due, Ending, Load, LoadRun, Sample, dues
from model_promotion.serving._http import Question, asked, in_a_loop, proxy_for, read, session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import aiohttp

    from model_promotion.core.payloads import Payload
    from model_promotion.ports import Clock

ASKED_S = 60.0
"""So long one single request may take: an entity that scales to zero has to start."""
RENEWED_S = 60.0
"""For so long headers are taken for fresh."""
STEP_S = 0.2
"""So often it is asked, while nothing is due, whether to stop."""
HEAD_START_S = 0.05


class AioLoader:
    """Sends with aiohttp, from a loop in one thread; one pool of connections for each target."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stopped = threading.Event()

    def run(self, load: Load) -> LoadRun:
        """What became of each request. It ends when the last has ended: after the load's own times at the latest."""
        return in_a_loop(self._run(load))

    def ask(self, where: Destination, payload: Payload) -> Asked:
        """One request; whatever goes wrong with it is in the answer."""
        try:
            headers = dict(where.headers())
        except PromotionError as error:
            return Asked(0.0, error=str(error))
        question = Question("POST", where.url, payload.body, headers)
        return in_a_loop(asked(question, self._clock, ASKED_S))

    def stop(self) -> None:
        """Send nothing more, now or later."""
        self._stopped.set()

    async def _run(self, load: Load) -> LoadRun:
        async with contextlib.AsyncExitStack() as stack:
            lines = [await stack.enter_async_context(_line(target)) for target in load.targets]
            begun = self._clock.monotonic() + HEAD_START_S
            sending = [sent async for sent in self._sent(load, lines, begun)]
            samples = await asyncio.gather(*sending)
        return LoadRun(load, tuple(samples), whole=not self._stopped.is_set())

    async def _sent(self, load: Load, lines: list[_Line], begun: float) -> AsyncIterator[asyncio.Task[Sample]]:
        for due in dues(load):
            if not await self._until(begun + due.at_s):
                return
            yield asyncio.create_task(self._sample(load, lines[due.target], due, begun))

    async def _until(self, at: float) -> bool:
        """Wait; False when there is to be no more sending, which is said from another thread."""
        while not self._stopped.is_set():
            wait_s = at - self._clock.monotonic()
            if wait_s <= 0:
                return True
            await asyncio.sleep(min(wait_s, STEP_S))
        return False

    async def _sample(self, load: Load, line: _Line, due: Due, begun: float) -> Sample:
        due_at = begun + due.at_s
        late_s = self._clock.monotonic() - due_at
        try:
            async with asyncio.timeout(load.timeout_s - late_s):
                ending = await line.ending(load.payloads[due.payload].body)
        except TimeoutError:
            ending = Ending.TIMED_OUT
        return Sample(due.target, due.at_s, late_s, self._clock.monotonic() - due_at, ending)


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

    async def renew(self) -> None:
        """Ask for fresh headers every minute; as asking may wait for a login, not in this thread."""
        while True:
            await asyncio.sleep(RENEWED_S)
            # The old ones are sent as long as there are no others: if they have run out, the answers will say so.
            with contextlib.suppress(Exception):
                self.headers = dict(await asyncio.to_thread(self.target.headers))


@contextlib.asynccontextmanager
async def _line(target: Destination) -> AsyncIterator[_Line]:
    headers = dict(await asyncio.to_thread(target.headers))
    async with session() as pool:
        line = _Line(target, pool, proxy_for(target.url), headers)
        renewing = asyncio.create_task(line.renew())
        try:
            yield line
        finally:
            renewing.cancel()
