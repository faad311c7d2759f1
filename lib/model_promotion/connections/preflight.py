"""Is anybody listening? Asked before a client is built, because clients take minutes to find out."""

import socket
import urllib.request
from urllib.parse import urlsplit

from model_promotion.core.errors import Unavailable

PATIENCE_S = 4.0
PORTS = {"http": 80, "https": 443}


def reach(url: str) -> None:
    """Open and close a TCP connection to the URL's host, or to the proxy in front of it.

    Raises:
        Unavailable: when the name cannot be resolved or nobody answers within 4 s.
    """
    host, port = door_of(url)
    try:
        socket.create_connection((host, port), timeout=PATIENCE_S).close()
    except OSError as error:
        raise Unavailable(
            f"cannot reach {host}:{port} ({error.strerror or error})",
            hint="check the address, VPN and proxy; --registry-uri and --tracking-uri point elsewhere",
        ) from error


def door_of(url: str) -> tuple[str, int]:
    """The host and port that a request to this URL connects to first.

    Raises:
        Unavailable: when the URL names no host.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(host):
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    try:
        port = parts.port or PORTS.get(parts.scheme, 443)
    except ValueError:
        port = 0
    if not parts.hostname or not port:
        raise Unavailable(f"'{url}' is not an address", hint="for example --tracking-uri http://mlflow.example:5000")
    return parts.hostname, port
