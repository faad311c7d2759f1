"""Worlds in memory for the stories of flows and checks, and a writer that fails, dies or is overtaken on demand."""

import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from model_promotion import catalog
from model_promotion.access.memory import ALLOWED, MemoryAccess
from model_promotion.approvals.memory import MemorySignatures
from model_promotion.clocks import MemoryClock
from model_promotion.core.copying import Copy
from model_promotion.core.entities import Identity, RegisteredModel, Rights, Version
from model_promotion.core.errors import Denied, Unavailable
from model_promotion.core.history import misfit
from model_promotion.core.intent import notes
from model_promotion.core.outcome import Outcome
from model_promotion.core.plan import Plan
from model_promotion.core.policy import Policy
from model_promotion.core.record import HEAD_TAG, Head
from model_promotion.core.request import Mode, Request
from model_promotion.core.selector import ByAlias, ByNumber
from model_promotion.core.steps import SetAlias, SetTag, Step
from model_promotion.engines.memory import MemoryEngine
from model_promotion.flows import (
    apply,
    approve,
    auto,
    cleanup,
    history,
    list_models,
    promote,
    recover,
    release,
    rollback,
    verify_audit,
    watch,
)
from model_promotion.flows.resolve import make_plan
from model_promotion.journals.memory import MemoryJournal
from model_promotion.owners import MemoryOwner
from model_promotion.ports import Access, Alerts, Check, Serving, Signatures
from model_promotion.registries.memory import MemoryRegistry, MemoryWriter
from model_promotion.scoring.memory import MemoryScorer
from model_promotion.serving.memory import MemoryLoader, MemoryServers
from model_promotion.serving.memory_endpoints import MemoryEndpoints
from model_promotion.voices import Silent
from model_promotion.wiring import ShelfCheck
from model_promotion.witness import Witness
from model_promotion.world import World

MODEL = "shop.pricing.churn"
PERSON = "ada@example.com"
FLOWS = {
    Mode.PROMOTE: promote,
    Mode.DRY_RUN: promote,
    Mode.CHECK: promote,
    Mode.APPLY: apply,
    Mode.ROLLBACK: rollback,
    Mode.RELEASE: release,
    Mode.APPROVE: approve,
    Mode.REJECT: approve,
    Mode.RECOVER: recover,
    Mode.HISTORY: history,
    Mode.VERIFY_AUDIT: verify_audit,
    Mode.LIST: list_models,
    Mode.CLEANUP: cleanup,
    Mode.WATCH: watch,
}
INPUTS = [{"name": "age", "type": "long", "required": True}]
OUTPUTS = [{"type": "double"}]
METADATA = {
    "flavors": {"python_function": {}},
    "signature": {"inputs": json.dumps(INPUTS), "outputs": json.dumps(OUTPUTS), "params": None},
}


class Killed(BaseException):
    """The process is gone: nothing after this runs, undoing neither."""


class Registry(MemoryRegistry):
    """A memory registry that can leave reads without an answer: `deaf_for` counts how many."""

    deaf_for = 0

    def model(self, name: str) -> RegisteredModel:
        self.listen()
        return super().model(name)

    def version(self, name: str, number: str) -> Version:
        self.listen()
        return super().version(name, number)

    def listen(self) -> None:
        if self.deaf_for:
            self.deaf_for -= 1
            raise Unavailable("the registry does not answer")


Write = Callable[[], None]
Effect = Callable[[Write], None]


class Faulty:
    """A writer whose k-th write goes as `effect` says; every tag obeys Unity Catalog's rules, or the test fails."""

    def __init__(self, writer: MemoryWriter, at: int = 0, effect: Effect | None = None) -> None:
        self.writer = writer
        self.at = at
        self.effect = effect
        self.sent: list[Step | Version] = []
        self.copies: list[Copy] = []
        self.at_copy: Effect = lambda write: write()
        self.dead = False

    def write(self, step: Step) -> None:
        legal(step)
        self._send(step, lambda: self.writer.write(step))

    def delete(self, version: Version) -> None:
        self._send(version, lambda: self.writer.delete(version))

    def _send(self, what: Step | Version, write: Write) -> None:
        if self.dead:
            raise Killed
        self.sent.append(what)
        if self.effect is None or len(self.sent) != self.at:
            write()
            return
        try:
            self.effect(write)
        except Killed:
            self.dead = True
            raise

    def copy(self, copy: Copy) -> str:
        """A copy counts as a write, of which only what is done before and after can go wrong."""
        if self.dead:
            raise Killed
        self.copies.append(copy)
        made: list[str] = []
        self.at_copy(lambda: made.append(self.writer.copy(copy)))
        return made[0]

    def uncopy(self, copy: Copy) -> str | None:
        return self.writer.uncopy(copy)


