"""One way to send requests to endpoints: nothing goes along but what was given, and nothing is followed.

No cookies, no ~/.netrc, no redirects (they would take the headers elsewhere), no second try; an answer is read up to a
limit, and within a time that counts all of it. The proxy of the environment is asked for hosts that are elsewhere only.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aiohttp

T = TypeVar("T")
CONNECTIONS = 256
# Shorter than servers keep an idle connection (uvicorn: 5 s): one that is just being closed loses a request.
KEPT_S = 3.0
MOST_BYTES = 10 * 1024 * 1024
JSON = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
LOOPBACK = ("localhost", "::1")


@asynccontextmanager
async def session(headers: Mapping[str, str] | None = None) -> AsyncIterator[aiohttp.ClientSession]:
    """A pool of connections of its own."""
    import aiohttp

    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEPT_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={**JSON, **(headers or {})},
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
    """The answer of a coroutine, in a loop and a thread of its own: a notebook has a loop running already."""
    if threading.current_thread() is not threading.main_thread():
        return asyncio.run(work)
    with ThreadPoolExecutor(1, thread_name_prefix="endpoint") as pool:
        return pool.submit(asyncio.run, work).result()
