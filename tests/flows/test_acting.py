"""Every write of a promotion and of a rollback fails, is answered too late, is overtaken or interrupted."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from model_promotion.core.errors import TimedOut
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG, INTENT_TAG
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import HEAD_TAG
from model_promotion.core.steps import SetAlias
from tests.worlds import (
    Effect,
    Scene,
    Write,
    a_scene,
    interrupted_after,
    interrupted_before,
    lost_reply,
    lost_request,
    press_ctrl_c,
    refused,
    version,
)

# A promotion writes: intent, backup, target, head, end of intent.
BEFORE_THE_RECORD = (1, 2, 3)
ALL = (1, 2, 3, 4, 5)
Call = Callable[[Scene], Outcome]


def forward(scene: Scene) -> Outcome:
    return scene.promote("3")


def back(scene: Scene) -> Outcome:
    return scene.rollback()


def a_story() -> Scene:
    """v2 was promoted over v1; v3 is better."""
    scene = a_scene()
    scene.promote()
    return scene.heal()


def invariants(scene: Scene, candidate: str = "3", predecessor: str = "2") -> None:
    """The alias points at a READY version, and while that is the candidate, its predecessor is known."""
    stands = scene.aliases["champion"]
    assert scene.registry.known["shop.pricing.churn", stands].status == "READY"
    if stands == candidate:
        assert scene.aliases["prev_champion"] == predecessor


@pytest.mark.parametrize(("effect", "code"), [(lost_request, ExitCode.DENIED), (refused, ExitCode.DENIED)])
@pytest.mark.parametrize("at", BEFORE_THE_RECORD)
def test_a_write_that_fails_is_followed_by_putting_everything_back(at: int, effect: Effect, code: ExitCode) -> None:
    scene = a_story()
    before = scene.state()
    outcome = forward(scene.fail(at, effect))
    assert (outcome.code, scene.state(), scene.fits()) == (code, before, True)
    assert outcome.summary.startswith("not promoted: ")
    assert "everything was put back" in outcome.summary
    assert outcome.hints


@pytest.mark.parametrize("at", [1, 2])
def test_a_rollback_whose_alias_did_not_move_leaves_everything_as_it_was(at: int) -> None:
    scene = a_story()
    before = scene.state()
    outcome = back(scene.fail(at, lost_request))
    assert (outcome.code, scene.state(), scene.fits()) == (ExitCode.DENIED, before, True)
    assert outcome.summary.startswith("not rolled back: ")
    assert outcome.hints


@pytest.mark.parametrize("call", [forward, back])
@pytest.mark.parametrize("at", ALL)
def test_a_lost_reply_is_settled_by_reading_and_the_work_goes_on(at: int, call: Call) -> None:
    scene, plain = a_story(), a_story()
    expected = call(plain)
    outcome = call(scene.fail(at, lost_reply))
    assert (outcome.code, scene.aliases, scene.fits()) == (ExitCode.DONE, plain.aliases, True)
    assert scene.writer.sent[1:] != []
    assert len(scene.writer.sent) == len(plain.writer.sent)
    assert outcome.summary == expected.summary
    assert not scene.noted


@pytest.mark.parametrize("call", [forward, back])
@pytest.mark.parametrize("at", ALL)
@pytest.mark.parametrize("effect", [lost_request, refused])
def test_a_failed_write_after_the_move_is_a_warning_never_an_undo(at: int, call: Call, effect: Effect) -> None:
    scene = a_story()
    outcome = call(scene.fail(at, effect))
    moved = scene.aliases["champion"] != "2"
    assert moved is (at > (3 if call is forward else 2))
    assert outcome.code == (ExitCode.WARNED if moved else ExitCode.DENIED)
    assert bool(outcome.warnings) is moved
    assert bool(outcome.undo) is moved
    invariants(scene)


def test_a_hold_that_could_not_be_set_is_said_and_the_rollback_stands() -> None:
    scene = a_story().fail(3, refused)
    outcome = scene.rollback()
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "1")
    assert outcome.summary.endswith("v2 could not be held")
    assert HOLD_TAG not in scene.registry.version("shop.pricing.churn", "2").tags


def test_a_backup_that_cannot_be_set_after_a_rollback_does_not_cost_the_hold() -> None:
    scene = a_story()
    scene.promote("3")
    outcome = scene.fail(3, refused).rollback()
    assert (outcome.code, outcome.summary[-10:]) == (ExitCode.WARNED, "v3 is held")


@pytest.mark.parametrize("at", [4, 5])
def test_an_end_that_could_not_be_written_names_the_command_that_finishes_it(at: int) -> None:
    scene = a_story()
    outcome = forward(scene.fail(at, lost_request))
    assert "--recover resume" in outcome.warnings[0]
    assert scene.heal().recover("resume").code is ExitCode.DONE
    assert not scene.noted
    assert scene.fits()


def rival(scene: Scene, deed: str) -> None:
    if deed == "intent":
        scene.tag_by_hand(INTENT_TAG, "another")
    else:
        scene.by_hand(deed, "4")


@pytest.mark.parametrize("at", BEFORE_THE_RECORD)
@pytest.mark.parametrize("order", ["just before", "just after"])
@pytest.mark.parametrize("deed", ["champion", "prev_champion", "intent"])
def test_a_rival_between_any_two_writes_is_a_conflict_whose_work_stays(at: int, order: str, deed: str) -> None:
    scene = a_story()

    def overtaken(write: Write) -> None:
        if order == "just after":
            write()
        rival(scene, deed)
        if order == "just before":
            write()

    outcome = forward(scene.fail(at, overtaken))
    # No registry has compare-and-set: what a rival wrote just before our write of the same thing is overwritten unseen.
    unseen = order == "just before" and (at, deed) in {(2, "prev_champion"), (3, "champion")}
    if unseen:
        assert outcome.code is ExitCode.DONE
        assert (scene.aliases["champion"], scene.aliases["prev_champion"]) == ("3", "2")
        return
    if deed == "intent" and at > 1:  # Who announces something after us finds ours, and withdraws.
        assert (outcome.code, scene.fits(), scene.noted) == (ExitCode.DONE, True, {INTENT_TAG: "another"})
        return
    assert outcome.code is ExitCode.REFUSED
    assert outcome.hints
    assert scene.aliases["champion"] in ("2", "4")
    theirs = scene.tags[INTENT_TAG] if deed == "intent" else scene.aliases[deed]
    assert theirs == ("another" if deed == "intent" else "4")
    assert scene.noted == ({INTENT_TAG: "another"} if deed == "intent" else {})


def test_what_was_recorded_since_the_decision_is_a_conflict_although_everything_stands_as_it_did() -> None:
    """Somebody promotes the same version and goes back, all between our decision and our announcement."""
    scene = a_story()
    other, left = replace(scene), []

    def there_and_back(write: Write) -> None:
        assert [other.promote("3").code, other.rollback().code] == [ExitCode.DONE, ExitCode.DONE]
        left.append(other.state())
        write()

    before = scene.aliases
    outcome = forward(scene.fail(1, there_and_back))
    assert (outcome.code, scene.state(), scene.aliases) == (ExitCode.REFUSED, left[0], before)
    assert "something else was done and recorded meanwhile; everything was put back" in outcome.summary
    assert not [step for step in scene.writer.sent if isinstance(step, SetAlias)]


def test_of_two_who_announce_themselves_at_once_the_one_that_does_not_come_first_withdraws_at_once() -> None:
    """The other one waits for that, but not for ever."""
    scene, first = a_story(), f"{INTENT_TAG}_000000000000"
    announced: list[float] = []

    def both(write: Write) -> None:
        write()
        scene.tag_by_hand(first, "theirs")
        announced.append(scene.clock.now())

    outcome = forward(scene.fail(1, both))
    assert (outcome.code, scene.noted, scene.aliases["champion"]) == (ExitCode.REFUSED, {first: "theirs"}, "2")
    assert scene.clock.now() == announced[0]


@pytest.mark.parametrize("at", [1, 2])
def test_a_move_that_somebody_else_made_is_not_taken_for_ours(at: int) -> None:
    scene = a_story()

    def overtaken(write: Write) -> None:
        write()
        scene.by_hand("champion", "3")

    outcome = forward(scene.fail(at, overtaken))
    assert (outcome.code, scene.aliases["champion"], len(scene.journal.records)) == (ExitCode.REFUSED, "3", 1)
    assert "@champion is v3 already: somebody else moved it meanwhile" in outcome.summary


def test_a_backup_that_stood_already_must_still_stand_when_the_target_moves() -> None:
    scene = a_scene(aliases={"champion": "1", "prev_champion": "1", "staging": "2"})

    def overtaken(write: Write) -> None:
        write()
        scene.by_hand("prev_champion", "4")

    outcome = scene.fail(1, overtaken).promote()
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.REFUSED, "1")


@pytest.mark.parametrize("at", BEFORE_THE_RECORD)
def test_when_nothing_can_be_read_after_a_write_the_message_says_so(at: int) -> None:
    scene = a_story()

    def goes_silent(write: Write) -> None:
        write()
        scene.registry.deaf_for = 100

    outcome = forward(scene.fail(at, goes_silent))
    assert outcome.code is ExitCode.DENIED
    assert "not everything could be put back: what stands now could not be read" in outcome.summary
    assert scene.heal().recover("abandon").code is ExitCode.DONE
    assert scene.aliases["champion"] == "2"


@pytest.mark.parametrize("tries", [1, 2])
def test_a_read_that_fails_once_or_twice_after_a_write_is_repeated(tries: int) -> None:
    scene = a_story()

    def stumbles(write: Write) -> None:
        write()
        scene.registry.deaf_for = tries

    scene.fail(2, stumbles)
    assert forward(scene).code is ExitCode.DONE


@pytest.mark.parametrize("effect", [interrupted_before, interrupted_after])
@pytest.mark.parametrize("at", BEFORE_THE_RECORD)
def test_ctrl_c_at_any_write_before_the_record_undoes_what_was_half_done(at: int, effect: Effect) -> None:
    scene = a_story()
    before = scene.state()
    outcome = forward(scene.fail(at, effect))
    assert (outcome.code, scene.state()) == (ExitCode.INTERRUPTED, before)
    assert outcome.hints


@pytest.mark.parametrize("call", [forward, back])
@pytest.mark.parametrize("at", [4, 5])
def test_ctrl_c_while_the_record_is_written_comes_too_late_and_is_said(at: int, call: Call) -> None:
    scene = a_story()
    outcome = call(scene.fail(at, interrupted_after))
    assert (outcome.code, scene.fits()) == (ExitCode.WARNED, True)
    assert "the interrupt came when" in outcome.warnings[0]
    assert not scene.noted


@pytest.mark.parametrize("at", [2, 3])
def test_a_defect_at_any_write_is_raised_after_everything_was_put_back(at: int) -> None:
    scene = a_story()
    before = scene.state()

    def stumbles(write: Write) -> None:
        write()
        raise ZeroDivisionError

    scene.fail(at, stumbles)
    with pytest.raises(ZeroDivisionError):
        forward(scene)
    assert scene.state() == before


@dataclass
class Late:
    """A write that gets no answer in time, and may land later."""

    land: Write = lambda: None

    def __call__(self, write: Write) -> None:
        self.land = write
        raise TimedOut("no answer within 60 s", hint="allow more with --timeout")


@pytest.mark.parametrize(("call", "at"), [(forward, 1), (forward, 2), (forward, 3), (back, 1), (back, 2)])
def test_a_write_without_an_answer_in_time_leaves_everything_as_it_is(call: Call, at: int) -> None:
    scene = a_story()
    outcome = call(scene.fail(at, Late()))
    assert (outcome.code, len(scene.writer.sent)) == (ExitCode.DENIED, at)  # Nothing was sent after it.
    assert (bool(scene.noted)) is (at > 1)
    assert "not everything could be put back" in outcome.summary
    assert "--recover" in outcome.hints[0]
    invariants(scene)


@pytest.mark.parametrize("how", ["resume", "abandon"])
@pytest.mark.parametrize("lands", [True, False])
@pytest.mark.parametrize(("call", "at"), [(forward, 1), (forward, 2), (forward, 3), (back, 1), (back, 2)])
def test_whether_it_landed_or_not_recovery_finishes_it_or_puts_everything_back(
    call: Call, at: int, how: str, *, lands: bool
) -> None:
    scene, late = a_story(), Late()
    before = scene.aliases
    call(scene.fail(at, late))
    if lands:
        late.land()
    assert scene.heal().recover(how).code is ExitCode.DONE
    moved = how == "resume" and (lands or at > 1)
    assert scene.aliases["champion"] == (("3" if call is forward else "1") if moved else "2")
    assert moved or scene.aliases == before
    assert (scene.noted, scene.fits()) == ({}, True)


@pytest.mark.parametrize(("call", "at"), [(forward, 2), (forward, 3), (back, 2)])
def test_a_second_ctrl_c_while_things_are_put_back_ends_at_once_and_says_what_was_last_read(
    call: Call, at: int
) -> None:
    scene = a_story()

    def pressed_twice(write: Write) -> None:
        write()
        scene.writer.at, scene.writer.effect = at + 1, interrupted_before
        press_ctrl_c()

    outcome = call(scene.fail(at, pressed_twice))
    assert (outcome.code, len(scene.writer.sent)) == (ExitCode.INTERRUPTED, at + 1)
    assert "ended at once; @" in outcome.summary
    assert "when last read; nothing more was put back" in outcome.summary
    assert "--recover" in outcome.hints[0]
    invariants(scene)
    assert scene.heal().recover("abandon").code is ExitCode.DONE
    assert (scene.aliases["champion"], bool(scene.noted)) == ("2", False)


def test_the_head_is_the_last_thing_written_before_the_intent_goes() -> None:
    scene = a_story()
    forward(scene)
    opening, *between, closing = [getattr(step, "key", None) or step.alias for step in scene.writer.sent]
    assert between == ["prev_champion", "champion", HEAD_TAG]
    assert opening == closing
    assert opening.startswith(INTENT_TAG)


def test_a_first_promotion_that_fails_leaves_no_alias_behind() -> None:
    scene = a_scene(version("1"), aliases={"staging": "1"})
    outcome = scene.fail(2, interrupted_after).promote()
    assert (outcome.code, scene.aliases) == (ExitCode.INTERRUPTED, {"staging": "1"})
