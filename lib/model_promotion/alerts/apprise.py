"""Alerts to whatever apprise knows: chats, pagers, mail, webhooks. One address is one channel."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote

from model_promotion.core.alert import Alert
from model_promotion.core.alert_policy import Severity
from model_promotion.core.errors import BadCall
from model_promotion.core.installing import extra
from model_promotion.core.trial import one_line
from model_promotion.ports import Channel

INSTALL = f"{extra('alerts')}; with uv: uv run --with apprise"
LOGGERS = ("apprise", "urllib3.connectionpool")
"""The second one says at DEBUG what it asks for, which is the secret of a webhook."""
PIECES = re.compile(r"[/:@?&=#,;]+")
SHORTEST = 3
"""Masking shorter pieces of an address would leave no sentence to read."""

_heard: ContextVar[list[str] | None] = ContextVar("heard", default=None)


def connect(address: str) -> Channel:
    """The channel of an address.

    Raises:
        BadCall: when apprise is not installed, or knows no such address.
    """
    try:
        import apprise
    except ImportError as error:
        raise BadCall("alerts are sent by apprise, which is not installed", hint=INSTALL) from error
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_aside)
    asset = apprise.AppriseAsset(
        app_id="promote-model",
        app_desc="promote-model",
        app_url="",
        async_mode=False,
        plugin_paths=[],
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    made = apprise.Apprise(asset=asset)
    with _listening() as heard:
        known = bool(made.add(address))
    # Two addresses in one would share what becomes of them.
    if not known or len(made) != 1:
        why = _without(address, heard) or "it is no address of one of its services"
        raise BadCall(f"apprise cannot use it: {why}", hint="https://appriseit.com lists the addresses there are")
    return AppriseChannel(made, address)


class AppriseChannel:
    """One service of apprise."""

    def __init__(self, made: Any, address: str) -> None:  # noqa: ANN401 - apprise.Apprise, imported when it is needed
        self._made = made
        self._address = address

    def send(self, alert: Alert) -> str:
        """Send it as text: who shows HTML gets it escaped."""
        kind = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.CRITICAL: "failure"}[alert.severity]
        with _listening() as heard:
            sent = self._made.notify(alert.text, title=alert.title, notify_type=kind, body_format="text")
        return "" if sent else _without(self._address, heard) or "apprise does not say why"


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What apprise says meanwhile, which goes nowhere else: it may hold what is secret in an address."""
    heard: list[str] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def _aside(record: logging.LogRecord) -> bool:
    """Of these logs what belongs to us; somebody else in this process may use apprise too."""
    heard = _heard.get()
    if heard is not None and record.levelno >= logging.WARNING:
        heard.append(record.getMessage())
    return heard is None


def _without(address: str, heard: list[str]) -> str:
    """The reason as one line, with no part of the address in it."""
    _, _, secret = address.partition("://")
    pieces = {secret, *PIECES.split(secret)}
    pieces |= {unquote(piece) for piece in pieces}
    said = "; ".join(dict.fromkeys(heard)).replace(address, "***")
    for piece in sorted((piece for piece in pieces if len(piece) >= SHORTEST), key=len, reverse=True):
        said = re.sub(re.escape(piece), "***", said, flags=re.IGNORECASE)
    return one_line(said)
