"""The note is a lease: who may take over, when, and what they do first."""

from dataclasses import replace

import pytest

from model_promotion.core.errors import Conflict, Unavailable
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import intents
from model_promotion.core.request import Mode
from model_promotion.core.selector import ByNumber
from model_promotion.owners import MemoryOwner
from tests.worlds import MODEL, Killed, Scene, Write, a_story, killed, killed_after, killed_before

OTHER = "elsewhere-7-7"
HOWS = ["resume", "abandon"]


def left_behind(*, gone: bool = False) -> Scene:
    """A promotion of v4 was killed between its two aliases; now somebody else is at the keyboard."""
    scene = killed(a_story(), Mode.PROMOTE, 2, killed_after)
    scene.owner = MemoryOwner(OTHER, gone=frozenset({scene.owner.name}) if gone else frozenset())
    return scene


@pytest.mark.parametrize("how", HOWS)
def test_while_the_lease_runs_nobody_else_takes_over(how: str) -> None:
    scene = left_behind()
    before = scene.state()
    with pytest.raises(Conflict) as conflict:
        scene.recover(how)
    assert (conflict.value.code, scene.state(), scene.writer.sent) == (ExitCode.REFUSED, before, [])
    assert "may be at work for another 120 s" in str(conflict.value)
    assert f"--recover {how} --force" in conflict.value.hint


def taken_over(scene: Scene, how: str, **options: bool) -> bool:
    """Whether it was recovered, and everything fits."""
    done = scene.recover(how, **options).code is ExitCode.DONE
    return done and scene.aliases["champion"] == ("4" if how == "resume" else "3") and scene.fits()


@pytest.mark.parametrize("how", HOWS)
def test_when_the_lease_is_over_anybody_takes_over(how: str) -> None:
    scene = left_behind()
    scene.clock.sleep(scene.world.lease_s - 60)
    assert taken_over(scene, how)


@pytest.mark.parametrize("how", HOWS)
def test_when_its_process_is_gone_nobody_waits_for_the_lease(how: str) -> None:
    assert taken_over(left_behind(gone=True), how)


@pytest.mark.parametrize("how", HOWS)
def test_with_force_nobody_waits_for_the_lease(how: str) -> None:
    assert taken_over(left_behind(), how, force=True)


@pytest.mark.parametrize("how", HOWS)
def test_who_takes_over_signs_the_note_before_anything_else(how: str) -> None:
    scene = left_behind(gone=True).fail(2, killed_before)
    with pytest.raises(Killed):
        scene.recover(how)
    theirs, ours = sorted(intents(scene.tags), key=lambda intent: intent.owner == OTHER)
    assert (theirs.owner, ours.owner, ours.work) == (MemoryOwner().name, OTHER, theirs.work)
    assert ours.until == round(scene.clock.now() + scene.world.lease_s, 3)


@pytest.mark.parametrize("at", [2, 3])
@pytest.mark.parametrize("how", HOWS)
def test_who_was_only_slow_finds_its_note_signed_by_another_and_writes_nothing_more(at: int, how: str) -> None:
    """The first is not dead: it hangs at a write, is taken for dead with --force, and then goes on."""
    scene = a_story()
    other = replace(scene, owner=MemoryOwner(OTHER))
    stands: list[tuple[object, ...]] = []

    def hang(write: Write) -> None:
        write()
        assert other.recover(how, force=True).code is ExitCode.DONE
        stands.append(other.state())

    assert scene.fail(at, hang).promote("4").code is ExitCode.REFUSED
    assert scene.state() == stands[0]
    assert scene.aliases["champion"] == ("4" if how == "resume" else "3")
    assert (scene.noted, scene.fits()) == ({}, True)


def test_what_is_read_only_shows_that_something_is_under_way() -> None:
    scene = left_behind()
    looked = scene.promote("4", mode=Mode.CHECK)
    assert (looked.code, scene.writer.sent) == (ExitCode.REFUSED, [])
    assert any("is under way or was cut off" in finding.sentence for finding in looked.findings)


