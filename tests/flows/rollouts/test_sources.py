"""What a canary looks at beside its own requests: metrics once a minute, and answers; what is not known is said."""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from model_promotion.clocks import MemoryClock
from model_promotion.connections.databricks import DatabricksConnection
from model_promotion.connections.deadline import Deadline
from model_promotion.core.answers import Asked
from model_promotion.core.errors import Denied
from model_promotion.core.event import Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.health import Health
from model_promotion.core.load import Destination
from model_promotion.core.outcome import Outcome
from model_promotion.core.payloads import Payload
from model_promotion.core.policy import Policy, RolloutPolicy
from model_promotion.serving.databricks import DatabricksEndpoints
from model_promotion.serving.memory import MemoryLoader
from model_promotion.serving.memory_endpoints import MemoryEndpoints
from tests.workspace import Workspace
from tests.worlds import MODEL, Scene, a_scene

Of = Callable[[str, float, Payload], Any]
SLOW = Policy(rollout=RolloutPolicy(bake_s=600, look_s=20, least_requests=100))
MINUTE = 'request_count_total{{who="{0}"}} {2}\nrequest_5xx_count_total{{who="{0}"}} {1}\n'
WELL = MINUTE.format("it-1", 100, 10_000)
SILENT = "request_count_total 0\nrequest_5xx_count_total 0\n"


class Exporting(MemoryEndpoints):
    """Endpoints that count how often their metrics were asked for."""

    exported = 0

    def metrics(self, name: str) -> str:
        self.exported += 1
        return super().metrics(name)


class Guarded(MemoryEndpoints):
    """Endpoints whose metrics are not for everybody."""

    def metrics(self, name: str) -> str:
        raise Denied(f"not allowed to read the metrics of {name}")


def a_shop(said: str = "", endpoints: MemoryEndpoints | None = None, **parts: Any) -> Scene:
    there = endpoints or Exporting()
    there.said["churn"] = said
    return a_scene(endpoints=there.serve("churn", MODEL, v1=100), policy=SLOW, **parts)


def last_of(outcome: Outcome, source: str) -> list[dict[str, Any]]:
    kept = outcome.facts["canary"]
    looks = [kept[which] for which in ("first", "worst", "last")]
    return [one for look in looks for one in look["readings"] if one["source"].startswith(source)]


def told(scene: Scene) -> list[str]:
    return [event.sentence for event in scene.voice.events if event.topic == "Canary" and event.kind is Kind.UNKNOWN]


def test_a_candidate_that_fails_its_callers_is_rolled_back_although_it_answers_our_own_requests() -> None:
    scene = a_shop(WELL + MINUTE.format("churn-2", 60, 500))
    outcome = scene.promote("2", canary=(5, 50))
    assert outcome.code is ExitCode.REFUSED
    assert "canary at 5 %: error rate in service of churn: 60 of 500 requests failed" in outcome.summary
    assert scene.aliases["champion"] == "1"


def test_one_that_fails_them_no_more_than_the_champion_goes_up_and_minutes_count_once() -> None:
    scene = a_shop(WELL + MINUTE.format("churn-2", 5, 500))
    outcome = scene.promote("2", canary=(5, 50))
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.DONE, "2"), outcome.summary
    assert isinstance(scene.endpoints, Exporting)
    # Three rungs of ten minutes; the two after each change of traffic are left out.
    assert scene.endpoints.exported == 3 * 8
    assert last_of(outcome, "error rate in service")[-1]["facts"]["candidate_requests"] == 500 * 3 * 8


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (SILENT, "no requests in the last minute"),
        ("", "no requests in the last minute"),
        (
            "request_count_total 400\nrequest_5xx_count_total 400\n",
            "400 of 400 requests of the last minute failed, and its metrics do not say which version's they are",
        ),
        (MINUTE.format("churn-2", 90, 90), "not both versions had callers beside our own requests"),
        ("<html>", "metrics of churn: not known: no Prometheus text"),
    ],
)
def test_metrics_that_do_not_tell_versions_apart_are_said_and_decide_nothing(said: str, sentence: str) -> None:
    scene = a_shop(said)
    outcome = scene.promote("2", canary=(5,))
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.DONE, "2"), outcome.summary
    assert sentence in " ".join(told(scene))
    for one in last_of(outcome, "error rate in service"):
        assert (one["verdict"], one["decides"]) == (Health.INCONCLUSIVE, False)


def test_metrics_that_may_not_be_read_are_said_and_decide_nothing() -> None:
    scene = a_shop(endpoints=Guarded())
    outcome = scene.promote("2", canary=(5,))
    assert outcome.code is ExitCode.DONE, outcome.summary
    assert "5 %: metrics of churn: not known: not allowed to read the metrics of churn" in told(scene)
    assert "5 %: error rate in service of churn: no minute of its metrics is known yet" in told(scene)


def test_metrics_alone_pass_nothing() -> None:
    scene = a_shop(WELL + MINUTE.format("churn-2", 5, 500))
    scene.policy = Policy(rollout=RolloutPolicy(bake_s=600, look_s=20, probes_per_s=0.01))
    outcome = scene.promote("2", canary=(5,))
    assert outcome.code is ExitCode.REFUSED
    assert "nobody can tell" in outcome.summary


# --- the real client, and metrics as Databricks documents them: no label names a version ---


