import contextlib
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from model_promotion.connections.preflight import door_of, look_into, reach
from model_promotion.core.errors import Unavailable

PROXY_VARIABLES = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        yield server


def port_of(server: socket.socket) -> int:
    return int(server.getsockname()[1])


def test_a_host_that_listens_is_reached(listener: socket.socket) -> None:
    reach(f"http://127.0.0.1:{port_of(listener)}/some/path")


def test_a_port_that_nobody_listens_on_is_named(listener: socket.socket) -> None:
    port = port_of(listener)
    listener.close()
    with pytest.raises(Unavailable, match=rf"cannot reach 127\.0\.0\.1:{port} \(Connection refused\)") as refused:
        reach(f"http://127.0.0.1:{port}")
    assert "--registry-uri" in refused.value.hint


def test_a_host_that_swallows_every_packet_ends_in_under_ten_seconds(listener: socket.socket) -> None:
    address = listener.getsockname()
    with ExitStack() as crowd:  # Once the backlog is full, Linux answers no further caller.
        for _ in range(4):
            waiting = crowd.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - the standard library's signature
            waiting.connect_ex(address)
        began = time.monotonic()
        with pytest.raises(Unavailable, match="cannot reach"):
            reach(f"http://127.0.0.1:{address[1]}")
    assert time.monotonic() - began < 10


def test_a_name_server_that_never_answers_ends_in_under_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(30))
    began = time.monotonic()
    with pytest.raises(Unavailable, match=r"cannot reach registry\.example:443"):
        reach("https://registry.example")
    assert time.monotonic() - began < 10


def test_a_name_that_does_not_exist_is_named() -> None:
    with pytest.raises(Unavailable, match=r"cannot reach nowhere\.invalid:443"):
        reach("https://nowhere.invalid")


@pytest.mark.parametrize(
    ("url", "door"),
    [
        ("http://h", ("h", 80)),
        ("https://h/x", ("h", 443)),
        ("http://h:5000", ("h", 5000)),
        ("https://ann:pw@h:8443/x", ("h", 8443)),
        ("http://[::1]:5000", ("::1", 5000)),
    ],
)
def test_without_a_proxy_the_door_is_the_host_s_own(url: str, door: tuple[str, int]) -> None:
    assert door_of(url) == door


@pytest.mark.parametrize("url", ["", "h", "http://", "http://:80", "http://h:99999", "http://h:x", "http://[::1"])
def test_what_is_no_address_is_called_none(url: str) -> None:
    with pytest.raises(Unavailable, match="is not an address"):
        reach(url)


PROXIED = {
    "the scheme's own": ({"https_proxy": "http://proxy:3128"}, ("proxy", 3128)),
    "the other scheme's": ({"http_proxy": "http://proxy:3128"}, ("h", 443)),
    "one for everything": ({"all_proxy": "http://proxy:3128"}, ("proxy", 3128)),
    "in capitals": ({"HTTPS_PROXY": "http://proxy:3128"}, ("proxy", 3128)),
    "without a scheme": ({"https_proxy": "proxy:3128"}, ("proxy", 3128)),
    "with a login": ({"https_proxy": "http://ann:pw@proxy:3128"}, ("proxy", 3128)),
    "without a port": ({"https_proxy": "http://proxy"}, ("proxy", 80)),
    "a socks proxy": ({"https_proxy": "socks5h://proxy"}, ("proxy", 1080)),
    "not for this host": ({"https_proxy": "http://proxy:3128", "no_proxy": "localhost,h"}, ("h", 443)),
    "for no host": ({"https_proxy": "http://proxy:3128", "no_proxy": "*"}, ("h", 443)),
}


@pytest.mark.parametrize(("environ", "door"), PROXIED.values(), ids=PROXIED.keys())
def test_the_door_is_the_proxy_s_where_there_is_one(
    environ: dict[str, str], door: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert door_of("https://h/api") == door


CUT_OFF = """
import os, sqlite3, sys
opened = sqlite3.connect(sys.argv[1], isolation_level=None)
opened.executescript("pragma cache_size = 1; begin; create table t (x);")
opened.executemany("insert into t values (?)", [("x" * 1000,)] * 100)
os._exit(9)
"""


def test_a_registry_of_which_a_writer_was_killed_in_the_middle_can_be_read(tmp_path: Path) -> None:
    database = tmp_path / "mlflow.db"
    with contextlib.closing(sqlite3.connect(database)) as opened:
        opened.execute("create table registered_models (name text)")
    subprocess.run([sys.executable, "-c", CUT_OFF, str(database)], check=False)
    assert database.with_name("mlflow.db-journal").exists()
    look_into(database, "test")
