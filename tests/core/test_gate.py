"""The judgement of one metric and of several, as a table."""

import math
from collections.abc import Callable
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from model_promotion.core.gate import (
    Bounds,
    Comparison,
    Estimate,
    GateRule,
    GateVerdict,
    Level,
    Measured,
    judge,
    judge_all,
    overall,
    rows_needed,
)
from model_promotion.core.metrics import Direction

PASSED, FAILED, INCONCLUSIVE = GateVerdict.PASSED, GateVerdict.FAILED, GateVerdict.INCONCLUSIVE
HIGHER, LOWER = Direction.HIGHER, Direction.LOWER
NAN, INF = math.nan, math.inf
NORMAL = NormalDist()


def fixed(low: float, high: float) -> Bounds:
    return lambda _alpha: (low, high)


def normal(change: float, se: float = 0.01, n: int = 1000) -> Measured:
    """A change whose bounds are those of a normal estimate, at every alpha."""

    def at(alpha: float) -> tuple[float, float]:
        half = -NORMAL.inv_cdf(alpha) * se
        return change - half, change + half

    return Measured(change, n, "normal", at)


# change, low, high, rule -> the verdict
TABLE: dict[str, tuple[float, float, float, GateRule, GateVerdict]] = {
    "not worse by the margin": (0.0, -0.009, 0.009, GateRule(HIGHER, 0.01), PASSED),
    "worse, and by less than the margin": (-0.005, -0.009, -0.001, GateRule(HIGHER, 0.01), PASSED),
    "the bound is on the limit": (0.0, -0.01, 0.01, GateRule(HIGHER, 0.01), INCONCLUSIVE),
    "the upper bound is on the limit": (-0.02, -0.03, -0.01, GateRule(HIGHER, 0.01), INCONCLUSIVE),
    "worse than the margin": (-0.03, -0.04, -0.02, GateRule(HIGHER, 0.01), FAILED),
    "between": (-0.005, -0.02, 0.01, GateRule(HIGHER, 0.01), INCONCLUSIVE),
    "no margin, better": (0.01, 0.001, 0.02, GateRule(HIGHER), PASSED),
    "no margin, the same": (0.0, -0.001, 0.001, GateRule(HIGHER), INCONCLUSIVE),
    "no margin, worse": (-0.01, -0.02, -0.001, GateRule(HIGHER), FAILED),
    "no margin, the bound at 0": (0.01, 0.0, 0.02, GateRule(HIGHER), INCONCLUSIVE),
    "lower is better, and it fell": (-0.1, -0.2, -0.05, GateRule(LOWER), PASSED),
    "lower is better, and it rose within the margin": (0.005, 0.001, 0.009, GateRule(LOWER, 0.01), PASSED),
    "lower is better, and it rose": (0.1, 0.05, 0.2, GateRule(LOWER, 0.01), FAILED),
    "lower is better, and nobody knows": (0.0, -0.2, 0.2, GateRule(LOWER, 0.01), INCONCLUSIVE),
    "superior by the gain": (0.03, 0.021, 0.04, GateRule(HIGHER, min_gain=0.02), PASSED),
    "better, not by the gain": (0.01, 0.005, 0.015, GateRule(HIGHER, min_gain=0.02), FAILED),
    "superior by a gain of 0": (0.03, 0.021, 0.04, GateRule(HIGHER, 0.5, min_gain=0.0), PASSED),
    "a margin does not help who has to gain": (0.0, -0.1, 0.1, GateRule(HIGHER, 0.5, min_gain=0.0), INCONCLUSIVE),
    "superior where lower is better": (-0.03, -0.04, -0.021, GateRule(LOWER, min_gain=0.02), PASSED),
    "zero width": (0.0, 0.0, 0.0, GateRule(HIGHER, 0.01), INCONCLUSIVE),
    "zero width, far better": (0.5, 0.5, 0.5, GateRule(HIGHER, 0.01), INCONCLUSIVE),
    "bounds in the wrong order": (0.5, 0.6, 0.4, GateRule(HIGHER, 0.01), INCONCLUSIVE),
    "the change is no number": (NAN, 0.1, 0.2, GateRule(HIGHER, 0.01), INCONCLUSIVE),
    "a bound is no number": (0.1, NAN, 0.2, GateRule(HIGHER, 0.01), INCONCLUSIVE),
    "the other bound is no number": (0.1, 0.05, NAN, GateRule(HIGHER, 0.01), INCONCLUSIVE),
    "infinitely better": (INF, INF, INF, GateRule(HIGHER, 0.01), INCONCLUSIVE),
    "infinitely worse": (-INF, -INF, -INF, GateRule(HIGHER, 0.01), INCONCLUSIVE),
    "an infinite bound": (0.1, 0.05, INF, GateRule(HIGHER, 0.01), INCONCLUSIVE),
    "nothing known": (0.1, -INF, INF, GateRule(HIGHER, 0.01), INCONCLUSIVE),
}


