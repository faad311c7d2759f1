"""How much worse a metric may be on evaluation data, where the policy does not say."""

import math
from collections.abc import Mapping
from types import MappingProxyType

from model_promotion.core.gate import GateRule
from model_promotion.core.metrics import Direction
from model_promotion.core.policy import MetricPolicy

USUAL: Mapping[str, float] = MappingProxyType(
    {
        "accuracy": 0.01,
        "f1": 0.02,
        "f1_macro": 0.02,
        "precision": 0.02,
        "recall": 0.02,
        "roc_auc": 0.01,
        "r2": 0.02,
        "brier": 0.005,
    }
)
"""In the metric's own unit."""
USUAL_SHARE = 0.02
"""Of the champion's value, for every other metric: errors and costs have the unit of the data."""


def gate_rule(metric: str, direction: Direction, policy: MetricPolicy | None, champion: float) -> GateRule:
    """What the metric has to show: the policy's margin, else the usual one. A share of what is no number is none."""
    asked, size = policy or MetricPolicy(), abs(champion) if math.isfinite(champion) else 0.0
    if asked.must_gain is not None:
        return GateRule(direction, min_gain=asked.must_gain)
    if asked.margin is None and asked.relative_margin is None:
        return GateRule(direction, USUAL.get(metric, USUAL_SHARE * size))
    return GateRule(direction, max(asked.margin or 0.0, (asked.relative_margin or 0.0) * size))
