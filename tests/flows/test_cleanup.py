"""Deleting old versions: never one that is needed, never in silence, and whatever is cut off can be finished."""

from typing import Any

import pytest

from model_promotion.core.entities import Endpoint
from model_promotion.core.errors import BadCall, Conflict, NotFound, TimedOut, Unavailable
from model_promotion.core.event import Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG, INTENT_TAG
from model_promotion.core.outcome import Outcome
from model_promotion.core.policy import Policy, RetentionPolicy
from model_promotion.core.record import HEAD_TAG
from model_promotion.core.request import Mode
from model_promotion.core.retention import DAY_S
from model_promotion.journals.memory import MemoryJournal
from model_promotion.serving.memory import MemoryServing
from tests.worlds import (
    MODEL,
    Effect,
    Killed,
    Scene,
    a_scene,
    interrupted_after,
    interrupted_before,
    killed_after,
    killed_before,
    lost_reply,
    lost_request,
    refused,
    version,
)

LONG_AGO = 1.0  # seconds since the epoch


def a_shelf(count: int = 8, **parts: Any) -> Scene:
    """Versions 1 to `count`, all of them old; 6 is champion and 5 prev_champion."""
    versions = [version(str(number), created_at=LONG_AGO) for number in range(1, count + 1)]
    return a_scene(*versions, aliases={"champion": "6", "prev_champion": "5"}, **parts).heal()


def clean(scene: Scene, **options: Any) -> Outcome:
    return scene.call(Mode.CLEANUP, **{"keep": 2, "older_than_s": 365 * DAY_S, "yes": True, **options})


def left(scene: Scene) -> list[str]:
    return [one.number for one in reversed(scene.registry.versions(MODEL))]


def test_without_yes_it_says_what_would_go_and_why_the_rest_stays_and_writes_nothing() -> None:
    scene = a_shelf()
    outcome = clean(scene, yes=False)
    assert (outcome.code, scene.writer.sent, left(scene)) == (ExitCode.DONE, [], [*"12345678"])
    assert outcome.facts["going"] == [*"1234"]
    assert outcome.facts["kept"]["6"] == "@champion is on it"
    assert outcome.hints == (
        f"delete them for good: promote_model.py {MODEL} --cleanup --keep 2 --older-than 365d --yes",
    )
    kinds = {event.topic: event.kind for event in scene.voice.events}
    assert (kinds["v1"], kinds["v8"]) == (Kind.GOING, Kind.VERSION)


def test_with_yes_they_are_gone_and_the_record_keeps_what_they_were() -> None:
    scene = a_shelf()
    outcome = clean(scene, reason="disk is full")
    assert (outcome.code, left(scene), scene.noted) == (ExitCode.DONE, [*"5678"], {})
    assert scene.aliases == {"champion": "6", "prev_champion": "5"}
    record = scene.journal.records[-1]
    assert (record.kind, record.why) == ("cleanup", "deleted v1, v2, v3, v4; disk is full")
    assert [one["run_id"] for one in record.evidence["deleted"]] == ["run1", "run2", "run3", "run4"]
    assert scene.fits()
    assert scene.call(Mode.HISTORY).table.rows[-1][2:4] == ("cleanup", "")  # type: ignore[union-attr]


def test_a_second_time_there_is_nothing_to_do() -> None:
    scene = a_shelf()
    clean(scene)
    again = clean(scene)
    assert (again.code, again.entries) == (ExitCode.DONE, ())
    assert "every version stays" in again.summary


def test_more_than_fit_into_one_note_go_in_several_and_each_is_recorded() -> None:
    scene = a_shelf(50)
    outcome = clean(scene)
    assert (len(outcome.facts["deleted"]), len(scene.journal.records)) == (46, 3)
    assert left(scene) == ["5", "6", "49", "50"]
    assert scene.fits()


