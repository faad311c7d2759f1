import pytest

from model_promotion.core.budget import Bounded, Kept, kept, worst
from model_promotion.core.finding import Verdict


@pytest.mark.parametrize(
    ("measured", "found"),
    [
        (Bounded(90, 80, 100), Kept.YES),
        (Bounded(90, 80, 101), Kept.UNSURE),
        (Bounded(105, 100, 120), Kept.UNSURE),
        (Bounded(110, 101, 120), Kept.NO),
        (Bounded(110, 101, None), Kept.NO),
        (Bounded(50, 40, None), Kept.UNKNOWN),
        (Bounded(110, None, None), Kept.UNKNOWN),
        (Bounded(90, None, 95), Kept.YES),
        (None, Kept.UNKNOWN),
    ],
)
def test_a_budget_is_kept_or_missed_only_when_that_is_sure(measured: Bounded | None, found: Kept) -> None:
    assert kept(measured, 100) is found


def test_the_worst_part_decides_and_no_part_at_all_is_unknown() -> None:
    assert worst([Kept.YES, Kept.UNSURE]) is Kept.UNSURE
    assert worst([Kept.UNSURE, Kept.UNKNOWN, Kept.YES]) is Kept.UNKNOWN
    assert worst([Kept.UNKNOWN, Kept.NO]) is Kept.NO
    assert worst([]) is Kept.UNKNOWN


def test_only_what_is_surely_within_passes() -> None:
    assert [one.verdict for one in Kept] == [Verdict.PASSED, Verdict.FAILED, Verdict.WARNED, Verdict.UNKNOWN]


def test_a_bound_that_nobody_knows_is_a_question_mark() -> None:
    assert Bounded(1.25, None, 2).said() == "1.2 [?, 2.0]"
