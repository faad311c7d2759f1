"""The worst of several exit codes, and what a fleet is made of."""

from dataclasses import replace
from itertools import combinations

import pytest

from model_promotion.core.exits import ExitCode
from model_promotion.core.fleet import FROM_THE_WORST, Fleet, Unit, worst
from model_promotion.core.request import Mode, Request


@pytest.mark.parametrize(("worse", "better"), combinations(FROM_THE_WORST, 2))
def test_of_any_two_codes_the_worse_counts(worse: ExitCode, better: ExitCode) -> None:
    assert worst([better, worse]) is worst([worse, better]) is worse


def test_every_code_has_its_place_and_nothing_at_all_is_done() -> None:
    assert set(FROM_THE_WORST) == set(ExitCode)
    assert [int(code) for code in FROM_THE_WORST] == [130, 70, 64, 4, 3, 2, 1, 0]
    assert worst([]) is ExitCode.DONE


def test_a_change_reaches_every_member_in_its_place() -> None:
    one, two = Request(Mode.PROMOTE, "a"), Request(Mode.PROMOTE, "b")
    fleet = Fleet((Unit((one,)), Unit((two,), "pricing")), 3, "fleet.toml")
    changed = fleet.each(lambda member: replace(member, target_alias="canary"))
    assert [member.target_alias for member in changed.members] == ["canary", "canary"]
    assert [(unit.name, len(unit.members)) for unit in changed.units] == [("", 1), ("pricing", 1)]
    assert (changed.workers, changed.file) == (3, "fleet.toml")