@pytest.mark.parametrize("case", TABLE)
def test_one_metric(case: str) -> None:
    change, low, high, rule, verdict = TABLE[case]
    assert judge("m", Measured(change, 1000, "given", fixed(low, high)), rule).verdict is verdict


@given(
    st.tuples(*[st.sampled_from([NAN, INF, -INF, 0.0, 0.5, -0.5])] * 3),
    st.sampled_from([GateRule(HIGHER, 0.1), GateRule(LOWER, 0.1), GateRule(HIGHER, min_gain=0.0)]),
)
def test_what_is_not_a_finite_number_never_passes_and_never_fails(
    numbers: tuple[float, float, float], rule: GateRule
) -> None:
    change, low, high = numbers
    judged = judge("m", Measured(change, 1000, "given", fixed(low, high)), rule)
    assert all(map(math.isfinite, numbers)) or judged.verdict is INCONCLUSIVE


def test_too_few_rows_are_inconclusive_however_good_they_look() -> None:
    judged = judge("m", replace(normal(0.9), too_few="12 rows are fewer than 30"), GateRule(HIGHER, 0.01))
    assert (judged.verdict, judged.reason, judged.rows_needed) == (INCONCLUSIVE, "12 rows are fewer than 30", None)


@pytest.mark.parametrize("wrong", [{"margin": -0.1}, {"margin": NAN}, {"margin": INF}, {"min_gain": -1}])
def test_a_margin_that_lets_all_or_nothing_through_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="finite number of at least 0"):
        GateRule(HIGHER, **wrong)


@pytest.mark.parametrize("alpha", [0, 0.5, 1, -0.1, NAN])
def test_an_alpha_that_is_none_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha must lie between"):
        Level(alpha, 0.05)
    with pytest.raises(ValueError, match="alpha must lie between"):
        Comparison({"m": (normal(0), GateRule(HIGHER))}, alpha)


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one candidate and one metric"):
        Comparison({})
    with pytest.raises(ValueError, match="at least one candidate and one metric"):
        Comparison({"m": (normal(0), GateRule(HIGHER))}, candidates=0)


# --- several ---


def judged_all(changes: dict[str, float], candidates: int = 1) -> dict[str, GateVerdict]:
    asked = {name: (normal(change), GateRule(HIGHER, 0.02)) for name, change in changes.items()}
    return {one.metric: one.verdict for one in judge_all(Comparison(asked, candidates=candidates))}


def test_passing_needs_no_correction_for_the_number_of_metrics() -> None:
    assert set(judged_all({str(number): -0.003 for number in range(20)}).values()) == {PASSED}


def test_failing_is_corrected_for_the_number_of_metrics() -> None:
    assert judged_all({"a": -0.04})["a"] is FAILED
    assert judged_all({"a": -0.04, "b": 0.0, "c": 0.0})["a"] is INCONCLUSIVE


def test_holm_goes_on_after_the_first() -> None:
    assert judged_all({"a": -0.06, "b": -0.039, "c": 0.0})["b"] is INCONCLUSIVE
    assert judged_all({"a": -0.06, "b": -0.039})["b"] is FAILED