def test_what_a_rollback_may_go_to_stays() -> None:
    scene = a_shelf()
    for number in ("2", "3", "4", "7"):
        scene.promote(number)
    scene.rollback()
    clean(scene)
    # v7 was gone back from and is held; v6 and v2 to v4 stood there one after the other, and v3 is where it stands.
    assert left(scene) == ["2", "3", "4", "6", "7", "8"]
    assert [scene.rollback().to for _ in range(3)] == ["3", "2", "6"]


@pytest.mark.parametrize(
    ("keep", "days", "gone"),
    [(2, 30.0, [*"1234"]), (0, 30.0, [*"123478"]), (7, 30.0, ["1"]), (None, None, ["1", "2"]), (0, 99999.0, [])],
)
def test_the_policy_is_a_minimum_that_options_cannot_go_below(
    keep: int | None, days: float | None, gone: list[str]
) -> None:
    least = RetentionPolicy(days=300, keep=6) if keep is None else RetentionPolicy()
    scene = a_shelf(policy=Policy(retention=least))
    scene.clock.sleep(400 * DAY_S)
    older = None if days is None else days * DAY_S
    assert clean(scene, keep=keep, older_than_s=older, yes=False).facts["going"] == gone


def test_options_below_the_policy_are_raised_to_it() -> None:
    scene = a_shelf(policy=Policy(retention=RetentionPolicy(days=365, keep=6)))
    outcome = clean(scene, keep=0, older_than_s=1.0)
    assert outcome.facts["deleted"] == ["1", "2"]


def test_what_the_policy_says_is_not_said_again_in_the_next_command() -> None:
    scene = a_shelf(policy=Policy(retention=RetentionPolicy(days=0, keep=2)))
    scene.clock.sleep(DAY_S)
    would = clean(scene, keep=None, older_than_s=None, yes=False)
    assert would.hints == (f"delete them for good: promote_model.py {MODEL} --cleanup --yes",)
    would = clean(scene, older_than_s=1.0, yes=False)
    assert would.hints[0].endswith("--cleanup --keep 2 --older-than 1s --yes")


@pytest.mark.parametrize(
    ("given", "lacking", "hint"),
    [
        ({}, "how many versions stay and how old one must be to go", "--keep 5 --older-than 365d"),
        ({"keep": 3}, "how old one must be to go", "--keep 3 --older-than 365d"),
        ({"older_than_s": 90.0}, "how many versions stay", "--older-than 90s --keep 5"),
    ],
)
def test_without_a_limit_it_is_a_wrong_call_that_names_what_is_missing_and_keeps_what_is_not(
    given: dict[str, Any], lacking: str, hint: str
) -> None:
    with pytest.raises(BadCall, match=f"needs to know {lacking}$") as unlimited:
        clean(a_shelf(), **{"keep": None, "older_than_s": None, **given})
    assert unlimited.value.hint == f"promote_model.py {MODEL} --cleanup {hint}"


def test_what_an_endpoint_serves_stays_and_an_endpoint_list_that_cannot_be_read_stops_it() -> None:
    serving = Endpoint("churn-api", {"2": 100}, ready=True, updating=False, state="READY")
    scene = a_shelf(serving=MemoryServing(serving))
    assert clean(scene).facts["deleted"] == ["1", "3", "4"]
    blind = a_shelf(serving=MemoryServing(broken=Unavailable("no answer")))
    with pytest.raises(Unavailable):
        clean(blind)
    assert (blind.writer.sent, left(blind)) == ([], [*"12345678"])


def test_a_hold_stays() -> None:
    scene = a_shelf()
    scene.tag_by_hand(HOLD_TAG, "rolled back", "1")
    assert clean(scene.heal()).facts["deleted"] == ["2", "3", "4"]


def test_while_something_is_under_way_nothing_is_deleted() -> None:
    scene = a_shelf().fail(3, killed_before)
    with pytest.raises(Killed):
        scene.promote("7")
    with pytest.raises(Conflict, match="a promote of @champion") as busy:
        clean(scene.heal())
    assert "--recover" in busy.value.hint
    assert left(scene) == [*"12345678"]


