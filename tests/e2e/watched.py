"""An endpoint whose watch takes seconds, and what that watch says."""

from typing import Any

import pytest

from tests.e2e.conftest import Place
from tests.e2e.program import Result

# No busy machine is as late as 8 s.
QUICK = """
[rollout]
timeout_s = 60

[watch]
look_s = 1
probes_per_s = 100
least = 50
p95_ms = {rollback = 9000, warning = 8000}

[load_test]
max_late_ms = 10_000
"""


@pytest.fixture(name="shop")
def a_shop(place: Place) -> Place:
    """Version 2 is champion, version 1 before it; the endpoint `churn` serves both, and 2 has the traffic."""
    (place.cwd / "promotion.toml").write_text(QUICK, encoding="utf-8")
    place.workspace.polls_until_ready = 1
    assert place.ask("--version", "2").code in (0, 1)
    place.workspace.add_endpoint("churn", (place.model, 1), (place.model, 2))
    name = place.model.rpartition(".")[2]
    routes = [
        {"served_model_name": f"{name}-{number}", "traffic_percentage": pct} for number, pct in ((1, 0), (2, 100))
    ]
    place.workspace.endpoints["churn"].config["traffic_config"] = {"routes": routes}
    return place


def shares(shop: Place) -> dict[str, int]:
    config = shop.workspace.endpoints["churn"].config
    traffic = {one["served_model_name"]: int(one["traffic_percentage"]) for one in config["traffic_config"]["routes"]}
    return {one["entity_version"]: traffic.get(one["name"], 0) for one in config["served_entities"]}


def watched(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = result.json["facts"]["watch"]
    return found
