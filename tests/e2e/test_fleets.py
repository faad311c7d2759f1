"""Many models by one manifest: sqlite, and the loopback workspace; the program as it is called."""

import json
import os
import signal
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.e2e.conftest import QUICK
from tests.e2e.program import Result, call, clean_env, inside, run, start
from tests.e2e.registry import BETTER, GOOD, MODEL, made
from tests.workspace import Workspace
from tests.workspace.seed import seed

OTHERS = ("fraud", "price", "rest")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four models of the same two versions each."""
    folder = made(tmp_path_factory.mktemp("registry"))
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    client = MlflowClient(uri, uri)
    for name in OTHERS:
        client.create_registered_model(name)
        for number in (GOOD, BETTER):
            one = client.get_model_version(MODEL, str(number))
            client.create_model_version(name, str(one.source), run_id=one.run_id)
        client.set_registered_model_alias(name, "champion", str(GOOD))
        client.set_registered_model_alias(name, "staging", str(BETTER))
    return folder


def written(desk: Path, text: str, name: str = "fleet.toml") -> str:
    (desk / name).write_text(text, encoding="utf-8")
    return name


def of(*models: str) -> str:
    return "".join(f'[[promotion]]\nmodel = "{model}"\n' for model in models)


def champions(desk: Path) -> dict[str, int]:
    uri = f"sqlite:///{desk / 'mlflow.db'}"
    client = MlflowClient(uri, uri)
    return {name: int(client.get_registered_model(name).aliases["champion"]) for name in (MODEL, *OTHERS)}


def codes(result: Result) -> dict[str, int]:
    return {row[0]: int(row[3]) for row in result.json["table"]["rows"]}


WHOLE = """
workers = 2

[[promotion]]
model = "churn"
version = 2
compare-metrics = true
reason = "release 12"

[[group]]
name = "pricing"
together = true
promotions = [{ model = "price", from = "staging" }, { model = "rest" }]
"""
SAME_IN_YAML = """
workers: 2
promotion:
  - {model: churn, version: 2, compare-metrics: true, reason: release 12}
group:
  - name: pricing
    together: true
    promotions: [{model: price, from: staging}, {model: rest}]
