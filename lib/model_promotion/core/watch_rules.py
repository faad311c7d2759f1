"""When does the watch roll back, alert or warn? Limits of the policy, held against what is sure.

A limit counts as crossed only where that is sure however often one looks, and the rollback needs more than one look
that says so. So a version that keeps its limits is rolled back, alerted or warned of in at most alpha of all watches,
and not in most of them after 600 looks. A value beyond a limit that may be there by chance is not known.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Any, ClassVar

from model_promotion.core.gate import check_alpha
from model_promotion.core.load import LoadTest
from model_promotion.core.strict import STRICT, above_zero


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
    def gravest_first(self) -> dict[Severity, float]:
        """Those that there are."""
        known = {Severity.ROLLBACK: self.rollback, Severity.CRITICAL: self.critical, Severity.WARNING: self.warning}
        return {severity: limit for severity, limit in known.items() if limit is not None}


ERROR_RATE, ACCURACY_DROP, P95_MS = "error_rate", "accuracy_drop", "p95_ms"
DEFAULTS: Mapping[str, Limits] = MappingProxyType(
    {
        ACCURACY_DROP: Limits(rollback=0.10, critical=0.05, warning=0.02),
        ERROR_RATE: Limits(rollback=0.05, critical=0.02),
        P95_MS: Limits(rollback=500.0, warning=200.0),
    }
)
"""Shares of 1 for rates, points of accuracy lost, milliseconds."""


@dataclass(frozen=True)
class WatchPolicy:
    """`[watch]`: what is looked at, how often, and from where on something is done about it.

    `look_s` is the time between two looks, in which own requests go out `probes_per_s` times a second. What is sure is
    wrong in at most `alpha` of all watches, whatever it is about. No measure is judged before it rests on `least`
    requests or labels. Limits that are named replace all of the defaults of that measure.

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
        above_zero(probes_per_s=self.probes_per_s, look_s=self.look_s, least=self.least, accuracy=self.accuracy)
        _ = self.probes
        if self.accuracy is not None and self.accuracy > 1:
            raise ValueError("accuracy must be at most 1")
        if self.predictions and not (self.labels and self.id):
            raise ValueError("predictions are joined to labels by an id: name labels and id, too")

    @property
    def probes(self) -> LoadTest:
        """What is sent between two looks."""
        return LoadTest.of_policy(self.probes_per_s, self.look_s, "probes_per_s and look_s")

    @property
    def enough_s(self) -> int:
        """How long it takes to send `least` own requests: how many are due is random, so three deviations more."""
        return math.ceil(((3 + math.sqrt(9 + 4 * self.least)) / 2) ** 2 / self.probes_per_s)


@dataclass(frozen=True)
class Beyond:
    """The highest limits that a measure lies beyond, 0 for none.

    `surely` is wrong in at most alpha of all watches, and so is `twice`, which rests on more than one look; `perhaps`
    is what speaks more for it than against, just now.
    """

    perhaps: float = 0.0
    surely: float = 0.0
    twice: float = 0.0

    def enough_for(self, severity: Severity) -> float:
        """The highest limit that counts as crossed."""
        return self.twice if severity is Severity.ROLLBACK else self.surely


@dataclass(frozen=True)
class Measure:
    """One measure at one look: its value, and which limits it lies beyond.

    NaN is a value that nobody knows. `n` is how many requests or labels it rests on, `least` how many it takes.
    """

    name: str
    value: float
    beyond: Beyond
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
    beyond = measure.beyond
    enough = measure.n >= measure.least
    surely = f", surely above {beyond.surely:.4g}" if enough and beyond.surely else ""
    said = f"{measure.name} is {measure.value:.4g} (n={measure.n:,}{surely})"
    facts = {"value": measure.value, "low": beyond.surely, "n": measure.n}
    if not enough:
        return Judged(measure.name, Severity.UNKNOWN, f"{said}: fewer than {measure.least:,}", facts)
    crossed = _crossed(beyond, limits)
    more = _more(beyond, limits)
    if crossed is not None:
        limit = limits.gravest_first[crossed]
        return Judged(measure.name, crossed, f"{said}, beyond the limit of {limit:g} for {NAMED[crossed]}{more}", facts)
    if max(beyond.perhaps, beyond.surely):
        return Judged(measure.name, Severity.UNKNOWN, f"{said}{more}", facts)
    return Judged(measure.name, Severity.FINE, said, facts)


def gravest(found: Iterable[Judged]) -> Severity:
    """The severity of a look; UNKNOWN where nothing was measured at all."""
    return max((one.severity for one in found), default=Severity.UNKNOWN)


NAMED = {Severity.ROLLBACK: "the rollback", Severity.CRITICAL: "an alert", Severity.WARNING: "a warning"}


def _crossed(beyond: Beyond, limits: Limits) -> Severity | None:
    known = limits.gravest_first.items()
    return next((severity for severity, limit in known if beyond.enough_for(severity) >= limit), None)


def _more(beyond: Beyond, limits: Limits) -> str:
    """What it would take for the gravest that may be true as well."""
    for severity, limit in limits.gravest_first.items():
        if beyond.enough_for(severity) >= limit:
            return ""
        if beyond.surely >= limit:
            return f"; {NAMED[severity]} takes another look that says so"
        if beyond.perhaps >= limit:
            return f"; {NAMED[severity]} needs more than {limit:g} for sure"
    return ""
