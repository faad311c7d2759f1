"""Rights on an MLflow server or an sqlite file, and the caller as far as they are known there."""

import getpass
import os
from typing import Any

from model_promotion.connections.mlflow import MlflowConnection
from model_promotion.core.entities import Identity, Rights
from model_promotion.core.errors import Denied, NotFound

CURRENT_USER = "/api/2.0/mlflow/users/current"
MY_PERMISSIONS = "/api/3.0/mlflow/users/current/permissions"
MAY_WRITE = frozenset({"EDIT", "MANAGE"})


class MlflowAccess:
    """Asks the server's login where it has one; a file and a folder ask the file system."""

    def __init__(self, connection: MlflowConnection) -> None:
        self._connection = connection

    def me(self) -> Identity:
        """The user of the server's login, else the login name of this machine."""
        if self._connection.address.is_server:
            try:
                user = self._ask(CURRENT_USER)["user"]
                return Identity(str(user["username"]), vouched_by="MLflow server login", proven=True)
            except (NotFound, KeyError, TypeError):
                pass  # This server has no login.
        try:
            return Identity(getpass.getuser())
        except (KeyError, OSError):  # A container may run under a number that has no name.
            return Identity(f"user {os.getuid()}")

    def may_execute(self, model: str, who: str) -> bool | None:  # noqa: ARG002 - nobody is asked
        """Not known: outside Unity Catalog nobody grants that."""
        return None

    def rights(self, model: str) -> Rights:
        """Whether the file or folder may be written, or what the server's permission list says."""
        address = self._connection.address
        if place := address.database_file or address.folder:
            folder = place if place.is_dir() else place.absolute().parent
            writable = os.access(place, os.W_OK) and os.access(folder, os.W_OK)
            return Rights(writable, writable, f"{place} is {'' if writable else 'not '}writable")
        if not address.is_server:
            return Rights(None, None, "a database that MLflow opens by itself does not say what you may do")
        try:
            self._ask(CURRENT_USER)
        except NotFound:
            return Rights(may_move_aliases=True, may_set_tags=True, because="this server asks for no login")
        try:
            granted = self._ask(MY_PERMISSIONS)
        except (NotFound, Denied) as error:
            return Rights(None, None, f"the server does not say what you may do ({error})")
        return _rights(granted, model)

    def _ask(self, path: str) -> Any:  # noqa: ANN401 - JSON
        return self._connection.get("ask what you may do", path, self._connection.address.registry_uri)


def _rights(granted: Any, model: str) -> Rights:  # noqa: ANN401 - JSON
    if not isinstance(granted, dict):
        return Rights(None, None, "the server's list of permissions does not make sense")
    if granted.get("is_admin"):
        return Rights(may_move_aliases=True, may_set_tags=True, because="you are an admin of this server")
    rows = [row for row in granted.get("permissions") or () if row.get("resource_type") == "registered_model"]
    held = {str(row.get("permission")) for row in rows if row.get("resource_pattern") in (model, "*")}
    if held:
        may = bool(held & MAY_WRITE)
        return Rights(may, may, f"you have {', '.join(sorted(held))} on it")
    return Rights(None, None, "the server lists no permission of yours for it, so its default applies")
