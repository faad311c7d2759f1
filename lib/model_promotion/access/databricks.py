"""Rights in Unity Catalog, and the caller as the workspace knows them."""

from typing import Any

from model_promotion.connections.databricks import DatabricksConnection
from model_promotion.core.entities import Identity, Rights
from model_promotion.core.errors import Denied, PromotionError

# Grants on models are filed under FUNCTION; there is no securable type REGISTERED_MODEL.
SECURABLE = "FUNCTION"
TAGGING = frozenset({"APPLY_TAG", "ALL_PRIVILEGES"})


class DatabricksAccess:
    """Asks the workspace through databricks-sdk."""

    def __init__(self, connection: DatabricksConnection) -> None:
        self._connection = connection

    def me(self) -> Identity:
        """The user or service principal behind the login."""
        user = self._connection.call("ask who is calling", lambda client: client.current_user.me())
        groups = frozenset(str(group.display) for group in user.groups or () if group.display)
        return Identity(str(user.user_name), groups, "Databricks login")

    def rights(self, model: str) -> Rights:
        """Owners may move aliases and set tags; whether MANAGE alone is enough is not known, and said so."""
        me = self.me()
        owner = self._owner(model)
        if owner and (owner == me.name or owner in me.groups):
            whose = "you" if owner == me.name else f"your group {owner}"
            return Rights(may_move_aliases=True, may_set_tags=True, because=f"{whose} own{'s' * (owner != me.name)} it")
        try:
            held = self._privileges(model, me)
        except Denied as error:
            return Rights(None, None, f"the grants cannot be read ({error})")
        if "MANAGE" in held:
            return Rights(
                None, True if held & TAGGING else None, "you have MANAGE, and only owners are sure to succeed"
            )
        if owner:
            return Rights(
                may_move_aliases=False,
                may_set_tags=bool(held & TAGGING),
                because=f"{owner} owns it; you have {', '.join(sorted(held)) or 'no privilege'}",
            )
        return Rights(None, None, "its owner cannot be read")

    def _owner(self, model: str) -> str:
        try:
            found = self._connection.call(
                f"read the owner of {model}", lambda client: client.registered_models.get(model)
            )
        except PromotionError:
            return ""
        return str(found.owner or "")

    def _privileges(self, model: str, me: Identity) -> set[str]:
        def ask(client: Any) -> set[str]:  # noqa: ANN401 - the client's type lives in databricks.sdk
            found = client.grants.get_effective(SECURABLE, model)
            mine = [row for row in found.privilege_assignments or () if row.principal in {me.name, *me.groups}]
            # A privilege that the SDK does not know reads as None; it grants nothing here.
            return {held.privilege.value for row in mine for held in row.privileges or () if held.privilege}

        return self._connection.call(f"read the grants on {model}", ask)
