"""The loopback Databricks workspace: real HTTP on 127.0.0.1 for the real mlflow client and the real SDK."""

from tests.workspace.access import Principal
from tests.workspace.faults import DROP, Fault, Faults
from tests.workspace.log import Seen
from tests.workspace.state import AliasMove, Version
from tests.workspace.wire import Call, RefusedError, Reply
from tests.workspace.workspace import GROUP, TOKEN, USER, Workspace

__all__ = [
    "DROP",
    "GROUP",
    "TOKEN",
    "USER",
    "AliasMove",
    "Call",
    "Fault",
    "Faults",
    "Principal",
    "RefusedError",
    "Reply",
    "Seen",
    "Version",
    "Workspace",
]
