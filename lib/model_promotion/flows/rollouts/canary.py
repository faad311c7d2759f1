"""Up a ladder of traffic: on each rung both versions are asked side by side, and what they answer decides."""

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from model_promotion.core.errors import Conflict, Paused, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.finding import Verdict
from model_promotion.core.health import Health, Look, Reading, looked, of_rung
from model_promotion.core.ladder import ALL, Ladder, Then, after_look, at_end
from model_promotion.core.load import Destination, Load, LoadTest
from model_promotion.core.looks import Looks
from model_promotion.flows.hands import TakenOver
from model_promotion.flows.rollouts.probes import Probes
from model_promotion.flows.rollouts.rolling import Rolling
from model_promotion.flows.rollouts.sources import Sources
from model_promotion.ports import Clock
from model_promotion.world import World

if TYPE_CHECKING:
    from model_promotion.evidence.health.canary import Probed

KINDS = {
    Health.PASS: Kind.PASSED,
    Health.FAIL: Kind.FAILED,
    Health.INCONCLUSIVE: Kind.UNKNOWN,
    Health.ERROR: Kind.UNKNOWN,
}


@dataclass
class Canary:
    """One canary: how it goes up, what it asks, and what the looks have said so far.

    `alpha` is what this going up may spend of the policy's: a resumed one has a smaller part, see `ladder.part`.
    """

    rolling: Rolling
    ladder: Ladder
    probes: Probes
    load_test: LoadTest | None = None
    told: Looks = field(default_factory=Looks)
    probed: "Probed | None" = None
    failed: bool = False
    rung: int = 0
    alpha: float = 0.01
    sources: Sources = field(init=False)

    def __post_init__(self) -> None:
        self.sources = Sources(self.rolling, self.probes)

    def climb(self) -> None:
        """Rung by rung up to all of the traffic.

        Raises:
            Conflict: when the candidate is surely worse.
            Paused: when that could not be found out, so that somebody has to decide.
            PromotionError: when an endpoint does not follow.
        """
        for rung in self.ladder.left(self._standing()):
            self.rolling.to(rung)
            if rung < ALL:
                self.hold(rung)

    @property
    def begun(self) -> bool:
        """Whether the new version has been given traffic already, by whoever was at work on it before."""
        seen = [(one, self.rolling.hands.look(one.endpoint).entity(one.new)) for one in self.rolling.rollouts]
        return any(has and has.share_pct > (one.before or 0) for one, has in seen)

    def loaded(self) -> None:
        """Both versions under the load that was asked for, before the new one gets any traffic.

        Raises:
            Conflict: when the new one does not keep the budget, or that could not be found out.
        """
        if self.load_test is None:
            return
        from model_promotion.evidence.under_load import judged

        policy = self._world.policy.load_test
        self.rolling.hands.ours(policy.warm_up_s + self.load_test.duration_s)
        with self._world.models_at_work:
            load = Load(self._targets, self.probes.rows.payloads, self.load_test, policy.seed, policy.warm_up_s)
            champions = {one.name for one in load.targets[::2]}
            finding = judged(self._world.loader.run(load), policy, beside=champions)
        self._world.voice.tell(replace(finding.event, topic="Load test"))
        self.told.load = {"at": self._clock.now(), "finding": finding}
        if finding.verdict is not Verdict.PASSED:
            raise Conflict(f"before any traffic: {finding.sentence}", hint=finding.hint)

    def hold(self, rung: int) -> None:
        """Look while the rung's time runs; raises as climb does."""
        clock, looks, extended, errors = self._clock, [], False, 0
        self.rung, self.probed = rung, self._known.on_a_new_rung()
        self.sources.begin_anew()
        begun = clock.monotonic()
        while True:
            last = clock.monotonic() - begun + self._look_s >= self.ladder.time_s(extended=extended)
            looks.append(look := self._look(rung, errors, at_the_end=last))
            errors = look.errors
            then = after_look(look)
            if last and then is Then.WAIT:
                then = at_end(of_rung(looks), extended=extended)
            if then is Then.ON:
                return
            if then is Then.EXTEND:
                extended = True
                self._say(Kind.HINT, f"{rung} %: not known yet, held for the same time once more")
            self._act_on(then, rung, look)

    def _act_on(self, then: Then, rung: int, look: Look) -> None:
        if then is Then.UNDO:
            self.failed = True
            raise Conflict(f"canary at {rung} %: {look.sentence}")
        if then is Then.STOP:
            raise Paused(f"canary at {rung} %: nobody can tell yet: {look.sentence}")

    def _look(self, rung: int, errors: int, *, at_the_end: bool) -> Look:
        begun = self._clock.monotonic()
        self.rolling.hands.ours(self._look_s)
        beside: tuple[Reading, ...] = ()
        try:
            run = self._world.loader.run(self._load)
            self.probed = self._known.after(run)
            beside = tuple(self.sources.readings(rung, run, self.probed.rules))
            readings = (*self.probed.readings(at_the_end=at_the_end), *beside)
        except TakenOver:
            raise
        except PromotionError as error:
            self.sources.begin_anew()
            readings = (Reading("endpoint", Health.ERROR, str(error)),)
        look = looked(readings, errors)
        self.told.add(rung, self._clock.now(), look.verdict, look.readings)
        if at_the_end or look.verdict in (Health.FAIL, Health.ERROR):
            self._say(KINDS[look.verdict], f"{rung} %: {look.sentence}")
            for one in beside if at_the_end else ():
                if one.verdict is not Health.PASS and not one.decides:
                    self._say(KINDS[one.verdict], f"{rung} %: {one.source}: {one.sentence}")
        self._clock.sleep(max(0.0, self._look_s - (self._clock.monotonic() - begun)))
        return look

    @property
    def _load(self) -> Load:
        policy = self._world.policy.rollout
        # Another seed for each look: the same times again would be the same requests again.
        seed, asked = self._world.policy.load_test.seed + self.told.count, LoadTest(policy.probes_per_s, self._look_s)
        return Load(self._targets, self.probes.rows.payloads, asked, seed, warm_up_s=0.0)

    @property
    def _targets(self) -> tuple[Destination, ...]:
        """Champion and candidate in turn."""
        pairs = [(one.endpoint, entity) for one in self.rolling.rollouts for entity in (one.old, one.new)]
        return tuple(self.rolling.hands.endpoints.target(*pair) for pair in pairs)

    @property
    def _known(self) -> "Probed":
        from model_promotion.evidence.health.canary import CanaryRules, Probed
        from model_promotion.evidence.health.scraped import MINUTE_S

        if self.probed is None:
            policy = self._world.policy.rollout
            ends = 2 * (len(self.ladder.rungs) + 1)
            looks, minutes = (math.ceil(ends * self.ladder.rung_s / each_s) for each_s in (self._look_s, MINUTE_S))
            rules = CanaryRules(self.alpha, policy.least_requests, policy.latency_tolerance, looks, ends)
            rules = replace(rules, endpoints=len(self.rolling.rollouts), minutes=minutes)
            self.probed = Probed.none(rules)
        return self.probed

    def _standing(self) -> int:
        """The highest rung that the new version has come to on every endpoint."""
        seen = [(one, self.rolling.hands.look(one.endpoint).entity(one.new)) for one in self.rolling.rollouts]
        rungs = (*self.ladder.rungs, ALL)
        reached = (rung for rung in rungs if all(has and has.share_pct >= one.at(rung) for one, has in seen))
        return max(reached, default=0)

    def _say(self, kind: Kind, sentence: str) -> None:
        self._world.voice.tell(Event(kind, "Canary", sentence))

    @property
    def _look_s(self) -> float:
        return min(self._world.policy.rollout.look_s, self.ladder.rung_s)

    @property
    def _world(self) -> World:
        return self.rolling.hands.world

    @property
    def _clock(self) -> Clock:
        return self._world.clock