def test_holm_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        changes = {str(number): float(change) for number, change in enumerate(rng.normal(-0.035, 0.02, 6))}
        ps = [NORMAL.cdf((change + 0.02) / 0.01) for change in changes.values()]
        expected = multipletests(ps, 0.05, "holm")[0]
        assert [verdict is FAILED for verdict in judged_all(changes).values()] == [*expected]


def test_the_best_of_many_candidates_is_passed_at_a_smaller_alpha() -> None:
    assert judged_all({"a": -0.003})["a"] is PASSED
    assert judged_all({"a": -0.003}, candidates=5)["a"] is INCONCLUSIVE


def test_many_candidates_do_not_make_failing_harder_and_lower_is_better_is_kept_apart() -> None:
    rule = GateRule(LOWER, 0.02)
    one, many = (judge_all(Comparison({"m": (normal(0.03), rule)}, candidates=number))[0] for number in (1, 5))
    assert (one.estimate.high, one.estimate.high_alpha) < (many.estimate.high, 0.05)
    assert many.estimate.high_alpha == pytest.approx(0.01)
    assert one.estimate.low == many.estimate.low


@pytest.mark.parametrize(
    ("verdicts", "together"),
    [
        ((PASSED, PASSED), PASSED),
        ((PASSED, INCONCLUSIVE), INCONCLUSIVE),
        ((PASSED, INCONCLUSIVE, FAILED), FAILED),
        ((), INCONCLUSIVE),
    ],
)
def test_all_have_to_pass_and_any_fails(verdicts: tuple[GateVerdict, ...], together: GateVerdict) -> None:
    one = judge("m", normal(0.0), GateRule(HIGHER, 0.02))
    assert overall(replace(one, verdict=verdict) for verdict in verdicts) is together


# --- rows needed ---


@pytest.mark.parametrize(
    ("change", "low", "rule", "rows"),
    [
        (0.0, -0.02, GateRule(HIGHER, 0.01), 4000),
        (0.0, -0.0201, GateRule(HIGHER, 0.01), 4100),  # Rounded up.
        (-0.01, -0.02, GateRule(HIGHER, 0.01), None),  # On the limit.
        (-0.02, -0.03, GateRule(HIGHER, 0.01), None),  # On the wrong side of it.
        (0.03, -0.01, GateRule(HIGHER, min_gain=0.02), 16_000),
    ],
)
def test_how_many_rows_it_would_take(change: float, low: float, rule: GateRule, rows: int | None) -> None:
    assert rows_needed(Estimate(change, low, 1.0, "given", 1000), rule) == rows


@pytest.mark.parametrize(("change", "margin"), [(0.0, 0.02), (-0.005, 0.02), (0.01, 0.0)])
def test_at_the_rows_needed_about_half_of_such_samples_pass(change: float, margin: float) -> None:
    rule, sd, n = GateRule(HIGHER, margin), 0.5, 400
    judged = judge("m", normal(change, sd / n**0.5, n), rule)
    assert judged.verdict is INCONCLUSIVE
    rows = judged.rows_needed or 0
    assert f"about {rows:,} rows" in judged.reason
    seen = np.random.default_rng(1).normal(change, sd / rows**0.5, 4000)
    passed = np.mean([judge("m", normal(one, sd / rows**0.5, rows), rule).verdict is PASSED for one in seen])
    assert 0.47 < passed < 0.58  # The number was rounded up.


def test_where_no_number_of_rows_helps_that_is_said() -> None:
    judged = judge("m", normal(-0.02), GateRule(HIGHER, 0.02))
    assert "no number of rows" in judged.reason


def test_a_measurement_is_asked_at_the_alphas_it_is_judged_at() -> None:
    asked: list[float] = []

    def watched(bounds: Bounds) -> Callable[[float], tuple[float, float]]:
        return lambda alpha: asked.append(alpha) or bounds(alpha)

    measured = normal(0.0)
    judge("m", replace(measured, bounds=watched(measured.bounds)), GateRule(HIGHER, 0.02), Level(0.01, 0.05))
    assert sorted(asked) == [0.01, 0.05]
