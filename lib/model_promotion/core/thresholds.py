"""Is the candidate good enough by itself, whatever the champion is? The policy's minimum and maximum of a metric."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from model_promotion.core.policy import MetricPolicy


@dataclass(frozen=True)
class Bounds:
    """One sentence for each bound that a value does not keep, and one for each metric whose value nobody knows."""

    missed: tuple[str, ...]
    unknown: tuple[str, ...]


def held(values: Mapping[str, float], policies: Mapping[str, MetricPolicy]) -> Bounds:
    """Which bounds the candidate keeps; a value that is not there, or not finite, keeps none.

    Args:
        values: the candidate's, by metric.
        policies: by metric; those without a bound ask nothing.
    """
    known = {name: value for name, value in values.items() if math.isfinite(value)}
    bounded = {name: policy for name, policy in policies.items() if policy.is_bounded}
    return Bounds(
        tuple(
            said for name, policy in bounded.items() if name in known and (said := _missed(name, known[name], policy))
        ),
        tuple(f"{name} is not known, {_asked(policy)}" for name, policy in bounded.items() if name not in known),
    )


def _missed(name: str, value: float, policy: MetricPolicy) -> str:
    if policy.minimum is not None and value < policy.minimum:
        return f"{name} is {value:.4g}, at least {policy.minimum:g} is required"
    if policy.maximum is not None and value > policy.maximum:
        return f"{name} is {value:.4g}, at most {policy.maximum:g} is allowed"
    return ""


def _asked(policy: MetricPolicy) -> str:
    least = [] if policy.minimum is None else [f"at least {policy.minimum:g} is required"]
    most = [] if policy.maximum is None else [f"at most {policy.maximum:g} is allowed"]
    return ", ".join((*least, *most))
