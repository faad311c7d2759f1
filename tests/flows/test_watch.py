"""A watch in memory: it ends well, warns, rolls back what is sure, and stops where it is not asked any more."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from model_promotion.core.answers import Asked
from model_promotion.core.errors import Conflict, Interrupted, NotFound
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.load import Destination, Due, Ending, Load, LoadRun, Sample
from model_promotion.core.outcome import Outcome
from model_promotion.core.payloads import Payload
from model_promotion.core.policy import Policy
from model_promotion.core.request import Mode, Request
from model_promotion.core.watch_rules import Limits, WatchPolicy
from model_promotion.flows import watch
from model_promotion.serving.memory import MemoryLoader, MemoryServers
from model_promotion.serving.memory_endpoints import MemoryEndpoints
from tests.worlds import MODEL, Killed, Scene, a_scene, killed_after, lost_request, refused

FEW = WatchPolicy(probes_per_s=1.0, least=50)
URL = "http://127.0.0.1:5001"


@dataclass
class Service:
    """How version 2 answers from a look on, what happens at a look, and how late requests leave."""

    since: int = 0
    errors: float = 0.0
    took_s: float = 0.01
    late_s: float = 0.0
    bad: Ending = Ending.SERVER_ERROR
    at_look: dict[int, Callable[[], None]] = field(default_factory=dict)


def a_shop(service: Service | None = None, policy: WatchPolicy = FEW, **more: object) -> Scene:
    """Version 2 is champion, and serves beside version 1, which has no traffic any more."""
    behaves = service or Service()
    scene = a_scene(endpoints=MemoryEndpoints().serve("churn", MODEL, v1=100), policy=Policy(watch=policy), **more)
    scene.promote("2")
    scene.endpoints = MemoryEndpoints().serve("churn", MODEL, v2=100, v1=0)
    runs = 0

    def ends(load: Load, due: Due) -> Sample:
        nonlocal runs
        if len(scene.loader.runs) != runs:
            runs = len(scene.loader.runs)
            behaves.at_look.pop(runs, lambda: None)()
        jitter = due.at_s % 0.001
        if load.targets[due.target].name.endswith("/it-1") or runs <= behaves.since:
            return Sample(due.target, due.at_s, 0.0, 0.01 + jitter, Ending.ANSWERED)
        bad = (due.at_s * 7919) % 1 < behaves.errors
        took = behaves.took_s + jitter + behaves.late_s
        return Sample(due.target, due.at_s, behaves.late_s, took, behaves.bad if bad else Ending.ANSWERED)

    scene.loader = MemoryLoader(ends)
    return scene


def looks(outcome: Outcome) -> list[str]:
    return [look["severity"] for look in outcome.facts["watch"]["looks"]]


def test_what_is_well_ends_well_and_every_look_is_told() -> None:
    scene = a_shop()
    before = scene.state()
    outcome = scene.watch(600 * 60.0)
    assert (outcome.code, outcome.warnings) == (ExitCode.DONE, ()), outcome.summary
    assert looks(outcome) == ["fine"] * 600
    assert not outcome.undo, "nothing was done that could be undone"
    assert len({look["at"] for look in outcome.facts["watch"]["looks"]}) == 600
    assert scene.state() == before
    names = {reading["name"] for reading in outcome.facts["watch"]["looks"][0]["readings"]}
    assert names == {"error_rate of churn/it-2", "p95_ms of churn/it-2", "state of churn/it-2"}


@pytest.mark.parametrize(
    ("service", "said"),
    [
        (Service(errors=0.3), "error_rate of churn/it-2"),
        (Service(took_s=0.9), "p95_ms of churn/it-2"),
        (Service(since=50, errors=0.5), "error_rate of churn/it-2"),
    ],
)
def test_sure_harm_is_rolled_back_with_routes_and_hold_and_looked_at_again(service: Service, said: str) -> None:
    scene = a_shop(service)
    outcome = scene.watch(100 * 60.0)
    assert outcome.code is ExitCode.REFUSED
    assert outcome.summary.startswith(f"rolled back by its watch: {said}")
    assert (scene.aliases["champion"], scene.noted) == ("1", {})
    assert {one.number: one.share_pct for one in scene.world.endpoints.deployment("churn").entities} == {
        "2": 0,
        "1": 100,
    }
    assert HOLD_TAG in scene.registry.version(MODEL, "2").tags
    assert said in scene.journal.records[-1].why
    assert [one["well"] for one in outcome.facts["watch"]["validated"]] == [True]
    assert service.since < len(looks(outcome)) < service.since + 15
    assert scene.fits()


def test_an_alert_is_told_once_and_rolls_nothing_back() -> None:
    scene = a_shop(Service(errors=0.035), replace(FEW, probes_per_s=20))
    outcome = scene.watch(100 * 60.0)
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "2")
    assert [one["name"] for one in outcome.facts["watch"]["alerts"]] == ["error_rate of churn/it-2"]
    assert len([one for one in scene.voice.events if one.topic == "Alert"]) == 1


def test_what_is_surely_beyond_the_mildest_limit_is_a_warning() -> None:
    limits = Limits(rollback=500.0, warning=5.0)
    outcome = a_shop(policy=replace(FEW, p95_ms=limits)).watch(120.0)
    assert (outcome.code, looks(outcome)) == (ExitCode.WARNED, ["warning"] * 2)
    assert "beyond the limit of 5 for a warning" in outcome.warnings[0]


def test_what_may_be_chance_is_not_known_and_counts_only_while_it_lasts() -> None:
    limits = Limits(rollback=0.5, critical=0.3)
    service = Service(errors=0.37)
    outcome = a_shop(service, replace(FEW, probes_per_s=2.0, error_rate=limits)).watch(120.0)
    assert (outcome.code, looks(outcome)[-1]) == (ExitCode.WARNED, "unknown"), outcome.facts
    assert "an alert needs more than 0.3 for sure" in outcome.warnings[0]


@pytest.mark.parametrize(
    ("bad", "probes_per_s"), [(Service(since=7, errors=0.3), 5.0), (Service(since=7, took_s=9.0), 20 / 60)]
)
def test_one_bad_minute_is_told_and_rolls_nothing_back(bad: Service, probes_per_s: float) -> None:
    def over() -> None:
        bad.errors, bad.took_s = 0.0, 0.01

    bad.at_look = {9: over}
    scene = a_shop(bad, WatchPolicy(probes_per_s=probes_per_s))
    outcome = scene.watch(600 * 60.0)
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "2"), outcome.summary
    assert "takes another look that says so" in " ".join(outcome.warnings)


def test_a_dead_endpoint_is_rolled_back_after_its_second_look_also_where_one_was_asked_for() -> None:
    for for_s in (60.0, 36_000.0):
        outcome = a_shop(Service(errors=1.1), WatchPolicy()).watch(for_s)
        assert (outcome.code, looks(outcome)) == (ExitCode.REFUSED, ["critical", "rollback"])
    late = a_shop(Service(errors=1.1, since=300), WatchPolicy()).watch(36_000.0)
    assert (late.code, looks(late)[299:]) == (ExitCode.REFUSED, ["fine", "critical", "rollback"])


def test_too_little_is_not_known_and_not_well() -> None:
    outcome = a_shop(policy=replace(FEW, least=10_000)).watch(120.0)
    assert (outcome.code, looks(outcome)) == (ExitCode.WARNED, ["unknown"] * 2)
    assert "fewer than 10,000" in outcome.warnings[0]


def test_a_watch_that_was_too_short_says_how_long_it_takes() -> None:
    short = a_shop(Service(errors=1.1), WatchPolicy()).watch(5.0)
    assert (short.code, looks(short)) == (ExitCode.WARNED, ["unknown"] * 2)
    assert "surely" not in " ".join(short.warnings)
    assert short.hints == (f"100 requests take about 27s at 5 a second: promote_model.py {MODEL} --watch 27s",)
    assert a_shop(policy=WatchPolicy()).watch(27.0).code is ExitCode.DONE


def test_looks_in_which_nothing_was_asked_are_not_well() -> None:
    outcome = a_shop(policy=replace(FEW, probes_per_s=1e-6)).watch(120.0)
    assert (outcome.code, looks(outcome)) == (ExitCode.WARNED, ["unknown"] * 2)
    assert "so little that no request was due" in outcome.warnings[0]


def test_what_has_to_start_first_is_asked_once_before_anything_counts() -> None:
    scene = a_shop()
    order: list[str] = []

    class Waking(MemoryLoader):
        def ask(self, where: Destination, payload: Payload) -> Asked:
            order.append(where.name)
            return super().ask(where, payload)

        def run(self, load: Load) -> LoadRun:
            order.append("run")
            return super().run(load)

    scene.loader = Waking()
    scene.watch(120.0)
    assert order == ["churn/it-2", "run", "run"]


def test_when_our_own_machine_is_slow_nothing_is_held_against_the_version() -> None:
    outcome = a_shop(Service(late_s=2.0)).watch(600.0)
    assert (outcome.code, set(looks(outcome))) == (ExitCode.WARNED, {"unknown"})
    assert "the machine that sends could not keep up" in " ".join(outcome.warnings)
    told = [one for look in outcome.facts["watch"]["looks"] for one in look["readings"]]
    assert {one["severity"] for one in told if one["name"].startswith("p95_ms")} == {"unknown"}


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (Ending.SERVER_ERROR, ExitCode.REFUSED),
        (Ending.BROKEN, ExitCode.REFUSED),
        (Ending.TIMED_OUT, ExitCode.WARNED),
        (Ending.THROTTLED, ExitCode.WARNED),
    ],
)
def test_a_dead_endpoint_is_rolled_back_by_a_slow_machine_too(bad: Ending, code: ExitCode) -> None:
    outcome = a_shop(Service(errors=1.1, late_s=0.09, bad=bad)).watch(600.0)
    assert (outcome.code, len(looks(outcome))) == (code, 2 if code is ExitCode.REFUSED else 10), outcome.summary


def test_a_newer_promotion_ends_it_and_nothing_is_rolled_back() -> None:
    service = Service(errors=0.9)
    scene = a_shop(service)
    service.at_look[1] = lambda: scene.by_hand("champion", "3")
    outcome = scene.watch(600.0)
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "3")
    assert "@champion is v3 by now" in outcome.summary


def test_a_promotion_that_is_under_way_ends_it() -> None:
    service = Service()
    scene = a_shop(service)

    def somebody_begins() -> None:
        scene.fail(1, killed_after)
        with pytest.raises(Killed):
            scene.promote("3")
        scene.heal()

    service.at_look[3] = somebody_begins
    outcome = scene.watch(600.0)
    assert outcome.code is ExitCode.WARNED
    assert (len(looks(outcome)), "under way or was cut off" in outcome.summary) == (3, True)
    with pytest.raises(Conflict, match="under way"):
        scene.watch(600.0)


def test_an_interrupt_ends_it_and_undoes_nothing() -> None:
    service = Service(since=99, at_look={2: lambda: os.kill(os.getpid(), signal.SIGINT)})
    scene = a_shop(service)
    before = scene.state()
    with pytest.raises(Interrupted, match="after 1 look; @champion stays at") as error:
        scene.watch(600.0)
    assert "--watch 600s" in error.value.hint
    assert scene.state() == before


def test_nothing_to_watch_is_no_health() -> None:
    scene = a_scene()
    with pytest.raises(Conflict, match="nothing to watch"):
        scene.watch()
    scene.endpoints = MemoryEndpoints().serve("churn", MODEL, v2=100)
    with pytest.raises(Conflict, match="nothing to watch"):
        scene.watch()
    with pytest.raises(Conflict, match="churn does not serve v1"):
        scene.watch(endpoints=("churn",))
    with pytest.raises(NotFound, match="nothing stands behind @shadow"):
        scene.watch(target_alias="shadow")


def test_an_endpoint_that_cannot_be_asked_leaves_gaps_that_are_told() -> None:
    service = Service()
    scene = a_shop(service)
    assert scene.endpoints
    raw = scene.endpoints.raw
    service.at_look = {2: raw.clear}
    outcome = scene.watch(240.0)
    assert outcome.code is ExitCode.WARNED
    assert "saw only part of it" in outcome.warnings[-1]
    assert scene.aliases["champion"] == "2"


def test_an_entity_that_fails_or_goes_is_an_alert() -> None:
    scene = a_shop()
    assert scene.endpoints
    raw = scene.endpoints.raw["churn"]["config"]
    raw["served_entities"][0]["state"] = {"deployment": "DEPLOYMENT_FAILED", "deployment_state_message": "no memory"}
    outcome = scene.watch(120.0)
    assert (outcome.code, looks(outcome)) == (ExitCode.WARNED, ["critical"] * 2)
    assert "has failed: no memory" in outcome.warnings[0]


METRICS = 'request_count_total{{served="{who}"}} 200\nrequest_5xx_count_total{{served="{who}"}} {bad}\n'


@pytest.mark.parametrize(
    ("text", "code", "note"),
    [
        (METRICS.format(who="it-2", bad=90), ExitCode.REFUSED, "90 of 200 failed (its own)"),
        (METRICS.format(who="it-1", bad=90), ExitCode.DONE, "no requests in the last minute"),
        (METRICS.format(who="churn", bad=90), ExitCode.DONE, "90 of 200 failed (of the endpoint)"),
        (METRICS.format(who="it-2", bad=0).replace("200", "0"), ExitCode.DONE, "no requests in the last minute"),
        ("<html>", ExitCode.DONE, "no Prometheus text"),
        ("request_count_total NaN\n", ExitCode.DONE, "is no count"),
    ],
)
def test_metrics_count_where_they_say_whose_they_are_and_are_told_where_not(
    text: str, code: ExitCode, note: str
) -> None:
    scene = a_shop()
    assert scene.endpoints
    scene.endpoints.said["churn"] = text
    outcome = scene.watch(600.0)
    assert outcome.code is code, outcome.summary
    assert note in outcome.facts["watch"]["looks"][0]["notes"][0]
    if code is ExitCode.REFUSED:
        assert "error_rate in service of churn/it-2" in outcome.summary


def test_a_minute_of_metrics_counts_once_however_often_one_looks() -> None:
    scene = a_shop(policy=replace(FEW, look_s=10.0, probes_per_s=6.0))
    assert scene.endpoints
    scene.endpoints.said["churn"] = METRICS.format(who="it-2", bad=0)
    outcome = scene.watch(180.0)
    seen = [
        reading["n"]
        for look in outcome.facts["watch"]["looks"]
        for reading in look["readings"]
        if "in service" in reading["name"]
    ]
    assert (len(looks(outcome)), seen) == (18, [200] * 3)


def test_a_scoring_server_is_watched_by_its_address_and_told_what_a_rollback_cannot_do() -> None:
    scene = a_shop(Service(errors=0.4))
    scene.endpoints = None
    outcome = scene.watch(600.0, endpoints=(URL,))
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.REFUSED, "1")
    assert f"NOT WELL after the rollback: {URL} serves what it was started with: start it with v1" in outcome.summary


def test_a_server_that_did_answer_and_is_not_there_any_more_is_rolled_back() -> None:
    scene = a_shop(Service(errors=1.1, since=1))
    scene.servers = MemoryServers(Asked(0.0, error="refused"))
    scene.loader._asked = Asked(0.0, error="refused")  # noqa: SLF001 - it starts late
    outcome = scene.watch(600.0, endpoints=(URL,))
    assert outcome.code is ExitCode.REFUSED
    at_once = a_shop(Service(errors=1.1))
    assert at_once.watch(600.0, endpoints=(URL,)).code is ExitCode.REFUSED


def test_a_server_that_fails_of_itself_from_the_beginning_is_rolled_back() -> None:
    scene = a_shop(Service(errors=1.1, bad=Ending.SERVER_ERROR))
    scene.loader._asked = Asked(1.0, status=500)  # noqa: SLF001 - it never did answer
    assert scene.watch(600.0, endpoints=(URL,)).code is ExitCode.REFUSED


@pytest.mark.parametrize("bad", [Ending.CLIENT_ERROR, Ending.NO_CONNECTION, Ending.TIMED_OUT])
def test_an_address_that_has_never_answered_says_nothing_of_the_version(bad: Ending) -> None:
    scene = a_shop(Service(errors=1.1, bad=bad))
    scene.loader._asked = Asked(1.0, status=404)  # noqa: SLF001 - as a wrong path is answered
    before = scene.state()
    outcome = scene.watch(600.0, endpoints=(URL,))
    assert (outcome.code, set(looks(outcome)), scene.state()) == (ExitCode.WARNED, {"unknown"}, before)
    said = f"{URL} has not answered once in this watch ({bad.value}), which says nothing of the version"
    assert outcome.warnings == (f"{said}: is this its address?",)


@pytest.mark.parametrize("bad", [Ending.DENIED, Ending.NO_CONNECTION])
def test_a_login_that_ran_out_and_a_network_that_is_down_are_not_held_against_the_version(bad: Ending) -> None:
    scene = a_shop(Service(errors=1.1, bad=bad, since=1))
    outcome = scene.watch(600.0)
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "2")
    assert bad.value in " ".join(outcome.warnings)


def test_a_rollback_that_does_not_help_is_said_aloud() -> None:
    scene = a_shop()
    scene.loader = MemoryLoader(lambda _, due: Sample(due.target, due.at_s, 0.0, 0.01, Ending.SERVER_ERROR))
    outcome = scene.watch(600.0)
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.REFUSED, "1")
    assert "NOT WELL after the rollback" in outcome.summary


def test_where_there_is_nothing_to_go_back_to_the_version_stays_and_that_is_said() -> None:
    scene = a_shop(Service(errors=0.5))
    first = a_scene(aliases={"champion": "2"}, endpoints=scene.endpoints, policy=scene.policy)
    first.loader = scene.loader
    outcome = first.watch(600.0)
    assert (outcome.code, first.aliases["champion"]) == (ExitCode.NOT_FOUND, "2")
    assert outcome.summary.startswith("NOT rolled back")
    assert outcome.facts["watch"]["ended"] == "not rolled back"
    told = [one.sentence for one in first.voice.events if one.topic == "Alert"]
    assert "is to be rolled back: error_rate" in told[-1]
    # What would be refused in the same way is no hint.
    assert [one.partition(":")[0] for one in outcome.hints] == ["name one"], outcome.hints


def test_where_there_is_no_other_version_none_is_to_be_named() -> None:
    scene = a_shop(Service(errors=0.5))
    alone = a_scene(aliases={"champion": "2"}, endpoints=scene.endpoints, policy=scene.policy)
    for number in ("1", "3", "4"):
        alone.registry.known.pop((MODEL, number), None)
    alone.loader = scene.loader
    outcome = alone.watch(600.0)
    assert (outcome.code, outcome.hints) == (ExitCode.NOT_FOUND, ()), outcome.hints


def test_a_registry_that_does_not_answer_is_tried_again() -> None:
    service = Service(errors=0.9)
    scene = a_shop(service)

    def deaf() -> None:
        scene.registry.deaf_for = 3

    service.at_look = {1: deaf}
    outcome = scene.watch(600.0)
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.REFUSED, "1")
    scene.registry.deaf_for = 0


def test_a_rollback_whose_write_was_lost_is_tried_again() -> None:
    scene = a_shop(Service(errors=0.5)).fail(1, lost_request)
    outcome = scene.watch()
    assert (outcome.code, scene.aliases["champion"], scene.noted) == (ExitCode.REFUSED, "1", {}), outcome.summary
    assert outcome.facts["watch"]["ended"] == "rolled back"


def test_what_could_not_be_rolled_back_is_not_told_as_rolled_back() -> None:
    scene = a_shop(Service(errors=0.5))
    scene.writer.write = refused  # type: ignore[method-assign,assignment]
    outcome = scene.watch()
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.DENIED, "2"), outcome.summary
    assert outcome.facts["watch"]["ended"] == "not rolled back"


def test_an_interrupt_after_the_rollback_hides_no_rollback() -> None:
    scene = a_shop(Service(errors=0.5))

    def back(_load: Load, _due: Due) -> None:
        if scene.aliases["champion"] == "1":
            raise KeyboardInterrupt

    ends = scene.loader
    scene.loader = MemoryLoader(lambda load, due: back(load, due) or ends._ends(load, due))  # noqa: SLF001
    try:
        outcome = scene.watch()
    except KeyboardInterrupt:
        pytest.fail("the interrupt left no outcome")
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.REFUSED, "1")
    assert "churn was not looked at again: interrupted" in outcome.warnings[-1]


def test_a_promotion_is_watched_in_the_same_call() -> None:
    service = Service()
    scene = a_shop(service)
    scene.endpoints = MemoryEndpoints().serve("churn", MODEL, v3=100, v2=0)
    done = scene.promote("3")
    request = Request(Mode.PROMOTE, MODEL, watch_s=300.0)
    outcome = watch.after(done, request, scene.world)
    assert (outcome.code, outcome.mode, len(looks(outcome))) == (ExitCode.DONE, Mode.PROMOTE, 5), outcome.summary
    service.errors, service.since = 0.9, 0
    taken_back = watch.after(done, request, scene.world)
    assert (taken_back.code, taken_back.mode) == (ExitCode.REFUSED, Mode.PROMOTE)
    assert scene.aliases["champion"] == "2"
    assert len(taken_back.entries) > len(done.entries)
    assert taken_back.facts["watch"]["ended"] == "rolled back"


def test_a_promotion_with_nothing_to_watch_stands_with_a_warning() -> None:
    scene = a_scene()
    done = scene.promote("2")
    outcome = watch.after(done, Request(Mode.PROMOTE, MODEL, watch_s=300.0), scene.world)
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "2")
    assert "there is nothing to watch" in outcome.warnings[-1]
    refused = replace(done, code=ExitCode.REFUSED)
    assert watch.after(refused, Request(Mode.PROMOTE, MODEL, watch_s=300.0), scene.world) is refused


def test_without_a_signature_there_is_nothing_to_ask_and_that_is_not_well() -> None:
    scene = a_shop()
    scene.registry.metadata_of["2"] = {"flavors": {"python_function": {}}}
    outcome = scene.watch(120.0)
    assert (outcome.code, looks(outcome)) == (ExitCode.WARNED, ["unknown"] * 2)
    assert "nor a signature" in " ".join(outcome.warnings)
