"""What serves is watched: the real clients and real requests, in the loopback workspace."""

import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import Place
from tests.e2e.program import start
from tests.e2e.watched import QUICK, a_shop, shares, watched  # noqa: F401 - a fixture
from tests.workspace import RefusedError

# Slowness that is to be found is 4 s late, and 2 s are too many.
STRICT = QUICK.replace("9000", "2000").replace("8000", "1900")
SLOW_S = 4.0
Model = Callable[[dict[str, Any]], list[float]]


def after(well: int, then: Callable[[], None]) -> Model:
    """Answers well to so many requests."""
    left = [well]

    def model(payload: dict[str, Any]) -> list[float]:
        left[0] -= 1
        if left[0] < 0:
            then()
        rows = payload.get("dataframe_records") or payload["dataframe_split"]["data"]
        return [0.5] * len(rows)

    return model


def errors() -> None:
    raise RefusedError("INTERNAL_ERROR", "out of memory")


def test_what_is_well_ends_with_0_and_nothing_is_written(shop: Place) -> None:
    before = len(shop.workspace.writes())
    well = shop.ask("--watch", "2s")
    assert (well.code, well.json["mode"], shop.champion) == (0, "watch", 2), well.all
    assert [look["severity"] for look in watched(well)["looks"]] == ["fine", "fine"]
    written = [one for one in shop.workspace.writes()[before:] if one.area in ("registry", "serving")]
    assert [one for one in written if not one.path.endswith("/invocations")] == []


@pytest.mark.parametrize(("then", "said"), [(errors, "error_rate of"), (lambda: time.sleep(SLOW_S), "p95_ms of")])
def test_a_version_that_degrades_is_rolled_back_with_its_routes(
    shop: Place, then: Callable[[], None], said: str
) -> None:
    if "p95" in said:
        (shop.cwd / "promotion.toml").write_text(STRICT, encoding="utf-8")
    shop.workspace.serve(shop.model, 2, after(60, then))
    back = shop.ask("--watch", "20s")
    assert (back.code, shop.champion, shares(shop)) == (2, 1, {"1": 100, "2": 0}), back.all
    assert said in back.json["summary"]
    assert "promotion_hold" in shop.workspace.tags(shop.model, 2)
    assert [one["well"] for one in watched(back)["validated"]] == [True], back.json["summary"]
    assert len(watched(back)["looks"]) < 10
    refused = shop.ask("--version", "2")
    assert (refused.code, refused.verdict("hold")) == (2, "failed")


def test_a_promotion_and_its_watch_are_one_call_and_the_old_version_is_built_again(place: Place) -> None:
    (place.cwd / "promotion.toml").write_text(QUICK, encoding="utf-8")
    place.workspace.polls_until_ready = 1
    place.workspace.serve(place.model, 2, after(200, errors))
    back = place.ask("--version", "2", "--update-endpoints", "--bake", "0", "--watch", "20s")
    assert (back.code, back.json["mode"], place.champion) == (2, "promote", 1), back.all
    assert shares(place) == {"1": 100, "2": 0}
    assert [one["well"] for one in watched(back)["validated"]] == [True], back.json["summary"]
    assert (place.champion, list(place.tags)) == (1, ["promotion_head"])


def test_a_newer_promotion_supersedes_it(shop: Place) -> None:
    def somebody_promotes() -> None:
        shop.workspace.set_alias(shop.model, "champion", 3)
        errors()

    shop.workspace.serve(shop.model, 2, after(50, somebody_promotes))
    over = shop.ask("--watch", "60s")
    assert (over.code, watched(over)["ended"]) == (1, "superseded"), over.all
    assert shop.champion == 3


def test_an_interrupt_ends_it_with_130_and_undoes_nothing(shop: Place) -> None:
    running = start([shop.model, "--watch", "60s"], shop.env, shop.cwd)
    _until(lambda: shop.workspace.endpoints["churn"].answers.total() > 20)
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=60)
    assert (running.returncode, shop.champion) == (130, 2), out
    assert "the watch was interrupted" in out


def test_nothing_to_watch_is_refused_alone_and_a_warning_after_a_promotion(place: Place) -> None:
    del place.workspace.endpoints["churn"]
    alone = place.ask("--watch", "1s")
    assert (alone.code, place.champion) == (2, 1)
    assert "nothing to watch" in alone.all
    done = place.ask("--version", "2", "--watch", "1s")
    assert (done.code, place.champion) == (1, 2), done.all
    assert "nothing to watch" in " ".join(done.json["warnings"])


METRICS = """
# HELP request_count_total requests of the last minute
# TYPE request_count_total gauge
request_count_total{{{label}}} {seen}
request_5xx_count_total{{{label}}} {bad}
"""


@pytest.mark.parametrize(
    ("label", "seen", "bad", "code", "note"),
    [
        ('who="{entity}"', 400, 200, 2, "200 of 400 failed (its own)"),
        ('endpoint="churn"', 400, 200, 0, "200 of 400 failed (of the endpoint)"),
        ('who="{entity}"', 0, 0, 0, "no requests in the last minute"),
    ],
)
def test_metrics_of_the_endpoint(
    shop: Place, label: str, seen: int, bad: int, code: int, note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_promotion.evidence.health.scraped.MINUTE_S", 0.5)
    entity = f"{shop.model.rpartition('.')[2]}-2"
    shop.workspace.set_metrics("churn", METRICS.format(label=label.format(entity=entity), seen=seen, bad=bad))
    found = shop.ask("--watch", "2s")
    assert found.code == code, found.all
    assert note in watched(found)["looks"][0]["notes"][0]


def test_metrics_that_are_none_and_an_endpoint_that_does_not_answer_for_a_while(shop: Place) -> None:
    shop.workspace.set_metrics("churn", "<html>not found</html>")
    found = shop.ask("--watch", "1s")
    assert (found.code, shop.champion) == (0, 2), found.all
    assert "no Prometheus text" in watched(found)["looks"][0]["notes"][0]


def _until(true: Callable[[], bool], within_s: float = 150.0) -> None:
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)