"""


@pytest.mark.parametrize(("name", "text"), [("fleet.toml", WHOLE), ("fleet.yaml", SAME_IN_YAML)])
def test_a_manifest_promotes_its_models_and_doing_it_again_changes_nothing(desk: Path, name: str, text: str) -> None:
    path = written(desk, text, name)
    looked = call(desk, "--manifest", path, "--dry-run", "--json")
    assert (looked.code, set(champions(desk).values())) == (0, {GOOD}), looked.all
    done = call(desk, "--manifest", path)
    assert done.code == 0, done.all
    assert champions(desk) == {"churn": BETTER, "price": BETTER, "rest": BETTER, "fraud": GOOD}
    assert "3 done" in done.out
    again = call(desk, "--manifest", path, "--json")
    assert (again.code, set(codes(again).values())) == (0, {0}), again.all
    history = call(desk, "churn", "--history", "--json").json["table"]["rows"]
    assert (len(history), "release 12" in history[0]) == (1, True)
    assert call(desk, "--verify-audit").code == 0


def test_the_worst_code_is_that_of_the_call_and_the_others_are_promoted(desk: Path) -> None:
    path = written(desk, of("churn", "nothing", "fraud"))
    done = call(desk, "--manifest", path, "--json")
    assert (done.code, codes(done)) == (3, {"churn": 0, "nothing": 3, "fraud": 0}), done.all
    assert [one["exit_code"] for one in done.json["facts"]["promotions"]] == [0, 3, 0]
    assert champions(desk)["fraud"] == BETTER


def test_a_group_of_which_one_may_not_go_stays_where_it_is(desk: Path) -> None:
    path = written(
        desk,
        '[[group]]\nname = "g"\ntogether = true\npromotions = [{ model = "churn" }, { model = "rest", version = 9 }]\n',
    )
    refused = call(desk, "--manifest", path, "--json")
    assert (refused.code, codes(refused), champions(desk)["churn"]) == (3, {"churn": 2, "rest": 3}, GOOD), refused.all


def test_copies_are_made_by_a_manifest_too(desk: Path) -> None:
    path = written(desk, '[[promotion]]\nmodel = "prod"\ncopy-from = "churn"\nto = "live"\n')
    done = call(desk, "--manifest", path, "--json")
    assert (done.code, codes(done)) == (0, {"prod": 0}), done.all
    assert "@live" in done.json["table"]["rows"][0][4]


WRONG = {
    "no TOML": ("[[", "it is no TOML"),
    "an unknown option": (of("churn") + "vesion = 7\n", "promotion 1 (churn): vesion: there is no such key"),
    "a mode in it": (of("churn") + "rollback = true\n", "promotion 1 (churn): rollback: there is no such key"),
    "a registry in it": (of("churn") + 'registry-uri = "x"\n', "registry-uri: there is no such key"),
    "an option that is no option, and false": (
        of("churn") + "compare-metric = false\n",
        "compare-metric: there is no such key",
    ),
    "a mode in it, and false": (of("churn") + "rollback = false\n", "rollback: there is no such key"),
    "another word for the model": (
        of("churn") + 'model-name = "fraud"\n',
        "model-name: there is no such key",
    ),
    "a policy in it": (of("churn") + 'policy = "x.toml"\n', "promotion 1 (churn): policy holds for all of them"),
    "a wrong value": (of("churn") + 'to = "a b"\n', "promotion 1 (churn): to: alias 'a b' is not a name"),
    "a number that is none": (of("churn") + 'version = "seven"\n', "promotion 1 (churn): version"),
    "a model that is none": (of("a/b"), "promotion 1 (a/b): model name 'a/b' is not one"),
    "no way at all": (of("churn@champion"), "source and target are both @champion"),
    "a way back": (of("churn") + "to-version = 1\n", "to-version goes with --rollback"),
    "a model twice": (of("churn", "churn:1"), "churn is named twice"),
    "nothing in it": ("", "there is no promotion in it"),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_in_a_manifest_is_named_with_file_and_place(desk: Path, text: str, said: str) -> None:
    wrong = call(desk, "--manifest", written(desk, text))
    assert (wrong.code, "manifest fleet.toml: " in wrong.out, said in wrong.out) == (64, True, True), wrong.all
    assert "💡" in wrong.out


def test_what_yaml_would_silently_take_for_something_else_is_refused(desk: Path) -> None:
    twice = call(desk, "--manifest", written(desk, "promotion: [{model: price}]\npromotion: [{model: rest}]", "f.yaml"))
    assert (twice.code, "it is no YAML: promotion stands there twice" in twice.out) == (64, True), twice.all
    date = call(desk, "--manifest", written(desk, "promotion: [{model: price, reason: 2026-13-45}]", "f.yaml"))
    assert (date.code, "it is no YAML: month must be in 1..12" in date.out) == (64, True), date.all


def test_a_manifest_that_cannot_be_read_is_64(desk: Path) -> None:
    assert call(desk, "--manifest", "nowhere.toml").code == 64
    assert call(desk, "--manifest", ".").code == 64
    assert call(desk, "--manifest", written(desk, "a: [", "fleet.yml")).code == 64
    assert call(desk, "--manifest", written(desk, "a: !!python/object:os.system x", "fleet.yaml")).code == 64


@pytest.mark.parametrize(
    "beside",
    [
        ["--auto"],
        ["--metadata-file", "m.json"],
        ["--model-name", "churn"],
        ["churn"],
        ["--force"],
        ["--version", "2"],
        ["--rollback"],
        ["--history"],
        ["--compare-metrics"],
    ],
)
def test_what_the_manifest_says_is_not_said_beside_it(desk: Path, beside: list[str]) -> None:
    path = written(desk, of("churn"))
    assert call(desk, *beside, "--manifest", path).code == 64


def test_plans_of_a_fleet_are_kept_reviewed_and_applied(desk: Path) -> None:
    path = written(desk, WHOLE)
    made = call(desk, "--manifest", path, "--plan-out", "plans.json")
    assert (made.code, "--apply plans.json" in made.out) == (0, True), made.all
    done = call(desk, "--apply", "plans.json", "--json")
    assert (done.code, codes(done)) == (0, {"churn": 0, "price": 0, "rest": 0}), done.all
    again = call(desk, "--apply", "plans.json")
    assert (again.code, "nothing to do" in again.out) == (0, True), again.all
    none = call(desk, "--manifest", path, "--plan-out", "none.json")
    assert (none.code, "none.json; apply it" in none.out, (desk / "none.json").exists()) == (0, False, False), none.all


def test_one_stale_or_edited_plan_stops_all_of_them(desk: Path) -> None:
    path = written(desk, WHOLE)
    assert call(desk, "--manifest", path, "--plan-out", "plans.json").code == 0
    assert call(desk, "price").code == 0
    assert call(desk, "price", "--rollback").code == 0
    assert call(desk, "price", "--release", "--version", "2").code == 0
    stale = call(desk, "--apply", "plans.json", "--json")
    assert (stale.code, set(champions(desk).values())) == (2, {GOOD}), stale.all
    assert codes(stale) == {"churn": 2, "price": 2, "rest": 2}
    assert "--manifest FILE --plan-out FILE" in stale.json["hints"][0]
    plans = desk / "plans.json"
    plans.write_text(plans.read_text().replace('"name": "pricing"', '"name": ""'))
    edited = call(desk, "--apply", "plans.json")
    assert (edited.code, "edited after it was made" in edited.all) == (2, True), edited.all
    assert call(desk, "--apply", "plans.json", "--force").code in (2, 64)


# --- the workspace ---


@dataclass
class Yard:
    """Models in a loopback workspace, and a working directory with a manifest of them."""

    workspace: Workspace
    models: list[str]
    cwd: Path

    @property
    def env(self) -> dict[str, str]:
        return clean_env(self.cwd, **self.workspace.env(**QUICK))

    def call(self, *args: str) -> Result:
        return inside(["--manifest", "fleet.toml", *args, "--json"], self.env, self.cwd)

    @property
    def champions(self) -> list[int]:
        return [self.workspace.aliases(model)["champion"] for model in self.models]


@pytest.fixture
def yard(workspace: Workspace, tmp_path: Path) -> Iterator[Yard]:
    name = uuid.uuid4().hex[:8]
    models = [f"main.ml.{name}_{number}" for number in range(4)]
    for model in models:
        seed(workspace, tmp_path / "seed", model)
    cwd = tmp_path / "cwd"
    cwd.mkdir()
    yield Yard(workspace, models, cwd)
    workspace.faults.clear()


def test_models_of_unity_catalog_are_promoted_at_the_same_time(yard: Yard) -> None:
    written(yard.cwd, of(*yard.models))
    done = run(["--manifest", "fleet.toml", "--json"], yard.env, yard.cwd)
    assert (done.code, yard.champions) == (0, [2] * 4), done.all
    moves = [move for model in yard.models for move in yard.workspace.alias_history(model, "champion")]
    assert len(moves) == 8
    written_to = [write.body["name"] for write in yard.workspace.writes("registry")]
    assert written_to != sorted(written_to, key=written_to.index)  # not one model after the other


def test_looking_sends_no_writing_request_at_all(yard: Yard) -> None:
    written(yard.cwd, of(*yard.models))
    for args in (["--dry-run"], ["--check"], ["--plan-out", "plans.json"]):
        looked = yard.call(*args)
        assert (looked.code, yard.workspace.writes()) == (0, []), looked.all
    assert json.loads((yard.cwd / "plans.json").read_text())["kind"] == "promotion-fleet-plan"


def a_group(yard: Yard) -> None:
    members = ", ".join(f'{{ model = "{model}" }}' for model in yard.models)
    written(yard.cwd, f'[[group]]\nname = "g"\ntogether = true\npromotions = [{members}]\n')


def test_a_group_that_is_denied_half_way_is_taken_back(yard: Yard) -> None:
    a_group(yard)
    moved = lambda _: yard.workspace.set_alias(yard.models[2], "champion", 3)  # noqa: E731 - the rival in one line
    # After four announcements, three writes of each of two members, and the backup of the third.
    yard.workspace.faults.on_write(4 + 2 * 3 + 1, moved, when="after", area="registry")
    failed = yard.call()
    assert (failed.code, yard.champions) == (2, [1, 1, 3, 1]), failed.all
    assert not any(key.startswith("promotion_intent") for model in yard.models for key in yard.workspace.tags(model))
    assert [move.to for move in yard.workspace.alias_history(yard.models[0], "champion")] == [1, 2, 1]


@pytest.mark.parametrize("how", ["resume", "abandon"])
def test_killed_in_a_group_it_is_recovered_and_finished(yard: Yard, how: str) -> None:
    a_group(yard)
    process = start(["--manifest", "fleet.toml"], yard.env, yard.cwd)
    # After four announcements and the whole of the first member.
    yard.workspace.faults.on_write(7, lambda _: os.kill(process.pid, signal.SIGKILL), when="after", area="registry")
    process.communicate(timeout=120)
    assert yard.champions == [2, 1, 1, 1]
    stuck = yard.call()
    assert (stuck.code, "--recover resume" in stuck.all) == (2, True), stuck.all
    for model in yard.models:
        mended = inside([model, "--recover", how, "--json"], yard.env, yard.cwd)
        assert mended.code == 0, mended.all
    assert yard.champions == ([2] * 4 if how == "resume" else [1] * 4)
    done = yard.call()
    assert (done.code, yard.champions) == (0, [2] * 4), done.all


def test_of_two_groups_in_opposite_order_at_once_one_wins_or_none_moves(yard: Yard) -> None:
    processes = []
    for name, models in (("a.toml", yard.models), ("b.toml", yard.models[::-1])):
        members = ", ".join(f'{{ model = "{model}" }}' for model in models)
        written(yard.cwd, f'[[group]]\nname = "g"\ntogether = true\npromotions = [{members}]\n', name)
        processes.append(start(["--manifest", name, "--json"], yard.env, yard.cwd))
    said = [process.communicate(timeout=120) for process in processes]
    ended = sorted(process.returncode for process in processes)
    assert (ended, yard.champions) in (([0, 2], [2] * 4), ([2, 2], [1] * 4), ([0, 0], [2] * 4)), said
    assert not any(key.startswith("promotion_intent") for model in yard.models for key in yard.workspace.tags(model))


def test_a_plan_of_a_fleet_that_would_leave_somebody_out_is_none(desk: Path) -> None:
    group = 'promotions = [{ model = "churn", to = "live" }, { model = "prod", copy-from = "churn", to = "live" }]'
    path = written(desk, f'[[group]]\nname = "both"\ntogether = true\n{group}\n')
    made = call(desk, "--manifest", path, "--plan-out", "plans.json")
    assert made.code == 2, made.all
    assert "no plan was made: there is none for prod before the copy is there" in made.all
    assert not (desk / "plans.json").exists()