def test_records_that_are_missing_stop_it_because_the_way_back_is_not_known() -> None:
    scene = a_shelf()
    scene.promote("7")
    scene.journal = MemoryJournal()
    with pytest.raises(Conflict, match=r"counts 1 record of .*, and 0 can be read"):
        clean(scene)
    scene.tag_by_hand(HEAD_TAG, "nonsense")
    with pytest.raises(Conflict, match="it is not known where a rollback leads"):
        clean(scene)
    assert left(scene) == [*"12345678"]


def test_a_name_that_looks_like_a_pattern_means_its_own_versions_and_no_other_model_s() -> None:
    scene = a_shelf()
    for number in "123":
        scene.registry.add(version(number, model="churn*", created_at=LONG_AGO), metadata={})
        scene.registry.add(version(number, model="churn", created_at=LONG_AGO), metadata={})
    assert clean(scene, model="churn*").facts["deleted"] == ["1"]
    assert [len(scene.registry.versions(name)) for name in ("churn", "churn*", MODEL)] == [3, 2, 8]


def test_a_missing_model_is_not_found() -> None:
    with pytest.raises(NotFound, match="did you mean"):
        clean(a_shelf(), model="shop.pricing.chrun")


def test_an_alias_that_came_while_others_were_deleted_keeps_its_version() -> None:
    def somebody_sets_an_alias(write: Any) -> None:
        write()
        scene.by_hand("canary", "3")

    scene = a_shelf().fail(2, somebody_sets_an_alias)
    outcome = clean(scene)
    assert (outcome.code, outcome.facts["deleted"]) == (ExitCode.DONE, ["1", "2", "4"])
    assert any("stays, by now @canary is on it" in event.sentence for event in scene.voice.events)


def test_while_versions_are_deleted_nobody_promotes_one_of_them() -> None:
    ended: list[ExitCode] = []

    def somebody_promotes(write: Any) -> None:
        ended.append(scene.promote("1").code)
        write()

    scene = a_shelf().fail(2, somebody_promotes)
    assert clean(scene).facts["deleted"] == [*"1234"]
    assert (ended, scene.aliases) == ([ExitCode.REFUSED], {"champion": "6", "prev_champion": "5"})


def test_a_note_that_came_first_is_not_passed_by() -> None:
    def somebody_was_faster(write: Any) -> None:
        scene.tag_by_hand(f"{INTENT_TAG}_000000000000", "somebody's")
        write()

    scene = a_shelf().fail(1, somebody_was_faster)
    outcome = clean(scene)
    assert (outcome.code, left(scene)) == (ExitCode.REFUSED, [*"12345678"])
    assert list(scene.noted) == [f"{INTENT_TAG}_000000000000"]


# The note is write 1, the versions are 2 to 5, the head of the records and the end of the note 6 and 7.
ENDINGS: list[tuple[int, Effect, ExitCode, list[str]]] = [
    (1, refused, ExitCode.DENIED, []),
    (2, refused, ExitCode.DENIED, []),
    (3, refused, ExitCode.DENIED, ["1"]),
    (3, lost_request, ExitCode.DENIED, ["1"]),
    (3, lost_reply, ExitCode.DENIED, ["1", "2"]),
    (3, interrupted_before, ExitCode.INTERRUPTED, ["1"]),
    (3, interrupted_after, ExitCode.INTERRUPTED, ["1", "2"]),
]


@pytest.mark.parametrize(("at", "effect", "code", "gone"), ENDINGS)
def test_wherever_it_ends_what_is_gone_is_recorded_and_no_note_is_left(
    at: int, effect: Effect, code: ExitCode, gone: list[str]
) -> None:
    scene = a_shelf().fail(at, effect)
    outcome = clean(scene)
    assert (outcome.code, outcome.facts["deleted"], scene.noted) == (code, gone, {})
    assert left(scene) == [number for number in "12345678" if number not in gone]
    recorded = [one["number"] for record in scene.journal.records for one in record.evidence["deleted"]]
    assert recorded == gone
    assert scene.fits()
    assert clean(scene.heal()).code is ExitCode.DONE
    assert left(scene) == [*"5678"]


