"""Better for sure: a bound decides of each metric, and several metrics share the alpha."""

import pytest

from model_promotion.core.better import Answer, Goal, together
from model_promotion.core.gate import GateRule, Measured
from model_promotion.core.metrics import Direction
from model_promotion.core.surely import Superiority

RULE = GateRule(Direction.HIGHER, margin=0.01)


def measured(change: float, too_few: str = "") -> Measured:
    """Known to half a point at alpha 0.05, and less well below."""
    return Measured(
        change, 5000, "made up", lambda alpha: (change - 0.00025 / alpha, change + 0.00025 / alpha), too_few
    )


def answer(*changes: Measured, gain: float = 0.0, candidates: int = 1) -> Answer:
    named = {f"m{place}": one for place, one in enumerate(changes)}
    asked = Superiority(named, dict.fromkeys(named, RULE), candidates=candidates)
    return together([part for _, part in asked.asked([(Goal(name), gain) for name in named])]).answer


@pytest.mark.parametrize(
    ("changes", "gain", "found"),
    [
        ((0.006,), 0.0, Answer.BETTER),
        ((0.006,), 0.002, Answer.NOT_BETTER),
        ((0.004,), 0.0, Answer.NOT_BETTER),
        ((-0.1,), 0.0, Answer.NOT_BETTER),
        ((0.006, 0.0), 0.0, Answer.NOT_BETTER),
        ((0.011, 0.0), 0.0, Answer.BETTER),
        ((0.011, -0.006), 0.0, Answer.NOT_BETTER),
    ],
)
def test_one_must_be_surely_better_and_none_may_be_worse(
    changes: tuple[float, ...], gain: float, found: Answer
) -> None:
    assert answer(*map(measured, changes), gain=gain) is found


def test_the_best_of_several_on_the_same_rows_is_held_to_more() -> None:
    assert answer(measured(0.006), candidates=1) is Answer.BETTER
    assert answer(measured(0.006), candidates=3) is Answer.NOT_BETTER


def test_what_cannot_be_told_is_unknown() -> None:
    assert answer(measured(0.5), measured(0.5, too_few="29 rows are too few")) is Answer.UNKNOWN
    assert answer(measured(float("nan"))) is Answer.UNKNOWN


def test_what_is_no_number_stands_in_no_sentence() -> None:
    nan = float("nan")
    told = Measured(nan, 50, "made up", lambda _alpha: (nan, nan), "one class only", {"champion": nan})
    ((_, part),) = Superiority({"f1": told}, {"f1": RULE}).asked([(Goal("f1"), 0.0)])
    assert part.told == "f1 on 50 rows (not surely better: one class only)"
