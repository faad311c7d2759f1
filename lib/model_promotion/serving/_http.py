"""One way to send requests to endpoints: nothing goes along but what was given, and nothing is followed.

No cookies, no ~/.netrc, no redirects (they would take the headers elsewhere), no second try; an answer is read up to a
limit, and within a time that counts all of it. The proxy of the environment is asked for hosts that are elsewhere only.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from model_promotion.core.answers import Asked
from model_promotion.core.redaction import redacted
from model_promotion.core.trial import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aiohttp

    from model_promotion.core.answers import Sent
    from model_promotion.ports import Clock

T = TypeVar("T")
CONNECTIONS = 256
# Shorter than servers keep an idle connection (uvicorn: 5 s): one that is just being closed loses a request.
KEPT_S = 3.0
MOST_BYTES = 10 * 1024 * 1024
JSON = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
SERVED = "served-model-name"
LOOPBACK = ("localhost", "::1")


@asynccontextmanager
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A pool of connections of its own."""
    import aiohttp

    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEPT_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=JSON,
        timeout=aiohttp.ClientTimeout(total=None),  # Whoever sends bounds the whole of it.
        auto_decompress=False,
        trust_env=False,
    ) as made:
        yield made


async def read(response: aiohttp.ClientResponse) -> bytes:
    """The answer, up to a limit.

    Raises:
        ValueError: when it is longer.
    """
    parts = bytearray()
    async for part in response.content.iter_any():
        parts += part
        if len(parts) > MOST_BYTES:
            raise ValueError(f"an answer of more than {MOST_BYTES >> 20} MiB")
    return bytes(parts)


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for this address; none for this machine itself."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in LOOPBACK or host.startswith("127.") or proxy_bypass(host):
        return None
    return getproxies().get(parts.scheme)


def in_a_loop(work: Coroutine[Any, Any, T]) -> T:
    """The answer of a coroutine, in a loop of its own; a notebook has one running already, so there in a thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1, thread_name_prefix="endpoint") as pool:
        return pool.submit(asyncio.run, work).result()


async def answers(requests: Sequence[Sent], clock: Clock, timeout_s: float) -> list[Asked]:
    """The answers to these, sent at the same time; what goes wrong is in them."""
    async with session() as pool:
        return await asyncio.gather(*(_answer(pool, one, clock, timeout_s) for one in requests))


async def _answer(pool: aiohttp.ClientSession, sent: Sent, clock: Clock, timeout_s: float) -> Asked:
    import aiohttp

    begun, proxy = clock.monotonic(), proxy_for(sent.url)

    def so_far_ms() -> float:
        return (clock.monotonic() - begun) * 1000

    try:
        async with (
            asyncio.timeout(timeout_s),
            pool.request(
                sent.method, sent.url, data=sent.body, headers=sent.headers, proxy=proxy, allow_redirects=False
            ) as response,
        ):
            answer = await read(response)
            return Asked(so_far_ms(), response.status, answer, one_line(response.headers.get(SERVED, "")))
    except TimeoutError:
        return Asked(so_far_ms(), error=f"no answer within {timeout_s:g} s")
    except aiohttp.ClientConnectorError as error:
        return Asked(so_far_ms(), error=_unreached(error))
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Asked(so_far_ms(), error=redacted(str(error) or type(error).__name__))


def _unreached(error: aiohttp.ClientConnectorError) -> str:
    """Why there was no connection, without the words of a library."""
    import aiohttp

    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return redacted(f"no host is known by the name {error.host}")
    if isinstance(error.os_error, ConnectionRefusedError):
        return redacted(f"nobody listens at {error.host}:{error.port}")
    return redacted(f"{error.host}:{error.port} cannot be reached ({error.strerror or type(error.os_error).__name__})")
