"""What own requests say of a canary: both versions asked the same way at the same time, whatever the traffic is.

They share alpha with what the endpoints' own metrics say (by_metrics.py): whatever these have in common, the chance
that any of them is wrong is at most the sum of the parts.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from model_promotion.core.health import Health, Reading
from model_promotion.core.load import Ending, LoadRun, Sample
from model_promotion.evidence.health.error_rates import ErrorRates, ErrorRule
from model_promotion.evidence.health.quantiles import QuantileRule, compared
from model_promotion.evidence.health.rates import Counts

QUANTILES = (0.95, 0.99)
PARTS = 3
"""Of alpha: errors of own requests, their latencies, errors in service."""
DECIDES = 0.95
"""Of the others only a failure counts: it takes many more requests until a tail can be shown to be as good."""


@dataclass(frozen=True)
class CanaryRules:
    """How sure a verdict has to be over the whole canary, and from how many requests on there is one.

    `looks` is how often errors are looked at, `ends` how often latencies are: at the end of each rung, and of each
    extension. A quantile of latency may be `tolerance` times the champion's. `endpoints` is how many there are, each
    with metrics of its own, and `minutes` how often these are looked at.
    """

    alpha: float = 0.01
    least: int = 100
    tolerance: float = 1.5
    looks: int = 100
    ends: int = 8
    endpoints: int = 1
    minutes: int = 1

    @property
    def errors(self) -> ErrorRule:
        """Of own requests."""
        return ErrorRule(self.alpha / PARTS, self.least)

    def quantile(self, quantile: float) -> QuantileRule:
        """Of latencies of own requests."""
        return QuantileRule(quantile, self.tolerance, self.alpha / PARTS / len(QUANTILES), self.ends)

    @property
    def in_service(self) -> ErrorRule:
        """Of what the metrics of one endpoint say."""
        return ErrorRule(self.alpha / PARTS / self.endpoints, self.least)


@dataclass(frozen=True)
class Probed:
    """What is known so far: errors since the canary began, latencies (ms) since its rung did."""

    errors: ErrorRates
    champion_ms: tuple[np.ndarray, ...] = ()
    candidate_ms: tuple[np.ndarray, ...] = ()
    rules: CanaryRules = field(default_factory=CanaryRules)

    @classmethod
    def none(cls, rules: CanaryRules) -> "Probed":
        """Before the first request."""
        return cls(ErrorRates.none(rules.errors, rules.looks), rules=rules)

    def after(self, run: LoadRun) -> "Probed":
        """What is known after this run, whose targets are champion and candidate in turn."""
        champion, candidate = (_side(run, side) for side in (0, 1))
        return replace(
            self,
            errors=self.errors.after(champion[0], candidate[0]),
            champion_ms=(*self.champion_ms, champion[1]),
            candidate_ms=(*self.candidate_ms, candidate[1]),
        )

    def on_a_new_rung(self) -> "Probed":
        """Latencies are those of a rung: the traffic of another one is another."""
        return replace(self, champion_ms=(), candidate_ms=())

    def readings(self, *, at_the_end: bool) -> tuple[Reading, ...]:
        """What it says: errors at any time, latencies when the rung ends."""
        errors = self.errors.judged(self.rules.errors)
        return (errors, *(self._tail(quantile) for quantile in QUANTILES)) if at_the_end else (errors,)

    def _tail(self, quantile: float) -> Reading:
        champion, candidate = (np.concatenate(side or ([],)) for side in (self.champion_ms, self.candidate_ms))
        found = compared(champion, candidate, self.rules.quantile(quantile))
        decides = quantile == DECIDES or found.verdict is Health.FAIL
        return replace(found, source=f"{found.source} latency in ms", decides=decides)


def counted(samples: Iterable[Sample]) -> Counts:
    """How many of these were no answers."""
    endings = [one.ending for one in samples]
    return Counts(sum(one is not Ending.ANSWERED for one in endings), len(endings))


def _side(run: LoadRun, side: int) -> tuple[Counts, np.ndarray]:
    """The answers of one of the two: how many were none, and how long each took; what took for ever did."""
    samples = [one for one in run.samples if one.target % 2 == side]
    took = [one.took_s * 1000 for one in samples if one.ending is Ending.ANSWERED]
    slow = [float("inf") for one in samples if one.ending is Ending.TIMED_OUT]
    return counted(samples), np.array([*took, *slow])
