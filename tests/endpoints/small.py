"""A scoring server of a few lines, in a process of its own, that can be stopped, continued and killed.

`python small.py`: prints its port. The path says how it answers: /well/..., /busy/... (every second one 429),
/broken/... (500), /elsewhere/... (redirects), /mute/... (200 without predictions), /five/... (five of them),
/slow/... (after 50 ms), /each/... (one for each row of a dataframe). `GET /seen` tells how many requests came and
which headers they had.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import ProxyHandler, build_opener

SEEN: list[dict[str, str]] = []
MOST_SEEN = 10_000
OK = b'{"predictions": [0.5]}'


@dataclass
class Small:
    """The server, as its process and its address."""

    process: subprocess.Popen[str]
    root: str

    def at(self, how: str) -> str:
        return f"{self.root}/{how}"

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def seen(self) -> list[dict[str, str]]:
        """The headers of every POST."""
        with build_opener(ProxyHandler({})).open(f"{self.root}/seen", timeout=5) as answer:
            found: list[dict[str, str]] = json.load(answer)
        return found


@contextmanager
def running() -> Iterator[Small]:
    """One of them."""
    process = subprocess.Popen([sys.executable, "-I", __file__], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Small(process, f"http://127.0.0.1:{int(process.stdout.readline())}")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            method, path, _ = head.split(" ")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            sent = await reader.readexactly(int(headers.get("content-length", 0)))
            if method == "POST" and len(SEEN) < MOST_SEEN:
                SEEN.append(headers)
            status, body, more = await _answer(path, sent)
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body)
            await writer.drain()
    writer.close()


async def _answer(path: str, sent: bytes) -> tuple[int, bytes, str]:
    how = path.split("/")[1]
    if how == "slow":
        await asyncio.sleep(0.05)
    if how == "each":
        return 200, json.dumps({"predictions": [0.5 for _ in json.loads(sent)["dataframe_split"]["data"]]}).encode(), ""
    if how == "seen":
        return 200, json.dumps(SEEN).encode(), ""
    answers: dict[str, tuple[int, bytes, str]] = {
        "busy": (429, b"", "") if len(SEEN) % 2 else (200, OK, ""),
        "broken": (500, b'{"message": "out of memory"}', ""),
        "elsewhere": (307, b"", "Location: /well/invocations\r\n"),
        "mute": (200, b"<html>", ""),
        "five": (200, b'{"predictions": [1, 2, 3, 4, 5]}', ""),
        "named": (200, OK, "served-model-name: churn-7\r\nSet-Cookie: who=you\r\n"),
    }
    return answers.get(how, (200, OK, ""))


async def _main() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    port: Any = server.sockets[0].getsockname()[1]
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