def legal(step: Step) -> None:
    """What Unity Catalog accepts: key characters, value length; and nobody's name in it."""
    if isinstance(step, SetTag):
        assert step.key
        assert not set(step.key) & set(".,-=/:")
        assert len(step.to or "") <= 1000
        assert PERSON not in (step.to or "")


def lost_request(_: Write) -> None:
    raise Unavailable("the connection broke")


def refused(_: Write) -> None:
    raise Denied("not allowed")


def lost_reply(write: Write) -> None:
    write()
    raise Unavailable("the reply was lost")


def killed_before(_: Write) -> None:
    raise Killed


def killed_after(write: Write) -> None:
    write()
    raise Killed


def interrupted_before(_: Write) -> None:
    press_ctrl_c()


def interrupted_after(write: Write) -> None:
    write()
    press_ctrl_c()


def press_ctrl_c() -> None:
    """The signal reaches the main thread, wherever this runs; a moment later it has arrived."""
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.1)


@dataclass
class Scene:
    """A world in memory with its insides in reach: what happened to it, and the verbs of the command line."""

    registry: Registry = field(default_factory=Registry)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    spare: MemoryJournal = field(default_factory=MemoryJournal)
    clock: MemoryClock = field(default_factory=MemoryClock)
    voice: Silent = field(default_factory=Silent)
    rights: Rights = ALLOWED
    access: Access | None = None
    serving: Serving | None = None
    endpoints: MemoryEndpoints | None = None
    servers: MemoryServers = field(default_factory=MemoryServers)
    loader: MemoryLoader = field(default_factory=MemoryLoader)
    engine: MemoryEngine = field(default_factory=MemoryEngine)
    scorer: MemoryScorer = field(default_factory=MemoryScorer)
    signatures: Signatures = field(default_factory=MemorySignatures)
    policy: Policy = field(default_factory=Policy)
    owner: MemoryOwner = field(default_factory=MemoryOwner)
    checks: tuple[Check, ...] = ()
    alerts: Alerts | None = None
    writer: Faulty = field(init=False)

    def __post_init__(self) -> None:
        self.checks = self.checks or shelf()
        self.heal()

    @property
    def world(self) -> World:
        return World(
            engine=lambda _name: self.engine,
            registry=self.registry,
            writer=self.writer,
            access=self.access or MemoryAccess(Identity(PERSON, vouched_by="test"), self.rights),
            serving=self.serving or self.endpoints,
            servers=self.servers,
            loader=self.loader,
            endpoints=self.endpoints,
            journal=self.journal,
            spare_journal=self.spare,
            scorer=self.scorer,
            signatures=self.signatures,
            clock=self.clock,
            voice=self.voice,
            checks=self.checks,
            policy=self.policy,
            owner=self.owner,
            alerts=self.alerts,
        )

    @property
    def aliases(self) -> dict[str, str]:
        return dict(self.registry.models[MODEL].aliases)

    @property
    def tags(self) -> dict[str, str]:
        return dict(self.registry.models[MODEL].tags)

    @property
    def noted(self) -> dict[str, str]:
        """What the model's tags say is under way, by key."""
        return notes(self.tags)

    def state(self) -> tuple[Any, ...]:
        """Everything that a write could have changed."""
        return self.aliases, self.tags, {key: dict(version.tags) for key, version in self.registry.known.items()}

    def fail(self, at: int, effect: Effect) -> "Scene":
        """From here on the `at`-th write goes as `effect` says."""
        self.writer = Faulty(MemoryWriter(self.registry), at, effect)
        return self

    def heal(self) -> "Scene":
        """A new process: nothing fails any more, and no write has been counted."""
        self.registry.deaf_for = 0
        self.writer = Faulty(MemoryWriter(self.registry))
        return self

    def by_hand(self, alias: str, number: str | None) -> None:
        """Somebody else moves an alias."""
        MemoryWriter(self.registry).write(SetAlias(MODEL, alias, None, number))

    def tag_by_hand(self, key: str, value: str | None, version: str | None = None) -> None:
        """Somebody else writes a tag."""
        MemoryWriter(self.registry).write(SetTag(MODEL, key, None, value, version))

    def call(self, mode: Mode, **options: Any) -> Outcome:
        """One call; a minute passes."""
        self.clock.sleep(60)
        request = Request(mode, options.pop("model", MODEL), **options)
        return (auto if request.best else FLOWS[mode]).run(request, self.world)

    def promote(self, number: str | None = None, **options: Any) -> Outcome:
        named = {"candidate": ByNumber(number), "candidate_named": True} if number else {}
        return self.call(options.pop("mode", Mode.PROMOTE), **named, **options)

    def rollback(self, to: str | None = None, **options: Any) -> Outcome:
        return self.call(Mode.ROLLBACK, to_version=to, **options)

    def watch(self, watch_s: float = 600.0, **options: Any) -> Outcome:
        return self.call(Mode.WATCH, watch_s=watch_s, **options)

    def recover(self, how: str, **options: Any) -> Outcome:
        return self.call(Mode.RECOVER, recovery=how, **options)

    def fits(self) -> bool:
        """Whether the chain of records in both journals ends at the registry's head, with no record twice."""
        records = sorted([*self.journal.records, *self.spare.records], key=lambda record: record.number)
        stored = [one for journal in (self.journal, self.spare) for one in journal.stored(MODEL)]
        stored.sort(key=lambda one: json.loads(one.text)["number"])
        assert len({record.id for record in records}) == len(records)
        return misfit(stored, Head.parse(self.tags.get(HEAD_TAG))) is None


