"""A load test as data: how fast is asked for how long, when each request is due, what became of it.

The loop is open: requests are due at times that nothing of the server's can move (a Poisson process, as of many callers
who know nothing of each other), and what one took counts from when it was due. A loop that waits for its answers sends
nothing while the server stands still, and so measures nothing of it: "coordinated omission" (Tene, "How not to measure
latency", 2013).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from heapq import merge
from typing import Any, ClassVar, NamedTuple

from model_promotion.core.duration import as_age, seconds
from model_promotion.core.errors import BadCall
from model_promotion.core.payloads import Payload
from model_promotion.core.say import count
from model_promotion.core.strict import STRICT, above_zero

MOST_PER_S = 5000.0
MOST_S = 3600.0
MOST_REQUESTS = 200_000
MOST_WARM_UP_S = 30.0
USAGE = "requests a second and how long, for example 50,30s"


@dataclass(frozen=True)
class LoadTest:
    """How many requests a second, for how long; bounded, so that no slip of the hand becomes an attack.

    Raises:
        BadCall: when a number is none, or too large.
    """

    rate_per_s: float
    duration_s: float

    def __post_init__(self) -> None:
        if self.rate_per_s <= 0:
            raise BadCall(f"load test {self} sends nothing: its rate is to be above 0", hint=USAGE)
        if not (0 < self.rate_per_s <= MOST_PER_S and 0 < self.duration_s <= MOST_S):
            said = f"load test {self} is not within {MOST_PER_S:g} requests a second and {MOST_S:g} s"
            raise BadCall(said, hint=USAGE)
        if self.rate_per_s * self.duration_s > MOST_REQUESTS:
            raise BadCall(f"load test {self} is more than {MOST_REQUESTS:,} requests", hint=USAGE)

    @classmethod
    def parse(cls, text: str) -> "LoadTest":
        """As typed: `50,30s`.

        Raises:
            BadCall: when it is none.
        """
        rate, _, duration = text.partition(",")
        try:
            return cls(float(rate), seconds(duration))
        except (ValueError, BadCall) as error:
            if isinstance(error, BadCall) and "load test" in str(error):
                raise
            raise BadCall(f"load test {text[:40]!r} is not written RATE,DURATION", hint=USAGE) from error

    @classmethod
    def of_policy(cls, rate_per_s: float, duration_s: float, named: str) -> "LoadTest":
        """As a policy file says it under these names, where what is wrong is a ValueError."""
        try:
            return cls(rate_per_s, duration_s)
        except BadCall as error:
            raise ValueError(f"{named}: {error}") from error

    def at(self, rate_per_s: float, fewest: int) -> "LoadTest":
        """The same at another rate, long enough for so many requests, and not for more than are allowed."""
        longest_s = MOST_REQUESTS / rate_per_s - MOST_WARM_UP_S
        return LoadTest(rate_per_s, min(max(self.duration_s, fewest / rate_per_s), longest_s, MOST_S))

    def __str__(self) -> str:
        return f"{self.rate_per_s:.10g},{as_age(self.duration_s)}"


@dataclass(frozen=True)
class LoadPolicy:
    """`[load_test]`: the budget of an endpoint under load, and how it is loaded.

    A latency is from when a request was due until its whole answer was there. Requests without a usable answer, those
    that were turned away with 429 among them, may be `max_error_pct` of all. Without --load-test `rate_per_s` and
    `duration_s` hold, where the policy requires the check. What is due in the first `warm_up_s` is not counted. A run
    in which more than one request in a hundred left later than `max_late_ms` says nothing. The highest rate that keeps
    the budget is searched up to `search_to_per_s`; None searches none.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    p95_ms: float = 500.0
    p99_ms: float = 1000.0
    max_error_pct: float = 1.0
    rate_per_s: float = 50.0
    duration_s: float = 30.0
    warm_up_s: float = 2.0
    timeout_s: float = 10.0
    max_late_ms: float = 25.0
    search_to_per_s: float | None = None
    seed: int = 20_261_121

    def __post_init__(self) -> None:
        """Numbers that make no sense are refused where they are written.

        Raises:
            ValueError: when one of them does not.
        """
        above_zero(p95_ms=self.p95_ms, p99_ms=self.p99_ms, timeout_s=self.timeout_s, max_late_ms=self.max_late_ms)
        if not (0 <= self.max_error_pct <= 100 and 0 <= self.warm_up_s <= MOST_WARM_UP_S):  # noqa: PLR2004 - percent
            raise ValueError(f"max_error_pct must be within 0 and 100, warm_up_s within 0 and {MOST_WARM_UP_S:g}")
        if max(self.p95_ms, self.p99_ms) > self.timeout_s * 1000:
            raise ValueError(
                "timeout_s must be longer than p95_ms and p99_ms, or nothing could be found to exceed them"
            )
        if self.search_to_per_s is not None and not 0 < self.search_to_per_s <= MOST_PER_S:
            raise ValueError(f"search_to_per_s must be greater than 0, and at most {MOST_PER_S:g}")
        _ = self.test

    @property
    def test(self) -> LoadTest:
        """What is sent where the call does not say."""
        return LoadTest.of_policy(self.rate_per_s, self.duration_s, "rate_per_s and duration_s")


