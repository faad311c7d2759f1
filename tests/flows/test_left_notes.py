"""Notes that are left by calls that moved nothing: beside the work that was cut off, or after another was recorded."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product

import pytest

from model_promotion.core.errors import Denied
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG, intents
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import HEAD_TAG
from model_promotion.core.request import Mode
from model_promotion.core.selector import ByNumber
from tests.worlds import Killed, Scene, Write, a_story, killed, killed_after

Call = Callable[[Scene], Outcome]
HOWS = ["resume", "abandon"]


def to(number: str) -> Call:
    return lambda scene: scene.promote(number)


def back(scene: Scene) -> Outcome:
    return scene.rollback()


def released(scene: Scene) -> Outcome:
    return scene.call(Mode.RELEASE, candidate=ByNumber("1"), candidate_named=True)


def a_held_story() -> Scene:
    """v3 is champion, v2 its backup, v1 is held."""
    scene = a_story()
    scene.tag_by_hand(HOLD_TAG, "bad data", "1")
    return scene


def killed_at_its_note(idle: Call, first: Call, at: int, *, dies: bool) -> Scene:
    """`idle` decides before `first` begins; its note lands just after the `at`-th write of `first`, and it is killed.

    `first` has looked for the notes of others by then. It is killed too, or goes on to its end.
    """
    scene = a_held_story()
    early, other = replace(scene), replace(scene)

    def lands(note: Write) -> None:
        def beside(write: Write) -> None:
            write()
            note()
            if dies:
                raise Killed

        with suppress(Killed):
            assert first(other.fail(at, beside)).code is ExitCode.DONE
        raise Killed

    with pytest.raises(Killed):
        idle(early.fail(1, lands))
    return scene.heal()


def settled(scene: Scene) -> tuple[object, ...]:
    """Everything but the notes."""
    aliases, tags, versions = scene.state()
    return aliases, {key: tags[key] for key in tags.keys() - scene.noted.keys()}, versions


# --- nothing is left but a note, and the model went on ---

OVERTAKEN: dict[str, tuple[Call, Call, str]] = {
    "a promotion by another one": (to("2"), to("4"), "a promote of @champion from v3 to v2"),
    "a promotion by the same one": (to("4"), to("4"), "a promote of @champion from v3 to v4"),
    "a rollback by a promotion": (back, to("4"), "a rollback of @champion from v3 to v2"),
    "a rollback by the same one": (back, back, "a rollback of @champion from v3 to v2"),
    "a promotion by a release": (to("4"), released, "a promote of @champion from v3 to v4"),
    "a release by a promotion": (released, to("4"), "a release of v1"),
}


@pytest.mark.parametrize("journal", ["there", "down"])
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("which", OVERTAKEN)
def test_a_note_of_what_was_overtaken_before_it_moved_anything_is_all_that_recovery_takes_away(
    which: str, how: str, journal: str
) -> None:
    idle, first, told = OVERTAKEN[which]
    scene = killed_at_its_note(idle, first, 2, dies=False)
    before, records = settled(scene), list(scene.journal.records)
    scene.journal.broken = journal == "down"
    outcome = scene.recover(how)
    scene.journal.broken = False
    assert (settled(scene), scene.journal.records, scene.noted, scene.fits()) == (before, records, {}, True)
    assert outcome.summary == f"{told} had moved nothing, and something else was recorded since; its note is gone"
    # What was to be finished was not.
    assert outcome.code is (ExitCode.WARNED if how == "resume" else ExitCode.DONE)
    assert bool(outcome.warnings) is (how == "resume")


@pytest.mark.parametrize("how", HOWS)
def test_who_was_overtaken_and_could_not_take_its_note_away_is_recovered_in_the_same_way(how: str) -> None:
    scene = a_story()
    other = replace(scene)

    def overtaken(note: Write) -> None:
        assert other.promote("4").code is ExitCode.DONE
        note()
        scene.writer.at, scene.writer.effect = 2, not_any_more

    def not_any_more(_: Write) -> None:
        raise Denied("not allowed any more")

    outcome = scene.fail(1, overtaken).rollback()
    assert (outcome.code, len(scene.noted)) == (ExitCode.REFUSED, 1)
    assert "something else was done and recorded meanwhile; not everything could be put back" in outcome.summary
    before = settled(scene)
    assert "had moved nothing" in scene.heal().recover(how).summary
    assert (settled(scene), scene.noted, scene.fits()) == (before, {}, True)


@pytest.mark.parametrize("how", HOWS)
def test_of_a_note_that_was_overtaken_and_work_of_today_the_work_of_today_is_ended(how: str) -> None:
    """What overtook the note left the backup where the note would have put it: that counts for nothing."""
    scene = a_story()
    stale, first, today = replace(scene), replace(scene), replace(scene)

    def lands(note: Write) -> None:
        first.promote("4")

        def beside(write: Write) -> None:
            write()
            note()
            raise Killed

        with suppress(Killed):
            today.fail(2, beside).rollback()
        raise Killed

    with pytest.raises(Killed):
        stale.fail(1, lands).promote("4")
    assert [intent.kind for intent in intents(scene.tags)] == ["promote", "rollback"]
    outcome = scene.heal().recover(how)
    assert (outcome.code, scene.noted, scene.fits()) == (ExitCode.DONE, {}, True)
    assert (scene.aliases["champion"], scene.aliases["prev_champion"]) == (
        ("3", "2") if how == "resume" else ("4", "3")
    )
    assert [record.kind for record in scene.journal.records[3:]] == (["rollback"] if how == "resume" else [])


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("head", ["as it was", "gone"])
def test_a_head_of_the_records_that_was_mended_since_does_not_make_work_look_overtaken(head: str, how: str) -> None:
    scene = a_story()
    good = scene.tags[HEAD_TAG]
    scene.tag_by_hand(HEAD_TAG, "strange")
    killed(scene, Mode.PROMOTE, 3, killed_after)
    scene.tag_by_hand(HEAD_TAG, good if head == "as it was" else None)
    assert scene.recover(how).code is ExitCode.DONE
    assert (scene.aliases["champion"], scene.noted) == ("4" if how == "resume" else "3", {})


# --- several notes, and one of them had got further ---


@dataclass(frozen=True)
class CutOff:
    """One was killed at its note, another after so many of its writes; what is told of the first; the end of both."""

    idle: Call
    first: Call
    at: int
    told: str
    resumed: tuple[str, str, str]
    abandoned: tuple[str, str, str] = ("3", "2", "1")

    def end(self, how: str) -> tuple[str, str, str]:
        """Champion, backup, and which versions are held."""
        return self.resumed if how == "resume" else self.abandoned


TWO: dict[str, CutOff] = {
    "two promotions": CutOff(to("4"), to("2"), 3, "a promote of @champion from v3 to v4", ("2", "3", "1")),
    "the same promotion twice": CutOff(to("4"), to("4"), 3, "a promote of @champion from v3 to v4", ("4", "3", "1")),
    "the same rollback twice": CutOff(back, back, 3, "a rollback of @champion from v3 to v2", ("2", "1", "13")),
    "a promotion beside a release": CutOff(
        to("4"), released, 2, "a promote of @champion from v3 to v4", ("3", "2", "")
    ),
    "a release beside a promotion": CutOff(released, to("4"), 3, "a release of v1", ("4", "3", "1")),
    "a promotion beside a rollback": CutOff(to("4"), back, 4, "a promote of @champion from v3 to v4", ("2", "1", "13")),
}


def stands(scene: Scene) -> tuple[str, str, str]:
    held = sorted(number for (_, number), version in scene.registry.known.items() if HOLD_TAG in version.tags)
    return scene.aliases["champion"], scene.aliases["prev_champion"], "".join(held)


def two_cut_off(which: str) -> Scene:
    """Two announced themselves at once and both died: one before it moved anything, one after it had."""
    two = TWO[which]
    scene = killed_at_its_note(two.idle, two.first, two.at, dies=True)
    assert len(scene.noted) == 2
    return scene


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("which", TWO)
def test_of_two_that_were_cut_off_the_one_that_moved_something_is_finished(which: str, how: str) -> None:
    scene = two_cut_off(which)
    outcome = scene.recover(how)
    assert (outcome.code, scene.noted, scene.fits()) == (ExitCode.DONE, {}, True)
    assert stands(scene) == TWO[which].end(how)
    assert len(scene.journal.records) == (3 if how == "resume" else 2)
    assert f"{TWO[which].told} had moved nothing; its note was removed" in outcome.summary


@pytest.mark.parametrize("at", range(1, 9))
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("which", TWO)
def test_a_recovery_of_two_that_is_cut_off_can_be_repeated(which: str, at: int, how: str) -> None:
    scene = two_cut_off(which)

    with suppress(Killed):  # It may have had fewer writes, and ended.
        scene.fail(at, killed_after).recover(how)
    scene.heal().recover(how)
    assert (scene.noted, scene.fits(), stands(scene)) == ({}, True, TWO[which].end(how))
    assert len(scene.journal.records) == (3 if how == "resume" else 2)


@pytest.mark.parametrize(("which", "how"), product(["promotion", "rollback"], HOWS))
def test_of_two_equal_ones_the_one_that_is_recorded_is_known_by_its_record(which: str, how: str) -> None:
    """Both would move the same; the first was killed when its record was written and the head not yet."""
    call, head = (to("4"), 4) if which == "promotion" else (back, 5)
    scene = a_story()
    idle, first = replace(scene), replace(scene)

    def lands(note: Write) -> None:
        def beside(_: Write) -> None:
            note()
            raise Killed

        with suppress(Killed):
            call(first.fail(head, beside))
        raise Killed

    with pytest.raises(Killed):
        call(idle.fail(1, lands))
    aliases, records = scene.aliases, [record.id for record in scene.journal.records]
    assert (len(scene.noted), len(records), scene.fits()) == (2, 3, False)
    outcome = scene.heal().recover(how)
    assert (outcome.code, scene.noted, scene.aliases, scene.fits()) == (ExitCode.DONE, {}, aliases, True)
    assert [record.id for record in scene.journal.records] == records
    assert "had ended and is recorded" in outcome.summary
