"""Endpoints of a workspace get the new version: the real clients, real requests, and callers who notice nothing."""

import json
import signal
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.conftest import Place
from tests.e2e.program import start
from tests.workspace import USER, RefusedError
from tests.workspace.seed import ROW

# Both versions are the same function: however late a busy machine lets one of them answer, it is not the slower one.
QUICK = """
[rollout]
timeout_s = 60
look_s = 0.5
probes_per_s = 50
least_requests = 50
latency_tolerance = 10_000
"""
# Where slowness is to be found it is 4 s, and each rung is one look, which waits for the last answer.
ONE_LOOK = QUICK.replace("look_s = 0.5", "look_s = 3").replace("10_000", "2")
SLOW_S = 4.0


@pytest.fixture
def shop(place: Place) -> Place:
    """The endpoint `churn` serves version 1, with settings of its own, and updates take two looks."""
    (place.cwd / "promotion.toml").write_text(QUICK, encoding="utf-8")
    place.workspace.polls_until_ready = 2
    entity = place.workspace.endpoints["churn"].config["served_entities"][0]
    entity |= {"workload_size": "Large", "environment_vars": {"LEVEL": "{{secrets/ml/level}}"}, "a_new_setting": 7}
    return place


def serves(shop: Place) -> dict[str, int]:
    config = shop.workspace.endpoints["churn"].config
    return {
        next(e["entity_version"] for e in config["served_entities"] if e["name"] == route["served_model_name"]): int(
            route["traffic_percentage"]
        )
        for route in config["traffic_config"]["routes"]
    }


@contextmanager
def callers(shop: Place, per_s: int = 100) -> Iterator[Counter[str]]:
    """Somebody who asks all the time, whoever answers."""
    seen: Counter[str] = Counter()
    over = threading.Event()
    url = f"{shop.workspace.url}/serving-endpoints/churn/invocations"
    body = json.dumps({"dataframe_records": [ROW]}).encode()
    headers = {"Authorization": f"Bearer {shop.token}", "Content-Type": "application/json"}

    def ask() -> None:
        while not over.wait(1 / per_s):
            try:
                with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as answer:  # noqa: S310
                    seen[answer.headers["served-model-name"]] += 1
            except urllib.error.HTTPError as error:
                seen[f"{error.headers['served-model-name']} {error.code}"] += 1
            except OSError as error:
                seen[f"{error}"] += 1

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def puts(shop: Place) -> list[dict[str, Any]]:
    return [seen.body for seen in shop.workspace.writes("serving") if seen.method == "PUT"]


def shares(shop: Place) -> list[int]:
    """What version 2 got in each configuration, in order."""
    return [
        int(route["traffic_percentage"])
        for put in puts(shop)
        for route in put["traffic_config"]["routes"]
        if route["served_model_name"].endswith("-2")
    ]


def test_endpoints_serve_the_new_version_before_the_alias_moves_and_nobody_notices(shop: Place) -> None:
    with callers(shop) as seen:
        done = shop.process("--update-endpoints", "--bake", "0")
    assert (done.code, shop.champion, serves(shop)) == (0, 2, {"2": 100}), done.all
    assert set(seen) <= {f"{shop.model.rpartition('.')[2]}-{number}" for number in (1, 2)}
    added = puts(shop)[0]["served_entities"][1]
    assert (added["workload_size"], added["environment_vars"]["LEVEL"]) == ("Large", "{{secrets/ml/level}}")
    assert added["a_new_setting"] == 7
    assert "secrets/ml" not in done.all
    moved = next(write for write in shop.workspace.writes("registry") if "alias" in write.path)
    assert all(moved.t_start > put.t_end for put in shop.workspace.writes("serving")[:2])
    assert list(shop.tags) == ["promotion_head"]


def test_a_canary_goes_up_its_ladder(shop: Place) -> None:
    with callers(shop) as seen:
        done = shop.ask("--canary", "10,50", "--bake", "3s")
    assert (done.code, shop.champion, serves(shop)) == (0, 2, {"2": 100}), done.all
    assert shares(shop) == [0, 10, 50, 100, 100]
    assert not [name for name in seen if " " in name]
    assert set(done.json["facts"]["canary"]["verdicts"]) == {"10", "50", "100"}


