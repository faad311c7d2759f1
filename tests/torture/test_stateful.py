"""Random lives of one model: promotions, rollbacks, strangers, kills and faults in any order; nothing is ever lost."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from model_promotion.core.errors import PromotionError
from model_promotion.core.exits import ExitCode
from model_promotion.core.history import in_place, misfit
from model_promotion.core.intent import HOLD_TAG, Intent, intents, notes
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import HEAD_TAG, Head
from model_promotion.core.request import Mode
from model_promotion.core.reviewed import Reviewed
from model_promotion.core.selector import ByNumber
from model_promotion.flows.recording import all_lines, all_stored
from model_promotion.owners import MemoryOwner
from model_promotion.world import World
from tests.torture.conftest import LONG, Tally, budget
from tests.worlds import (
    METADATA,
    MODEL,
    Effect,
    Killed,
    Scene,
    Write,
    interrupted_after,
    interrupted_before,
    killed_after,
    killed_before,
    lost_reply,
    lost_request,
    refused,
    version,
)

LONG_S = 180
SETTINGS = settings(
    max_examples=60 if LONG else 40,
    stateful_step_count=40 if LONG else 20,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
PROMOTIONS = {Mode.PROMOTE, Mode.APPLY}
TARGET, BACKUP = "champion", "prev_champion"
FAULTS: list[Effect] = [
    lost_request,
    lost_reply,
    refused,
    killed_before,
    killed_after,
    interrupted_before,
    interrupted_after,
]
ENDS = {ExitCode.DONE, ExitCode.WARNED, ExitCode.REFUSED, ExitCode.NOT_FOUND, ExitCode.DENIED, ExitCode.INTERRUPTED}
NOTHING_DONE = ENDS - {ExitCode.DONE, ExitCode.WARNED}
numbers = st.sampled_from([str(number) for number in range(1, 7)])
faults = st.one_of(st.none(), st.tuples(st.integers(1, 7), st.sampled_from(FAULTS)))


@dataclass
class Office(Scene):
    """A scene in which each call is made by a process with a name."""

    owner: MemoryOwner = field(default_factory=MemoryOwner)

    @property
    def world(self) -> World:
        return replace(super().world, owner=self.owner)


@dataclass(frozen=True)
class Call:
    """What one call was, and what stood before it."""

    mode: Mode
    options: dict[str, Any]
    fault: tuple[int, Effect] | None
    aliases: dict[str, str]
    state: tuple[Any, ...]
    intent: Intent | None


def in_flight(scene: Scene) -> Intent | None:
    return next(iter(intents(scene.tags)), None)


def settled(state: tuple[Any, ...]) -> tuple[Any, ...]:
    """The state without whose the lease is: to take over work that is then left as it is changes nothing."""
    aliases, tags, versions = state
    leases = {intent.work: replace(intent, id="", owner="", until=0.0) for intent in intents(tags)}
    return aliases, {key: tags[key] for key in tags.keys() - notes(tags).keys()}, leases, versions


class Life(RuleBasedStateMachine):
    """Everything that can happen to one alias."""

    counts: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.scene = Office()
        self.outside: list[tuple[float, str | None]] = []
        self.looks: list[tuple[float, str | None, bool]] = []
        self.due: tuple[str, str] | None = None
        self.struck = False
        self.processes = 0
        self.reviewed: Reviewed | None = None
        self.counts["lives"] += 1
        for number in range(1, 6):
            self.scene.registry.add(version(str(number)), metadata=METADATA)
        self.moved_by_hand(TARGET, "1")
        self.moved_by_hand("staging", "2")

    # --- what we do ---

    @rule(number=numbers, force=st.booleans(), fault=faults)
    def promote(self, number: str, force: bool, fault: tuple[int, Effect] | None) -> None:
        self.call(Mode.PROMOTE, fault, candidate=ByNumber(number), candidate_named=True, force=force)

    @rule(fault=faults)
    def promote_staging(self, fault: tuple[int, Effect] | None) -> None:
        self.call(Mode.PROMOTE, fault)

    @rule(number=st.one_of(st.none(), numbers), fault=faults)
    def rollback(self, number: str | None, fault: tuple[int, Effect] | None) -> None:
        self.call(Mode.ROLLBACK, fault, to_version=number)

    @rule(number=numbers, fault=faults)
    def release(self, number: str, fault: tuple[int, Effect] | None) -> None:
        self.call(Mode.RELEASE, fault, candidate=ByNumber(number), candidate_named=True)

    @rule(how=st.sampled_from(["resume", "abandon"]), force=st.booleans(), fault=faults)
    def recover(self, how: str, force: bool, fault: tuple[int, Effect] | None) -> None:
        # Who forces a recovery while the record cannot be read says that it is not recorded, and must be right.
        self.scene.journal.broken &= not force
        self.call(Mode.RECOVER, fault, recovery=how, force=force)

    @rule(number=numbers)
    def plans(self, number: str) -> None:
        """A plan for somebody to review."""
        outcome: Outcome | None = None
        with suppress(PromotionError):
            outcome = self.scene.promote(number, mode=Mode.DRY_RUN)
        self.reviewed = outcome.reviewed if outcome else None

    @precondition(lambda self: self.reviewed is not None)
    @rule(fault=faults)
    def apply(self, fault: tuple[int, Effect] | None) -> None:
        self.call(Mode.APPLY, fault, reviewed=self.reviewed)

    @rule(mode=st.sampled_from([Mode.DRY_RUN, Mode.CHECK, Mode.HISTORY, Mode.VERIFY_AUDIT]))
    def only_look(self, mode: Mode) -> None:
        before = self.scene.state()
        self.call(mode, None)
        assert self.scene.state() == before
        assert self.scene.writer.sent == []

    # --- what strangers do ---

    @rule(alias=st.sampled_from([TARGET, BACKUP, "staging"]), number=numbers)
    def moved_by_hand(self, alias: str, number: str) -> None:
        if (MODEL, number) in self.scene.registry.known:
            self.counts["outside"] += 1
            self.scene.clock.sleep(7)
            self.scene.by_hand(alias, number)
            self.disturbed(alias, number)

    @rule(number=numbers, key=st.sampled_from(["approved", "semver", HOLD_TAG]), value=st.sampled_from([None, "yes"]))
    def tagged_by_hand(self, number: str, key: str, value: str | None) -> None:
        if (MODEL, number) in self.scene.registry.known:
            self.scene.tag_by_hand(key, value, number)

    @rule(number=numbers, cleanly=st.booleans())
    def deleted(self, number: str, cleanly: bool) -> None:
        """With the aliases that point at it, as MLflow does, or without."""
        if len(self.scene.registry.known) > 3 and self.scene.registry.known.pop((MODEL, number), None):
            self.scene.clock.sleep(7)
            for alias in [name for name, at in self.scene.aliases.items() if cleanly and at == number]:
                self.scene.by_hand(alias, None)
                self.disturbed(alias, None)

    @rule(number=numbers, status=st.sampled_from(["READY", "FAILED_REGISTRATION", "PENDING_REGISTRATION"]))
    def changes_its_status(self, number: str, status: str) -> None:
        if known := self.scene.registry.known.get((MODEL, number)):
            self.scene.registry.known[MODEL, number] = replace(known, status=status)

    @rule(number=numbers)
    def registered_again(self, number: str) -> None:
        if (MODEL, number) not in self.scene.registry.known:
            self.scene.registry.add(version(number), metadata=METADATA)

    # --- what breaks ---

    @rule(down=st.booleans())
    def journal(self, down: bool) -> None:
        self.scene.journal.broken = down

    @rule(reads=st.integers(1, 12), number=numbers, mode=st.sampled_from([Mode.PROMOTE, Mode.ROLLBACK, Mode.RECOVER]))
    def reads_fail_during(self, reads: int, number: str, mode: Mode) -> None:
        options: dict[str, Any] = {
            Mode.PROMOTE: {"candidate": ByNumber(number), "candidate_named": True},
            Mode.RECOVER: {"recovery": "resume"},
        }.get(mode, {})

        def deaf(write: Write) -> None:
            write()
            self.scene.registry.deaf_for = reads

        self.call(mode, (1 + int(number) % 4, deaf), **options)

    @rule(at=st.integers(1, 6), alias=st.sampled_from([TARGET, BACKUP]), number=numbers)
    def stranger_in_the_middle(self, at: int, alias: str, number: str) -> None:
        if (MODEL, number) not in self.scene.registry.known:
            return

        def strikes(write: Write) -> None:
            write()
            self.scene.clock.sleep(0.01)
            self.scene.by_hand(alias, number)
            self.disturbed(alias, number)
            self.scene.clock.sleep(0.01)
            self.struck = True

        self.call(Mode.PROMOTE, (at, strikes))
        self.struck = False

    # --- one call, and what must be true of it ---

    def call(self, mode: Mode, fault: tuple[int, Effect] | None, **options: Any) -> None:
        scene = self.scene
        before = Call(mode, options, fault, scene.aliases, scene.state(), in_flight(scene))
        if fault:
            scene.fail(*fault)
        outcome: Outcome | None = None
        code: ExitCode | None = None
        try:
            outcome = scene.call(mode, **options)
            code = outcome.code
        except PromotionError as error:
            code = ExitCode(error.code)
        except Killed:
            self.new_process()
        hit = bool(fault and len(scene.writer.sent) >= fault[0])
        self.counts[f"{mode.value} {'killed' if code is None else int(code)}{' under a fault' if hit else ''}"] += 1
        assert code is None or code in ENDS
        sent, scene.registry.deaf_for = len(scene.writer.sent), 0
        self.judge(replace(before, fault=fault if hit else None), code, outcome)
        scene.heal()
        if not mode.writes:
            assert sent == 0

    def new_process(self) -> None:
        self.counts["kills"] += 1
        self.processes += 1
        gone = self.scene.owner.gone
        if self.processes % 2:  # Every other one worked on another machine: nobody can tell that it is gone.
            gone |= {self.scene.owner.name}
        self.scene.owner = MemoryOwner(f"worker-{self.processes}", gone)

    def judge(self, call: Call, code: ExitCode | None, outcome: Outcome | None) -> None:
        now = self.scene.aliases
        if code in NOTHING_DONE and not self.struck:
            self.nothing_is_lost(call)
        if self.struck:
            return
        if now.get(TARGET) != call.aliases.get(TARGET):
            self.moved(call)
        if call.mode in PROMOTIONS and code in (ExitCode.DONE, ExitCode.WARNED):
            assert outcome
            assert now[TARGET] == outcome.to
        if call.mode is Mode.RECOVER:
            self.recovered(call, outcome)

    def nothing_is_lost(self, call: Call) -> None:
        """What was refused changed nothing; what failed changed nothing, or its note tells what is half done."""
        same = settled(self.scene.state()) == settled(call.state)
        noted = in_flight(self.scene) or call.mode is Mode.RECOVER  # Recovery that is cut off can be repeated.
        assert same or (call.fault and noted), f"{call}\n{self.scene.state()}"

    def moved(self, call: Call) -> None:
        """The target alias was moved by us: to a version that is there and READY, with the one before it kept."""
        now, was = self.scene.aliases, call.aliases.get(TARGET)
        undone = call.mode is Mode.RECOVER and call.intent is not None and now.get(TARGET) == call.intent.move.was
        if not undone:  # What is put back is what stood there, whatever a stranger made of it since.
            assert self.scene.registry.known[MODEL, now[TARGET]].status == "READY"
        self.due = None
        if call.mode in PROMOTIONS and was:
            assert now[BACKUP] == was
            self.due = (now[TARGET], was)

    def recovered(self, call: Call, outcome: Outcome | None) -> None:
        intent, now = call.intent, self.scene.aliases
        if intent and outcome and "was finished" in outcome.summary:
            assert all(now.get(move.alias) == move.to for move in intent.moves)
        if intent and outcome and "was undone" in outcome.summary:
            # Whoever moved the alias to where the undone work would have put it cannot be told from that work.
            back = now.get(TARGET) == intent.move.was
            self.outside = [
                one for one in self.outside if one[0] <= intent.since or (one[1] != intent.move.to and not back)
            ]
            if outcome.warnings and now.get(TARGET) == intent.move.to:
                self.outside.append((self.now, now.get(TARGET)))  # With --force it is left where it is, and unrecorded.
        self.due = None

    def disturbed(self, alias: str, number: str | None) -> None:
        self.due = None
        if alias == TARGET:
            self.outside.append((self.now, number))

    # --- what must be true at any time ---

    @property
    def now(self) -> float:
        """As exact as a record is."""
        return round(self.scene.clock.now(), 3)

    @invariant()
    def the_previous_version_is_kept(self) -> None:
        if self.due and not in_flight(self.scene) and self.scene.aliases.get(TARGET) == self.due[0]:
            assert self.scene.aliases.get(BACKUP) == self.due[1]

    @property
    def quiet(self) -> bool:
        return in_flight(self.scene) is None and not self.scene.journal.broken

    @precondition(lambda self: self.quiet)
    @invariant()
    def the_chain_of_records_verifies(self) -> None:
        assert misfit(all_stored(MODEL, self.scene.world), Head.parse(self.scene.tags.get(HEAD_TAG))) is None

    @invariant()
    def the_record_and_the_moves_outside_give_the_state_at_every_time(self) -> None:
        self.counts["steps"] += 1
        self.looks.append((self.now, self.scene.aliases.get(TARGET), in_flight(self.scene) is None))
        if not self.quiet:
            return
        lines = all_lines(MODEL, self.scene.world)
        for at, stood, settled_then in self.looks:
            line = in_place(TARGET, lines, at)
            replayed = [(line.at, line.to)] if line else []
            replayed += [one for one in self.outside if one[0] <= at]
            if settled_then:
                assert max(replayed, key=lambda one: one[0])[1] == stood, (at, stood, lines, self.outside)


def test_no_order_of_events_loses_anything(tally: Tally) -> None:
    Life.counts.clear()
    for _ in budget(quick_s=0, long_s=LONG_S):
        run_state_machine_as_test(Life, settings=SETTINGS)
    tally.update({name: Life.counts[name] for name in ("lives", "steps")})
    tally["kills in lives"] = Life.counts["kills"]
    print(f"\nstateful: {dict(sorted(Life.counts.items()))}")  # noqa: T201 - the figures of a run are part of its result
    assert Life.counts["steps"] > 100
