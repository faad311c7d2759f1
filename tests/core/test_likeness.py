"""An answer that is another than before is held against a version only where nothing else explains it."""

from random import Random

import pytest

from model_promotion.core.likeness import AGAIN, ROUNDS, Likeness, likeness, repeats

WAS, NOW = [0.6], [0.1]


@pytest.mark.parametrize(
    ("now", "beside", "found"),
    [
        ([WAS], None, Likeness.SAME),
        ([[0.6000001]], None, Likeness.SAME),
        ([NOW, NOW, NOW], None, Likeness.ASTRAY),
        ([NOW, NOW, NOW], ([5.0], [5.0]), Likeness.ASTRAY),
        ([NOW, WAS, NOW], None, Likeness.FICKLE),
        ([NOW, [0.2], [0.3]], ([5.0], [5.0]), Likeness.FICKLE),
        ([NOW, NOW, NOW], ([5.0], [5.1]), Likeness.MOVED),
        ([WAS], ([5.0], [5.1]), Likeness.SAME),
        ([["a", None]] * 3, None, Likeness.ASTRAY),
    ],
)
def test_what_answers_say(now: list[object], beside: tuple[object, object] | None, found: Likeness) -> None:
    assert likeness(WAS, now, beside, 1e-5) is found


def test_rounds_repeat_where_every_answer_does() -> None:
    assert repeats([[1.0, "a"], [1.0, "a"]], 1e-5)
    assert not repeats([[1.0, "a"], [1.0, "b"]], 1e-5)
    assert repeats([[1.0]], 1e-5)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2, 0.5])
def test_a_model_that_answers_by_chance_is_hardly_ever_taken_for_astray(share: float) -> None:
    """Of canaries of 30 looks: 20 requests in rounds before, then one a look."""
    random, runs = Random(7), 3000  # noqa: S311 - no secret
    assert sum(astray(random, share) for _ in range(runs)) / runs <= 0.001


def astray(random: Random, share: float) -> bool:
    rare = lambda: random.random() < share  # noqa: E731 - one draw
    first = [rare() for _ in range(20)]
    if not repeats([first, *([rare() for _ in range(20)] for _ in range(ROUNDS - 1))], 0):
        return False
    for look in range(30):
        known, now = first[look % 20], [rare() for _ in range(1 + AGAIN)]
        if (found := likeness(known, now, None, 0)) is not Likeness.SAME:
            return found is Likeness.ASTRAY
    return False