@dataclass(frozen=True)
class Destination:
    """Where requests go, as it is called, and the headers that go there and nowhere else.

    `headers` is asked before the first request and then at most once a minute: a login runs out.
    """

    name: str
    url: str
    headers: Callable[[], Mapping[str, str]] = dict


@dataclass(frozen=True)
class Load:
    """One run: every target gets requests at this rate, at times of its own, mixed with those of the others."""

    targets: tuple[Destination, ...]
    payloads: tuple[Payload, ...]
    test: LoadTest
    seed: int = LoadPolicy.seed
    warm_up_s: float = LoadPolicy.warm_up_s
    timeout_s: float = LoadPolicy.timeout_s

    def __post_init__(self) -> None:
        """All targets together are bounded as one is.

        Raises:
            BadCall: when they would get too many requests.
        """
        planned = len(self.targets) * self.test.rate_per_s * (self.warm_up_s + self.test.duration_s)
        if planned > MOST_REQUESTS:
            said = f"{self.test} for {count(len(self.targets), 'endpoint')} is {planned:,.0f} requests with the warm-up"
            raise BadCall(f"{said}, at most {MOST_REQUESTS:,} are sent", hint=USAGE)


class Due(NamedTuple):
    """A request: when, from the start, and by their places the target and the payload."""

    at_s: float
    target: int
    payload: int


def dues(load: Load) -> Iterator[Due]:
    """Every request of a run in the order of time, the same for the same seed."""
    # A run is as many Poisson processes as there are targets: each is loaded as if it were alone.
    return merge(*(_dues_of(place, load) for place in range(len(load.targets))))


def _dues_of(target: int, load: Load) -> Iterator[Due]:
    from random import Random  # Not for every call: the first line is to be there at once.

    random = Random(f"{load.seed}/{target}")  # noqa: S311 - no secret
    for begins_s, lasts_s in ((0.0, load.warm_up_s), (load.warm_up_s, load.test.duration_s)):
        # A Poisson process that has exactly so many arrivals has them at independent, uniform times.
        for at_s in sorted(random.uniform(0, lasts_s) for _ in range(round(load.test.rate_per_s * lasts_s))):
            yield Due(begins_s + at_s, target, random.randrange(len(load.payloads)))


class Ending(StrEnum):
    """What became of a request."""

    ANSWERED = "answered"
    THROTTLED = "turned away (429)"
    DENIED = "not allowed (401, 403)"
    CLIENT_ERROR = "answered 4xx"
    SERVER_ERROR = "answered 5xx"
    REDIRECTED = "answered 3xx"
    NO_PREDICTIONS = "answered without predictions"
    TIMED_OUT = "not answered in time"
    NO_CONNECTION = "not connected"
    BROKEN = "cut off"


class Sample(NamedTuple):
    """A request that was sent: when it was due, how late it left, and how long after it was due it ended."""

    target: int
    due_s: float
    late_s: float
    took_s: float
    ending: Ending


@dataclass(frozen=True)
class LoadRun:
    """What became of each request of a run; `whole` is False when the run was stopped."""

    load: Load
    samples: tuple[Sample, ...]
    whole: bool = True
