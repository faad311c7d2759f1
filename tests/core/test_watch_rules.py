"""The watch acts on what is sure, and says what is measured."""

import math
from typing import Any

import pytest

from model_promotion.core.watch_rules import (
    ACCURACY_DROP,
    DEFAULTS,
    ERROR_RATE,
    P95_MS,
    Beyond,
    Judged,
    Limits,
    Measure,
    Severity,
    WatchPolicy,
    gravest,
    judged,
)


@pytest.mark.parametrize(
    ("name", "value", "beyond", "severity"),
    [
        (ERROR_RATE, 0.01, Beyond(), Severity.FINE),
        (ERROR_RATE, 0.03, Beyond(), Severity.FINE),
        (ERROR_RATE, 0.03, Beyond(0.02), Severity.UNKNOWN),
        (ERROR_RATE, 0.04, Beyond(0.02, 0.02), Severity.CRITICAL),
        # One look only, however bad it was.
        (ERROR_RATE, 1.00, Beyond(0.05, 0.05), Severity.CRITICAL),
        (ERROR_RATE, 1.00, Beyond(0.05, 0.05, 0.02), Severity.CRITICAL),
        (ERROR_RATE, 0.09, Beyond(0.05, 0.05, 0.05), Severity.ROLLBACK),
        # The whole watch looks well again, but some of it surely was not.
        (ERROR_RATE, 0.01, Beyond(0.0, 0.05, 0.05), Severity.ROLLBACK),
        (ACCURACY_DROP, -0.02, Beyond(), Severity.FINE),
        (ACCURACY_DROP, 0.04, Beyond(0.05, 0.02), Severity.WARNING),
        (ACCURACY_DROP, 0.08, Beyond(0.05, 0.05, 0.05), Severity.CRITICAL),
        (ACCURACY_DROP, 0.14, Beyond(0.10, 0.10, 0.10), Severity.ROLLBACK),
        (P95_MS, 150.0, Beyond(), Severity.FINE),
        (P95_MS, 220.0, Beyond(200.0, 200.0, 200.0), Severity.WARNING),
        (P95_MS, 900.0, Beyond(500.0, 500.0), Severity.WARNING),
        (P95_MS, 900.0, Beyond(500.0, 500.0, 500.0), Severity.ROLLBACK),
        (P95_MS, math.inf, Beyond(500.0), Severity.UNKNOWN),
    ],
)
def test_the_limits_of_the_defaults(name: str, value: float, beyond: Beyond, severity: Severity) -> None:
    assert judged(Measure(name, value, beyond, n=500), DEFAULTS[name]).severity is severity


def test_what_nobody_knows_is_neither_fine_nor_a_reason_to_act() -> None:
    limits, all_of_it = DEFAULTS[ERROR_RATE], Beyond(0.05, 0.05, 0.05)
    for measure in (Measure(ERROR_RATE, math.nan, all_of_it, 10), Measure(ERROR_RATE, 0.9, all_of_it, 0)):
        assert judged(measure, limits).severity is Severity.UNKNOWN
    assert judged(Measure(ERROR_RATE, 1.0, all_of_it, n=19, least=20), limits).severity is Severity.UNKNOWN
    assert judged(Measure(ERROR_RATE, 1.0, all_of_it, n=20, least=20), limits).severity is Severity.ROLLBACK
    assert "surely" not in judged(Measure(ERROR_RATE, 1.0, all_of_it, n=19, least=20), limits).sentence
    assert gravest(()) is Severity.UNKNOWN


@pytest.mark.parametrize(("least", "probes_per_s", "takes_s"), [(100, 5.0, 27), (100, 0.1, 1349), (1, 1.0, 11)])
def test_it_takes_a_time_to_send_enough(least: int, probes_per_s: float, takes_s: int) -> None:
    assert WatchPolicy(least=least, probes_per_s=probes_per_s).enough_s == takes_s


@pytest.mark.parametrize(
    ("beyond", "said"),
    [
        (Beyond(0.05, 0.05, 0.05), ", surely above 0.05), beyond the limit of 0.05 for the rollback"),
        (
            Beyond(0.05, 0.05, 0.02),
            ", surely above 0.05), beyond the limit of 0.02 for an alert; the rollback takes another look that says so",
        ),
        (
            Beyond(0.05, 0.02),
            ", surely above 0.02), beyond the limit of 0.02 for an alert; the rollback needs more than 0.05 for sure",
        ),
        (Beyond(0.02), "); an alert needs more than 0.02 for sure"),
        (Beyond(), ")"),
    ],
)
def test_the_sentence_says_which_limit_and_what_it_would_take_for_more(beyond: Beyond, said: str) -> None:
    limits = DEFAULTS[ERROR_RATE]
    assert judged(Measure(ERROR_RATE, 0.09, beyond, 500), limits).sentence == f"error_rate is 0.09 (n=500{said}"


def test_the_gravest_counts() -> None:
    found = [Judged("a", severity, "") for severity in (Severity.FINE, Severity.CRITICAL, Severity.WARNING)]
    assert gravest(found) is Severity.CRITICAL


@pytest.mark.parametrize("limits", [(0.02, 0.05, None), (0.0, None, None), (math.nan, None, None), (None, 0.1, 0.2)])
def test_limits_that_make_no_sense(limits: tuple[float | None, ...]) -> None:
    with pytest.raises(ValueError, match="limits must be"):
        Limits(*limits)


def test_a_measure_without_limits_is_only_told() -> None:
    assert judged(Measure("drift", 9.0, Beyond(), 5), Limits()).severity is Severity.FINE


@pytest.mark.parametrize(
    "wrong",
    [
        {"look_s": 0.0},
        {"probes_per_s": 0.0},
        {"probes_per_s": 5000.0, "look_s": 3600.0},
        {"alpha": 1.5},
        {"least": 0},
        {"accuracy": 0.0},
        {"accuracy": 91.0},
        {"predictions": "answers.csv", "labels": "labels.csv"},
        {"predictions": "answers.csv", "id": "row"},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|are joined|is not within|at most|alpha|more than"):
        WatchPolicy(**wrong)


def test_what_is_told_has_the_numbers() -> None:
    told = judged(Measure(ERROR_RATE, 0.03, Beyond(0.02, 0.02), n=500), DEFAULTS[ERROR_RATE]).told
    assert (told["severity"], told["value"], told["low"], told["n"]) == ("critical", 0.03, 0.02, 500)
    assert Judged("state", Severity.UNKNOWN, "gone").told == {
        "name": "state",
        "severity": "unknown",
        "sentence": "gone",
    }
