"""The connection to a Databricks workspace, for what MLflow does not know: rights, endpoints, the caller."""

import configparser
import copy
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from model_promotion.connections.deadline import Deadline
from model_promotion.connections.faults import translated

T = TypeVar("T")


def host_of(profile: str | None) -> str | None:
    """The workspace address that the login will use, as far as the environment or ~/.databrickscfg tells."""
    if not profile and (host := os.environ.get("DATABRICKS_HOST")):
        return _url(host)
    path = Path(os.environ.get("DATABRICKS_CONFIG_FILE", "~/.databrickscfg")).expanduser()
    profiles = configparser.ConfigParser(default_section="__none__", interpolation=None)
    try:
        profiles.read(path, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return None
    section = profile or os.environ.get("DATABRICKS_CONFIG_PROFILE") or "DEFAULT"
    host = profiles.get(section, "host", fallback=None)
    return _url(host) if host else None


def _url(host: str) -> str:
    return host if "://" in host else f"https://{host}"


class DatabricksConnection:
    """A WorkspaceClient that is made on first use, with retries that end within the deadline."""

    def __init__(self, profile: str | None, deadline: Deadline) -> None:
        self._profile = profile
        self.deadline = deadline
        self._made: list[Any] = []  # One client at most, shared with every connection under another deadline.
        self._lock = threading.Lock()

    def under(self, deadline: Deadline) -> "DatabricksConnection":
        """The same connection under another deadline."""
        other = copy.copy(self)
        other.deadline = deadline
        return other

    def call(self, doing: str, ask: Callable[[Any], T]) -> T:
        """What `ask` answers when it is given the client; its errors as ours. `doing` completes 'could not ...'."""
        try:
            return self.deadline.call(lambda: ask(self._connected()))
        except Exception as error:
            raise translated(error, doing) from error

    def _connected(self) -> Any:  # noqa: ANN401 - the client's type lives in databricks.sdk, imported below
        with self._lock:
            if not self._made:
                from databricks.sdk import WorkspaceClient
                from databricks.sdk.config import Config

                # Both limits exist on Config only, and 0 would mean 300 s.
                config = Config(
                    profile=self._profile,
                    http_timeout_seconds=20,
                    retry_timeout_seconds=max(1, int(self.deadline.total_s / 3)),
                    product="promote-model",
                    product_version="0.1.0",
                )
                self._made.append(WorkspaceClient(config=config))
            return self._made[0]
