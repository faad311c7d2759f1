from pathlib import Path

import pytest

from model_promotion.connections.address import EMBEDDED, Address, resolve

PAIRS = {
    "nothing named": ((None, None), (EMBEDDED, EMBEDDED)),
    "a server as registry": (("http://h:5000", None), ("http://h:5000", "http://h:5000")),
    "a server as tracking": ((None, "http://h:5000"), ("http://h:5000", "http://h:5000")),
    "Unity Catalog": (("databricks-uc", None), ("databricks-uc", "databricks")),
    "Unity Catalog of a profile": (("databricks-uc://p", None), ("databricks-uc://p", "databricks://p")),
    "a workspace as tracking": ((None, "databricks"), ("databricks-uc", "databricks")),
    "a profile as tracking": ((None, "databricks://p"), ("databricks-uc://p", "databricks://p")),
    "the workspace registry": (("databricks://p", None), ("databricks://p", "databricks://p")),
    "both": (("databricks-uc", "http://h"), ("databricks-uc", "http://h")),
}


@pytest.mark.parametrize(("given", "pair"), PAIRS.values(), ids=PAIRS.keys())
def test_the_uri_that_is_missing_follows_the_one_that_is_given(
    given: tuple[str | None, str | None], pair: tuple[str, str]
) -> None:
    address = resolve(*given, "a test")
    assert (address.registry_uri, address.tracking_uri, address.chosen_by) == (*pair, "a test")


KINDS = {
    "databricks-uc": (True, True, None),
    "databricks-uc://p": (True, True, "p"),
    "databricks": (True, False, None),
    "databricks://p": (True, False, "p"),
    "http://databricks": (False, False, None),
    "sqlite:///x.db": (False, False, None),
}


@pytest.mark.parametrize(("uri", "kind"), KINDS.items())
def test_an_address_knows_what_is_behind_it(uri: str, kind: tuple[bool, bool, str | None]) -> None:
    address = resolve(uri, None, "")
    assert (address.is_databricks, address.is_unity_catalog, address.profile) == kind


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("sqlite:///mlflow.db", Path("mlflow.db")),
        ("sqlite:////data/mlflow.db", Path("/data/mlflow.db")),
        ("sqlite:///mlflow.db?timeout=5", Path("mlflow.db")),
        ("http://h", None),
        ("postgresql://h/db", None),
    ],
)
def test_only_an_sqlite_registry_is_a_file(uri: str, path: Path | None) -> None:
    assert resolve(uri, None, "").database_file == path


def test_an_address_says_where_it_is_and_who_chose_it(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/x.db"
    assert str(Address(uri, uri, "--registry-uri")) == f"sqlite file {tmp_path}/x.db (from --registry-uri)"
    apart = f"sqlite file {tmp_path}/x.db, tracking sqlite:///y (from --registry-uri)"
    assert str(Address(uri, "sqlite:///y", "--registry-uri")) == apart
    server = resolve("databricks-uc://p", None, "--profile")
    assert str(server) == "registry databricks-uc://p, tracking databricks://p (from --profile)"


@pytest.mark.parametrize(("uri", "most"), [("sqlite:///mlflow.db", 8), ("./mlruns", 8), ("http://h", 64)])
def test_a_file_bears_fewer_writers_at_the_same_time(uri: str, most: int) -> None:
    assert resolve(uri, None, "").features("3.10.0").at_once == most
