"""How an endpoint is named in a call: by its address, or by its name in the workspace."""

import re
from urllib.parse import urlsplit

from model_promotion.core.errors import BadCall
from model_promotion.core.redaction import redacted

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", re.ASCII)
SCHEMES = ("http", "https")
HINT = "for example --endpoint http://127.0.0.1:5001, or the name of a serving endpoint"
BY_ADDRESS = "name its address instead: --endpoint http://HOST:PORT"
INVOCATIONS = "/invocations"


def is_address(endpoint: str) -> bool:
    """Whether it is named by its address."""
    return "://" in endpoint


def endpoint_named(text: str) -> str:
    """A name, or the address of a scoring server: what stands before /invocations.

    Raises:
        BadCall: when it is neither, or the address has a password or anything else in it that is not printed.
    """
    if not is_address(text):
        if NAME.fullmatch(text):
            return text
        raise BadCall(f"endpoint {redacted(text[:80])!r} is neither a name nor an address", hint=HINT)
    address = text.rstrip("/").removesuffix(INVOCATIONS).rstrip("/")
    said = redacted(text[:200])
    try:
        parts = urlsplit(address)
        sound = parts.scheme in SCHEMES and parts.hostname and parts.port != 0 and address.isprintable()
    except ValueError:
        sound = False
    if not sound or " " in address:
        raise BadCall(f"endpoint {said!r} is no address of http or https", hint=HINT)
    if parts.username is not None or parts.password is not None:
        raise BadCall(f"endpoint {said!r} has a user name in it, which every list of processes would show", hint=HINT)
    if parts.query or parts.fragment or set(address) & set("?#"):
        raise BadCall(f"endpoint {said!r} has more in it than a place", hint="leave out what follows ? or #")
    return address
