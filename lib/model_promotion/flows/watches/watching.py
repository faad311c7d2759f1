"""The looks of one watch: what is asked, what is said of it, and when it ends."""

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from model_promotion.core import alert_policy, say
from model_promotion.core.alert import Alert
from model_promotion.core.entities import Version
from model_promotion.core.errors import PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.intent import STILL, intents
from model_promotion.core.jsonable import jsonable
from model_promotion.core.load import Destination, Ending, Load, LoadRun, LoadTest, Sample
from model_promotion.core.payloads import Payload
from model_promotion.core.request import Request
from model_promotion.core.watch_rules import Judged, Severity, gravest
from model_promotion.flows.alerting import tell_meanwhile
from model_promotion.flows.rollouts import rows
from model_promotion.flows.watches.endpoint import Place
from model_promotion.world import World

FEWEST = 2
KINDS = {
    Severity.FINE: Kind.PASSED,
    Severity.UNKNOWN: Kind.UNKNOWN,
    Severity.WARNING: Kind.WARNED,
    Severity.CRITICAL: Kind.FAILED,
    Severity.ROLLBACK: Kind.FAILED,
}
ALERTS = {Severity.WARNING: alert_policy.Severity.WARNING, Severity.CRITICAL: alert_policy.Severity.CRITICAL}
OURS_WHEN_LATE = frozenset({Ending.TIMED_OUT, Ending.THROTTLED})
"""Who sends late may read late, and catches up in a crowd. Whatever else fails is the server's."""


class Ended(Enum):
    """Why a watch is over."""

    OVER = "the time is over"
    BREACH = "rolled back"
    SUPERSEDED = "superseded"


class Source(Protocol):
    """Something else than endpoints that tells how a version does."""

    def look(self) -> Iterator[Judged]:
        """What it says now. Raises PromotionError where it cannot be asked."""
        ...


