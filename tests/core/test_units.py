"""What is asked for more of, in the words of what makes rows independent."""

import pytest

from model_promotion.core.gate import GateRule, Measured, judge
from model_promotion.core.metrics import Direction
from model_promotion.core.units import ROWS, Units

USERS, WEIGHTED = Units("user"), Units(weighted=True)


@pytest.mark.parametrize(
    ("units", "there", "worth", "said"),
    [
        (ROWS, 12, 12, "12 rows are fewer than 30"),
        (ROWS, 1, 1, "there is one row only, and one tells nothing of others"),
        (ROWS, 31, 29, "29 rows are fewer than 30"),
        (USERS, 1, 1, "all rows have one value of user, and one unit tells nothing of others"),
        (USERS, 12, 12, "about 12 values of user are fewer than 30"),
        (USERS, 300, 7, "the numbers of rows of each are so uneven that the values of user say as much as 7 even ones"),
        (WEIGHTED, 12, 3, "12 rows are fewer than 30"),
        (WEIGHTED, 900, 1, "their weights are so uneven that the rows say as much as one, and one tells nothing"),
        (Units("user", weighted=True), 300, 7, "their weights are so uneven that the values of user say as much as 7"),
    ],
)
def test_too_few_are_told_as_what_they_are(units: Units, there: int, worth: int, said: str) -> None:
    assert units.few(there, worth).startswith(said)


@pytest.mark.parametrize(
    ("units", "said"),
    [
        (ROWS, "about 12,800 rows"),
        (WEIGHTED, "about 12,800 rows, weighted as these are"),
        (USERS, "about 12,800 rows of 3.2 times as many values of user"),
        (Units("user", weighted=True), "about 12,800 rows of 3.2 times as many values of user, weighted as these are"),
    ],
)
def test_more_rows_of_the_same_units_would_not_help_so_more_units_are_asked_for(units: Units, said: str) -> None:
    assert units.more(12_800, 4000) == said


def test_the_gate_asks_for_more_in_those_words() -> None:
    measured = Measured(0.0, 4000, "made up", lambda _alpha: (-0.012, 0.012), units=USERS)
    found = judge("f1", measured, GateRule(Direction.HIGHER, margin=0.01))
    assert found.reason.endswith("it would take about 5,800 rows of 1.5 times as many values of user")
    assert found.rows_needed == 5800
    assert found.units.hint == "name rows of more values of user"


def test_a_difference_that_few_carry_asks_for_more_of_them() -> None:
    assert ROWS.hangs_on_few(4000, 1.5).endswith("asks for about 6,000, not 4,000")
    said = USERS.hangs_on_few(4000, 1.001)
    assert said.endswith("too few values of user: so uneven a difference asks for 1.1 times as many")
    assert USERS.hangs_on_few(4000, 41.2).endswith("asks for 42 times as many")
