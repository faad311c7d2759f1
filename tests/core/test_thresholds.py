import math

import pytest

from model_promotion.core.policy import MetricPolicy
from model_promotion.core.thresholds import missed

NAN = math.nan


@pytest.mark.parametrize(
    ("value", "policy", "said"),
    [
        (0.9, MetricPolicy(), None),
        (0.9, MetricPolicy(minimum=0.85), None),
        (0.85, MetricPolicy(minimum=0.85), None),
        (0.84, MetricPolicy(minimum=0.85), "f1 is 0.84, at least 0.85 is required"),
        (NAN, MetricPolicy(minimum=0.85), "f1 is not known, at least 0.85 is required"),
        (NAN, MetricPolicy(maximum=0.85), "f1 is not known, at most 0.85 is allowed"),
        (0.9, MetricPolicy(maximum=0.85), "f1 is 0.9, at most 0.85 is allowed"),
        (math.inf, MetricPolicy(maximum=0.85), "f1 is inf, at most 0.85 is allowed"),
        (0.85, MetricPolicy(minimum=0.0, maximum=0.85), None),
    ],
)
def test_a_value_keeps_its_bounds_or_it_is_said_which_one_it_does_not(
    value: float, policy: MetricPolicy, said: str | None
) -> None:
    assert missed({"f1": value}, {"f1": policy}) == ((said,) if said else ())


def test_a_metric_that_nobody_measured_keeps_no_bound() -> None:
    assert missed({}, {"f1": MetricPolicy(minimum=0.0)}) == ("f1 is not known, at least 0 is required",)
