"""Rights in Unity Catalog, and the caller as the workspace knows them."""

import re
from functools import partial
from typing import Any

from model_promotion.connections.databricks import DatabricksConnection
from model_promotion.connections.mlflow import MlflowConnection
from model_promotion.core.entities import Identity, Rights
from model_promotion.core.errors import Denied, PromotionError, Unavailable
from model_promotion.together import together

# Grants on models are filed under FUNCTION; there is no securable type REGISTERED_MODEL.
SECURABLE = "FUNCTION"
CURRENT_USER = "/api/2.0/preview/scim/v2/Me"
# A user is an address, a service principal a UUID; any other owner is a group, which may hold one of yours.
PERSON = re.compile(r"@|^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
EXECUTING = frozenset({"EXECUTE", "ALL_PRIVILEGES"})
TAGGING = frozenset({"APPLY_TAG", "ALL_PRIVILEGES"})


class DatabricksAccess:
    """Asks the workspace through databricks-sdk."""

    def __init__(self, connection: DatabricksConnection, mlflow: MlflowConnection) -> None:
        self._connection = connection
        self._mlflow = mlflow
        self._known: Identity | None = None

    def me(self) -> Identity:
        """The user or service principal behind the login, asked once.

        MLflow's own client asks: it is loaded anyway, and a rollback need not wait a second for the SDK's import.
        """
        if self._known is None:
            user = self._mlflow.get("ask who is calling", CURRENT_USER, self._mlflow.address.tracking_uri)
            if not isinstance(user, dict) or not user.get("userName"):
                raise Unavailable("the workspace does not say who is calling")
            groups = frozenset(str(group["display"]) for group in user.get("groups") or () if group.get("display"))
            self._known = Identity(str(user["userName"]), groups, "Databricks login", proven=True)
        return self._known

    def rights(self, model: str) -> Rights:
        """Owners may move aliases and set tags; whether MANAGE alone is enough is not known, and said so."""
        me = self.me()
        owner = self._owner(model)
        if owner and (owner == me.name or owner in me.groups):
            whose = "you" if owner == me.name else f"your group {owner}"
            return Rights(may_move_aliases=True, may_set_tags=True, because=f"{whose} own{'s' * (owner != me.name)} it")
        try:
            return self._of_another(owner, self._privileges(model, me), me)
        except Denied as error:
            return Rights(None, None, f"the grants cannot be read ({error})")

    def may_execute(self, model: str, who: str) -> bool | None:
        """Whether they own the model or hold EXECUTE themselves; None where that is not seen: a group may hold it."""
        try:
            held = who == self._owner(model) or self._granted(model, {who}) & EXECUTING
        except PromotionError:
            return None
        return True if held else None

    def _of_another(self, owner: str, held: set[str], me: Identity) -> Rights:
        """Rights on a model that somebody else owns, or nobody is seen to own."""
        tags = True if held & TAGGING else None
        if not owner:
            return Rights(None, tags, "its owner cannot be read")
        if "MANAGE" in held:
            return Rights(None, tags, "you have MANAGE, and only owners are sure to succeed")
        if not PERSON.search(owner):
            return Rights(None, tags, f"group {owner} owns it, and Databricks does not say whether you are in it")
        admin = self._administers_the_metastore(me)
        told = {True: "you administer the metastore", None: "whether you administer the metastore is not known"}
        has = f"you have {', '.join(sorted(held)) or 'no privilege'}"
        may_tag = admin if admin is not False else bool(held & TAGGING)
        return Rights(admin, may_tag, f"{owner} owns it; {told.get(admin, has)}")

    def _owner(self, model: str) -> str:
        try:
            found = self._connection.call(
                f"read the owner of {model}", lambda client: client.registered_models.get(model)
            )
        except PromotionError:
            return ""
        return str(found.owner or "")

    def _administers_the_metastore(self, me: Identity) -> bool | None:
        """Metastore admins may do what owners may; None when it cannot be read who they are."""
        try:
            summary = self._connection.call("read the metastore's owner", lambda client: client.metastores.summary())
        except PromotionError:
            return None
        return str(summary.owner) in {me.name, *me.groups} if summary.owner else None

    def _privileges(self, model: str, me: Identity) -> set[str]:
        """From all grants where the caller may read them, else from the caller's own, which anybody may read."""
        names = {me.name, *me.groups}
        try:
            return self._granted(model, names)
        except Denied:
            return set().union(*together([partial(self._granted, model, names, name) for name in names]))

    def _granted(self, model: str, names: set[str], only: str | None = None) -> set[str]:
        def ask(client: Any) -> set[str]:  # noqa: ANN401 - the client's type lives in databricks.sdk
            found = client.grants.get_effective(SECURABLE, model, principal=only)
            mine = [row for row in found.privilege_assignments or () if row.principal in names]
            # A privilege that the SDK does not know reads as None; it grants nothing here.
            return {held.privilege.value for row in mine for held in row.privileges or () if held.privilege}

        return self._connection.call(f"read the grants on {model}", ask)
