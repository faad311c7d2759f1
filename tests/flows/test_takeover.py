"""A call hangs at one of its writes, somebody takes its work over meanwhile, and then it goes on.

It does not matter whether its lease was over by then or --force was given. What one write can still do that reaches the
registry only after the takeover is said here exactly (LATE).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pytest

from model_promotion.core.errors import PromotionError, Unavailable
from model_promotion.core.event import Event
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import HEAD_TAG, Record
from model_promotion.core.request import Mode
from model_promotion.core.selector import ByNumber
from model_promotion.core.steps import SetAlias
from model_promotion.journals.memory import MemoryJournal
from model_promotion.owners import MemoryOwner
from model_promotion.voices import Silent
from tests.worlds import MODEL, Killed, Scene, Write, a_story, killed, killed_after

Call = Callable[[Scene], Outcome]
LONG_S = 1000
OTHER = MemoryOwner("elsewhere-7-7")
HOWS = ["resume", "abandon"]


def a_held_story() -> Scene:
    scene = a_story()
    scene.tag_by_hand(HOLD_TAG, "bad data", "1")
    return scene


@dataclass(frozen=True)
class Hanging:
    """A call that hangs: the story before it, how often it writes, and from which write on it is on record."""

    story: Callable[[], Scene]
    call: Call
    writes: int
    recorded_from: int


def forward(scene: Scene) -> Outcome:
    return scene.promote("4")


def back(scene: Scene) -> Outcome:
    return scene.rollback()


def released(scene: Scene) -> Outcome:
    return scene.call(Mode.RELEASE, candidate=ByNumber("1"), candidate_named=True)


def resumed(scene: Scene) -> Outcome:
    return scene.recover("resume")


def abandoned(scene: Scene) -> Outcome:
    return scene.recover("abandon")


CALLS = {
    "promote": Hanging(a_story, forward, 5, 4),  # note, backup, target, head, end
    "rollback": Hanging(a_story, back, 6, 5),  # note, target, backup, hold, head, end
    "release": Hanging(a_held_story, released, 4, 3),  # note, hold, head, end
    # its own note, the end of the note that was left, backup, target, head, end
    "resume": Hanging(lambda: killed(a_story(), Mode.PROMOTE, 1, killed_after), resumed, 6, 5),
    # its own note, the end of the note that was left, target, backup, end
    "abandon": Hanging(lambda: killed(a_story(), Mode.PROMOTE, 3, killed_after), abandoned, 5, 5),
}
PREDECESSORS = {"4": "v3", "3": "v2", "2": "v1"}


def hold(number: str) -> str:
    return f"the tag {HOLD_TAG} of v{number}"


EVERY = [(name, at) for name, hanging in CALLS.items() for at in range(1, hanging.writes + 1)]
FIRST = [("promote", 1), ("rollback", 1), ("release", 1)]
# The write that reaches the registry after the other one has ended the work in this way stands, and nothing else.
LATE: Mapping[tuple[str, int, str], tuple[str, str | None]] = {
    ("promote", 2, "abandon"): ("@prev_champion", "v3"),
    ("promote", 3, "abandon"): ("@champion", "v4"),
    ("rollback", 2, "abandon"): ("@champion", "v2"),
    ("rollback", 3, "abandon"): ("@prev_champion", "v1"),
    ("rollback", 4, "abandon"): (hold("3"), "rolled back from @champion at 2023-11-14 22:16:20Z"),
    ("release", 2, "abandon"): (hold("1"), None),
    ("resume", 3, "abandon"): ("@prev_champion", "v3"),
    ("resume", 4, "abandon"): ("@champion", "v4"),
    ("abandon", 3, "resume"): ("@champion", "v3"),
    ("abandon", 4, "resume"): ("@prev_champion", "v2"),
}


def named(scene: Scene) -> dict[str, str | None]:
    """Everything that stands, by the name that a message gives it."""
    aliases, tags, versions = scene.state()
    of_versions = {f"the tag {key} of v{at}": text for (_, at), held in versions.items() for key, text in held.items()}
    return {f"@{alias}": f"v{number}" for alias, number in aliases.items()} | tags | of_versions


@dataclass
class Played:
    """How both ended (an error is told like an outcome), and what stood when the other one had ended."""

    name: str
    scene: Scene
    left: dict[str, str | None]
    theirs: Outcome
    code: int = -1
    said: str = ""

    @property
    def changed(self) -> dict[str, str | None]:
        """What is not as the other one left it."""
        now = named(self.scene)
        return {what: now.get(what) for what in now | self.left if now.get(what) != self.left.get(what)}

    @property
    def astray(self) -> set[str]:
        """What is not as the record says: an alias, or a hold that is there or missing."""
        now, last = named(self.scene), self.scene.journal.records[-1]
        stands = [record.to for record in self.scene.journal.records if record.alias == "champion"][-1]
        told = {"@champion": f"v{stands}", "@prev_champion": PREDECESSORS[str(stands)]}
        held = {hold("3")} if last.kind == "rollback" else set()
        held |= {hold("1")} if self.name == "release" and last.kind != "release" else set()
        return {alias for alias, at in told.items() if now[alias] != at} | held ^ {
            one for one in now if HOLD_TAG in one
        }


def hung(name: str, at: int, how: str, order: str, *, force: bool) -> Played:
    """The call hangs just before or after its write; the other one takes over and ends it; the call goes on."""
    scene = CALLS[name].story()
    other, played = replace(scene, owner=OTHER), []

    def hang(write: Write) -> None:
        if order == "after":
            write()
        scene.clock.sleep(0 if force else LONG_S)
        outcome = other.recover(how, force=force)
        played.append(Played(name, scene, named(scene), outcome))
        if order == "before":
            write()

    code, said = ended(lambda: CALLS[name].call(scene.fail(at, hang)))
    return replace(played[0], code=code, said=said)


def ended(call: Callable[[], Outcome]) -> tuple[int, str]:
    """The exit code, and everything that was said."""
    try:
        outcome = call()
    except PromotionError as error:
        return int(error.code), f"{error} {error.hint}"
    return int(outcome.code), " ".join((outcome.summary, *outcome.warnings, *outcome.hints))


@pytest.mark.parametrize("force", [False, True], ids=["lease over", "forced"])
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("name", "at"), EVERY)
def test_who_hangs_after_a_write_and_was_taken_over_writes_nothing_more(
    name: str, at: int, how: str, *, force: bool
) -> None:
    played = hung(name, at, how, "after", force=force)
    assert (played.changed, played.theirs.code) == ({}, ExitCode.DONE)
    assert (played.scene.fits(), played.scene.noted, played.astray) == (True, {}, set())
    is_recorded = at >= CALLS[name].recorded_from
    assert played.code in ({ExitCode.DONE, ExitCode.WARNED} if is_recorded else {ExitCode.REFUSED})
    if not is_recorded:
        assert "somebody else has taken this over meanwhile" in played.said
        assert not [words for words in ("but reads", "put back:", "--recover") if words in played.said]


def test_who_is_at_work_on_what_was_taken_over_is_named() -> None:
    slow = a_story()
    other = replace(slow, owner=OTHER)

    def hang(write: Write) -> None:
        write()
        slow.clock.sleep(LONG_S)
        with pytest.raises(Killed):
            other.fail(3, killed_after).recover("resume")  # its own note, the end of ours, the backup

    code, said = ended(lambda: forward(slow.fail(1, hang)))
    assert code == ExitCode.REFUSED
    assert f"not promoted: process {OTHER.name} has taken this over meanwhile; @champion is v3" in said
    assert "it is theirs now, so nothing is put back" in said


@pytest.mark.parametrize("force", [False, True], ids=["lease over", "forced"])
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("name", "at"), [moment for moment in EVERY if moment not in FIRST])
def test_of_who_hangs_before_a_write_and_was_taken_over_that_write_alone_still_lands(
    name: str, at: int, how: str, *, force: bool
) -> None:
    played = hung(name, at, how, "before", force=force)
    what, stands = LATE.get((name, at, how), ("", None))
    assert played.changed == ({what: stands} if what else {})
    assert (played.theirs.code, played.scene.fits(), played.scene.noted) == (ExitCode.DONE, True, {})
    assert played.astray == ({what} if what else set())
    is_recorded = at >= CALLS[name].recorded_from
    assert played.code in ({ExitCode.DONE, ExitCode.WARNED} if is_recorded else {ExitCode.REFUSED})
    if what:
        assert f"{what} is {stands or 'not set'}" in played.said
        assert "--history" in played.said


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("name", "at"), FIRST)
def test_who_hangs_before_its_announcement_has_nothing_to_be_taken_over(name: str, at: int, how: str) -> None:
    played = hung(name, at, how, "before", force=False)
    assert played.theirs.summary == f"nothing to recover for {MODEL}"
    assert (played.code, played.scene.fits(), played.scene.noted) == (ExitCode.DONE, True, {})
    assert played.astray == set()


def test_who_has_undone_what_another_then_finished_says_where_the_alias_is_by_now() -> None:
    played = hung("abandon", 5, "resume", "before", force=False)
    assert (played.code, played.scene.aliases["champion"]) == (ExitCode.WARNED, "4")
    assert "@champion is v4 by now: somebody else moved it since" in played.said


class HangingVoice(Silent):
    """Hangs once, when it has to say that an alias was moved: between two writes, with nothing under way."""

    def __init__(self, alias: str, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self.alias, self.meanwhile = alias, meanwhile

    def tell(self, event: Event) -> None:
        super().tell(event)
        if event.topic == self.alias:
            self.alias = ""
            self.meanwhile()


def hung_between(alias: str, call: Call, meanwhile: Callable[[Scene], object]) -> tuple[Scene, int, str]:
    """A call that hangs for longer than its lease once it has read back a move of this alias."""
    scene = a_story()
    other = replace(scene, owner=OTHER)

    def hang() -> None:
        scene.clock.sleep(LONG_S)
        meanwhile(other)

    mine = replace(scene, voice=HangingVoice(alias, hang))
    code, said = ended(lambda: call(mine))
    return mine, code, said


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("alias", "call"), [("prev_champion", forward), ("champion", forward), ("champion", back)])
def test_who_hangs_between_two_writes_looks_whether_the_work_is_its_own_still(alias: str, call: Call, how: str) -> None:
    left: list[tuple[object, ...]] = []

    def taken_over(other: Scene) -> None:
        assert other.recover(how).code is ExitCode.DONE
        left.append(other.state())

    scene, code, said = hung_between(alias, call, taken_over)
    assert (scene.state(), code, scene.fits()) == (left[0], ExitCode.REFUSED, True)
    assert f"somebody else has taken this over meanwhile; @champion is v{scene.aliases['champion']}" in said


def test_after_a_long_time_the_backup_is_looked_at_once_more_before_the_target_moves() -> None:
    scene, code, said = hung_between("prev_champion", forward, lambda other: other.by_hand("prev_champion", "1"))
    assert (code, scene.aliases["champion"], scene.aliases["prev_champion"]) == (ExitCode.REFUSED, "3", "1")
    assert "@prev_champion was changed by somebody else meanwhile: v1" in said
    assert [step.alias for step in scene.writer.sent if isinstance(step, SetAlias)] == ["prev_champion"]


class HangingJournal(MemoryJournal):
    """Hangs once, when a record is given to it; then it takes the record, or breaks."""

    def __init__(self, before: MemoryJournal, *, breaks: bool = False) -> None:
        super().__init__()
        self.records, self.breaks = before.records, breaks
        self.meanwhile: Callable[[], object] | None = None

    def append(self, record: Record) -> str:
        hang, self.meanwhile = self.meanwhile, None
        if hang:
            hang()
            if self.breaks:
                raise Unavailable("no answer in time")
        return super().append(record)


def hung_at_its_record(how: str, *, breaks: bool = False) -> tuple[Scene, tuple[object, ...], int, str]:
    """A promotion hangs while its record is written; then somebody takes it over."""
    scene = a_story()
    scene.journal = journal = HangingJournal(scene.journal, breaks=breaks)
    other, left = replace(scene, owner=OTHER), []

    def hang() -> None:
        scene.clock.sleep(LONG_S)
        assert other.recover(how).code is ExitCode.DONE
        left.append(scene.state())

    journal.meanwhile = hang
    code, said = ended(lambda: forward(scene))
    return scene, left[0], code, said


def test_a_record_that_lands_when_its_promotion_is_undone_is_no_success_and_the_audit_names_it() -> None:
    scene, left, code, said = hung_at_its_record("abandon")
    assert (scene.state(), scene.aliases["champion"], code) == (left, "3", ExitCode.REFUSED)
    assert "@champion is v3, @prev_champion is v2; record #3 in memory came too late" in said
    assert scene.call(Mode.VERIFY_AUDIT).code is ExitCode.REFUSED


def test_a_record_that_lands_when_another_has_written_it_is_found_by_the_audit() -> None:
    scene, left, code, _ = hung_at_its_record("resume")
    assert (scene.state(), scene.aliases["champion"], code) == (left, "4", ExitCode.WARNED)
    assert [(record.number, record.to) for record in scene.journal.records[2:]] == [(3, "4"), (3, "4")]
    assert scene.call(Mode.VERIFY_AUDIT).code is ExitCode.REFUSED


@pytest.mark.parametrize("how", HOWS)
def test_a_journal_that_hangs_and_breaks_leaves_no_record_in_the_spare_one_once_the_work_is_another_s(how: str) -> None:
    scene, left, code, said = hung_at_its_record(how, breaks=True)
    assert (scene.state(), code, scene.spare.records, scene.fits()) == (left, ExitCode.REFUSED, [], True)
    assert "somebody else has taken this over meanwhile" in said


def test_a_move_that_lands_in_the_promotion_of_a_third_is_said_by_both() -> None:
    slow = a_story()
    other, third = replace(slow, owner=OTHER), replace(slow, owner=MemoryOwner("third-1-1"))
    theirs: list[Outcome] = []

    def hang(write: Write) -> None:
        slow.clock.sleep(LONG_S)
        other.recover("abandon")

        def lands(head: Write) -> None:
            write()
            head()

        theirs.append(third.fail(4, lands).promote("2"))

    code, said = ended(lambda: forward(slow.fail(3, hang)))
    assert (slow.aliases["champion"], slow.journal.records[-1].to, slow.fits()) == ("4", "2", True)
    assert (theirs[0].code, theirs[0].warnings) == (
        ExitCode.WARNED,
        ("@champion is v4 by now: somebody else moved it since",),
    )
    assert (code, "taken this over meanwhile; @champion is v4" in said) == (ExitCode.REFUSED, True)


def test_a_head_that_lands_after_the_next_promotion_is_named_by_the_audit() -> None:
    slow = a_story()
    other = replace(slow, owner=OTHER)

    def hang(write: Write) -> None:
        slow.clock.sleep(LONG_S)
        assert other.recover("resume").summary == "the promote had ended and is recorded; its note is gone"
        assert other.promote("2").code is ExitCode.WARNED
        write()

    code, said = ended(lambda: forward(slow.fail(4, hang)))
    assert (code, "taken this over meanwhile; @champion is v2" in said) == (ExitCode.WARNED, True)
    assert (slow.aliases["champion"], [record.to for record in slow.journal.records[2:]]) == ("2", ["4", "2"])
    assert slow.call(Mode.VERIFY_AUDIT).code is ExitCode.REFUSED


@pytest.mark.parametrize("how", HOWS)
def test_with_a_head_of_the_records_that_nobody_can_read_nothing_is_recorded_twice(how: str) -> None:
    scene = a_story()
    scene.tag_by_hand(HEAD_TAG, "strange")
    other = replace(scene, owner=OTHER)

    def hang(write: Write) -> None:
        write()
        scene.clock.sleep(LONG_S)
        other.recover(how)

    assert scene.fail(3, hang).promote("4").code is ExitCode.REFUSED
    resumed = how == "resume"
    assert (len(scene.journal.records), scene.aliases["champion"]) == ((3, "4") if resumed else (2, "3"))