def test_both_versions_are_asked_with_the_teams_own_rows_without_the_truth(shop: Place) -> None:
    rows = "".join(f"{20.5 + n % 50},{n},{0.2 + 0.01 * (20.5 + n % 50)}\n" for n in range(200))
    (shop.cwd / "rows.csv").write_text(f"age,visits,churn\n{rows}", encoding="utf-8")
    done = shop.ask("--update-endpoints", "--bake", "0", "--eval-data", "rows.csv", "--target", "churn")
    assert (done.code, shop.champion, serves(shop)) == (0, 2, {"2": 100}), done.all
    assert "asked with 200 rows of rows.csv" in done.all
    asked = [seen.body["dataframe_split"] for seen in shop.workspace.log if "/served-models/" in seen.path]
    assert {tuple(one["columns"]) for one in asked} == {("age", "visits")}
    assert len({tuple(one["data"][0]) for one in asked}) == 20


class Degrading:
    """Version 2 answers well to begin with; from the n-th request on it does what `then` says."""

    def __init__(self, well: int, then: Any) -> None:
        self.left = well
        self.then = then

    def __call__(self, payload: dict[str, Any]) -> list[float]:
        rows = payload.get("dataframe_records") or payload["dataframe_split"]["data"]
        self.left -= 1
        score = (self.then() if self.left < 0 else None) or 0.6
        return [score] * len(rows)


def errors() -> None:
    raise RefusedError("INTERNAL_ERROR", "out of memory")


def slowness() -> None:
    time.sleep(SLOW_S)


def wrong_answers() -> float:
    return 0.1


@pytest.mark.parametrize("then", [errors, slowness, wrong_answers])
def test_a_version_that_degrades_is_rolled_back_and_held(shop: Place, then: Any) -> None:
    if then is slowness:
        (shop.cwd / "promotion.toml").write_text(ONE_LOOK, encoding="utf-8")
    shop.workspace.serve(shop.model, 2, Degrading(100, then))
    with callers(shop) as seen:
        refused = shop.ask("--canary", "10,50", "--bake", "3s")
    assert (refused.code, shop.champion, serves(shop)) == (2, 1, {"1": 100}), refused.all
    assert "canary at" in refused.json["summary"]
    failed = {name for name in seen if " " in name}
    assert failed <= {f"{shop.model.rpartition('.')[2]}-2 500"}, "what the degradation itself did not cause"
    assert "promotion_hold" in shop.workspace.tags(shop.model, 2)
    assert shop.tags.keys() <= {"promotion_head"}
    again = shop.ask("--canary", "10,50")
    assert (again.code, again.verdict("hold")) == (2, "failed")


def test_an_update_that_fails_leaves_everything_as_it_was(shop: Place) -> None:
    shop.workspace.polls_until_ready = None
    fail = lambda _: shop.workspace.fail_update("churn", "no space left")  # noqa: E731 - the builder in one line
    shop.workspace.faults.on_write(1, fail, when="after", area="serving")
    refused = shop.ask("--update-endpoints", "--bake", "0")
    assert (refused.code, shop.champion, serves(shop)) == (2, 1, {"1": 100}), refused.all
    assert "no space left" in refused.json["summary"]
    assert shop.tags == {}


def test_an_entity_that_never_gets_ready_is_told_with_what_stands(shop: Place) -> None:
    shop.workspace.polls_until_ready = None
    (shop.cwd / "promotion.toml").write_text("[rollout]\ntimeout_s = 2\n", encoding="utf-8")
    stuck = shop.ask("--update-endpoints", "--bake", "0")
    assert (stuck.code, shop.champion) == (4, 1), stuck.all
    assert "not ready after 2 s" in stuck.json["summary"]
    assert [tag for tag in shop.tags if tag.startswith("promotion_intent")], "for --recover"
    shop.workspace.finish_update("churn")
    shop.workspace.polls_until_ready = 1
    undone = shop.ask("--recover", "abandon")
    assert (undone.code, serves(shop), shop.tags) == (0, {"1": 100}, {}), undone.all


def test_a_lost_reply_to_an_update_is_settled_by_looking(shop: Place) -> None:
    shop.workspace.faults.lose_reply("/serving-endpoints/churn/config", method="PUT")
    done = shop.ask("--update-endpoints", "--bake", "0")
    assert (done.code, serves(shop)) == (0, {"2": 100}), done.all