def test_something_that_begins_when_some_are_gone_ends_it_with_a_code_that_does_not_say_as_before() -> None:
    def somebody_begins(write: Any) -> None:
        write()
        scene.tag_by_hand(f"{INTENT_TAG}_ffffffffffff", "somebody's")

    scene = a_shelf(50).fail(23, somebody_begins)  # The last write of the first twenty.
    outcome = clean(scene)
    assert (outcome.code, len(outcome.facts["deleted"])) == (ExitCode.DENIED, 20)
    assert "it ended there" in outcome.summary


def test_versions_are_read_once_with_their_tags_however_many_go(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, asked = a_shelf(90), list[str]()
    read = scene.registry.catalogue
    monkeypatch.setattr(scene.registry, "catalogue", lambda name: (asked.append(name), read(name))[1])
    assert len(clean(scene).facts["deleted"]) == 86
    assert asked == [MODEL]


def test_what_was_deleted_is_known_after_a_kill_and_where_it_is_not_that_is_said() -> None:
    for spare, code in ((None, ExitCode.DONE), (MemoryJournal(), ExitCode.WARNED)):
        scene = a_shelf().fail(4, killed_before)
        with pytest.raises(Killed):
            clean(scene)
        scene.heal().clock.sleep(1000)
        with pytest.raises(Conflict) as cut_off:
            clean(scene)
        assert (
            cut_off.value.hint == f"if it is dead, write down what is gone: promote_model.py {MODEL} --recover resume"
        )
        scene.spare = spare or scene.spare
        outcome = scene.recover("resume")
        assert outcome.code is code
        deleted = scene.journal.records[-1].evidence["deleted"]
        assert [one.get("run_id") for one in deleted] == ([None, None] if spare else ["run1", "run2"])
        assert bool(outcome.warnings) is bool(spare)


@pytest.mark.parametrize("how", ["resume", "abandon"])
@pytest.mark.parametrize("effect", [killed_before, killed_after])
@pytest.mark.parametrize("at", range(1, 8))
def test_killed_at_any_write_the_next_call_says_so_and_recovery_writes_down_what_is_gone(
    at: int, effect: Effect, how: str
) -> None:
    scene = a_shelf().fail(at, effect)
    with pytest.raises(Killed):
        clean(scene)
    gone = [number for number in "1234" if number not in left(scene)]
    scene.heal().clock.sleep(1000)
    if scene.noted:
        with pytest.raises(Conflict, match="a cleanup that deletes v1, v2, v3, v4 is under way or was cut off"):
            clean(scene)
        assert scene.promote("7").code is ExitCode.REFUSED
    assert scene.recover(how).code is ExitCode.DONE
    assert scene.noted == {}
    assert [one["number"] for record in scene.journal.records for one in record.evidence["deleted"]] == gone
    assert scene.fits()
    clean(scene)
    assert left(scene) == [*"5678"]


def test_a_deletion_that_may_still_land_leaves_the_note_for_recovery() -> None:
    def late(_: Any) -> None:
        raise TimedOut("no answer in time")

    scene = a_shelf().fail(3, late)
    outcome = clean(scene)
    assert (outcome.code, len(scene.noted), left(scene)) == (ExitCode.DENIED, 1, [*"2345678"])
    assert "--recover resume" in outcome.hints[0]
    del scene.registry.known[MODEL, "2"]  # Now it lands.
    assert scene.heal().recover("resume").code is ExitCode.DONE
    assert [one["number"] for one in scene.journal.records[-1].evidence["deleted"]] == ["1", "2"]


def test_records_that_cannot_be_read_stop_it() -> None:
    scene = a_shelf()
    scene.journal.broken = True
    with pytest.raises(Unavailable):
        clean(scene)
    assert (scene.writer.sent, left(scene)) == ([], [*"12345678"])
