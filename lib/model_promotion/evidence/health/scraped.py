"""What an endpoint's Prometheus text says of one entity, where it says whose numbers they are.

Databricks exports the values of the last minute, whatever their names say (`_total`), and publishes no label names:
https://docs.databricks.com/aws/en/machine-learning/model-serving/metrics-export-serving-endpoint
So a sample is an entity's where the value of a label names it, and whatever the label is called.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from model_promotion.evidence.health.rates import Counts

REQUESTS, FAULTS, REFUSALS = "request_count_total", "request_5xx_count_total", "request_4xx_count_total"
MINUTE_S = 60.0
"""Looked at more often, the same minute would count more than once."""


@dataclass(frozen=True)
class Scraped:
    """Requests of the last minute: of the entity, None where nobody knows; and of the whole endpoint.

    Only what the server failed at (5xx) is bad: 4xx are mistakes of its callers, or too many of them.
    """

    entity: Counts | None = None
    endpoint: Counts | None = None

    @property
    def told(self) -> str:
        """For a person; empty when there is nothing to tell."""
        found = {"its own": self.entity, "of the endpoint": self.endpoint}
        return ", ".join(f"{one.bad} of {one.seen:,} failed ({whose})" for whose, one in found.items() if one)


@dataclass(frozen=True)
class _Sample:
    name: str
    values: frozenset[str]
    number: float


def scraped(text: str, entity: str | None, others: Iterable[str] = ()) -> Scraped:
    """What the text says; a minute without requests says nothing.

    Args:
        text: Prometheus text, or whatever was sent instead of it.
        entity: the name of the entity; None where its name does not tell it from others, as that of the endpoint.
        others: the names of the endpoint's other entities, whose samples are theirs.

    Raises:
        ValueError: when it is no such text, or its numbers are no counts.
    """
    samples = _samples(text)
    theirs = {*others} - {entity}
    own = [one for one in samples if entity in one.values and not theirs & one.values]
    shared = [one for one in samples if entity not in one.values and not theirs & one.values]
    return Scraped(_counts(own), _counts(shared))


def _samples(text: str) -> list[_Sample]:
    from prometheus_client.parser import text_string_to_metric_families

    try:
        families = list(text_string_to_metric_families(text))
        return [
            _Sample(one.name, frozenset(map(str, one.labels.values())), float(one.value))
            for family in families
            for one in family.samples
        ]
    except Exception as error:  # the parser raises whatever comes to its mind
        raise ValueError(f"no Prometheus text: {type(error).__name__}") from error


def _counts(samples: list[_Sample]) -> Counts | None:
    """None where there is no count of requests, or there were none."""
    seen, bad = (_sum(samples, name) for name in (REQUESTS, FAULTS))
    return Counts(bad, seen) if seen else None


def _sum(samples: list[_Sample], name: str) -> int:
    numbers = [one.number for one in samples if one.name == name]
    if not all(math.isfinite(one) and one >= 0 for one in numbers):
        raise ValueError(f"{name} is no count")
    return round(sum(numbers))
