"""A second call runs from beginning to end between two writes of the first, or just before one reaches the registry."""

from dataclasses import replace
from itertools import product

import pytest

from model_promotion.core.exits import ExitCode
from model_promotion.core.outcome import Outcome
from tests.worlds import Scene, Write, a_scene

WRITES = list(product([1, 2, 3, 4, 5], ["just before", "just after"]))


def beside(scene: Scene, at: int, order: str) -> tuple[Outcome, Outcome]:
    """v3 is promoted; at its `at`-th write somebody else promotes v4."""
    other = replace(scene)
    theirs: list[Outcome] = []

    def meanwhile(write: Write) -> None:
        if order == "just after":
            write()
        theirs.append(other.promote("4"))
        if order == "just before":
            write()

    return scene.fail(at, meanwhile).promote("3"), theirs[0]


@pytest.mark.parametrize(("at", "order"), WRITES)
def test_of_two_promotions_at_once_one_wins_and_the_record_shows_one_history(at: int, order: str) -> None:
    scene = a_scene()
    scene.promote("2")
    ours, theirs = beside(scene.heal(), at, order)
    codes = [ours.code, theirs.code]
    if (at, order) == (5, "just after"):
        assert codes == [ExitCode.DONE, ExitCode.DONE]  # The first had ended, so the second is simply the next one.
        assert (scene.aliases["champion"], scene.aliases["prev_champion"]) == ("4", "3")
    else:
        assert sorted(codes) == [ExitCode.DONE, ExitCode.REFUSED]
        winner = "3" if ours.code is ExitCode.DONE else "4"
        assert (scene.aliases["champion"], scene.aliases["prev_champion"]) == (winner, "2")
    assert scene.fits()
    assert [record.was for record in scene.journal.records[1:]][:1] == ["2"]
    assert scene.promote(scene.aliases["champion"]).summary.endswith("nothing to do")