@pytest.mark.parametrize("mode", [Mode.PROMOTE, Mode.ROLLBACK])
def test_an_expired_lease_is_taken_over_by_recover_only(mode: Mode) -> None:
    scene = left_behind(gone=True)
    scene.clock.sleep(10_000)
    try:
        code = scene.call(mode, **({"candidate": ByNumber("4")} if mode is Mode.PROMOTE else {})).code
    except Conflict as conflict:
        code = conflict.code
    assert (code, scene.writer.sent) == (ExitCode.REFUSED, [])


def test_a_note_in_a_format_of_tomorrow_is_a_lease_too() -> None:
    scene = left_behind()
    key, text = next(iter(scene.noted.items()))
    scene.tag_by_hand(key, text.replace('"v":1', '"v":2'))
    before = scene.state()
    with pytest.raises(Conflict, match="may be at work for another 120 s"):
        scene.recover("abandon")
    assert (scene.state(), scene.writer.sent) == (before, [])
    scene.clock.sleep(scene.world.lease_s)
    assert scene.recover("abandon").code is ExitCode.DONE
    assert (scene.noted, scene.aliases["champion"]) == ({}, "3")


@pytest.mark.parametrize("how", HOWS)
def test_who_forces_a_takeover_while_the_lease_runs_does_not_say_that_nothing_is_recorded(how: str) -> None:
    """The record is written, its head is not, and the journal is down."""
    scene = killed(a_story(), Mode.PROMOTE, 4, killed_before)
    scene.owner, scene.journal.broken, before = MemoryOwner(OTHER), True, scene.state()
    with pytest.raises(Unavailable, match="is recorded already cannot be read") as unread:
        scene.recover(how, force=True)
    assert (scene.state(), scene.writer.sent) == (before, [])
    assert "and nobody is at work" in unread.value.hint
    scene.journal.broken = False
    assert "had ended and is recorded" in scene.recover(how, force=True).summary
    assert (scene.aliases["champion"], len(scene.journal.records), scene.fits()) == ("4", 3, True)


def test_who_forces_a_takeover_while_the_lease_runs_does_not_say_that_a_deleted_version_is_given_up() -> None:
    scene = killed(a_story(), Mode.PROMOTE, 3, killed_after)
    scene.owner = MemoryOwner(OTHER)
    del scene.registry.known[MODEL, "3"]
    outcome = scene.recover("abandon", force=True)
    assert (outcome.code, scene.aliases["champion"], bool(scene.noted)) == (ExitCode.REFUSED, "4", True)
    assert "v3 was deleted meanwhile" in outcome.summary


@pytest.mark.parametrize("how", HOWS)
def test_who_cannot_know_whether_it_is_recorded_leaves_no_note_for_the_next_one_to_wait_for(how: str) -> None:
    scene = killed(a_story(), Mode.PROMOTE, 4, killed_before)
    scene.owner, scene.journal.broken = MemoryOwner(OTHER), True
    scene.clock.sleep(scene.world.lease_s)
    with pytest.raises(Unavailable):
        scene.recover(how)
    assert scene.writer.sent == []
    scene.owner, scene.journal.broken = MemoryOwner("third-1-1"), False
    assert "had ended and is recorded" in scene.recover(how).summary
    assert (scene.noted, scene.fits()) == ({}, True)


@pytest.mark.parametrize("how", HOWS)
def test_of_two_who_recover_at_once_the_one_that_does_not_come_first_withdraws_at_once(how: str) -> None:
    scene = left_behind(gone=True)
    theirs = replace(intents(scene.tags)[0], id="0" * 12, owner="third-1-1", until=scene.clock.now() + 300)
    before, announced = scene.state(), []

    def both(write: Write) -> None:
        write()
        scene.tag_by_hand(theirs.key, theirs.text)
        announced.append(scene.clock.now())

    outcome = scene.fail(1, both).recover(how)
    assert (outcome.code, scene.clock.now()) == (ExitCode.REFUSED, announced[0])
    assert scene.noted.pop(theirs.key) == theirs.text
    scene.tag_by_hand(theirs.key, None)
    assert scene.state() == before
