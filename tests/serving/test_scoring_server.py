"""A real MLflow scoring server, and servers that are none."""

import asyncio
from collections.abc import Iterator

import pytest

from model_promotion.clocks import SystemClock
from model_promotion.core.answers import flaw, predictions_in
from model_promotion.core.payloads import payload_of
from model_promotion.serving.load import AioLoader
from model_promotion.serving.scoring_server import ScoringServers
from tests.endpoints.scoring import Served
from tests.endpoints.small import Small, running

SERVERS = ScoringServers(SystemClock(), timeout_s=2.0)
LOADER = AioLoader(SystemClock(), asked_s=2.0)
PATIENT = AioLoader(SystemClock(), asked_s=30.0)
"""For the real server: on a busy machine it may take more than 2 s."""
NOBODY = "http://127.0.0.1:9"
ROWS = payload_of({"dataframe_split": {"columns": ["age", "visits"], "data": [[20.0, 1.0], [40.0, 2.0]]}})


@pytest.fixture(scope="module")
def small() -> Iterator[Small]:
    with running() as server:
        yield server


def test_a_real_server_says_that_it_is_there_and_with_which_mlflow(served: Served) -> None:
    import mlflow

    look = ScoringServers(SystemClock(), timeout_s=30.0).look(served.url)
    assert (look.alive, look.mlflow) == (True, mlflow.__version__)


def test_a_real_server_answers_each_row_and_does_not_say_which_version_it_serves(served: Served) -> None:
    asked = PATIENT.ask(SERVERS.target(served.url), ROWS)
    assert flaw(asked, ROWS.rows) == ""
    assert (asked.status, predictions_in(asked), asked.answered_by) == (200, 2, "")
    assert 0 < asked.took_ms < 30_000


def test_a_real_server_says_what_it_does_not_understand(served: Served) -> None:
    asked = PATIENT.ask(
        SERVERS.target(served.url), payload_of({"dataframe_split": {"columns": ["x"], "data": [[1.0]]}})
    )
    assert asked.status == 400
    assert "Model is missing inputs ['age', 'visits']" in flaw(asked, 1)


def test_nobody_there_is_told_and_raises_nothing() -> None:
    look, asked = SERVERS.look(NOBODY), LOADER.ask(SERVERS.target(NOBODY), ROWS)
    assert not look.alive
    assert look.said == "nobody listens at 127.0.0.1:9"
    assert asked.status is None
    assert flaw(asked, 2) == "did not answer: nobody listens at 127.0.0.1:9"
    unknown = ScoringServers(SystemClock()).look("http://nowhere.invalid:80")
    assert unknown.said == "no host is known by the name nowhere.invalid"


def test_a_server_that_stands_still_is_waited_for_and_no_longer(small: Small) -> None:
    small.stop()
    try:
        asked = LOADER.ask(SERVERS.target(small.at("well")), ROWS)
    finally:
        small.go_on()
    assert (asked.status, asked.error) == (None, "no answer within 2 s")
    assert 1900 < asked.took_ms < 3500


def test_a_notebook_whose_loop_is_running_can_ask_too(small: Small) -> None:
    async def cell() -> int | None:
        return LOADER.ask(SERVERS.target(small.at("well")), ROWS).status

    assert asyncio.run(cell()) == 200


def test_a_redirect_is_not_followed(small: Small) -> None:
    before = len(small.seen)
    asked = LOADER.ask(SERVERS.target(small.at("elsewhere")), ROWS)
    assert (asked.status, len(small.seen)) == (307, before + 1)


def test_a_server_that_says_who_answered_is_quoted(small: Small) -> None:
    assert LOADER.ask(SERVERS.target(small.at("named")), ROWS).answered_by == "churn-7"
