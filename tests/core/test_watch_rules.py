"""The watch acts on what is sure, and says what is measured."""

import math
from typing import Any

import pytest

from model_promotion.core.watch_rules import (
    ACCURACY_DROP,
    DEFAULTS,
    ERROR_RATE,
    P95_MS,
    Judged,
    Limits,
    Measure,
    Severity,
    WatchPolicy,
    gravest,
    judged,
)


@pytest.mark.parametrize(
    ("name", "value", "low", "severity"),
    [
        (ERROR_RATE, 0.01, 0.0, Severity.FINE),
        (ERROR_RATE, 0.02, 0.0, Severity.FINE),
        (ERROR_RATE, 0.03, 0.0, Severity.WARNING),
        (ERROR_RATE, 0.40, 0.0, Severity.WARNING),
        (ERROR_RATE, 0.04, 0.02, Severity.CRITICAL),
        (ERROR_RATE, 0.09, 0.05, Severity.ROLLBACK),
        # The whole watch looks well again, but some of it surely was not.
        (ERROR_RATE, 0.01, 0.05, Severity.ROLLBACK),
        (ACCURACY_DROP, -0.02, 0.0, Severity.FINE),
        (ACCURACY_DROP, 0.06, 0.0, Severity.WARNING),
        (ACCURACY_DROP, 0.08, 0.05, Severity.CRITICAL),
        (ACCURACY_DROP, 0.14, 0.10, Severity.ROLLBACK),
        (P95_MS, 150.0, 0.0, Severity.FINE),
        (P95_MS, 220.0, 0.0, Severity.WARNING),
        (P95_MS, 900.0, 0.0, Severity.WARNING),
        (P95_MS, 900.0, 500.0, Severity.ROLLBACK),
        (P95_MS, math.inf, 0.0, Severity.WARNING),
    ],
)
def test_the_limits_of_the_defaults(name: str, value: float, low: float, severity: Severity) -> None:
    assert judged(Measure(name, value, low, n=500), DEFAULTS[name]).severity is severity


def test_what_nobody_knows_is_neither_fine_nor_a_reason_to_act() -> None:
    limits = DEFAULTS[ERROR_RATE]
    for measure in (Measure(ERROR_RATE, math.nan, 0.0, 10), Measure(ERROR_RATE, 0.9, 0.0, 0)):
        assert judged(measure, limits).severity is Severity.UNKNOWN
    assert judged(Measure(ERROR_RATE, 0.5, 0.0, n=4, least=20), limits).severity is Severity.UNKNOWN
    assert judged(Measure(ERROR_RATE, 1.0, 0.05, n=9, least=20), limits).severity is Severity.ROLLBACK
    assert gravest(()) is Severity.UNKNOWN


def test_the_sentence_says_which_limit_and_what_is_sure() -> None:
    limits = DEFAULTS[ERROR_RATE]
    assert judged(Measure(ERROR_RATE, 0.09, 0.05, 500), limits).sentence == (
        "error_rate is 0.09 (n=500, surely above 0.05), beyond the limit of 0.05 for the rollback"
    )
    assert judged(Measure(ERROR_RATE, 0.06, 0.0, 100), limits).sentence == (
        "error_rate is 0.06 (n=100), above 0.02; the rollback needs more than 0.05 for sure"
    )


def test_the_gravest_counts() -> None:
    found = [Judged("a", severity, "") for severity in (Severity.FINE, Severity.CRITICAL, Severity.WARNING)]
    assert gravest(found) is Severity.CRITICAL


@pytest.mark.parametrize("limits", [(0.02, 0.05, None), (0.0, None, None), (math.nan, None, None), (None, 0.1, 0.2)])
def test_limits_that_make_no_sense(limits: tuple[float | None, ...]) -> None:
    with pytest.raises(ValueError, match="limits must be"):
        Limits(*limits)


def test_a_measure_without_limits_is_only_told() -> None:
    assert judged(Measure("drift", 9.0, 0.0, 5), Limits()).severity is Severity.FINE


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
    told = judged(Measure(ERROR_RATE, 0.03, 0.0, n=500), DEFAULTS[ERROR_RATE]).told
    assert (told["severity"], told["value"], told["n"]) == ("warning", 0.03, 500)
    assert Judged("state", Severity.UNKNOWN, "gone").told == {
        "name": "state",
        "severity": "unknown",
        "sentence": "gone",
    }
