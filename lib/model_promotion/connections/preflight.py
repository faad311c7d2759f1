"""Is anybody listening? Asked before a client is built, because clients take minutes to find out."""

import contextlib
import socket
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from model_promotion.clocks import SystemClock
from model_promotion.connections.deadline import Deadline
from model_promotion.core.errors import NoRegistry, Unavailable

ELSEWHERE = "name yours: --registry-uri URI, or MLFLOW_TRACKING_URI; or try --demo"
PATIENCE_S = 4.0
LONGEST_S = 8.0
PORTS = {"http": 80, "https": 443, "socks4": 1080, "socks5": 1080, "socks5h": 1080}


def look_into(database: Path, chosen_by: str) -> None:
    """Whether this file is an MLflow registry. MLflow itself would create one, and a promotion has nothing to do there.

    Raises:
        NotFound: when there is no such file, or no registry in it.
        Unavailable: when it is no database.
    """
    # A megabyte that only this kind of registry needs.
    import sqlite3

    if not database.exists():
        raise NoRegistry(f"there is no registry at {database.absolute()} (from {chosen_by})", hint=ELSEWHERE)
    try:
        # Not read-only: a writer that was killed in the middle left a journal, which whoever opens it next plays back.
        with contextlib.closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)) as opened:
            tables = opened.execute("select 1 from sqlite_master where name = 'registered_models'").fetchall()
    except sqlite3.Error as error:
        raise Unavailable(f"{database.absolute()} cannot be read as a registry: {error}", hint=ELSEWHERE) from error
    if not tables:
        raise NoRegistry(f"the database {database.absolute()} holds no registry (from {chosen_by})", hint=ELSEWHERE)


def reach(url: str) -> None:
    """Open and close a TCP connection to the URL's host, or to the proxy in front of it.

    Raises:
        Unavailable: when the name cannot be resolved or nobody answers: within 4 s per address, 8 s in all.
    """
    host, port = door_of(url)
    try:
        # Looking up a name has no timeout of its own, and a name may have many addresses.
        Deadline(LONGEST_S, SystemClock()).call(lambda: socket.create_connection((host, port), PATIENCE_S).close())
    except (OSError, Unavailable) as error:
        raise Unavailable(
            f"cannot reach {host}:{port} ({getattr(error, 'strerror', None) or error})",
            hint="check the address, VPN and proxy; --registry-uri and --tracking-uri point elsewhere",
        ) from error


def door_of(url: str) -> tuple[str, int]:
    """The host and port that a request to this URL connects to first.

    Raises:
        Unavailable: when the URL names no host.
    """
    try:
        parts = urlsplit(url)
        proxies = urllib.request.getproxies()
        proxy = proxies.get(parts.scheme) or proxies.get("all")
        if proxy and not urllib.request.proxy_bypass(parts.hostname or ""):
            parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host, port = parts.hostname, parts.port or PORTS.get(parts.scheme, 443)
    except ValueError:
        host, port = None, 0
    if not host or not port:
        raise Unavailable(f"'{url}' is not an address", hint="for example --tracking-uri http://mlflow.example:5000")
    return host, port
