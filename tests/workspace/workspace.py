"""The loopback Databricks workspace: what tests and benchmarks hold in their hands."""

import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.workspace.access import Access, Principal
from tests.workspace.catalog import Catalog
from tests.workspace.endpoints import Endpoint, Model, new_config
from tests.workspace.faults import Faults
from tests.workspace.files import FileStore
from tests.workspace.log import RequestLog, Seen
from tests.workspace.server import Server
from tests.workspace.sql import Warehouse
from tests.workspace.state import AliasMove, Registry, Version, set_tag
from tests.workspace.state import Model as RegisteredModel
from tests.workspace.tracking import Tracking

TOKEN = "loopback-token"
USER = "ci@example.com"
GROUP = "ml-engineers"


class Workspace:
    """A Databricks workspace on 127.0.0.1, in memory, for the real mlflow client and the real SDK.

    The token `TOKEN` belongs to `USER`, member of `GROUP`, who may create models. Methods here act from outside: they
    ask for no rights and are no requests, so they can play the rival. A context manager, or start() and stop().
    """

    def __init__(self, tracking_url: str | None = None) -> None:
        self.lock = threading.RLock()
        self.requests = RequestLog()
        self.faults = Faults()
        self.registry = Registry()
        self.access = Access()
        self.catalog = Catalog(self.registry, self.access)
        self.endpoints: dict[str, Endpoint] = {}
        self.served: dict[tuple[str, int], Model] = {}
        self.warehouse = Warehouse()
        self.tracking = Tracking(tracking_url)
        self.folders = {"/Shared"}
        self.sdk_artifacts = True  # the artifact probe's answer; False: presigned addresses
        self.polls_until_ready: int | None = None  # None: an update stays IN_PROGRESS until finish_update()
        self._folder = tempfile.TemporaryDirectory(prefix="loopback-", ignore_cleanup_errors=True)
        self.files = FileStore(self.registry, Path(self._folder.name))
        self.add_token(TOKEN, USER, (GROUP,))
        self.grant("*", USER, "CREATE_MODEL")
        self._server = Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        self.faults.clear()
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def env(self, token: str = TOKEN, **more: str) -> dict[str, str]:
        """The environment variables that send the real clients here."""
        return {
            "DATABRICKS_HOST": self.url,
            "DATABRICKS_TOKEN": token,
            "MLFLOW_TRACKING_URI": "databricks",
            "MLFLOW_REGISTRY_URI": "databricks-uc",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "NO_PROXY": "127.0.0.1",
            **more,
        }

    # People and rights

    def add_token(self, token: str, user_name: str, groups: tuple[str, ...] = ()) -> Principal:
        """Makes a token known; requests with any other get 401."""
        self.access.tokens[token] = Principal(user_name, groups)
        return self.access.tokens[token]

    def grant(self, securable: str, principal: str, *privileges: str) -> None:
        """EXECUTE, BROWSE, APPLY_TAG, CREATE_MODEL_VERSION, MANAGE ... on a model, schema, catalog or "*"."""
        with self.lock:
            self.access.grants[securable][principal].update(privileges)

    def revoke(self, securable: str, principal: str, *privileges: str) -> None:
        with self.lock:
            self.access.grants[securable][principal].difference_update(privileges)

    # The registry

    def add_model(self, name: str, owner: str = USER, **facts: Any) -> RegisteredModel:
        """A registered model; `facts` are fields of state.Model."""
        with self.lock:
            return self.registry.add_model(RegisteredModel(name, owner, **facts))

    def add_version(self, name: str, artifacts: Path | None = None, **facts: Any) -> Version:
        """The next version, READY, its files in the local folder `artifacts`; `facts` are fields of state.Version."""
        with self.lock:
            facts.setdefault("created_by", self.registry.model(name).owner)
            return self.registry.add_version(name, artifacts=artifacts, **facts)

    def set_alias(self, name: str, alias: str, version: int, by: str = "rival@example.com") -> None:
        with self.lock:
            self.registry.set_alias(name, alias, version, by)

    def delete_alias(self, name: str, alias: str, by: str = "rival@example.com") -> None:
        with self.lock:
            self.registry.delete_alias(name, alias, by)

    def delete_version(self, name: str, version: int, by: str = "rival@example.com") -> None:
        with self.lock:
            self.registry.delete_version(name, version, by)

    def set_tag(self, name: str, key: str, value: str, version: int | None = None) -> None:
        """A tag on the model, or on one of its versions."""
        with self.lock:
            thing = self.registry.model(name) if version is None else self.registry.version(name, version)
            set_tag(thing, key, value)

    def aliases(self, name: str) -> dict[str, int]:
        with self.lock:
            return dict(self.registry.model(name).aliases)

    def tags(self, name: str, version: int | None = None) -> dict[str, str]:
        with self.lock:
            thing = self.registry.model(name) if version is None else self.registry.version(name, version)
            return dict(thing.tags)

    # Serving

    def add_endpoint(self, name: str, *served: tuple[str, int], creator: str = USER) -> Endpoint:
        """An endpoint that serves (model, version)s, the first with all the traffic; entities are named churn-1 ..."""
        entities = [_entity(model, version) for model, version in served]
        routes = [
            {"served_model_name": each["name"], "traffic_percentage": 0 if place else 100}
            for place, each in enumerate(entities)
        ]
        config = new_config({"served_entities": entities, "traffic_config": {"routes": routes}}, creator, 1)
        with self.lock:
            self.endpoints[name] = Endpoint(name, creator, config)
        return self.endpoints[name]

    def serve(self, name: str, version: int, model: Model) -> None:
        """What answers for that version: payload -> predictions, or a Reply; what it raises becomes a 400."""
        with self.lock:
            self.served[name, version] = model

    def finish_update(self, endpoint: str) -> None:
        with self.lock:
            self.endpoints[endpoint].finish()

    def fail_update(self, endpoint: str, reason: str = "the container could not be built") -> None:
        with self.lock:
            self.endpoints[endpoint].fail(reason)

    def set_metrics(self, endpoint: str, text: str | None) -> None:
        """The metrics text to export; None: counted from the calls."""
        with self.lock:
            self.endpoints[endpoint].metrics_text = text

    # What was seen

    @property
    def log(self) -> list[Seen]:
        """All requests, in the order of their arrival."""
        return self.requests.all()

    def writes(self, area: str | None = None) -> list[Seen]:
        """Requests that asked to change something; `area` is registry, serving, files or tracking (see log.Seen)."""
        return [each for each in self.log if each.writes and area in (None, each.area)]

    def alias_history(self, model: str, alias: str | None = None) -> list[AliasMove]:
        """Alias writes that took effect, whoever made them, in order."""
        with self.lock:
            return [each for each in self.registry.moves if each.model == model and alias in (None, each.alias)]


def _entity(model: str, version: int) -> dict[str, Any]:
    name = f"{model.rpartition('.')[2]}-{version}"
    sizes = {"workload_size": "Small", "workload_type": "CPU", "scale_to_zero_enabled": False}
    return {"name": name, "entity_name": model, "entity_version": str(version), **sizes}
