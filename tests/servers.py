"""Real servers in processes of their own: started side by side, waited for, ended with all that they started."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

START_WITHIN_S = 120.0


@dataclass(frozen=True)
class Server:
    """How one is started on a port, where, with which environment, and the path that answers once it is there."""

    command: Callable[[int], list[str]]
    folder: Path
    env: Mapping[str, str]
    path: str


@dataclass(frozen=True)
class _Started:
    """One that runs, and may not answer yet."""

    server: Server
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait(self) -> str:
        """Its address, once it answers there."""
        end, opener = time.monotonic() + START_WITHIN_S, build_opener(ProxyHandler({}))
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with opener.open(f"{self.url}{self.server.path}", timeout=2):
                    return self.url
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"{self.server.command(self.port)} did not start:\n{self.log.read_text()[-2000:]}")


@contextmanager
def running(*servers: Server) -> Iterator[list[str]]:
    """Their addresses, once all of them answer."""
    with ExitStack() as stack:
        started = [stack.enter_context(_start(server)) for server in servers]
        yield [one.wait() for one in started]


@contextmanager
def _start(server: Server) -> Iterator[_Started]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    log = server.folder / f"server-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            server.command(port), env=server.env, cwd=server.folder, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield _Started(server, port, process, log)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
