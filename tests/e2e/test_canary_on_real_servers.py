"""A version on a real MLflow scoring server does worse on its way up: the canary finds that, and puts everything back.

A request of a caller may fail only where that version itself has failed it; they are counted to the last one.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Place
from tests.e2e.degraded import CALLER, Servers, degraded, opened, servers, shares
from tests.endpoints.degrading import HOW
from tests.workspace import Workspace

SAID = {
    "errors": "error rate",
    "slowness": "p95 latency in ms",
    "wrong answers": "before it had any traffic",
}


@pytest.fixture(scope="module")
def two_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with servers(tmp_path_factory.mktemp("served")) as both:
        yield both


@pytest.fixture
def shop(quiet_workspace: Workspace, two_servers: Servers, tmp_path: Path) -> Iterator[Place]:
    yield opened(quiet_workspace, two_servers, tmp_path)
    two_servers.candidate.turn("well")


@pytest.mark.parametrize("how", HOW)
def test_a_version_that_degrades_is_rolled_back_and_only_its_own_answers_fail(
    how: str, shop: Place, two_servers: Servers
) -> None:
    found = degraded(shop, two_servers.candidate, how)
    refused, callers = found.result, found.callers
    assert (refused.code, shop.champion, shares(shop)) == (2, 1, {1: 100}), refused.all
    assert SAID[how] in refused.json["summary"]
    assert "promotion_hold" in shop.workspace.tags(shop.model, 2)
    assert set(callers.failed) == ({"v2"} if how == "errors" else set()), callers.answers
    noted = Counter(seen.status for seen in shop.workspace.log if seen.actor == CALLER)
    assert (noted, noted.total()) == (callers.statuses, callers.sent), "each request of theirs, as the workspace has it"
