"""Does the candidate fail its callers more often than the champion does? As the endpoint's metrics count them.

The two-sample test of error_rates.py, on minutes in which both had callers; where the metrics do not say whose their
numbers are nothing is compared, and the endpoint's total is told. Minutes hold own requests, too, of which the
candidate gets more beside its callers than the champion does, and which may fail more often or less than theirs. How
many of them a minute of the metrics holds, and whether it counts them at all, nobody knows. So as many as ours may be
are taken from the candidate's failures and none from its requests, and from the champion's requests and none from its
failures. Each makes the candidate look better, so the promise of the test stands, see `callers`.
"""

from dataclasses import dataclass, replace

from model_promotion.core.health import Health, Reading
from model_promotion.evidence.health.error_rates import ErrorRates, ErrorRule
from model_promotion.evidence.health.rates import Counts
from model_promotion.evidence.health.scraped import Scraped, scraped

SOURCE = "error rate in service"
NOTHING_YET = "no minute of its metrics is known yet"
NO_CALLERS = "no requests in the last minute"
NOT_WHOSE = "its metrics do not say which version's they are"
NOT_BOTH = "not both versions had callers beside our own requests in the last minute"


@dataclass(frozen=True)
class Names:
    """The entities of one endpoint; None for one whose name does not tell it from others."""

    champion: str | None
    candidate: str | None
    every: tuple[str, ...] = ()


@dataclass(frozen=True)
class ByMetrics:
    """What is known of one endpoint; `told` is what its last minute came to, for a person."""

    errors: ErrorRates
    rule: ErrorRule
    total: Counts | None = None
    told: str = NOTHING_YET

    @classmethod
    def none(cls, rule: ErrorRule, planned: int) -> "ByMetrics":
        """Before the first minute; so many will be looked at."""
        return cls(ErrorRates.none(rule, planned), rule)

    def after(self, text: str, names: Names, own: tuple[Counts, Counts]) -> "ByMetrics":
        """One minute later.

        Args:
            text: what the endpoint said.
            names: whose numbers are wanted.
            own: our own requests of at least that minute, champion's and candidate's: how many failed of how many.

        Raises:
            ValueError: when it is no Prometheus text, or its numbers are no counts.
        """
        champion, candidate = (scraped(text, one, names.every) for one in (names.champion, names.candidate))
        if not (champion.entity and candidate.entity):
            return self._unknown(candidate)
        both = callers(champion.entity, candidate.entity, own)
        if not min(one.seen for one in both):
            return replace(self, total=None, told=NOT_BOTH)
        return replace(self, errors=self.errors.after(*both), total=None, told="")

    def reading(self, endpoint: str) -> Reading:
        """What it says: a failure counts, all else does once there is enough of it."""
        source = f"{SOURCE} of {endpoint}"
        facts = {"endpoint_errors": self.total.bad, "endpoint_requests": self.total.seen} if self.total else {}
        if not self.errors.all_champion.seen:
            return Reading(source, Health.INCONCLUSIVE, self.told, facts, decides=False)
        found = self.errors.judged(self.rule)
        decides = found.verdict is Health.FAIL or self.errors.all_candidate.seen >= self.rule.least
        said = f"{found.sentence} ({self.told})" if self.told else found.sentence
        return replace(found, source=source, sentence=said, facts={**found.facts, **facts}, decides=decides)

    def _unknown(self, found: Scraped) -> "ByMetrics":
        if found.entity:
            return replace(self, total=None, told=NOT_BOTH)
        if not found.endpoint:
            return replace(self, total=None, told=NO_CALLERS)
        said = f"{found.endpoint.bad:,} of {found.endpoint.seen:,} requests of the last minute failed, and {NOT_WHOSE}"
        return replace(self, total=found.endpoint, told=said)


def callers(champion: Counts, candidate: Counts, own: tuple[Counts, Counts]) -> tuple[Counts, Counts]:
    """What came of callers' requests, in the candidate's favour where nobody knows which were our own.

    A factor of the test falls with each failure of the candidate that becomes an answer, and with each failure more of
    the champion. The candidate keeps at most the failures that its callers saw, among at least as many requests; the
    champion at least those that its callers saw, among at most as many. So where the candidate fails its callers no
    more often than the champion does, the expectation of a factor stays at most 1.
    """
    seen = max(champion.seen - own[0].seen, 0)
    return Counts(min(champion.bad, seen), seen), Counts(max(candidate.bad - own[1].bad, 0), candidate.seen)
