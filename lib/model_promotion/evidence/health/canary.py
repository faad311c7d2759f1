"""What own requests say of a canary: both versions asked the same way at the same time, whatever the traffic is."""

from dataclasses import dataclass, field, replace

import numpy as np

from model_promotion.core.health import Health, Reading
from model_promotion.core.load import Ending, LoadRun
from model_promotion.evidence.health.error_rates import ErrorRates, ErrorRule
from model_promotion.evidence.health.quantiles import QuantileRule, compared
from model_promotion.evidence.health.rates import Counts

QUANTILES = (0.95, 0.99)
DECIDES = 0.95
"""Of the others only a failure counts: it takes many more requests until a tail can be shown to be as good."""


@dataclass(frozen=True)
class CanaryRules:
    """How sure a verdict has to be over the whole canary, and from how many requests on there is one.

    `looks` is how often errors are looked at, `ends` how often latencies are: at the end of each rung, and of each
    extension. A quantile of latency may be `tolerance` times the champion's.
    """

    alpha: float = 0.01
    least: int = 100
    tolerance: float = 1.5
    looks: int = 100
    ends: int = 8

    @property
    def errors(self) -> ErrorRule:
        """Half of alpha is for errors."""
        return ErrorRule(self.alpha / 2, self.least)

    def quantile(self, quantile: float) -> QuantileRule:
        """The other half is for latencies."""
        return QuantileRule(quantile, self.tolerance, self.alpha / 2 / len(QUANTILES), self.ends)


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


def _side(run: LoadRun, side: int) -> tuple[Counts, np.ndarray]:
    """The answers of one of the two: how many were none, and how long each took; what took for ever did."""
    samples = [one for one in run.samples if one.target % 2 == side]
    bad = sum(one.ending is not Ending.ANSWERED for one in samples)
    took = [one.took_s * 1000 for one in samples if one.ending is Ending.ANSWERED]
    slow = [float("inf") for one in samples if one.ending is Ending.TIMED_OUT]
    return Counts(bad, len(samples)), np.array([*took, *slow])