def shelf() -> tuple[Check, ...]:
    """Every check that ships."""
    return tuple(ShelfCheck(name, catalog.load("checks", name)) for name in catalog.names("checks"))


def version(number: str, **changes: Any) -> Version:
    """A version with nothing to be said against it, better than the one before it."""
    sound = Version(MODEL, number, run_id=f"run{number}", metrics={"f1": (80 + int(number)) / 100})
    return replace(sound, **changes)


def a_scene(*versions: Version, aliases: Mapping[str, str] | None = None, **parts: Any) -> Scene:
    """Versions 1 to 4 unless others are given; 1 is champion and 2 is staging unless `aliases` says otherwise."""
    scene = Scene(**parts)
    for one in versions or tuple(version(str(number)) for number in range(1, 5)):
        scene.registry.add(one, metadata=METADATA)
    for alias, number in ({"champion": "1", "staging": "2"} if aliases is None else aliases).items():
        scene.by_hand(alias, number)
    return scene


def a_story() -> Scene:
    """v2 was promoted over v1, and v3 over v2."""
    scene = a_scene()
    scene.promote("2")
    scene.promote("3")
    return scene.heal()


def killed(scene: Scene, mode: Mode, at: int, effect: Effect) -> Scene:
    """A promotion of v4, or a rollback to v2, that is killed at its `at`-th write."""
    scene.fail(at, effect)
    options = {"candidate": ByNumber("4")} if mode is Mode.PROMOTE else {}
    with pytest.raises(Killed):
        scene.call(mode, **options)
    stands = scene.aliases["champion"]
    assert scene.registry.version(MODEL, stands).status == "READY"
    if stands == "4":
        assert scene.aliases["prev_champion"] == "3"
    return scene.heal()


def a_witness(scene: Scene, number: str = "2", **options: Any) -> Witness:
    """What a check is handed when version `number` is to become champion."""
    request = Request(Mode.CHECK, MODEL, ByNumber(number), **options)
    return Witness(make_plan(request, scene.registry), request, scene.world)


def a_plan(scene: Scene, alias: str = "staging") -> Plan:
    """The plan of a plain promotion."""
    return make_plan(Request(Mode.PROMOTE, MODEL, ByAlias(alias)), scene.registry)
