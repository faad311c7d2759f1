"""The connection to MLflow: one client, its environment, and a deadline round every call."""

import logging
import os
import threading
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from model_promotion.connections.address import Address
from model_promotion.connections.databricks import host_of
from model_promotion.connections.deadline import Deadline
from model_promotion.connections.faults import translated
from model_promotion.connections.preflight import reach
from model_promotion.core.errors import NotFound

T = TypeVar("T")

# The clients' own patience: short enough that no retry of theirs outlives the deadline by much.
QUIET_AND_BOUNDED = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_DATABRICKS_ENDPOINT_HTTP_RETRY_TIMEOUT": "20",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_USE_DATABRICKS_SDK_MODEL_ARTIFACTS_REPO_FOR_UC": "false",
}


class MlflowConnection:
    """An MlflowClient that is made on first use, after its environment is set and its host was seen to answer."""

    def __init__(self, address: Address, deadline: Deadline) -> None:
        self.address = address
        self.deadline = deadline
        self._client: Any = None
        self._lock = threading.Lock()

    def call(self, doing: str, ask: Callable[[Any], T]) -> T:
        """What `ask` answers when it is given the client; its errors as ours. `doing` completes 'could not ...'."""
        try:
            return self.deadline.call(lambda: ask(self._connected()))
        except Exception as error:
            raise translated(error, doing) from error

    def _connected(self) -> Any:  # noqa: ANN401 - the client's type lives in mlflow, which is imported below
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> Any:  # noqa: ANN401 - as above
        self._look_before_opening()
        for name, value in QUIET_AND_BOUNDED.items():
            os.environ.setdefault(name, value)
        if os.environ.get("DATABRICKS_TOKEN") and os.environ.get("DATABRICKS_HOST") and not self.address.profile:
            # A token login needs no SDK, and MLflow would import it (1.5 s) and probe the host before every request.
            os.environ.setdefault("MLFLOW_ENABLE_DB_SDK", "false")
        hush()
        import mlflow

        # The artifact functions know only the global addresses, and a client made before these are set keeps others.
        mlflow.set_tracking_uri(self.address.tracking_uri)
        mlflow.set_registry_uri(self.address.registry_uri)
        return mlflow.MlflowClient(self.address.tracking_uri, self.address.registry_uri)

    def _look_before_opening(self) -> None:
        database = self.address.database_file
        if database and not database.exists():
            # MLflow would create the file; a promotion has nothing to do in an empty registry.
            raise NotFound(
                f"there is no registry at {database.absolute()} (from {self.address.chosen_by})",
                hint="name yours: --registry-uri URI, or MLFLOW_TRACKING_URI; or try --demo",
            )
        for url in {self.address.registry_uri, self.address.tracking_uri}:
            if url.startswith(("http://", "https://")):
                reach(url)
        if self.address.is_databricks and (host := host_of(self.address.profile)):
            reach(host)


def hush() -> None:
    """Keep the clients' own chatter off the terminal; what matters of it comes back as errors."""
    warnings.filterwarnings("ignore")
    for name in ("mlflow", "databricks.sdk", "alembic", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)