@dataclass
class Watching:
    """One watch: what it looks at, and what it has seen so far."""

    request: Request
    world: World
    version: Version
    places: tuple[Place, ...] = ()
    others: tuple[Source, ...] = ()
    told: list[dict[str, Any]] = field(default_factory=list)
    last: dict[str, Judged] = field(default_factory=dict)
    worst: dict[str, Judged] = field(default_factory=dict)
    missed: int = 0
    gap: str = ""
    superseded: str = ""
    _payloads: tuple[Payload, ...] | None = None

    @property
    def looks(self) -> int:
        """How many there will be: more than one, as no single look is enough for a rollback."""
        return max(FEWEST, math.ceil((self.request.watch_s or 0) / self.world.policy.watch.look_s))

    @property
    def look_s(self) -> float:
        """How long each takes."""
        return (self.request.watch_s or self.world.policy.watch.look_s) / self.looks

    @property
    def at(self) -> str:
        """What is looked at, for a person."""
        named = [one.label for one in self.places] + [type(one).__name__.lower() for one in self.others]
        return ", ".join(named)

    def until_it_ends(self) -> Ended:
        """Look while the time runs."""
        self._wake()
        for _ in range(self.looks):
            severity = self._look()
            if self.is_superseded():
                return Ended.SUPERSEDED
            if severity is Severity.ROLLBACK:
                return Ended.BREACH
        return Ended.OVER

    @property
    def breach(self) -> str:
        """What a rollback rests on."""
        return "; ".join(one.sentence for one in self.last.values() if one.severity is Severity.ROLLBACK)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was not well at any time, what is not known at the end, and how much was not seen."""
        graver = [one.sentence for one in self.worst.values() if one.severity >= Severity.WARNING]
        unknown = [one.sentence for one in self.last.values() if one.severity is Severity.UNKNOWN]
        gaps = [f"{self.missed} of {say.count(len(self.told), 'look')} saw only part of it: {self.gap}"]
        return (*dict.fromkeys((*graver, *unknown, *(gaps if self.missed else ()))),)

    def facts(self, ended: str) -> dict[str, Any]:
        """Everything that was seen, for a document."""
        alerts = [one.told for one in self.worst.values() if one.severity >= Severity.CRITICAL]
        how = {"version": self.version.number, "look_s": self.look_s, "ended": ended, "missed": self.missed}
        return jsonable({**how, "alerts": alerts, "looks": self.told})  # type: ignore[no-any-return]

    def _wake(self) -> None:
        """One request to each before anything counts: what scales to zero may take a minute to start."""
        for place in self.places:
            with suppress(PromotionError):
                place.woke(self.world.loader.ask(place.target, self.payloads[0]))

    def _look(self) -> Severity:
        clock, found, missed = self.world.clock, list[Judged](), list[str]()
        begun = clock.monotonic()
        samples = self._asked(missed)
        for place, own in zip(self.places, samples, strict=True):
            try:
                found += place.look(own)
            except PromotionError as error:
                missed.append(f"{place.label}: {error}")
        for one in self.others:
            try:
                found += one.look()
            except PromotionError as error:
                missed.append(str(error))
        clock.sleep(max(0.0, self.look_s - (clock.monotonic() - begun)))
        return self._seen(found, missed)

    def _seen(self, found: list[Judged], missed: list[str]) -> Severity:
        self.missed += bool(missed)
        self.gap = self.gap or next(iter(missed), "")
        found += [Judged(said.partition(":")[0], Severity.UNKNOWN, said) for said in missed]
        notes = [one.note for one in self.places if one.note]
        severity, at = gravest(found), self.world.clock.now()
        readings = [one.told for one in found]
        self.told.append({"at": at, "severity": severity.name.lower(), "readings": readings, "notes": notes})
        for one in found:
            self._tell(one)
        # What could not be asked this time says nothing of what was found out before.
        self.last = {one.name: one for one in found}
        return severity

    def _tell(self, one: Judged) -> None:
        """What is new; and at the end, how it is."""
        before, worst = self.last.get(one.name), self.worst.get(one.name)
        if worst is None or one.severity > worst.severity:
            self.worst[one.name] = one
            self._alert(one)
            if one.severity is Severity.CRITICAL:
                self.world.voice.tell(Event(Kind.FAILED, "Alert", one.sentence))
                return
        if before is None or before.severity is not one.severity or len(self.told) == self.looks:
            self.world.voice.tell(Event(KINDS[one.severity], "Watch", one.sentence))

    def _alert(self, one: Judged) -> None:
        """Once for each severity; of a rollback it is told when it is done, which must wait for nobody."""
        if grave := ALERTS.get(one.severity):
            version = say.version(self.version.number)
            tell_meanwhile(
                Alert(grave, one.sentence, self.version.model, version, alias=self.request.where), self.world
            )

    def _asked(self, missed: list[str]) -> list[list[Sample] | None]:
        """What became of the own requests to each place; None where none could be sent, or they say nothing."""
        nothing: list[list[Sample] | None] = [None] * len(self.places)
        if not self.places:
            return nothing
        try:
            run = self._run(tuple(one.target for one in self.places))
        except PromotionError as error:
            missed.append(f"own requests: {error}")
            return nothing
        return self._sound(run, missed) or nothing

    def _sound(self, run: LoadRun, missed: list[str]) -> list[list[Sample] | None]:
        from model_promotion.evidence.under_load import nothing, too_late

        if why := nothing(run):
            missed.append(f"own requests: {why}")
            return []
        if why := too_late(run, self.world.policy.load_test):
            missed.append(f"latencies of own requests: {why}")
        return [self._heard(run, number, missed, late=bool(why)) for number in range(len(self.places))]

    def _heard(self, run: LoadRun, number: int, missed: list[str], *, late: bool) -> list[Sample] | None:
        """What says something of the version at one place; None where all of it says nothing."""
        place, sent = self.places[number], [one for one in run.samples if one.target == number]
        heard = [one for one in sent if one.ending not in place.unheard]
        if len(heard) < len(sent):
            why = ", ".join(sorted({one.ending.value for one in sent if one.ending in place.unheard}))
            missed.append(f"own requests to {place.label}: {len(sent) - len(heard)} of {len(sent)} {why}")
        if late:
            heard = [one._replace(took_s=math.nan) for one in heard if one.ending not in OURS_WHEN_LATE]
        return heard if heard or not sent else None

    def _run(self, targets: tuple[Destination, ...]) -> LoadRun:
        policy = self.world.policy
        asked = LoadTest(policy.watch.probes_per_s, self.look_s)
        load = Load(targets, self.payloads, asked, policy.load_test.seed + len(self.told), warm_up_s=0.0)
        with self.world.voice.during(f"watching {self.version.label}"):
            return self.world.loader.run(load)

    @property
    def payloads(self) -> tuple[Payload, ...]:
        """What is asked. Raises Conflict when nothing tells what the model takes."""
        if self._payloads is None:
            self._payloads = rows.own(self.version, self.world.registry).payloads
        return self._payloads

    def is_superseded(self) -> bool:
        """Whether another version stands there by now, or is on its way; while nobody knows, none does."""
        self.world.renew()
        with suppress(PromotionError):
            seen = self.world.registry.model(self.version.model)
            stands = seen.at(self.request.target_alias)
            moved = "" if stands == self.version.number else f"{self.request.where} is {say.version(stands)} by now"
            self.superseded = moved or moves_it(seen.tags, self.request.target_alias)
        return bool(self.superseded)


def moves_it(tags: Mapping[str, str], alias: str) -> str:
    """What is under way that moves this alias, for a person; empty when nothing is."""
    found = (one for one in intents(tags) if one.kind not in STILL)
    return next((one.told for one in found if any(move.alias == alias for move in one.moves)), "")
