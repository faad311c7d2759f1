"""When does the watch roll back, alert or warn? Limits of the policy, held against what is sure and what is measured.

Acted upon is only what is sure: a bound lies beyond the limit, and holds however often one looks. A value beyond it
that may be there by chance is a warning. So a version that keeps its limits is rolled back in at most alpha of all
watches, and not in most of them after 600 looks.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType


class Severity(IntEnum):
    """From nothing to the rollback; of several the highest counts."""

    FINE = 0
    UNKNOWN = 1
    """Nothing was measured: never fine, and never a reason to act."""
    WARNING = 2
    CRITICAL = 3
    """Somebody is alerted."""
    ROLLBACK = 4


@dataclass(frozen=True)
class Limits:
    """Of one measure that is worse the higher it is: from where on each severity holds; None means never.

    Raises:
        ValueError: a limit is not a positive number, or a milder one lies above a graver one.
    """

    rollback: float | None = None
    critical: float | None = None
    warning: float | None = None

    def __post_init__(self) -> None:
        rising = [limit for limit in (self.warning, self.critical, self.rollback) if limit is not None]
        if not all(0 < limit < math.inf for limit in rising) or rising != sorted(rising):
            raise ValueError("limits must be greater than 0: warning <= critical <= rollback")

    @property
    def sure(self) -> dict[Severity, float]:
        """What needs to be sure, gravest first."""
        known = {Severity.ROLLBACK: self.rollback, Severity.CRITICAL: self.critical}
        return {severity: limit for severity, limit in known.items() if limit is not None}

    @property
    def lowest(self) -> float | None:
        """From where on a value is mentioned at all."""
        return min((limit for limit in (self.warning, self.critical, self.rollback) if limit is not None), default=None)


ERROR_RATE, ACCURACY_DROP, P95_MS = "error_rate", "accuracy_drop", "p95_ms"
DEFAULTS: Mapping[str, Limits] = MappingProxyType(
    {
        ACCURACY_DROP: Limits(rollback=0.10, critical=0.05),
        ERROR_RATE: Limits(rollback=0.05, critical=0.02, warning=0.02),
        P95_MS: Limits(rollback=500.0, warning=200.0),
    }
)
"""Shares of 1 for rates, points of accuracy lost, milliseconds."""


@dataclass(frozen=True)
class Measure:
    """One measure at one look: its value, and a lower bound that is wrong at most alpha of the time, over all looks.

    NaN is a value that nobody knows. `n` is how many requests or labels it rests on, `least` how many it takes.
    """

    name: str
    value: float
    low: float
    n: int
    least: int = 1


@dataclass(frozen=True)
class Judged:
    """A measure's severity, and why."""

    name: str
    severity: Severity
    sentence: str


def judged(measure: Measure, limits: Limits) -> Judged:
    """How grave one measure is."""
    if not measure.n or math.isnan(measure.value):
        return Judged(measure.name, Severity.UNKNOWN, f"{measure.name} is not known: nothing was measured")
    said = f"{measure.name} is {measure.value:.4g} (n={measure.n:,}, surely above {max(measure.low, 0):.4g})"
    sure = next((severity for severity, limit in limits.sure.items() if measure.low >= limit), None)
    if sure is not None:
        return Judged(measure.name, sure, f"{said}, beyond the limit of {limits.sure[sure]:g} for {_named(sure)}")
    if measure.n < measure.least:
        return Judged(measure.name, Severity.UNKNOWN, f"{said}: fewer than {measure.least:,}")
    if limits.lowest is not None and measure.value > limits.lowest:
        return Judged(measure.name, Severity.WARNING, f"{said}, above {limits.lowest:g}{_perhaps(measure, limits)}")
    return Judged(measure.name, Severity.FINE, said)


def gravest(found: Iterable[Judged]) -> Severity:
    """The severity of a look; UNKNOWN where nothing was measured at all."""
    return max((one.severity for one in found), default=Severity.UNKNOWN)


def _perhaps(measure: Measure, limits: Limits) -> str:
    beyond = next((severity for severity, limit in limits.sure.items() if measure.value > limit), None)
    return "" if beyond is None else f"; {_named(beyond)} needs more than {limits.sure[beyond]:g} for sure"


def _named(severity: Severity) -> str:
    return "the rollback" if severity is Severity.ROLLBACK else "an alert"
