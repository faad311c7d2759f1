"""Which registry a job works with."""

from contextlib import AbstractContextManager
from typing import Any

from model_promotion.clocks import SystemClock
from model_promotion.connections.address import Address
from model_promotion.connections.as_found import as_found, looking_at
from model_promotion.connections.deadline import Deadline
from model_promotion.connections.mlflow import MlflowConnection
from model_promotion.services.service import Service
from model_promotion.settings import DEFAULT_TIMEOUT_S, Flags, address_for


class MlflowService(Service):
    """The addresses, as --registry-uri, --tracking-uri and --profile name them, and the model by default.

    While it runs, MLflow's own functions look there; afterwards they look where they did before.
    """

    tracking_uri: str | None = None
    registry_uri: str | None = None
    registry_name: str = ""
    profile: str | None = None

    @property
    def address(self) -> Address:
        """The addresses; what is not given is taken from the environment, as the command does."""
        return address_for(Flags(self.registry_uri, self.tracking_uri, self.profile), self.registry_name)

    def client(self) -> Any:  # noqa: ANN401 - mlflow.MlflowClient, which is imported when it is asked for
        """An `mlflow.MlflowClient` for these addresses.

        Raises:
            PromotionError: when there is no registry, or it cannot be reached.
        """
        connection = MlflowConnection(self.address, Deadline(DEFAULT_TIMEOUT_S, SystemClock()))
        with as_found():
            return connection.call("connect to MLflow", lambda client: client)

    def running(self) -> AbstractContextManager[None]:
        """MLflow looks there meanwhile."""
        return looking_at(self.address)
