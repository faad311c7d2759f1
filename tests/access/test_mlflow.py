"""Who calls and what they may do, where the registry is a file or a server's list of permissions."""

import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from model_promotion.access.mlflow import MlflowAccess, _rights
from model_promotion.clocks import MemoryClock
from model_promotion.connections.address import resolve
from model_promotion.connections.deadline import Deadline
from model_promotion.connections.mlflow import MlflowConnection
from model_promotion.core.entities import Rights

MODEL = "churn"


def on_file(path: Path) -> MlflowAccess:
    return MlflowAccess(MlflowConnection(resolve(f"sqlite:///{path}", None, "test"), Deadline(5, MemoryClock())))


def failing(error: Exception) -> Callable[[], str]:
    def getuser() -> str:
        raise error

    return getuser


@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found: 12345"), OSError("No username set")])
def test_a_user_without_a_name_goes_by_number(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getpass, "getuser", failing(error))
    me = on_file(tmp_path / "mlflow.db").me()
    assert (me.name, me.vouched_by) == (f"user {os.getuid()}", "login name of this machine")


@pytest.mark.parametrize("uri", ["{}", "file://{}", "file:{}", "file://localhost{}"])
def test_a_folder_of_files_has_no_users_and_is_asked_whether_it_may_be_written(uri: str, tmp_path: Path) -> None:
    folder = tmp_path / "with a space"
    folder.mkdir()
    there = uri.format(folder if uri == "{}" else quote(str(folder)))
    access = MlflowAccess(MlflowConnection(resolve(there, None, "test"), Deadline(5, MemoryClock())))
    assert access.me().vouched_by == "login name of this machine"
    assert access.rights(MODEL) == Rights(True, True, f"{folder} is writable")  # noqa: FBT003 - its fields in order
    folder.rmdir()
    assert access.rights(MODEL).may_move_aliases is False


def test_a_database_says_nothing_about_rights_and_nobody_asks_it_over_http() -> None:
    there = resolve("postgresql://nobody@localhost/mlflow", None, "test")
    access = MlflowAccess(MlflowConnection(there, Deadline(5, MemoryClock())))
    assert access.me().vouched_by == "login name of this machine"
    assert access.rights(MODEL).may_move_aliases is None


def held(permission: str, pattern: str = MODEL, kind: str = "registered_model") -> dict[str, Any]:
    return {"permissions": [{"resource_type": kind, "resource_pattern": pattern, "permission": permission}]}


@pytest.mark.parametrize(
    ("granted", "may"),
    [
        ({"is_admin": True}, True),
        (held("MANAGE"), True),
        (held("EDIT"), True),
        (held("EDIT", "*"), True),
        (held("READ"), False),
        (held("NO_PERMISSIONS"), False),
        (held("MANAGE", "another"), None),
        (held("MANAGE", kind="experiment"), None),
        ({"permissions": None}, None),
        ({}, None),
        (["MANAGE"], None),
        ("MANAGE", None),
        (None, None),
    ],
)
def test_what_the_servers_list_says_counts_and_what_it_does_not_say_is_not_known(
    granted: Any, *, may: bool | None
) -> None:
    rights = _rights(granted, MODEL)
    assert (rights.may_move_aliases, rights.may_set_tags, bool(rights.because)) == (may, may, True)
