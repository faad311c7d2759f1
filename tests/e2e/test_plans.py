"""A plan is made, put before somebody, and applied: sqlite and the loopback workspace, the program as it is called."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Place
from tests.e2e.program import call
from tests.e2e.registry import BETTER, GOOD, MODEL, copied


def champion(desk: Path) -> int:
    """The version behind @champion, as the program itself reads it."""
    return int(call(desk, MODEL, "--check", "--json", "--version", "5", "--force").json["was"])


def test_on_sqlite_a_plan_is_made_and_applied_in_another_call_and_then_there_is_nothing_to_do(desk: Path) -> None:
    made = call(desk, MODEL, "--run-tests", "--reason", "reviewed by two", "--plan-out", "plan.json")
    assert (made.code, champion(desk)) == (0, GOOD), made.all
    assert "the plan was written to plan.json; apply it: " in made.all
    assert "--apply plan.json" in made.all
    done = call(desk, "--apply", "plan.json", "--json")
    assert (done.code, done.json["summary"].startswith(f"{MODEL}: @champion: v{GOOD} -> v{BETTER}")) == (0, True)
    again = call(desk, "--apply", "plan.json")
    assert (again.code, "nothing to do" in again.all) == (0, True), again.all
    rows = call(desk, MODEL, "--history", "--json").json["table"]["rows"]
    assert (len(rows), "reviewed by two" in rows[0]) == (1, True)


def test_an_edited_plan_is_2_and_a_file_that_is_none_is_64_and_nothing_moves(desk: Path) -> None:
    assert call(desk, MODEL, "--plan-out", "plan.json").code == 0
    plan = desk / "plan.json"
    plan.write_text(plan.read_text().replace('"force": false', '"force": true'))
    edited = call(desk, "--apply", "plan.json")
    assert (edited.code, "edited after it was made" in edited.all) == (2, True), edited.all
    plan.write_text("{}")
    for name in ("plan.json", "nowhere.json", "."):
        wrong = call(desk, "--apply", name)
        assert (wrong.code, "Traceback" in wrong.all) == (64, False), wrong.all
    assert champion(desk) == GOOD


@pytest.mark.parametrize("extra", [("--force",), ("--to", "blue"), ("--reason", "mine"), ("--compare-metrics",)])
def test_what_would_change_a_plan_is_no_option_beside_it(desk: Path, extra: tuple[str, ...]) -> None:
    assert call(desk, MODEL, "--plan-out", "plan.json").code == 0
    wrong = call(desk, "--apply", "plan.json", *extra)
    assert (wrong.code, " ".join(extra) in wrong.all, champion(desk)) == (64, True, GOOD), wrong.all


def test_when_no_plan_is_made_the_older_one_in_its_place_is_named(desk: Path) -> None:
    assert call(desk, MODEL, "--plan-out", "plan.json").code == 0
    refused = call(desk, MODEL, "--version", "5", "--compare-metrics", "--plan-out", "plan.json", "--json")
    assert refused.code == 2, refused.all
    assert "plan.json is there already, and stays as it is" in refused.all


def test_a_plan_that_cannot_be_written_is_64(desk: Path) -> None:
    failed = call(desk, MODEL, "--plan-out", "nowhere/plan.json")
    assert (failed.code, "cannot be written" in failed.all) == (64, True), failed.all


def test_a_plan_for_another_registry_is_foreign(desk: Path, template: Path, tmp_path: Path) -> None:
    other = copied(template, tmp_path / "other")
    assert call(desk, MODEL, "--plan-out", str(other / "plan.json")).code == 0
    foreign = call(other, "--apply", "plan.json")
    assert (foreign.code, "registry was" in foreign.all, champion(other)) == (2, True, GOOD), foreign.all


# --- the workspace ---


def test_looking_sends_no_writing_request_at_all(quiet_place: Place) -> None:
    for args in (["--check"], ["--dry-run"], ["--plan-out", "plan.json"], ["--history"]):
        quiet_place.ask(*args)
        assert quiet_place.workspace.writes() == [], args
    assert (quiet_place.cwd / "plan.json").is_file()


def test_the_dry_run_in_json_holds_the_plan_that_is_kept(quiet_place: Place) -> None:
    shown = quiet_place.ask("--dry-run").json["reviewed"]
    assert quiet_place.ask("--plan-out", "plan.json").code in (0, 1)
    kept = json.loads((quiet_place.cwd / "plan.json").read_text())
    told = ("asked", "facts", "writes", "made_by")
    assert {name: shown[name] for name in told} == {name: kept[name] for name in told}
    assert kept["writes"] == ["@prev_champion: nothing -> v1", "@champion: v1 -> v2"]


def test_a_plan_of_the_workspace_is_applied_as_reviewed(place: Place) -> None:
    assert place.ask("--plan-out", "plan.json").code == 0
    done = place.ask("--apply", "plan.json")
    assert (done.code, place.aliases) == (0, {"champion": 2, "prev_champion": 1, "staging": 2}), done.all
    assert place.ask("--verify-audit").code == 0


@pytest.mark.parametrize("change", ["an alias moved", "a tag was set", "an endpoint failed", "another policy"])
def test_what_changed_since_the_review_is_named_and_nothing_is_written(quiet_place: Place, change: str) -> None:
    place = quiet_place
    assert place.ask("--plan-out", "plan.json").code in (0, 1)
    match change:
        case "an alias moved":
            place.workspace.set_alias(place.model, "champion", 3)
        case "a tag was set":
            place.workspace.set_tag(place.model, "best_model", "false", 2)
        case "an endpoint failed":
            place.workspace.faults.fail("/api/2.0/serving-endpoints", status=503)
        case "another policy":
            (place.cwd / "promotion.toml").write_text("[metrics.f1]\ntolerance = 0.5\n")
    before = len(place.workspace.writes())
    stale = place.ask("--apply", "plan.json")
    assert (stale.code, place.workspace.writes()[before:]) == (2, []), stale.all
    named = {"an alias moved": "@champion was v1", "a tag was set": "candidate's tags", "another policy": "policy was"}
    assert named.get(change, "check serving_endpoints was") in stale.json["error"]