def test_an_endpoint_that_is_being_updated_is_left_alone(shop: Place) -> None:
    shop.workspace.polls_until_ready = None
    shop.workspace.endpoints["churn"].begin(shop.workspace.endpoints["churn"].config, None)
    refused = shop.ask("--update-endpoints")
    assert (refused.code, refused.verdict("endpoint_rollout")) == (2, "failed")
    assert puts(shop) == []


def test_percentages_that_are_texts_are_numbers(shop: Place) -> None:
    shop.workspace.endpoints["churn"].config["traffic_config"]["routes"][0]["traffic_percentage"] = "100"
    done = shop.ask("--update-endpoints", "--bake", "0")
    assert (done.code, serves(shop)) == (0, {"2": 100}), done.all


def test_a_creator_without_rights_is_told_and_nothing_moves(shop: Place) -> None:
    endpoint = shop.workspace.endpoints["churn"]
    endpoint.creator, endpoint.rights = "left@example.com", {USER: "CAN_MANAGE"}
    refused = shop.ask("--update-endpoints", "--bake", "0")
    assert refused.code in (2, 4), refused.all
    assert (shop.champion, serves(shop), shop.tags) == (1, {"1": 100}, {})


@pytest.mark.parametrize(("how", "stands"), [("resume", "2"), ("abandon", "1")])
def test_a_killed_canary_is_gone_on_with_or_undone_by_somebody_else(shop: Place, how: str, stands: str) -> None:
    running = start([shop.model, "--canary", "10,50", "--bake", "6s", "--json"], shop.env, shop.cwd)
    until = time.monotonic() + 120
    while serves(shop) != {"1": 90, "2": 10} and time.monotonic() < until:
        time.sleep(0.1)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert serves(shop) == {"1": 90, "2": 10}
    assert shop.champion == 1
    ended = shop.ask("--recover", how)
    assert ended.code in (0, 1), ended.all
    assert (shop.champion, serves(shop)) == (int(stands), {stands: 100}), ended.all


def test_a_rollback_puts_the_routes_back_too(shop: Place) -> None:
    assert shop.ask("--update-endpoints", "--bake", "0").code == 0
    name = shop.model.rpartition(".")[2]
    both = [("1", 0), ("2", 100)]
    shop.workspace.add_endpoint("churn", *((shop.model, int(number)) for number, _ in both))
    routes = [{"served_model_name": f"{name}-{number}", "traffic_percentage": pct} for number, pct in both]
    shop.workspace.endpoints["churn"].config["traffic_config"] = {"routes": routes}
    back = shop.ask("--rollback")
    assert (back.code, shop.champion, serves(shop)) == (0, 1, {"1": 100, "2": 0}), back.all


@pytest.mark.parametrize("share", [10, 100], ids=["canary", "bake"])
def test_a_rollback_from_another_process_takes_a_rollout_over_at_once(shop: Place, share: int) -> None:
    running = start([shop.model, "--canary", "10", "--bake", "20s", "--json"], shop.env, shop.cwd)
    champion = 1 if share == 10 else 2
    until = time.monotonic() + 90
    while (serves(shop).get("2"), shop.champion) != (share, champion) and time.monotonic() < until:
        time.sleep(0.1)
    assert (serves(shop).get("2"), shop.champion) == (share, champion)
    with callers(shop) as seen:
        back = shop.ask("--rollback", "--reason", "complaints")
        written = len(puts(shop)), len(shop.workspace.writes("registry"))
        said, _ = running.communicate(timeout=60)
    assert (back.code, shop.champion, serves(shop)) == (0, 1, {"1": 100}), back.all
    ended = json.loads(said)
    assert running.returncode == ended["exit_code"] == 2, said
    assert "taken this over" in ended["summary"]
    assert written == (len(puts(shop)), len(shop.workspace.writes("registry"))), "it writes nothing more"
    assert not [name for name in seen if " " in name]
    assert "promotion_hold" in shop.workspace.tags(shop.model, 2)
    assert list(shop.tags) == ["promotion_head"]
    audit = shop.ask("--verify-audit")
    assert audit.code == 0, audit.all
