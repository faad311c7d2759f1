"""What several sources say together: the worst decides, and nothing is never a pass."""

import pytest

from model_promotion.core.health import MOST_ERRORS, Health, Look, Reading, looked, of_rung

PASS, FAIL, INCONCLUSIVE, ERROR = Health.PASS, Health.FAIL, Health.INCONCLUSIVE, Health.ERROR


def readings(*verdicts: Health) -> list[Reading]:
    return [Reading(f"source {place}", verdict, f"said {verdict}") for place, verdict in enumerate(verdicts)]


@pytest.mark.parametrize(
    ("verdicts", "together"),
    [
        ((), INCONCLUSIVE),
        ((PASS,), PASS),
        ((PASS, PASS), PASS),
        ((PASS, INCONCLUSIVE), INCONCLUSIVE),
        ((PASS, ERROR), ERROR),
        ((INCONCLUSIVE, ERROR), ERROR),
        ((PASS, ERROR, FAIL), FAIL),
    ],
)
def test_the_worst_decides(verdicts: tuple[Health, ...], together: Health) -> None:
    assert looked(readings(*verdicts)).verdict is together


def test_what_does_not_decide_is_told_and_not_counted() -> None:
    drift = Reading("drift", FAIL, "PSI 0.3", decides=False)
    look = looked([*readings(PASS), drift])
    assert look.verdict is PASS
    assert drift in look.readings
    assert looked([drift]).verdict is INCONCLUSIVE
    assert looked([drift]).sentence == "nothing was measured"


def test_the_sentence_names_those_that_it_rests_on() -> None:
    assert looked(readings(PASS, FAIL, FAIL)).sentence == "source 1: said fail; source 2: said fail"


def test_errors_in_a_row_are_counted_until_one_look_can_be_made() -> None:
    errors, stops = 0, []
    for _ in range(MOST_ERRORS + 1):
        look = looked(readings(PASS, ERROR), errors)
        errors, stops = look.errors, [*stops, look.needs_somebody]
    assert stops == [False] * MOST_ERRORS + [True]
    assert look.sentence == "source 1: said error (5 looks in a row could not be made)"
    assert looked(readings(INCONCLUSIVE), errors).errors == 0


@pytest.mark.parametrize(
    ("verdicts", "rung"),
    [
        ((), INCONCLUSIVE),
        ((INCONCLUSIVE, PASS), PASS),
        ((PASS, INCONCLUSIVE), INCONCLUSIVE),
        ((PASS, ERROR), ERROR),
        ((FAIL, PASS), FAIL),
    ],
)
def test_a_rung_is_what_its_last_look_says_unless_one_failed(verdicts: tuple[Health, ...], rung: Health) -> None:
    assert of_rung([Look((), verdict) for verdict in verdicts]) is rung
