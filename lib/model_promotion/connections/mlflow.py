"""The connection to MLflow: one client, its environment, and a deadline round every call."""

import contextlib
import copy
import importlib.metadata
import json
import logging
import math
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, TypeVar

from model_promotion.connections.address import Address
from model_promotion.connections.databricks import host_of
from model_promotion.connections.deadline import Deadline
from model_promotion.connections.faults import LOGIN_HINT, translated
from model_promotion.connections.preflight import look_into, reach
from model_promotion.core.errors import Denied, NotFound, PromotionError, Unavailable
from model_promotion.core.stages import Features

T = TypeVar("T")

QUIET = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # The SDK takes a second to import, and plain requests reach the same files.
    "MLFLOW_DISABLE_DATABRICKS_SDK_FOR_RUN_ARTIFACTS": "true",
    "MLFLOW_USE_DATABRICKS_SDK_MODEL_ARTIFACTS_REPO_FOR_UC": "false",
}
# MLflow writes what it is told into these too, where the next job of this process would take it for the user's wish.
ADDRESSES = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")
HUSHED = ("mlflow", "databricks.sdk", "alembic", "urllib3")
WITHOUT_SDK = "MLFLOW_ENABLE_DB_SDK"
MOST_RETRIES = 10  # MLflow refuses more.


class MlflowConnection:
    """An MlflowClient that is made on first use, after its environment is set and its host was seen to answer."""

    def __init__(self, address: Address, deadline: Deadline) -> None:
        self.address = address
        self.deadline = deadline
        self._made: list[Any] = []  # One client at most, shared with every connection under another deadline.
        self._failed: list[PromotionError] = []  # Nobody waits for a dead host twice.
        self._lock = threading.Lock()
        self.known: dict[str, Any] = {}  # What needs to be asked once only, by whichever of them.

    def under(self, deadline: Deadline) -> "MlflowConnection":
        """The same connection for what must not take time from the registry."""
        other = copy.copy(self)
        other.deadline = deadline
        return other

    @property
    def features(self) -> Features:
        """Whether the registry has aliases and stages."""
        return self.address.features(importlib.metadata.version("mlflow"))

    def call(self, doing: str, ask: Callable[[Any], T]) -> T:
        """What `ask` answers when it is given the client; its errors as ours. `doing` completes 'could not ...'."""
        try:
            return self.deadline.call(lambda: ask(self._connected()))
        except Exception as error:
            raise translated(error, doing) from error

    def get(self, doing: str, path: str, uri: str) -> Any:  # noqa: ANN401 - JSON
        """The JSON that the server at `uri` answers to a GET of this path, for what the client has no method for.

        Raises:
            NotFound: when the server has no such path.
            Denied: when it wants another login.
            Unavailable: when it answers with an error, or not in JSON.
        """

        def ask(_: Any) -> Any:  # noqa: ANN401 - the client is needed for its login only
            from mlflow.utils.credentials import get_default_host_creds
            from mlflow.utils.databricks_utils import get_databricks_host_creds
            from mlflow.utils.rest_utils import http_request

            login_to = get_databricks_host_creds if self.address.is_databricks else get_default_host_creds
            login = login_to(uri)
            reply = http_request(login, path, "GET", raise_on_status=False)
            if reply.status_code == HTTPStatus.NOT_FOUND:
                raise NotFound(f"no {path} on this server")
            if reply.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                raise Denied(f"could not {doing}: not allowed or not logged in", hint=LOGIN_HINT)
            if reply.status_code != HTTPStatus.OK:
                raise Unavailable(f"could not {doing}: the server answered with status {reply.status_code}")
            return json.loads(reply.text)

        return self.call(doing, ask)

    def _connected(self) -> Any:  # noqa: ANN401 - the client's type lives in mlflow, which is imported below
        with self._lock:
            for failure in self._failed:
                raise failure
            if not self._made:
                self._made.append(self._connect())
            return self._made[0]

    def _connect(self) -> Any:  # noqa: ANN401 - as above
        try:
            self._look_before_opening()
        except PromotionError as error:
            self._failed.append(error)
            raise
        for name, value in {**QUIET, **bounded(self.deadline.total_s)}.items():
            os.environ.setdefault(name, value)
        if os.environ.get("DATABRICKS_TOKEN") and os.environ.get("DATABRICKS_HOST") and not self.address.profile:
            # A token login needs no SDK, and MLflow would import it (1.5 s) and probe the host before every request.
            os.environ.setdefault(WITHOUT_SDK, "false")
        import mlflow

        hush()  # After the import: MLflow sets its own loggers up.
        # The artifact functions know only the global addresses, and a client made before these are set keeps others.
        if (mlflow.get_tracking_uri(), mlflow.get_registry_uri()) != (
            self.address.tracking_uri,
            self.address.registry_uri,
        ):
            look_at(self.address.tracking_uri, self.address.registry_uri)
        return mlflow.MlflowClient(self.address.tracking_uri, self.address.registry_uri)

    def _look_before_opening(self) -> None:
        if database := self.address.database_file:
            look_into(database, self.address.chosen_by)
        for url in {self.address.registry_uri, self.address.tracking_uri}:
            if url.startswith(("http://", "https://")):
                reach(url)
        if not self.address.is_databricks:
            return
        host = host_of(self.address.profile)
        if self.address.profile and not host:
            raise Denied(f"profile {self.address.profile} is not in the Databricks configuration", hint=LOGIN_HINT)
        if host:
            reach(host)


def every_page(search: Callable[[str | None], Any]) -> list[Any]:
    """What a search of the client finds in all of its pages; `search` is given the token of the page to get."""
    found, token = [], None
    while True:
        page = search(token)
        found += list(page)
        token = page.token
        if not token:
            return found


def name_filter(name: str) -> str:
    """The search filter for one name; Unity Catalog understands single quotes only.

    Raises:
        PromotionError: for a name that no filter can hold.
    """
    if "'" not in name:
        return f"name='{name}'"
    if '"' in name:
        raise PromotionError(f"model name {name!r} holds both kinds of quotes, which MLflow cannot search for")
    return f'name="{name}"'


def bounded(total_s: float) -> dict[str, str]:
    """The clients' own patience: 429 and 503 are waited out (2, 4, 8 s, or as Retry-After says) until the deadline."""
    retries = min(MOST_RETRIES, math.ceil(math.log2(total_s + 2)))
    return {
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": str(retries),
        "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(max(1, min(20, int(total_s)))),
        "MLFLOW_DATABRICKS_ENDPOINT_HTTP_RETRY_TIMEOUT": str(max(1, int(total_s))),
    }


# Every variable that is set here.
LENT = (*QUIET, *bounded(1), WITHOUT_SDK, *ADDRESSES)


def look_at(tracking_uri: str | None, registry_uri: str | None) -> None:
    """Tell MLflow its addresses; None is what it was told before anybody told it any."""
    import mlflow

    with environ_restored(*ADDRESSES):
        mlflow.set_tracking_uri(tracking_uri)
        mlflow.set_registry_uri(registry_uri)


@contextlib.contextmanager
def environ_restored(*names: str) -> Iterator[None]:
    """These environment variables are afterwards what they were before."""
    kept = {name: os.environ[name] for name in names if name in os.environ}
    try:
        yield
    finally:
        for name in names:
            os.environ.pop(name, None)
        os.environ.update(kept)


def hush() -> None:
    """Keep the clients' own chatter off the terminal; what matters of it comes back as errors."""
    warnings.filterwarnings("ignore")
    for name in HUSHED:
        logging.getLogger(name).setLevel(logging.ERROR)
