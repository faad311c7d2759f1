"""Rights in Unity Catalog, from what the workspace says about owner, grants and metastore."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from model_promotion.access.databricks import DatabricksAccess
from model_promotion.core.entities import Identity
from model_promotion.core.errors import Denied

MODEL, ADA, BOB = "shop.pricing.churn", "ada@example.com", "bob@example.com"
ROBOT = "0f5c9a1e-1111-2222-3333-0123456789ab"
NOT_SAID = object()


class Workspace:
    """The answers of a workspace to the SDK's three questions; what it does not say is a 403."""

    def __init__(self, owner: object, grants: object, admin: object) -> None:
        self.registered_models = SimpleNamespace(get=lambda _: SimpleNamespace(owner=said(owner)))
        self.metastores = SimpleNamespace(summary=lambda: SimpleNamespace(owner=said(admin)))
        self.grants = SimpleNamespace(get_effective=lambda *_, **__: rows(said(grants)))

    def call(self, _: str, ask: Callable[[Any], Any]) -> Any:
        return ask(self)

    def get(self, *_: str) -> dict[str, Any]:
        return {"userName": ADA, "groups": [{"display": "ml-team"}, {}]}


def said(answer: object) -> Any:
    if answer is NOT_SAID:
        raise Denied("403")
    return answer


def rows(held: Any) -> SimpleNamespace:
    named = [(who, [SimpleNamespace(privilege=SimpleNamespace(value=one)) for one in what]) for who, what in held]
    unknown = ("ml-team", [SimpleNamespace(privilege=None)])
    return SimpleNamespace(
        privilege_assignments=[SimpleNamespace(principal=who, privileges=what) for who, what in (*named, unknown)]
    )


def access(owner: object = BOB, grants: object = (), admin: object = "admins") -> DatabricksAccess:
    workspace: Any = Workspace(owner, grants, admin)
    workspace.address = SimpleNamespace(tracking_uri="databricks")
    return DatabricksAccess(workspace, workspace)


def test_the_caller_is_who_the_login_is_with_their_groups() -> None:
    assert access().me() == Identity(ADA, frozenset({"ml-team"}), "Databricks login", proven=True)


MANAGE, TAGS, OTHERS = [(ADA, ["MANAGE"])], [("ml-team", ["APPLY_TAG", "EXECUTE"])], [(BOB, ["ALL_PRIVILEGES"])]
# owner, grants, owner of the metastore -> may move aliases, may set tags, a word of the reason
RIGHTS = {
    "the owner": ((ADA, (), "admins"), (True, True), "you own it"),
    "the group of the owner": (("ml-team", (), "admins"), (True, True), "your group ml-team owns it"),
    "the owner, without a look at grants": ((ADA, NOT_SAID, NOT_SAID), (True, True), "you own it"),
    "nothing at all": ((BOB, (), "admins"), (False, False), "no privilege"),
    "a robot owns it": ((ROBOT, (), "admins"), (False, False), "no privilege"),
    "tags only": ((BOB, TAGS, "admins"), (False, True), "APPLY_TAG"),
    "grants of others": ((BOB, OTHERS, "admins"), (False, False), "no privilege"),
    "MANAGE": ((BOB, MANAGE, "admins"), (None, None), "MANAGE"),
    "another group owns it": (("owners", (), "admins"), (None, None), "group owners"),
    "metastore admin": ((BOB, (), ADA), (True, True), "administer"),
    "in the group of metastore admins": ((BOB, (), "ml-team"), (True, True), "administer"),
    "an unknown metastore admin": ((BOB, (), NOT_SAID), (None, None), "not known"),
    "grants that cannot be read": ((BOB, NOT_SAID, "admins"), (None, None), "cannot be read"),
    "an owner that cannot be read": ((NOT_SAID, (), "admins"), (None, None), "owner cannot be read"),
    "an owner that cannot be read, and tags": ((NOT_SAID, TAGS, "admins"), (None, True), "owner cannot be read"),
}


@pytest.mark.parametrize(("told", "may", "because"), RIGHTS.values(), ids=RIGHTS.keys())
def test_only_what_the_workspace_says_is_a_right(
    told: tuple[object, object, object], may: tuple[bool | None, bool | None], because: str
) -> None:
    rights = access(*told).rights(MODEL)
    assert (rights.may_move_aliases, rights.may_set_tags) == may
    assert because in rights.because
