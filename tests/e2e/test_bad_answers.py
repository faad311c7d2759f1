"""Registries that answer badly, late, or not at all: one clear line, a hint, the right code, nothing left behind."""

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Place
from tests.e2e.program import START_S, Result, clean_env, inside, run
from tests.workspace import TOKEN

NAME = "main.ml.churn"
SECRET = "dapi0123456789abcdef0123456789abcdef"
PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to continue</body></html>"


def ended_clearly(result: Result, cwd: Path) -> None:
    """A line that says what is wrong and one that says what to type; no traceback, no stray file, no secret."""
    lines = result.all.splitlines()
    wrong = [line for line in lines if line.startswith("❌")]
    assert len(wrong) == 1, result.all
    assert len(wrong[0]) < 500
    assert [line for line in lines if line.startswith("💡")], result.all
    assert "Traceback" not in result.all
    assert "<html" not in result.all.lower()
    for secret in (SECRET, TOKEN):
        assert secret not in result.all
    assert [path.name for path in cwd.iterdir() if path.name != "models"] == []


ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "a login page": ({"status": 200, "body": PAGE}, "web page"),
    "an empty success": ({"status": 200, "body": b""}, "answered for model"),
    "JSON that is no answer": ({"status": 200, "body": {"hello": "world"}}, ""),
    "401": ({"status": 401, "error_code": "UNAUTHENTICATED", "message": f"bad token {SECRET}"}, "not logged in"),
    "401 page": ({"status": 401, "body": PAGE}, "log in (databricks auth login)"),
    "403": ({"status": 403, "error_code": "PERMISSION_DENIED", "message": "no EXECUTE"}, "no EXECUTE"),
    "403 page": ({"status": 403, "body": PAGE}, "log in (databricks auth login)"),
    "500": ({"status": 500, "message": "boom"}, "too many 500"),
    "502 page": ({"status": 502, "body": PAGE}, ""),
}


@pytest.mark.parametrize("sdk", ["false", "true"], ids=["plain", "sdk"])
@pytest.mark.parametrize("case", ANSWERS)
def test_a_bad_answer_is_one_clear_line_and_4(quiet_place: Place, case: str, sdk: str) -> None:
    how, words = ANSWERS[case]
    quiet_place.settings |= {"MLFLOW_ENABLE_DB_SDK": sdk, "DATABRICKS_TOKEN": SECRET}
    quiet_place.workspace.add_token(SECRET, "ci@example.com")
    quiet_place.workspace.faults.fail("/unity-catalog/registered-models/get", **how)
    ended = inside([quiet_place.model, "--timeout", "6"], quiet_place.env, quiet_place.cwd)
    assert ended.code == 4
    ended_clearly(ended, quiet_place.cwd)
    if sdk == "false" or how["status"] in (200, 401, 403):
        assert words in ended.all


def test_verbose_shows_the_details_without_secrets(quiet_place: Place) -> None:
    quiet_place.workspace.faults.fail("registered-models/get", status=401, message=f"bad token={SECRET}")
    ended = inside([quiet_place.model, "--verbose"], quiet_place.env, quiet_place.cwd)
    assert (ended.code, "Traceback" in ended.all, SECRET in ended.all) == (4, True, False)


@pytest.mark.parametrize("mode", ["--rollback", "--history", "--check"])
def test_every_mode_takes_a_login_page_for_what_it_is(quiet_place: Place, mode: str) -> None:
    quiet_place.workspace.faults.fail("/unity-catalog/", status=200, body=PAGE)
    ended = inside([quiet_place.model, mode], quiet_place.env, quiet_place.cwd)
    assert ended.code == 4
    ended_clearly(ended, quiet_place.cwd)


