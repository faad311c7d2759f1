"""Does the candidate fail more often than the champion, which answers at the same time? However often one looks.

The two-sample block e-process of Turner, Ly & Gruenwald (2024, "Generic E-variables for exact sequential k-sample tests
that allow for optional stopping", Journal of Statistical Planning and Inference 230). A block is what has arrived since
the one before it: na champion's and nb candidate's answers, in whatever ratio the traffic was split. Its factor is the
likelihood under rates pa < pb over that under their mean p0 = (na pa + nb pb) / (na + nb). Its expectation is at most 1
where the candidate's rate is at most the champion's: each answer's factor is linear in its own rate, so the logarithm
of the product is concave, and over those rates it is highest, 0, where both are p0. That also holds where rates move
within a block, as long as their means keep that order, so a bad hour of both is nobody's fault.

pa is what the champion's earlier blocks say, so that nobody needs to know it beforehand; pb has its odds raised by each
of ODDS. That na and nb were what they were must not depend on how the answers turned out.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from model_promotion.core.health import Health, Reading
from model_promotion.evidence.health.rates import Counts, Limited, high, low
from model_promotion.evidence.health.wealth import ODDS, Wealth

SOURCE = "error rate"
PRIOR = Counts(1, 50)
"""What the champion is thought to do before it has answered: it fades as answers come, and can only cost time."""
DOUBT = 3.0
"""The e-value from which on a candidate that has not failed does not pass, either. At the end of a rung one in seventy
candidates that are as good as the champion is beyond it, see benchmarks/health.py."""


@dataclass(frozen=True)
class ErrorRule:
    """How sure a verdict has to be, and what it takes.

    `margin` is by how much the candidate's rate may lie above the champion's; with one, a pass needs to be sure of it.
    `limit` is what the candidate is held against where the champion gets no traffic.

    Raises:
        ValueError: a number that makes no sense.
    """

    alpha: float = 0.01
    least: int = 100
    margin: float | None = None
    limit: float = 0.05

    def __post_init__(self) -> None:
        if not (0 < self.alpha < 1 / 2 and self.least >= 1 and 0 < self.limit < 1):
            raise ValueError("alpha must lie between 0 and 0.5, limit between 0 and 1, least be at least 1")
        if self.margin is not None and not 0 < self.margin < 1:
            raise ValueError(f"margin must lie between 0 and 1, not at {self.margin}")


@dataclass(frozen=True)
class ErrorRates:
    """What is known of both: the answers in blocks, those that wait for a block, and what was won on the blocks.

    A block waits until both have answered. `alone` is the candidate against the limit.
    """

    champion: Counts
    candidate: Counts
    waiting: tuple[Counts, Counts]
    wealth: Wealth
    alone: Limited

    @classmethod
    def none(cls, rule: ErrorRule, planned: int = 1) -> "ErrorRates":
        """Before the first answer; `planned` is how many looks there will be, for what breaks late, see wealth.py."""
        nothing = Counts()
        wealth = Wealth(planned)
        return cls(nothing, nothing, (nothing, nothing), wealth, Limited(rule.limit, wealth=wealth))

    @classmethod
    def resumed(cls, kept: Mapping[str, Any]) -> "ErrorRates":
        """From what `jsonable` made of it."""
        champion, candidate = (Counts.resumed(one) for one in kept["waiting"])
        return cls(
            Counts.resumed(kept["champion"]),
            Counts.resumed(kept["candidate"]),
            (champion, candidate),
            Wealth.resumed(kept["wealth"]),
            Limited.resumed(kept["alone"]),
        )

    @property
    def all_champion(self) -> Counts:
        """All answers of the champion."""
        return self.champion + self.waiting[0]

    @property
    def all_candidate(self) -> Counts:
        """All answers of the candidate."""
        return self.candidate + self.waiting[1]

    def after(self, champion: Counts, candidate: Counts) -> "ErrorRates":
        """What is known once these answers have come, too."""
        alone = self.alone.after(candidate)
        ours, theirs = self.waiting[0] + champion, self.waiting[1] + candidate
        if not min(ours.seen, theirs.seen):
            return replace(self, waiting=(ours, theirs), alone=alone)
        known = self.champion + PRIOR
        wealth = self.wealth.after(factors((ours.bad, ours.seen), (theirs.bad, theirs.seen), known.rate))
        nothing = Counts()
        return ErrorRates(self.champion + ours, self.candidate + theirs, (nothing, nothing), wealth, alone)

    def judged(self, rule: ErrorRule) -> Reading:
        """PASS, FAIL or INCONCLUSIVE, with the numbers."""
        compared = bool(self.all_champion.seen)
        verdict, why = self._compared(rule) if compared else self._alone(rule)
        facts = {
            "candidate_errors": self.all_candidate.bad,
            "candidate_requests": self.all_candidate.seen,
            "champion_errors": self.all_champion.bad,
            "champion_requests": self.all_champion.seen,
            "e_value": math.exp(min((self.wealth if compared else self.alone.wealth).now, 700)),
            "difference_high": self.difference_high(rule.alpha),
            "alpha": rule.alpha,
        }
        return Reading(SOURCE, verdict, f"{self._numbers()}{why}", facts)

    def difference_high(self, alpha: float) -> float:
        """An upper bound of candidate's - champion's rate, over all answers, that holds however often one looks.

        Each side's own bound at alpha / 2. It compares the means of the whole time: where the split of the traffic and
        the rates of both have moved together, look at each rung by itself.
        """
        return high(self.all_candidate, alpha / 2) - low(self.all_champion, alpha / 2)

    def _compared(self, rule: ErrorRule) -> tuple[Health, str]:
        if self.wealth.is_won(rule.alpha):
            return Health.FAIL, f", surely more than the champion's (alpha {rule.alpha:g})"
        if self.all_candidate.seen < rule.least:
            return Health.INCONCLUSIVE, f"; {rule.least:,} requests are needed"
        if self.wealth.now >= math.log(DOUBT):
            return Health.INCONCLUSIVE, f", probably more than the champion's, not surely (alpha {rule.alpha:g})"
        if rule.margin is not None and (most := self.difference_high(rule.alpha)) > rule.margin:
            return Health.INCONCLUSIVE, f"; up to {most:+.2%} more is possible, {rule.margin:.2%} is allowed"
        return Health.PASS, ", not surely more than the champion's"

    def _alone(self, rule: ErrorRule) -> tuple[Health, str]:
        if self.alone.is_beyond(rule.alpha):
            return Health.FAIL, f", surely above {rule.limit:.2%} (alpha {rule.alpha:g})"
        if self.all_candidate.seen < rule.least:
            return Health.INCONCLUSIVE, f"; {rule.least:,} requests are needed"
        # Nothing to compare with: that it is not surely bad is too little.
        if (most := high(self.all_candidate, rule.alpha)) > rule.limit:
            return Health.INCONCLUSIVE, f"; up to {most:.2%} is possible, {rule.limit:.2%} is allowed"
        return Health.PASS, f", surely below {most:.2%} where {rule.limit:.2%} is allowed"

    def _numbers(self) -> str:
        ours, theirs = self.all_candidate, self.all_champion
        if not ours.seen:
            return "the candidate has answered nothing"
        beside = f"{theirs.bad:,} of the champion's {theirs.seen:,} ({theirs.rate:.2%})"
        return f"{ours.bad:,} of {ours.seen:,} requests failed ({ours.rate:.2%}), " + (
            beside if theirs.seen else "the champion has no traffic"
        )


def factors(
    champion: tuple["int | np.ndarray", "int | np.ndarray"],
    candidate: tuple["int | np.ndarray", "int | np.ndarray"],
    known: "float | np.ndarray",
) -> np.ndarray:
    """The logarithm of each bet's factor for a block, bets being the last axis.

    Args:
        champion: how many of its answers were bad, and how many there were.
        candidate: the same.
        known: the champion's rate, as earlier blocks say.
    """
    bad_a, seen_a, bad_b, seen_b = (np.asarray(one)[..., None] for one in (*champion, *candidate))
    pa = np.asarray(known)[..., None]
    pb = pa * ODDS / (1 + (ODDS - 1) * pa)
    p0 = (seen_a * pa + seen_b * pb) / (seen_a + seen_b)
    of_a = bad_a * np.log(pa / p0) + (seen_a - bad_a) * np.log((1 - pa) / (1 - p0))
    return np.asarray(of_a + bad_b * np.log(pb / p0) + (seen_b - bad_b) * np.log((1 - pb) / (1 - p0)))
