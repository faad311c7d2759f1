"""When does the watch roll back, alert or warn? Limits of the policy, held against what is sure and what is measured.

Acted upon is only what is sure: a bound lies beyond the limit, and holds however often one looks. A value beyond it
that may be there by chance is a warning. So a version that keeps its limits is rolled back in at most alpha of all
watches, and not in most of them after 600 looks.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Any, ClassVar

from model_promotion.core.errors import BadCall
from model_promotion.core.gate import check_alpha
from model_promotion.core.load import LoadTest
from model_promotion.core.strict import STRICT


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

    __pydantic_config__: ClassVar[Any] = STRICT

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
class WatchPolicy:
    """`[watch]`: what is looked at, how often, and from where on something is done about it.

    `look_s` is the time between two looks, in which own requests go out `probes_per_s` times a second. What is sure is
    wrong in at most `alpha` of all watches, whatever it is about. A measure that is not sure is only judged from
    `least` requests or labels on. Limits that are named replace all of the defaults of that measure.

    `labels` is a file that grows, or is replaced, as truth arrives: with the columns `target`, and `id` where rows have
    one. The answers are its column `prediction`, or that of the file `predictions`, which has the same ids. `accuracy`
    is that of the version before; None takes the one that was recorded for it. `current_data` is compared with the
    profile that was kept with the version.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    look_s: float = 60.0
    probes_per_s: float = 5.0
    alpha: float = 0.01
    least: int = 100
    error_rate: Limits = DEFAULTS[ERROR_RATE]
    accuracy_drop: Limits = DEFAULTS[ACCURACY_DROP]
    p95_ms: Limits = DEFAULTS[P95_MS]
    labels: str = ""
    predictions: str = ""
    id: str = ""
    prediction: str = "prediction"
    target: str = "target"
    accuracy: float | None = None
    current_data: str = ""

    def __post_init__(self) -> None:
        """What makes no sense is refused where it is written.

        Raises:
            ValueError: when something does not.
        """
        check_alpha(self.alpha)
        try:
            _ = self.probes
        except BadCall as error:
            raise ValueError(str(error).replace("load test", "probes_per_s for look_s:")) from error
        if self.least < 1 or not 0 < (1 if self.accuracy is None else self.accuracy) <= 1:
            raise ValueError("least must be at least 1, accuracy greater than 0 and at most 1")
        if self.predictions and not (self.labels and self.id):
            raise ValueError("predictions are joined to labels by an id: name labels and id, too")

    @property
    def probes(self) -> LoadTest:
        """What is sent between two looks."""
        return LoadTest(self.probes_per_s, self.look_s)


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
    """A measure's severity, and why; with numbers, where there are any."""

    name: str
    severity: Severity
    sentence: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def told(self) -> dict[str, Any]:
        """The same for a document."""
        return {"name": self.name, "severity": self.severity.name.lower(), "sentence": self.sentence, **self.facts}


def judged(measure: Measure, limits: Limits) -> Judged:
    """How grave one measure is."""
    if not measure.n or math.isnan(measure.value):
        return Judged(measure.name, Severity.UNKNOWN, f"{measure.name} is not known: nothing was measured")
    surely = f", surely above {measure.low:.4g}" if measure.low > 0 else ""
    said = f"{measure.name} is {measure.value:.4g} (n={measure.n:,}{surely})"
    sure = next((severity for severity, limit in limits.sure.items() if measure.low >= limit), None)
    facts = {"value": measure.value, "low": measure.low, "n": measure.n}
    if sure is not None:
        beyond = f"{said}, beyond the limit of {limits.sure[sure]:g} for {_named(sure)}"
        return Judged(measure.name, sure, beyond, facts)
    if measure.n < measure.least:
        return Judged(measure.name, Severity.UNKNOWN, f"{said}: fewer than {measure.least:,}", facts)
    if limits.lowest is not None and measure.value > limits.lowest:
        above = f"{said}, above {limits.lowest:g}{_perhaps(measure, limits)}"
        return Judged(measure.name, Severity.WARNING, above, facts)
    return Judged(measure.name, Severity.FINE, said, facts)


def gravest(found: Iterable[Judged]) -> Severity:
    """The severity of a look; UNKNOWN where nothing was measured at all."""
    return max((one.severity for one in found), default=Severity.UNKNOWN)


def _perhaps(measure: Measure, limits: Limits) -> str:
    beyond = next((severity for severity, limit in limits.sure.items() if measure.value > limit), None)
    return "" if beyond is None else f"; {_named(beyond)} needs more than {limits.sure[beyond]:g} for sure"


def _named(severity: Severity) -> str:
    return "the rollback" if severity is Severity.ROLLBACK else "an alert"