@pytest.mark.parametrize("sdk", ["false", "true"], ids=["plain", "sdk"])
@pytest.mark.parametrize("how", [429, 503, "hang"])
def test_an_endless_wait_ends_within_the_timeout(quiet_place: Place, how: Any, sdk: str) -> None:
    """A whole process with the clients' own patience: it must end too, not only say so."""
    quiet_place.settings = {"MLFLOW_ENABLE_DB_SDK": sdk}
    where, faults = "/unity-catalog/", quiet_place.workspace.faults
    _ = faults.hang(where) if how == "hang" else faults.fail(where, status=how, error_code="REQUEST_LIMIT_EXCEEDED")
    begun = time.monotonic()
    ended = run([quiet_place.model, "--timeout", "3"], quiet_place.env, quiet_place.cwd)
    assert time.monotonic() - begun < 3 + 5 + START_S
    assert ended.code == 4
    ended_clearly(ended, quiet_place.cwd)


def closed_port() -> str:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize("host", ["", "http://no-such-host.invalid"], ids=["closed port", "unknown host"])
def test_a_dead_host_ends_with_4_at_once(tmp_path: Path, host: str) -> None:
    env = clean_env(tmp_path, DATABRICKS_HOST=host or closed_port(), DATABRICKS_TOKEN=SECRET)
    begun = time.monotonic()
    ended = run([NAME], env, tmp_path)
    assert time.monotonic() - begun < 10 + START_S
    assert (ended.code, "cannot reach" in ended.all) == (4, True)
    ended_clearly(ended, tmp_path)


NOWHERE = ["http://user:{secret}@127.0.0.1:1", "http://127.0.0.1:1/?token={secret}", "ftp://x", "x"]


@pytest.mark.parametrize("uri", NOWHERE)
def test_an_address_that_leads_nowhere_is_4_and_tells_no_secret(tmp_path: Path, uri: str) -> None:
    ended = inside(["churn", "--tracking-uri", uri.format(secret=SECRET)], clean_env(tmp_path), tmp_path)
    assert ended.code == 4
    ended_clearly(ended, tmp_path)


@pytest.mark.parametrize("sdk", ["unset", "true"])
def test_no_login_at_all_says_how_to_log_in(tmp_path: Path, sdk: str) -> None:
    more = {} if sdk == "unset" else {"MLFLOW_ENABLE_DB_SDK": sdk}
    env = clean_env(tmp_path, MLFLOW_TRACKING_URI="databricks", **more)
    ended = inside([NAME, "--timeout", "5"], env, tmp_path)
    assert ended.code == 4
    assert "databricks auth login" in ended.all
    ended_clearly(ended, tmp_path)


def test_a_profile_that_does_not_exist_is_named(tmp_path: Path) -> None:
    ended = inside([NAME, "--profile", "nosuch", "--timeout", "5"], clean_env(tmp_path), tmp_path)
    assert ended.code == 4
    assert "nosuch" in ended.all
    ended_clearly(ended, tmp_path)


@pytest.mark.parametrize("name", ["ml.churn", "churn", "main.ml.churn.v2", "main..churn"])
def test_unity_catalog_wants_three_levels(quiet_place: Place, name: str) -> None:
    ended = inside([name, "--timeout", "5"], quiet_place.env, quiet_place.cwd)
    assert (ended.code, "three levels" in ended.all) == (64, True), ended.all
    ended_clearly(ended, quiet_place.cwd)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["{}x"], "did you mean {}"),
        (["{}", "--from", "nosuch"], "@champion (v1)"),
        (["{}", "--version", "9"], "3, 2, 1"),
        (["{}", "9.9.9"], "semver"),
        (["{}", "--rollback", "--to-version", "9"], "3, 2, 1"),
        (["{}", "--rollback", "--to", "nosuch"], "nothing stands behind"),
    ],
)
def test_what_is_not_there_is_3_and_what_is_there_is_named(quiet_place: Place, args: list[str], words: str) -> None:
    ended = inside([arg.format(quiet_place.model) for arg in args], quiet_place.env, quiet_place.cwd)
    assert (ended.code, quiet_place.workspace.writes()) == (3, [])
    assert words.format(quiet_place.model) in ended.all
    ended_clearly(ended, quiet_place.cwd)


def test_an_unknown_model_says_where_was_looked(quiet_place: Place) -> None:
    ended = inside(["main.ml.nothing"], quiet_place.env, quiet_place.cwd)
    assert (ended.code, "registry databricks-uc, tracking databricks" in ended.all) == (3, True)
    assert "--registry-uri" in ended.all
