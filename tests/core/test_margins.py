import pytest

from model_promotion.core.gate import GateRule
from model_promotion.core.margins import gate_rule
from model_promotion.core.metrics import Direction
from model_promotion.core.policy import MetricPolicy

UP, DOWN = Direction.HIGHER, Direction.LOWER


@pytest.mark.parametrize(
    ("metric", "direction", "policy", "champion", "rule"),
    [
        ("accuracy", UP, None, 0.9, GateRule(UP, margin=0.01)),
        ("rmse", DOWN, None, 50.0, GateRule(DOWN, margin=1.0)),
        ("cost", DOWN, None, -50.0, GateRule(DOWN, margin=1.0)),
        ("accuracy", UP, MetricPolicy(), 0.9, GateRule(UP, margin=0.01)),
        ("accuracy", UP, MetricPolicy(margin=0.0), 0.9, GateRule(UP, margin=0.0)),
        ("rmse", DOWN, MetricPolicy(relative_margin=0.1), 50.0, GateRule(DOWN, margin=5.0)),
        ("rmse", DOWN, MetricPolicy(margin=2.0, relative_margin=0.1), 50.0, GateRule(DOWN, margin=5.0)),
        ("f1", UP, MetricPolicy(margin=0.5, must_gain=0.01), 0.9, GateRule(UP, min_gain=0.01)),
    ],
)
def test_the_policy_says_how_much_a_metric_may_lose_or_what_is_usual(
    metric: str, direction: Direction, policy: MetricPolicy | None, champion: float, rule: GateRule
) -> None:
    assert gate_rule(metric, direction, policy, champion) == rule


@pytest.mark.parametrize("wrong", [{"margin": -0.1}, {"relative_margin": -0.1}, {"must_gain": -0.1}])
def test_a_negative_margin_is_none(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        MetricPolicy(**wrong)


@pytest.mark.parametrize("champion", [float("inf"), float("-inf"), float("nan")])
@pytest.mark.parametrize("policy", [None, MetricPolicy(relative_margin=0.1)])
def test_a_share_of_what_is_no_number_is_none(champion: float, policy: MetricPolicy | None) -> None:
    assert gate_rule("cost", Direction.LOWER, policy, champion).margin == 0
