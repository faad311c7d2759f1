"""Model Serving endpoints of one Databricks workspace."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from model_promotion.connections.address import Address
from model_promotion.connections.databricks import DatabricksConnection
from model_promotion.connections.lines import Lines
from model_promotion.core.deployment import Deployment, ServingStep
from model_promotion.core.entities import Endpoint
from model_promotion.core.errors import Conflict
from model_promotion.core.load import Destination
from model_promotion.serving._configs import changed, deployment, summary
from model_promotion.together import together

NAMED_BY = "name"
MOST_METRICS = 5_000_000


def is_for(registry: Address) -> bool:
    """Whether the endpoints of this registry are those of its workspace."""
    return registry.is_databricks


def reader(lines: Lines) -> "DatabricksServing":
    """The endpoints, to be looked at."""
    return DatabricksServing(_workspace(lines))


def writer(lines: Lines) -> "DatabricksEndpoints":
    """The same, to be changed."""
    return DatabricksEndpoints(_workspace(lines))


def _workspace(lines: Lines) -> DatabricksConnection:
    assert lines.workspace is not None  # noqa: S101 - is_for says so; tells the type checker
    return lines.workspace


class DatabricksServing:
    """Lists endpoints through databricks-sdk. The list has no state and no traffic, so each hit is read by itself."""

    scope = "this workspace"

    def __init__(self, connection: DatabricksConnection) -> None:
        self._connection = connection

    def endpoints(self, model: str, *, on_their_way: bool = False) -> Sequence[Endpoint]:
        """The endpoints of this workspace that name the model; other workspaces of the metastore are not seen.

        The list tells no config that is on its way, so for `on_their_way` each one that is not at rest is read too.
        """
        listed = self._connection.call(
            "list the serving endpoints", lambda client: list(client.serving_endpoints.list())
        )
        hits = [item.name for item in listed if model in _names(item.config) or (on_their_way and not at_rest(item))]
        found = together([partial(self._endpoint, str(name), model) for name in hits])
        return [one for one in found if one.serves]

    def target(self, name: str, entity: str) -> Destination:
        """Past the routes an entity is asked at a path of its own, also one without traffic."""
        one = f"/served-models/{quote(entity, safe='')}" if entity else ""
        host = self._connection.call(f"reach endpoint {name}", lambda client: str(client.config.host))
        url = f"{host.rstrip('/')}/serving-endpoints/{quote(name, safe='')}{one}/invocations"
        return Destination(f"{name}/{entity}".rstrip("/"), url, self._headers)

    def _headers(self) -> Mapping[str, str]:
        return self._connection.call("log in", lambda client: dict(client.config.authenticate()))

    def _endpoint(self, name: str, model: str) -> Endpoint:
        return summary(self._raw(name), model)

    def deployment(self, name: str) -> Deployment:
        """What an endpoint serves now."""
        return deployment(self._raw(name))

    def metrics(self, name: str) -> str:
        """What an endpoint says of its last minute."""
        return self._connection.call(f"read the metrics of {name}", lambda client: _exported(client, name))

    def _raw(self, name: str) -> Mapping[str, Any]:
        # The raw JSON: the typed form turns states that the SDK does not know into None, and loses settings.
        return self._do("GET", name)

    def _do(self, method: str, name: str, below: str = "", body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        doing = f"read endpoint {name}" if method == "GET" else f"change endpoint {name}"
        path = f"/api/2.0/serving-endpoints/{quote(name, safe='')}{below}"
        answer: Any = self._connection.call(doing, lambda client: client.api_client.do(method, path, body=body))
        return answer if isinstance(answer, Mapping) else {}


class DatabricksEndpoints(DatabricksServing):
    """The same endpoints, to be changed."""

    def write(self, step: ServingStep) -> None:
        """Send the configuration with this step taken; it serves when it is ready, which reading tells.

        The SDK sends a PUT again when its reply is lost, and then reports a conflict with its own update.
        """
        config = self._raw(step.endpoint).get("config") or {}
        try:
            body = changed(config, step)
        except ValueError as error:
            raise Conflict(str(error)) from error
        self._do("PUT", step.endpoint, "/config", body)


def _exported(client: Any, name: str) -> str:  # noqa: ANN401 - the SDK's client
    """The text, as far as it is of a size that makes sense."""
    with client.serving_endpoints.export_metrics(quote(name, safe="")).contents as contents:
        return bytes(contents.read(MOST_METRICS)).decode(errors="replace")


def at_rest(item: Any) -> bool:  # noqa: ANN401 - the SDK's summary of an endpoint
    """Whether what an endpoint serves is all that it is about to serve; what does not say so is not at rest."""
    update = getattr(getattr(item, "state", None), "config_update", None)
    return item.config is not None and getattr(update, "value", update) == "NOT_UPDATING"


def _names(config: Any) -> set[str]:  # noqa: ANN401 - the SDK's summary of a config
    served = [*(getattr(config, "served_entities", None) or ()), *(getattr(config, "served_models", None) or ())]
    names = {getattr(item, "entity_name", None) or getattr(item, "model_name", None) for item in served}
    return {str(name) for name in names if name}
