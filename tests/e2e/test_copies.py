"""A version is copied across models and catalogs: sqlite, and Unity Catalog in the loopback workspace."""

import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Place
from tests.e2e.program import Result, call, inside, start
from tests.e2e.registry import BETTER, MODEL
from tests.workspace import Seen

STORES = {"legacy": {}, "native": {"MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY": "true"}}
UPLOAD = r"/presigned/.*/weights\.json"


def test_on_sqlite_a_copy_is_made_once_tagged_tested_promoted_and_taken_back(desk: Path) -> None:
    would = call(desk, "prod", "--copy-from", MODEL, "--dry-run", "--json")
    assert (would.code, f"{MODEL}/{BETTER} would be copied to prod" in would.json["summary"]) == (0, True), would.all
    assert call(desk, "prod", "--check").code == 3
    done = call(desk, "prod", "--copy-from", MODEL, "--run-tests", "--json")
    assert (done.code, done.json["to"]) == (0, "1"), done.all
    again = call(desk, "prod", "--copy-from", MODEL)
    assert (again.code, "nothing to do" in again.all) == (0, True), again.all
    second = call(desk, "prod", "--copy-from", MODEL, "--version", "1", "--json")
    assert (second.json["was"], second.json["to"]) == ("1", "2")
    assert call(desk, "prod", "--rollback").code == 0
    assert call(desk, "prod", "--verify-audit").code == 0


def test_what_is_not_over_there_is_3_and_a_copy_of_itself_64(desk: Path) -> None:
    assert call(desk, "prod", "--copy-from", "nothing").code == 3
    missing = call(desk, "prod", "--copy-from", MODEL, "--from", "canary")
    assert (missing.code, f"{MODEL} has no alias @canary" in missing.all) == (3, True), missing.all
    assert call(desk, MODEL, "--copy-from", MODEL).code == 64
    assert call(desk, "prod", "--copy-from", MODEL, "--history").code == 64
    assert call(desk, "prod", "--check").code == 3  # No model was made on the way.


# --- Unity Catalog ---


@pytest.fixture(params=STORES)
def either(request: pytest.FixtureRequest, place: Place) -> Place:
    """The place through each API family in turn."""
    place.settings.update(STORES[request.param])
    return place


def copy(place: Place, *args: str) -> Result:
    """Promote a copy in the production catalog."""
    return inside([there(place), "--copy-from", place.model, "--json", *args], place.env, place.cwd)


def there(place: Place) -> str:
    return place.model.replace("main.", "prod.")


def versions(place: Place) -> dict[int, Any] | None:
    """None when there is no such model."""
    model = place.workspace.registry.models.get(there(place))
    return model.versions if model else None


def ever_tagged(place: Place) -> set[str]:
    """Every tag key that any registry write has named."""
    return {key for write in place.workspace.writes("registry") for key in _keys(write)}


def _keys(write: Seen) -> list[str]:
    body = write.body if isinstance(write.body, dict) else {}
    pairs = [*body.get("tags", []), *body.get("changes", {}).get("add_tags", []), *([body] if "key" in body else [])]
    return [pair["key"] for pair in pairs]


def test_a_version_without_a_logged_model_is_copied_with_its_files_and_promoted(either: Place) -> None:
    """MLflow's own copy fails here, and leaves an empty model (mlflow#22012)."""
    done = copy(either)
    assert (done.code, either.workspace.aliases(there(either))) == (0, {"champion": 1}), done.all
    made = (versions(either) or {})[1]
    assert (made.status, made.source) == ("READY", f"models:/{either.model}/2")
    assert made.tags["promotion_origin"] == f"{either.model}/2"
    source = either.workspace.registry.version(either.model, 2)
    assert made.artifacts is not None
    assert source.artifacts is not None
    own = {"registered_model_meta"}  # MLflow's note of where it downloaded them from
    assert {name: data for name, data in _files(made.artifacts).items() if name not in own} == _files(source.artifacts)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_is_never_copied_twice(either: Place) -> None:
    assert copy(either).code == 0
    before = either.workspace.writes()
    again = copy(either)
    assert (again.code, either.workspace.writes(), list(versions(either) or {})) == (0, before, [1])


def test_no_approval_and_no_hold_is_ever_on_the_copy_not_even_for_a_moment(either: Place) -> None:
    for key, value in (("approval_legal", "Approved"), ("Approval_Check", "yes"), ("promotion_origin", "x/1")):
        either.workspace.set_tag(either.model, key, value, 2)
    either.workspace.set_tag(either.model, "semver", "1.2.0", 2)
    assert copy(either).code == 0
    assert sorted((versions(either) or {})[1].tags) == ["promotion_copy", "promotion_origin", "semver"]
    assert not [key for key in ever_tagged(either) if key.lower().startswith("approval")]


