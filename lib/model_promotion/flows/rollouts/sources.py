"""What tells of a canary beside its own requests under load: its endpoints' states and metrics, and what it answers."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from model_promotion.core.deployment import Deployment
from model_promotion.core.errors import PromotionError
from model_promotion.core.health import Health, Reading
from model_promotion.core.load import LoadRun
from model_promotion.core.rollout import Rollout
from model_promotion.flows.rollouts.probes import UNANSWERED, Probes
from model_promotion.flows.rollouts.rolling import Rolling

if TYPE_CHECKING:
    from model_promotion.evidence.health.by_metrics import ByMetrics
    from model_promotion.evidence.health.canary import CanaryRules
    from model_promotion.evidence.health.rates import Counts

SETTLES_S = 120.0
"""A minute that ends so long after a change of traffic lies behind it whole, also where metrics come a minute late."""


@dataclass
class Sources:
    """What metrics said, when, and why not, by endpoint; `sent` is when what of our own went to which target."""

    rolling: Rolling
    probes: Probes
    said: "dict[str, ByMetrics]" = field(default_factory=dict)
    asked_at: dict[str, float] = field(default_factory=dict)
    gaps: dict[str, str] = field(default_factory=dict)
    sent: "list[tuple[float, int, Counts]]" = field(default_factory=list)
    since: float = 0.0
    turn: int = 0

    def begin_anew(self) -> None:
        """The traffic is another from now on, or something was sent that nobody has counted."""
        self.since = self._now

    def readings(self, rung: int, run: LoadRun, rules: "CanaryRules") -> Iterator[Reading]:
        """What all of them say once this run is over.

        Raises:
            PromotionError: when an endpoint cannot be read.
        """
        self.turn += 1
        self._count(run)
        for place, one in enumerate(self.rolling.rollouts):
            seen = self.rolling.hands.endpoints.deployment(one.endpoint)
            yield self._state(one, seen, rung) or self._answers(one, place)
            yield from self._metrics(one, seen, rules)

    def _count(self, run: LoadRun) -> None:
        from model_promotion.evidence.health.canary import counted
        from model_promotion.evidence.health.rates import Counts

        for target in range(len(run.load.targets)):
            # The champion may be asked once more beside it, to compare answers.
            own = counted(one for one in run.samples if one.target == target) + Counts(0, 1)
            self.sent.append((self._now, target, own))
        self.sent = [one for one in self.sent if self._now - one[0] <= SETTLES_S]

    def _state(self, one: Rollout, seen: Deployment, rung: int) -> Reading | None:
        """What the endpoint says of the candidate's entity; None where that is as it should be."""
        entity = seen.entity(one.new)
        if entity is None or entity.state == "failed":
            said = f"{one.new} is gone" if entity is None else f"{one.new} has failed: {entity.message}"
            return Reading(one.endpoint, Health.FAIL, said)
        if entity.share_pct != (meant := one.at(rung)):
            said = f"somebody else gave {one.new} {entity.share_pct} % of the traffic, {meant} % was set"
            return Reading(one.endpoint, Health.ERROR, said)
        return None

    def _answers(self, one: Rollout, place: int) -> Reading:
        from model_promotion.evidence.health.rates import Counts

        found = self.probes.reading(one, self.turn)
        if found.facts == UNANSWERED:
            self.sent.append((self._now, 2 * place + 1, Counts(1, 1)))
        return found

    def _metrics(self, one: Rollout, seen: Deployment, rules: "CanaryRules") -> Iterator[Reading]:
        """Once a minute; between, what is known."""
        from model_promotion.evidence.health.by_metrics import ByMetrics
        from model_promotion.evidence.health.scraped import MINUTE_S

        known = self.said.get(one.endpoint) or ByMetrics.none(rules.in_service, rules.minutes)
        last = self.asked_at.get(one.endpoint, -math.inf)
        if self._now - self.since >= SETTLES_S and self._now - last >= MINUTE_S:
            self.asked_at[one.endpoint] = self._now
            known = self._scraped(known, one, seen)
        self.said[one.endpoint] = known
        yield known.reading(one.endpoint)
        if gap := self.gaps.get(one.endpoint):
            yield Reading(f"metrics of {one.endpoint}", Health.ERROR, gap, decides=False)

    def _scraped(self, known: "ByMetrics", one: Rollout, seen: Deployment) -> "ByMetrics":
        """What is known one minute later; nothing more where that cannot be read, and why is kept."""
        from model_promotion.evidence.health.by_metrics import Names

        every = tuple(entity.name for entity in seen.entities)
        champion, candidate = (None if name == one.endpoint else name for name in (one.old, one.new))
        try:
            text = self.rolling.hands.endpoints.metrics(one.endpoint)
            known = known.after(text, Names(champion, candidate, every), self._own(one))
        except (PromotionError, ValueError) as error:
            self.gaps[one.endpoint] = f"not known: {error}"
        else:
            self.gaps.pop(one.endpoint, None)
        return known

    def _own(self, one: Rollout) -> "tuple[Counts, Counts]":
        """Our own requests to champion and candidate, all that the last minute of the metrics can hold."""
        from model_promotion.evidence.health.rates import Counts

        first = 2 * self.rolling.rollouts.index(one)
        both = ([own for _, target, own in self.sent if target == first + side] for side in (0, 1))
        champion, candidate = (sum(own, Counts()) for own in both)
        return champion, candidate

    @property
    def _now(self) -> float:
        return self.rolling.hands.world.clock.monotonic()
