"""The connections to the outside that belong to one registry."""

from dataclasses import dataclass

from model_promotion.connections.address import Address
from model_promotion.connections.databricks import DatabricksConnection
from model_promotion.connections.deadline import Deadline
from model_promotion.connections.mlflow import MlflowConnection
from model_promotion.ports import Clock


@dataclass(frozen=True)
class Lines:
    """The lines to one registry and what stands beside it; their clients are made once, however many worlds use them.

    `deadline` is that of all of them, for whoever makes a connection of its own.
    """

    address: Address
    mlflow: MlflowConnection
    workspace: DatabricksConnection | None
    deadline: Deadline
    clock: Clock

    def under(self, deadline: Deadline) -> "Lines":
        """The same connections under a deadline of its own."""
        workspace = self.workspace and self.workspace.under(deadline)
        return Lines(self.address, self.mlflow.under(deadline), workspace, deadline, self.clock)