@pytest.fixture
def busy(quiet_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """The endpoint of a workspace, changed and read by the real client; only time is not real."""
    quiet_workspace.polls_until_ready = 1
    quiet_workspace.add_model(MODEL)
    for _ in range(2):
        quiet_workspace.add_version(MODEL)
    quiet_workspace.add_endpoint("churn", (MODEL, 1))
    for name in [one for one in os.environ if one.startswith("DATABRICKS_")]:
        monkeypatch.delenv(name)
    for name, value in quiet_workspace.env().items():
        monkeypatch.setenv(name, value)
    clock = MemoryClock()
    connection = DatabricksConnection(None, Deadline(3600.0, clock))
    return a_scene(endpoints=DatabricksEndpoints(connection), policy=SLOW, clock=clock)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (SILENT, "no requests in the last minute"),
        (
            'request_count_total{endpoint="churn"} 90\nrequest_5xx_count_total{endpoint="churn"} 9\n',
            "9 of 90 requests of the last minute failed, and its metrics do not say which version's they are",
        ),
    ],
)
def test_a_workspace_whose_metrics_name_no_version_leaves_the_verdict_to_own_requests(
    busy: Scene, quiet_workspace: Workspace, text: str, sentence: str
) -> None:
    quiet_workspace.set_metrics("churn", text)
    outcome = busy.promote("2", canary=(5,))
    assert (outcome.code, busy.aliases["champion"]) == (ExitCode.DONE, "2"), outcome.summary
    assert sentence in " ".join(told(busy))
    assert len([seen for seen in quiet_workspace.log if seen.path.endswith("/churn/metrics")]) == 2 * 8


def test_a_workspace_whose_metrics_name_versions_rolls_back_what_fails_its_callers(
    busy: Scene, quiet_workspace: Workspace
) -> None:
    text = "".join(MINUTE.format(name, bad, n) for name, bad, n in (("churn-1", 10, 5000), ("churn-2", 90, 500)))
    quiet_workspace.set_metrics("churn", text)
    outcome = busy.promote("2", canary=(5,))
    assert outcome.code is ExitCode.REFUSED
    assert "error rate in service of churn" in outcome.summary
    routes = quiet_workspace.endpoints["churn"].config["traffic_config"]["routes"]
    assert [(one["served_model_name"], int(one["traffic_percentage"])) for one in routes] == [("churn-1", 100)]


# --- answers ---


class Answering(MemoryLoader):
    """Both versions answer by what `of` says, from their name, the seconds since the call began, and the request."""

    def __init__(self, clock: MemoryClock, of: Of) -> None:
        super().__init__()
        self.clock, self.of, self.begun = clock, of, clock.monotonic() + 60

    def ask(self, where: Destination, payload: Payload) -> Asked:
        name = where.name.partition("/")[2]
        answer = self.of(name, self.clock.monotonic() - self.begun, payload)
        if answer is None:
            return Asked(1.0, 500)
        return Asked(1.0, 200, json.dumps({"predictions": [answer]}).encode(), name)


def answering(of: Of) -> Scene:
    scene = a_shop()
    scene.loader = Answering(scene.clock, of)
    return scene


draws = iter(range(10**6))


@pytest.mark.parametrize(
    ("of", "sentence"),
    [
        (lambda _name, _s, _p: next(draws) % 7, "does not repeat its own answer"),
        (lambda _name, s, _p: int(s), "does not repeat its own answer"),
        (lambda _name, s, _p: int(s) // 3600 if s < 700 else 5, "the version beside it does not answer as before"),
        (lambda name, s, _p: 0 if s < 700 else 5 if name == "churn-2" else None, "churn/it-1 answered 500"),
    ],
)
def test_what_goes_by_chance_or_by_the_clock_is_not_known_and_never_a_failure(of: Of, sentence: str) -> None:
    scene = answering(of)
    outcome = scene.promote("2", canary=(5, 50))
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.DONE, "2"), outcome.summary
    assert f"answers of churn-2 at churn: whether they are right is not known: {sentence}" in " ".join(told(scene))


@pytest.mark.parametrize(
    "of",
    [
        lambda name, s, _p: 0.1 if name == "churn-2" and s > 100 else 0.6,
        lambda name, s, _p: 0.1 if name == "churn-2" and s > 100 else next(draws) if name == "it-1" else 0.6,
    ],
)
def test_answers_that_are_surely_others_are_rolled_back(of: Of) -> None:
    scene = answering(of)
    outcome = scene.promote("2", canary=(5, 50))
    assert outcome.code is ExitCode.REFUSED
    assert "churn-2 answers [0.1] to what it answered [0.6] to before it had any traffic" in outcome.summary
    assert scene.aliases["champion"] == "1"


def is_first(payload: Payload) -> bool:
    return json.loads(payload.body)["dataframe_split"]["data"] == [[1]]


@pytest.mark.parametrize(
    ("of", "code"),
    [
        (lambda _name, _s, payload: None if is_first(payload) else 0.6, ExitCode.DONE),
        (lambda name, _s, payload: None if name == "churn-2" and is_first(payload) else 0.6, ExitCode.REFUSED),
        (lambda _name, _s, _payload: None, ExitCode.REFUSED),
    ],
)
def test_a_request_that_the_champion_does_not_answer_either_is_not_held_against_the_candidate(
    of: Of, code: ExitCode
) -> None:
    scene = answering(of)
    outcome = scene.promote("2", canary=(5,))
    assert outcome.code is code, outcome.summary
    if code is ExitCode.REFUSED:
        assert "answered 500" in outcome.summary
        assert "rows made from its signature" in outcome.summary
