"""Model Serving endpoints of one Databricks workspace."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from model_promotion.connections.databricks import DatabricksConnection
from model_promotion.core.entities import Endpoint
from model_promotion.core.errors import Unavailable
from model_promotion.core.load import Destination
from model_promotion.together import together

BY_ADDRESS = "name the address of a scoring server: --endpoint http://HOST:PORT"


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
        """Where load for one entity goes.

        Raises:
            Unavailable: always, as this cannot be done yet.
        """
        raise Unavailable(f"{entity} of endpoint {name} cannot be asked by its name yet", hint=BY_ADDRESS)

    def _endpoint(self, name: str, model: str) -> Endpoint:
        # The raw JSON: the typed form turns states that the SDK does not know into None.
        raw: Any = self._connection.call(
            f"read endpoint {name}",
            lambda client: client.api_client.do("GET", f"/api/2.0/serving-endpoints/{name}"),
        )
        return endpoint(raw, model)


def endpoint(raw: Mapping[str, Any], model: str) -> Endpoint:
    """An endpoint as the REST API describes it; a state that is not known reads as None."""
    config, state = raw.get("config") or {}, raw.get("state") or {}
    entities = [
        *(config.get("served_entities") or ()),
        *((raw.get("pending_config") or {}).get("served_entities") or ()),
    ]
    routes = (config.get("traffic_config") or {}).get("routes") or ()
    traffic = {
        route.get("served_entity_name") or route.get("served_model_name"): int(
            float(route.get("traffic_percentage") or 0)
        )
        for route in routes
    }
    serves: dict[str, int] = {}
    for entity in entities:
        if entity.get("entity_name") == model:
            number = str(entity.get("entity_version"))
            serves[number] = serves.get(number, 0) + traffic.get(entity.get("name"), 0)
    ready, update = state.get("ready"), state.get("config_update")
    return Endpoint(
        name=str(raw.get("name")),
        serves=serves,
        ready={"READY": True, "NOT_READY": False}.get(str(ready)),
        updating=True if raw.get("pending_config") else UPDATING.get(str(update)),
        state=f"{ready or 'state unknown'}, {update or 'update state unknown'}",
    )


UPDATING = {"IN_PROGRESS": True, "NOT_UPDATING": False, "UPDATE_FAILED": False, "UPDATE_CANCELED": False}


def at_rest(item: Any) -> bool:  # noqa: ANN401 - the SDK's summary of an endpoint
    """Whether what an endpoint serves is all that it is about to serve; what does not say so is not at rest."""
    update = getattr(getattr(item, "state", None), "config_update", None)
    return item.config is not None and getattr(update, "value", update) == "NOT_UPDATING"


def _names(config: Any) -> set[str]:  # noqa: ANN401 - the SDK's summary of a config
    served = [*(getattr(config, "served_entities", None) or ()), *(getattr(config, "served_models", None) or ())]
    names = {getattr(item, "entity_name", None) or getattr(item, "model_name", None) for item in served}
    return {str(name) for name in names if name}
