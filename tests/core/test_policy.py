from typing import Any

import pytest

from model_promotion.core.metrics import Direction, MetricRule, Tolerance
from model_promotion.core.policy import CheckPolicy, MetricPolicy, Policy, RetentionPolicy, TestPolicy


def test_only_the_checks_that_a_policy_asks_for_are_required() -> None:
    policy = Policy(checks={"signature": CheckPolicy(required=True), "hold": CheckPolicy()})
    assert policy.required == {"signature"}


def test_without_a_policy_file_nothing_is_required_and_the_record_says_so() -> None:
    assert (Policy().required, Policy().metric_rules, Policy().digest) == (frozenset(), {}, "defaults")


def test_a_metric_s_rule_is_what_its_table_says() -> None:
    policy = Policy(metrics={"rmse": MetricPolicy(Direction.LOWER, 0.1, 0.02)})
    assert policy.metric_rules == {"rmse": MetricRule(Direction.LOWER, Tolerance(0.1, 0.02))}


@pytest.mark.parametrize("tolerance", [-0.1, float("nan"), float("inf")])
def test_a_tolerance_that_lets_everything_or_nothing_through_is_refused(tolerance: float) -> None:
    with pytest.raises(ValueError, match="tolerance must be"):
        MetricPolicy(tolerance=tolerance)
    with pytest.raises(ValueError, match="tolerance must be"):
        MetricPolicy(relative_tolerance=tolerance)


@pytest.mark.parametrize("gain", [-0.1, float("nan"), float("inf")])
def test_a_gain_that_nothing_or_everything_reaches_is_refused(gain: float) -> None:
    with pytest.raises(ValueError, match="min_gain must be"):
        MetricPolicy(min_gain=gain)


@pytest.mark.parametrize("limits", [{"timeout_s": 0}, {"timeout_s": float("nan")}, {"memory_mib": 0}])
def test_a_limit_that_no_model_could_keep_is_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        TestPolicy(**limits)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"days": -1.0}, {"keep": -1}])
def test_a_retention_below_zero_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        RetentionPolicy(**wrong)


def test_a_bound_or_a_margin_alone_asks_for_no_recorded_value() -> None:
    asks = {
        "tolerance": True,
        "min_gain": True,
        "minimum": False,
        "maximum": False,
        "margin": False,
        "must_gain": False,
    }
    assert {name: MetricPolicy(**{name: 0.5}).rule.asks for name in asks} == asks  # type: ignore[arg-type]
    assert MetricPolicy().rule.asks
    assert MetricPolicy(direction=Direction.HIGHER).rule.asks
    assert MetricPolicy(tolerance=0.1, minimum=0.5).rule.asks
