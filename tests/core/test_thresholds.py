import math

import pytest

from model_promotion.core.policy import MetricPolicy
from model_promotion.core.thresholds import held

NAN = math.nan


@pytest.mark.parametrize(
    ("value", "policy", "missed", "unknown"),
    [
        (0.9, MetricPolicy(), None, None),
        (0.9, MetricPolicy(minimum=0.85), None, None),
        (0.85, MetricPolicy(minimum=0.85), None, None),
        (0.84, MetricPolicy(minimum=0.85), "f1 is 0.84, at least 0.85 is required", None),
        (0.9, MetricPolicy(maximum=0.85), "f1 is 0.9, at most 0.85 is allowed", None),
        (0.85, MetricPolicy(minimum=0.0, maximum=0.85), None, None),
        (NAN, MetricPolicy(minimum=0.85), None, "f1 is not known, at least 0.85 is required"),
        (NAN, MetricPolicy(maximum=0.85), None, "f1 is not known, at most 0.85 is allowed"),
        (math.inf, MetricPolicy(minimum=0.85), None, "f1 is not known, at least 0.85 is required"),
    ],
)
def test_a_value_keeps_its_bounds_or_it_is_said_which_one_it_does_not(
    value: float, policy: MetricPolicy, missed: str | None, unknown: str | None
) -> None:
    found = held({"f1": value}, {"f1": policy})
    assert found.missed == ((missed,) if missed else ())
    assert found.unknown == ((unknown,) if unknown else ())


def test_a_metric_that_nobody_measured_keeps_no_bound() -> None:
    both = MetricPolicy(minimum=0.0, maximum=1.0)
    said = "f1 is not known, at least 0 is required, at most 1 is allowed"
    assert held({}, {"f1": both}).unknown == (said,)
