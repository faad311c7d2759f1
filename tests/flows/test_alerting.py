"""Who is told how a call ended: after the deed, whatever comes of it."""

import time
from typing import Any

import pytest

from model_promotion import BadCall, ExitCode, NotFound, wiring
from model_promotion.alerts._delivery import Delivery
from model_promotion.alerts.memory import MemoryChannel
from model_promotion.core.alert_policy import AlertPolicy, Route, Severity
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode, Request
from model_promotion.core.selector import ByNumber
from model_promotion.core.watch_rules import Limits, WatchPolicy
from model_promotion.job import carry_through
from model_promotion.settings import Flags, settle
from model_promotion.voices import Silent
from tests.flows.test_watch import Service, a_shop
from tests.worlds import MODEL, PERSON, Scene, a_scene, lost_request, version


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Scene:
    """The scene that every call of a test is about."""
    scene = a_scene()
    monkeypatch.setattr(wiring, "plug_in", lambda _settings, _voice: scene.world)
    return scene


def call(mode: Mode, **options: Any) -> Outcome:
    return carry_through(Request(mode, MODEL, **options), settle(Flags(), MODEL, {}), Silent())


def listening(scene: Scene, refuses: int = 0, problem: str = "", *, typed: bool = True) -> MemoryChannel:
    """Somebody who is told everything, unless there is a problem with it."""
    channel = MemoryChannel(refuses)
    route = Route("json", "json://T0ken", frozenset(Severity), typed, problem)
    scene.alerts = Delivery([route], lambda _: channel, AlertPolicy(), scene.clock)
    return channel


def test_a_promotion_is_told_with_who_and_why_once_it_is_done(played: Scene) -> None:
    channel = listening(played)
    outcome = call(Mode.PROMOTE, reason="it is better")
    (alert,) = channel.alerts
    assert (outcome.code, played.aliases["champion"]) == (ExitCode.DONE, "2")
    assert (alert.severity, alert.said, alert.who, alert.why) == ("info", outcome.summary, PERSON, "it is better")
    assert (alert.model, alert.version, alert.was, alert.alias) == (MODEL, "v2", "v1", "@champion")
    assert (alert.exit_code, alert.record) == (0, outcome.record)
    (sent,) = outcome.document["facts"]["alerts"]
    assert (sent["to"], sent["state"], sent["attempts"]) == ("json", "sent", 1)
    assert "T0ken" not in str(outcome.document)


def test_a_refusal_is_a_warning_and_a_rollback_is_critical(played: Scene) -> None:
    channel = listening(played)
    played.registry.add(version("3", status="PENDING_REGISTRATION"))
    assert call(Mode.PROMOTE, candidate=ByNumber("3"), candidate_named=True).code is ExitCode.REFUSED
    call(Mode.PROMOTE)
    call(Mode.ROLLBACK, reason="precision fell")
    assert [one.severity for one in channel.alerts] == ["warning", "info", "critical"]
    assert channel.alerts[-1].why == "precision fell"


def test_an_alert_that_fails_undoes_nothing_and_ends_with_1(played: Scene) -> None:
    channel = listening(played, refuses=99)
    outcome = call(Mode.PROMOTE)
    assert (outcome.code, played.aliases["champion"], channel.asked) == (ExitCode.WARNED, "2", 3)
    assert outcome.warnings == ("the alert to json failed after 3 attempts: nobody answers",)
    assert outcome.document["facts"]["alerts"][0]["state"] == "failed"


def test_an_alert_that_fails_leaves_a_refusal_a_refusal(played: Scene) -> None:
    listening(played, refuses=99)
    played.registry.add(version("2", status="PENDING_REGISTRATION"))
    outcome = call(Mode.PROMOTE)
    assert (outcome.code, len(outcome.warnings)) == (ExitCode.REFUSED, 1)


@pytest.mark.parametrize("mode", [Mode.DRY_RUN, Mode.CHECK])
def test_who_only_looks_tells_nobody(mode: Mode, played: Scene) -> None:
    channel = listening(played)
    assert call(mode).code is ExitCode.DONE
    assert channel.asked == 0


def test_nothing_to_do_is_nothing_to_tell(played: Scene) -> None:
    channel = listening(played)
    assert call(Mode.PROMOTE, candidate=ByNumber("1"), candidate_named=True).facts == {}
    assert channel.asked == 0


def test_an_error_is_told_and_stays_what_it_is(played: Scene) -> None:
    channel = listening(played)
    with pytest.raises(NotFound):
        call(Mode.PROMOTE, candidate=ByNumber("9"), candidate_named=True)
    (alert,) = channel.alerts
    assert (alert.severity, alert.exit_code, alert.alias) == ("warning", 3, "@champion")


