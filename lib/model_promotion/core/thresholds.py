"""Is the candidate good enough by itself, whatever the champion is? The policy's minimum and maximum of a metric."""

import math
from collections.abc import Mapping

from model_promotion.core.policy import MetricPolicy


def missed(values: Mapping[str, float], policies: Mapping[str, MetricPolicy]) -> tuple[str, ...]:
    """One sentence for each bound that the candidate's value does not keep; a value that is not there keeps none.

    Args:
        values: what was measured for the candidate, by metric.
        policies: by metric; those without a bound ask nothing.
    """
    return tuple(
        said for name, policy in policies.items() if (said := _missed(name, values.get(name, math.nan), policy))
    )


def _missed(name: str, value: float, policy: MetricPolicy) -> str:
    shown = "not known" if math.isnan(value) else f"{value:.4g}"
    if policy.minimum is not None and not value >= policy.minimum:
        return f"{name} is {shown}, at least {policy.minimum:g} is required"
    if policy.maximum is not None and not value <= policy.maximum:
        return f"{name} is {shown}, at most {policy.maximum:g} is allowed"
    return ""