def test_what_is_held_over_there_is_not_copied(quiet_place: Place) -> None:
    quiet_place.workspace.set_tag(quiet_place.model, "promotion_hold", "rolled back", 2)
    refused = copy(quiet_place)
    assert (refused.code, quiet_place.workspace.writes()) == (2, []), refused.all


LOOKS = {("--dry-run",): (0, 1), ("--check",): (0, 1), ("--plan-out", "plan.json"): (2,)}


@pytest.mark.parametrize("args", LOOKS)
def test_a_look_sends_no_writing_request_at_all(quiet_place: Place, args: tuple[str, ...]) -> None:
    looked = copy(quiet_place, *args)
    assert (looked.code in LOOKS[args], quiet_place.workspace.writes()) == (True, []), looked.all
    assert "would be copied to" in looked.json["summary"]


@pytest.mark.parametrize("family", STORES)
def test_a_copy_that_fails_leaves_neither_an_empty_model_nor_an_unfinished_version(
    quiet_place: Place, family: str
) -> None:
    quiet_place.settings.update(STORES[family])
    quiet_place.workspace.faults.fail(UPLOAD, method="PUT", status=403, body="<html>no</html>")
    failed = copy(quiet_place)
    assert (failed.code, there(quiet_place) in quiet_place.workspace.registry.models) == (4, False), failed.all
    quiet_place.workspace.faults.clear()
    quiet_place.workspace.add_model(there(quiet_place))
    quiet_place.workspace.faults.fail(UPLOAD, method="PUT", status=403, body="<html>no</html>")
    failed = copy(quiet_place)
    assert (failed.code, versions(quiet_place)) == (4, {}), failed.all  # The model was there before, so it stays.


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, None], ids=["Ctrl-C", "SIGTERM", "time-out"])
def test_a_copy_that_is_cut_off_leaves_neither_either(quiet_place: Place, stop: signal.Signals | None) -> None:
    place, begun = quiet_place, threading.Event()
    place.workspace.faults.hang(UPLOAD, method="PUT")
    if stop is None:
        (place.cwd / "promotion.toml").write_text("[model_tests]\ndownload_timeout_s = 2\n")
    process = start([there(place), "--copy-from", place.model], place.env, place.cwd)
    until = time.monotonic() + 60
    while not versions(place) and time.monotonic() < until:
        begun.wait(0.1)
    if stop:
        process.send_signal(stop)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, versions(place)) == (130 if stop else 4, None), out + err
    assert "nothing is left of the copy; no alias was touched" in out


def test_a_model_that_somebody_else_made_meanwhile_stays(quiet_place: Place) -> None:
    place = quiet_place
    named = there(place)
    made = lambda _: place.workspace.add_model(named)  # noqa: E731 - the rival in one line
    place.workspace.faults.on_write(1, made, when="before", area="registry")
    place.workspace.faults.fail(UPLOAD, method="PUT", status=403, body="<html>no</html>")
    failed = copy(place)
    assert (failed.code, versions(place)) == (4, {}), failed.all


def test_a_model_that_was_made_for_a_copy_stays_with_what_somebody_else_registered_in_it(quiet_place: Place) -> None:
    place = quiet_place
    named = there(place)
    other = lambda _: place.workspace.add_version(named)  # noqa: E731 - the rival in one line
    place.workspace.faults.on_write(2, other, when="after", area="registry")
    place.workspace.faults.fail(UPLOAD, method="PUT", status=403, body="<html>no</html>")
    failed = copy(place)
    assert (failed.code, len(versions(place) or {})) == (4, 1), failed.all


def test_who_may_not_make_a_model_there_makes_none(quiet_place: Place) -> None:
    quiet_place.workspace.revoke("*", "ci@example.com", "CREATE_MODEL")
    denied = copy(quiet_place)
    assert (denied.code, there(quiet_place) in quiet_place.workspace.registry.models) == (4, False), denied.all


def test_a_copy_whose_last_answer_is_lost_is_found_and_taken(place: Place) -> None:
    place.workspace.faults.lose_reply("/model-versions/finalize", when="after", times=2)
    done = copy(place)
    assert (done.code, list(versions(place) or {})) == (0, [1]), done.all


def test_killed_in_the_middle_of_the_upload_the_next_call_makes_another_one(place: Place) -> None:
    """What was cut off is never READY, so nothing can be promoted to it; it is left alone and named."""
    begun = place.workspace.add_model(there(place))
    place.workspace.add_version(
        begun.name, status="PENDING_REGISTRATION", tags={"promotion_origin": f"{place.model}/2"}
    )
    done = copy(place, "--timeout", "3")
    assert (done.code, place.workspace.aliases(begun.name)) == (0, {"champion": 2}), done.all
    assert "v1 is an unfinished copy" in done.err
