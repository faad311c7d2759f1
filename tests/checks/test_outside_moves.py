"""Moves that somebody made past this tool: noticed, written down, shown."""

import pytest

from model_promotion.checks import outside_moves
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Verdict
from model_promotion.core.request import Mode
from tests.worlds import Killed, Scene, a_scene, a_witness, killed_after


def promoted(*numbers: str) -> Scene:
    scene = a_scene()
    for number in numbers:
        assert scene.promote(number).code is ExitCode.DONE
    return scene.heal()


def test_before_the_first_record_the_question_does_not_arise() -> None:
    assert outside_moves.ask(a_witness(a_scene())) is None


def test_an_alias_where_the_record_says_it_is_passes() -> None:
    finding = outside_moves.ask(a_witness(promoted("2"), "3"))
    assert finding
    assert (finding.verdict, finding.sentence) == (Verdict.PASSED, "@champion is v2, as the record says")


@pytest.mark.parametrize(("stands", "said"), [("1", "v1"), ("4", "v4"), (None, "nothing")])
def test_an_alias_elsewhere_was_moved_outside(stands: str | None, said: str) -> None:
    scene = promoted("2")
    scene.by_hand("champion", stands)
    finding = outside_moves.ask(a_witness(scene, "3"))
    assert finding
    assert finding.verdict is Verdict.WARNED
    assert finding.sentence.startswith(f"@champion is {said}, but record #1 put v2 there")
    assert finding.facts == {"recorded": "2", "record": 1}


@pytest.mark.parametrize("stands", ["1", "4", None])
def test_a_promotion_past_an_outside_move_writes_that_move_down_first(stands: str | None) -> None:
    scene = promoted("2")
    scene.by_hand("champion", stands)
    outcome = scene.promote("3")
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "3")
    outside, own = scene.journal.records[1:]
    assert (outside.number, outside.kind, outside.was, outside.to) == (2, "outside", "2", stands)
    assert (outside.by, outside.vouched_by) == ("unknown", "nobody")
    assert (own.number, own.kind, own.was, own.to) == (3, "promote", stands, "3")
    assert scene.fits()
    assert scene.call(Mode.VERIFY_AUDIT).code is ExitCode.DONE


def test_the_history_shows_it_between_the_moves_of_this_tool() -> None:
    scene = promoted("2")
    scene.by_hand("champion", "4")
    scene.promote("3")
    table = scene.call(Mode.HISTORY).table
    assert table
    assert [row[2] for row in table.rows] == ["promote", "outside", "promote"]


def test_what_was_noticed_is_not_noticed_again() -> None:
    scene = promoted("2")
    scene.by_hand("champion", "4")
    scene.promote("3")
    assert scene.promote("4").code is ExitCode.DONE
    assert [record.kind for record in scene.journal.records].count("outside") == 1


def test_a_promotion_that_is_undone_writes_nothing_down() -> None:
    scene = promoted("2")
    scene.by_hand("champion", "4")
    scene.promote("3", mode=Mode.CHECK)
    assert len(scene.journal.records) == 1


def test_what_was_cut_off_is_not_taken_for_a_move_from_outside() -> None:
    scene = a_scene()
    scene.promote("2")
    with pytest.raises(Killed):
        scene.heal().fail(3, killed_after).promote("3")
    assert outside_moves.ask(a_witness(scene.heal(), "4")) is None
