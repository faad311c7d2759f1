"""What a watch learns from files: whether answers were right, once their truth is known, and how the inputs drift."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from model_promotion.checks import data_drift
from model_promotion.core.dataset import Dataset
from model_promotion.core.errors import BadCall, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.finding import Verdict
from model_promotion.core.health import Health
from model_promotion.core.request import Mode, Request
from model_promotion.core.responses import answer_in
from model_promotion.core.selector import ByNumber
from model_promotion.core.watch_rules import ACCURACY_DROP, Judged, Measure, Severity, judged
from model_promotion.flows.resolve import make_plan
from model_promotion.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model_promotion.core.entities import Version
    from model_promotion.evidence.health.in_service import Rate, Row, Sureness
    from model_promotion.evidence.health.trend import Trend
    from model_promotion.flows.watches.watching import Source, Watching
    from model_promotion.world import World

METRIC = "accuracy"
MOST_TESTS = 20
SEVERITIES = {Verdict.PASSED: Severity.FINE, Verdict.FAILED: Severity.CRITICAL}


def sources(watching: Watching) -> tuple[Source, ...]:
    """What was asked for beside endpoints.

    Raises:
        PromotionError: when what was asked for cannot be read.
    """
    from model_promotion.evidence.health.in_service import Sureness

    request, world, version = watching.request, watching.world, watching.version
    policy = world.policy.watch
    sureness = Sureness.shared(policy, watching.looks, len(watching.places))
    found: list[Source] = []
    if policy.labels:
        found.append(Labels(request, world, version, sureness))
    if request.current_data or policy.current_data:
        found.append(Drift(request, world, version, sureness))
    return tuple(found)


class Labels:
    """Answers whose truth has come since the watch began."""

    def __init__(self, request: Request, world: World, version: Version, sureness: Sureness) -> None:
        from model_promotion.evidence.health.in_service import Arrived

        self._engine, self._policy, self._world = request.engine, world.policy.watch, world
        if request.engine != "local" and not self._policy.id:
            raise BadCall("rows of a table have no order, so labels need an id to be counted once", hint="[watch] id")
        self._sureness, self._arrived = sureness, Arrived(self._rows(), by_id=bool(world.policy.watch.id))
        self._wrong_before = self._baseline(version)
        self._trend, self._wrong = self._follows(), self._none()

    def look(self) -> Iterator[Judged]:
        """What the answers that got their labels now add; a fall of accuracy by itself is a warning only."""
        try:
            rights = self._arrived.after(self._rows())
        except ValueError as error:
            raise BadCall(f"{self._policy.labels}: {error}", hint="name their id: [watch] id") from error
        yield self._drop(rights)
        if self._trend:
            found = self._trend.after(rights)
            fell = found.verdict is Health.FAIL
            severity = Severity.WARNING if fell else Severity.FINE
            yield Judged(found.source, severity, f"{found.source}: {found.sentence}", found.facts)

    def _drop(self, rights: list[bool]) -> Judged:
        from model_promotion.evidence.health.rates import Counts

        self._wrong = self._wrong and self._wrong.after(Counts(len(rights) - sum(rights), len(rights)))
        if self._wrong is None or self._wrong_before is None:
            said = f"{ACCURACY_DROP} is not known: no {METRIC} from before; set [watch] accuracy in the policy"
            return Judged(ACCURACY_DROP, Severity.UNKNOWN, said)
        measure: Measure = self._wrong.drop(self._wrong_before)
        return judged(measure, self._policy.accuracy_drop)

    def _none(self) -> Rate | None:
        from model_promotion.evidence.health.in_service import Rate

        before = self._wrong_before
        return None if before is None else Rate.wrong(self._policy.accuracy_drop, before, self._sureness)

    def _baseline(self, version: Version) -> float | None:
        """The share of wrong answers before; None where nobody knows."""
        accuracy = self._policy.accuracy
        if accuracy is None:
            try:
                accuracy = self._world.registry.metrics(version).values.get(METRIC)
            except PromotionError:
                accuracy = None
        return 1 - accuracy if accuracy is not None and 0 < accuracy <= 1 else None

    def _follows(self) -> Trend | None:
        from model_promotion.evidence.health.trend import Trend

        try:
            return Trend()
        except BadCall as error:
            self._world.voice.tell(Event(Kind.HINT, "Watch", f"{error}: {error.hint}"))
            return None

    def _rows(self) -> Iterator[Row]:
        """Id, answer and truth of every row, as the data say now."""
        for name, answer, truth in self._as_kept():
            yield name, answer_in(answer), truth

    def _as_kept(self) -> Iterator[Row]:
        policy, name = self._policy, self._policy.id
        if policy.predictions:
            truths = {row[0]: row[1] for row in self._read(policy.labels, (name, policy.target))}
            answers = self._read(policy.predictions, (name, policy.prediction))
            yield from ((row[0], row[1], truths.get(row[0])) for row in answers)
        elif name:
            yield from self._read(policy.labels, (name, policy.prediction, policy.target))  # type: ignore[misc]
        else:
            both = self._read(policy.labels, (policy.prediction, policy.target))
            yield from ((None, answer, truth) for answer, truth in both)

    def _read(self, uri: str, columns: tuple[str, ...]) -> Iterator[tuple[str | None, ...]]:
        with self._world.engine(self._engine).open(Dataset(uri, id=self._policy.id)) as data:
            yield from data.texts(columns)


class Drift:
    """Whether the inputs still look like those that were kept with the version: alerted, never rolled back.

    A test of drift is one that may be made once. So it is made at most MOST_TESTS times in a watch, however many looks
    there are, each with its part of alpha; in between its last answer stands.
    """

    def __init__(self, request: Request, world: World, version: Version, sureness: Sureness) -> None:
        named = request.current_data or world.policy.watch.current_data
        self._request = replace(
            request, mode=Mode.CHECK, candidate=ByNumber(version.number), current_data=named, reference_data=""
        )
        self._every = math.ceil(sureness.planned / MOST_TESTS)
        alpha = sureness.alpha / math.ceil(sureness.planned / self._every)
        rules = replace(world.policy.drift, alpha=min(alpha, world.policy.drift.alpha))
        self._world, self._policy = world, replace(world.policy, drift=rules)
        self._looks, self._last = 0, tuple[Judged, ...]()

    def look(self) -> Iterator[Judged]:
        """What the data say now."""
        if self._looks % self._every == 0:
            self._last = ()
            self._last = tuple(self._asked())
        self._looks += 1
        yield from self._last

    def _asked(self) -> Iterator[Judged]:
        # What it takes to read is not the rollback's time.
        world = replace(self._world.beside(self._world.voice), policy=self._policy)
        plan = make_plan(self._request, world.registry)
        with Witness(plan, self._request, world) as witness:
            found = data_drift.ask(witness)
        if found is not None:
            severity = SEVERITIES.get(found.verdict, Severity.UNKNOWN)
            yield Judged("data drift", severity, f"data drift: {found.sentence}")
