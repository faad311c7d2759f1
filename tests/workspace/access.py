"""Who is who, and who may do what: tokens, groups, grants, and the three addresses that tell a client about them.

Not enforced: USE CATALOG and USE SCHEMA on the parents, governed tag policies. BROWSE shows that a model is there.
"""

import zlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.workspace.wire import Call, RefusedError, Routes

if TYPE_CHECKING:
    from tests.workspace.state import Model
    from tests.workspace.workspace import Workspace

METASTORE = "*"
_LEVEL = {0: "CATALOG", 1: "SCHEMA", 2: "FUNCTION"}
# Databricks: ALL PRIVILEGES stands for every data privilege, and for MANAGE it does not.
_ALL = {"EXECUTE", "APPLY_TAG", "CREATE_MODEL_VERSION", "CREATE_MODEL"}


@dataclass(frozen=True)
class Principal:
    """A user or service principal, as the token shows it."""

    user_name: str
    groups: tuple[str, ...] = ()

    @property
    def names(self) -> set[str]:
        """Every name under which something can be owned by or granted to this one."""
        return {self.user_name, *self.groups}


@dataclass
class Access:
    """Tokens, metastore admins and grants; a grant sits on a model, schema, catalog or the metastore ("*")."""

    tokens: dict[str, Principal] = field(default_factory=dict)
    metastore_admins: set[str] = field(default_factory=set)
    grants: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    grants_hidden: bool = False  # True: reading grants answers 403 to everybody but the owner

    def who(self, headers: Mapping[str, str]) -> Principal:
        """The principal behind the bearer token, or 401."""
        kind, _, token = headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or token not in self.tokens:
            raise RefusedError("UNAUTHENTICATED", "Credential was not sent or was of an unsupported type for this API.")
        return self.tokens[token]

    def principal(self, user_name: str) -> Principal:
        """The principal of that name; one without a token has no groups."""
        known = (each for each in self.tokens.values() if each.user_name == user_name)
        return next(known, Principal(user_name))

    def has(self, who: Principal, securable: str, privilege: str) -> bool:
        """Granted here or above, to the user or one of the groups?"""
        for place in _upwards(securable):
            for name in who.names:
                held = self.grants.get(place, {}).get(name, set())
                if privilege in held or ("ALL_PRIVILEGES" in held and privilege in _ALL):
                    return True
        return False

    def owns(self, who: Principal, model: "Model") -> bool:
        return model.owner in who.names or bool(who.names & self.metastore_admins)

    def may(self, who: Principal, model: "Model", privilege: str) -> bool:
        """The owner may do all; others need the privilege."""
        return self.owns(who, model) or self.has(who, model.name, privilege)

    def must_own(self, who: Principal, model: "Model") -> None:
        if not self.owns(who, model):
            raise _denied(who, "is not an owner of", model.name)

    def must(self, who: Principal, model: "Model", privilege: str) -> None:
        if not self.may(who, model, privilege):
            raise _denied(who, f"does not have {privilege.replace('_', ' ')} on", model.name)

    def must_create_in(self, who: Principal, schema: str) -> None:
        if not (who.names & self.metastore_admins or self.has(who, schema, "CREATE_MODEL")):
            raise _denied(who, "does not have CREATE MODEL on Schema", schema)


def _denied(who: Principal, lacks: str, thing: str) -> RefusedError:
    return RefusedError("PERMISSION_DENIED", f"User '{who.user_name}' {lacks} '{thing}'.")


def _upwards(securable: str) -> list[str]:
    """main.ml.churn, main.ml, main, *"""
    parts = securable.split(".")
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)] + [METASTORE]


routes = Routes("access")


@routes.on("GET /.well-known/databricks-config", open_door=True)
def well_known(ws: "Workspace", _call: Call) -> dict[str, Any]:
    return {"oidc_endpoint": f"{ws.url}/oidc", "cloud": "AWS"}


@routes.on("GET /api/2.0/preview/scim/v2/Me")
def me(_ws: "Workspace", call: Call) -> dict[str, Any]:
    who = call.actor
    return {
        "id": _number(who.user_name),
        "userName": who.user_name,
        "displayName": who.user_name,
        "active": True,
        "emails": [{"value": who.user_name, "primary": True, "type": "work"}],
        "groups": [{"display": name, "value": _number(name)} for name in who.groups],
    }


@routes.on("GET /api/2.1/unity-catalog/metastore_summary")
def metastore_summary(ws: "Workspace", _call: Call) -> dict[str, Any]:
    """The owner of a metastore is one user or group; nobody, when the workspace names no admin."""
    owner = next(iter(sorted(ws.access.metastore_admins)), "account-admins")
    return {"metastore_id": "loopback", "name": "loopback", "owner": owner}


def _number(name: str) -> str:
    """A SCIM id, the same in every process."""
    return str(zlib.crc32(name.encode()))


@routes.on("GET /api/2.1/unity-catalog/permissions/{kind}/{name}")
def direct_grants(ws: "Workspace", call: Call) -> dict[str, Any]:
    return _assignments(ws, call, [call.arg("name")])


@routes.on("GET /api/2.1/unity-catalog/effective-permissions/{kind}/{name}")
def effective_grants(ws: "Workspace", call: Call) -> dict[str, Any]:
    return _assignments(ws, call, _upwards(call.arg("name")))


def _assignments(ws: "Workspace", call: Call, places: list[str]) -> dict[str, Any]:
    """Grants as UC lists them: one row a principal, the owner not among them, `principal=` one row only."""
    is_function(call)
    model = ws.registry.model(call.arg("name"))
    if not ws.access.owns(call.actor, model) and (ws.access.grants_hidden or not _sees(ws, call, model)):
        raise _denied(call.actor, "does not have MANAGE on", model.name)
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    for place in places:
        for name, held in ws.access.grants.get(place, {}).items():
            if call.arg("principal") in ("", name):
                rows[name] += [_privilege(each, place, model.name, call.path) for each in sorted(held)]
    direct = "effective-permissions" not in call.path
    flat = {name: [each["privilege"] for each in held] if direct else held for name, held in rows.items()}
    return {"privilege_assignments": [{"principal": name, "privileges": held} for name, held in flat.items()]}


def is_function(call: Call) -> None:
    """Grants and tags know a model as a FUNCTION, and by no other name."""
    if call.where["kind"].upper() != "FUNCTION":
        raise RefusedError("INVALID_PARAMETER_VALUE", f"'{call.where['kind']}' is not the securable type of a model")


def _sees(ws: "Workspace", call: Call, model: "Model") -> bool:
    """Without MANAGE a caller may look at the own rows, and only at those."""
    return ws.access.has(call.actor, model.name, "MANAGE") or call.arg("principal") in call.actor.names


def _privilege(name: str, place: str, securable: str, path: str) -> dict[str, str]:
    if place == securable or "effective" not in path:
        return {"privilege": name}
    kind = "METASTORE" if place == METASTORE else _LEVEL[place.count(".")]
    return {"privilege": name, "inherited_from_type": kind, "inherited_from_name": place}