def test_an_error_that_cannot_be_told_says_so_and_stays_what_it_is(played: Scene) -> None:
    listening(played, refuses=99)
    with pytest.raises(NotFound):
        call(Mode.PROMOTE, candidate=ByNumber("9"), candidate_named=True)
    assert "the alert to json failed" in played.voice.events[-1].sentence


def test_a_move_that_failed_and_was_put_back_is_critical(played: Scene) -> None:
    channel = listening(played)
    played.fail(3, lost_request)
    outcome = call(Mode.PROMOTE)
    assert not outcome.done
    assert [one.severity for one in channel.alerts] == ["critical"]


def test_a_record_that_went_nowhere_is_critical(played: Scene) -> None:
    channel = listening(played)
    played.journal.broken = played.spare.broken = True
    assert call(Mode.PROMOTE).code is ExitCode.WARNED
    assert [one.severity for one in channel.alerts] == ["critical"]


@pytest.mark.parametrize("mode", [Mode.PROMOTE, Mode.DRY_RUN, Mode.CHECK, Mode.RELEASE, Mode.VERIFY_AUDIT])
def test_who_cannot_be_told_is_said_before_anything_is_done(mode: Mode, played: Scene) -> None:
    listening(played, problem="not installed", typed=False)
    before = played.state()
    with pytest.raises(BadCall, match=r"nobody can be told by json: not installed"):
        call(mode)
    assert played.state() == before


def test_a_rollback_goes_whether_or_not_the_policy_can_tell_anybody(played: Scene) -> None:
    call(Mode.PROMOTE)
    listening(played, problem="the environment variable OPS is not set", typed=False)
    outcome = call(Mode.ROLLBACK)
    assert (outcome.code, played.aliases["champion"]) == (ExitCode.WARNED, "1")
    assert outcome.warnings == ("the alert to json failed: the environment variable OPS is not set",)
    listening(played, problem="not set", typed=True)
    with pytest.raises(BadCall):
        call(Mode.ROLLBACK)


def test_a_policy_that_nobody_can_be_told_by_stops_no_look_at_the_history(played: Scene) -> None:
    listening(played, problem="not set", typed=False)
    assert call(Mode.HISTORY).code is ExitCode.DONE


def test_a_watch_tells_while_it_runs_and_its_rollback_when_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = WatchPolicy(probes_per_s=1.0, least=50, error_rate=Limits(critical=0.02))
    by_then: list[int] = []
    slow = a_shop(Service(errors=0.5, at_look={6: lambda: by_then.append(_told(channel))}), limits)
    channel = listening(slow)
    monkeypatch.setattr(wiring, "plug_in", lambda _settings, _voice: slow.world)
    outcome = call(Mode.WATCH, watch_s=600.0)
    assert outcome.code is ExitCode.WARNED
    assert by_then == [1]
    assert [one.severity for one in channel.alerts] == ["critical", "warning"]
    assert "beyond the limit of 0.02 for an alert" in channel.alerts[0].said
    assert (channel.alerts[0].model, channel.alerts[0].version) == (MODEL, "v2")


def _told(channel: MemoryChannel) -> int:
    """How many have arrived, once one has."""
    for _ in range(500):
        if channel.alerts:
            break
        time.sleep(0.01)
    return len(channel.alerts)


def test_a_promotion_is_told_before_the_watch_that_follows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = a_shop()
    channel = listening(scene)
    monkeypatch.setattr(wiring, "plug_in", lambda _settings, _voice: scene.world)
    named = {"candidate": ByNumber("3"), "candidate_named": True}
    outcome = call(Mode.PROMOTE, **named, watch_s=600.0)
    assert [one.said for one in channel.alerts] == [
        f"{MODEL}: @champion: v2 -> v3 (v2 kept as @prev_champion)",
        outcome.summary,
    ]


def test_a_rollback_by_a_watch_is_critical(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = a_shop(Service(errors=1.0))
    channel = listening(bad)
    monkeypatch.setattr(wiring, "plug_in", lambda _settings, _voice: bad.world)
    outcome = call(Mode.WATCH, watch_s=600.0)
    assert (outcome.code, bad.aliases["champion"]) == (ExitCode.REFUSED, "1")
    last = channel.alerts[-1]
    assert (last.severity, last.record) == ("critical", outcome.record)
    assert last.said.startswith("rolled back by its watch")


def test_a_defect_is_critical_and_tells_no_more_than_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = a_scene()
    channel = listening(scene)
    scene.journal.lines = None  # type: ignore[method-assign, assignment]
    monkeypatch.setattr(wiring, "plug_in", lambda _settings, _voice: scene.world)
    with pytest.raises(TypeError):
        call(Mode.ROLLBACK)
    (alert,) = channel.alerts
    assert (alert.severity, alert.exit_code) == ("critical", 70)
    assert alert.said.startswith("a defect of this program: TypeError")
