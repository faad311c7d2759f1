"""Settings -> World: every port is plugged in here, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import cast

from model_promotion import catalog
from model_promotion.access.databricks import DatabricksAccess
from model_promotion.access.mlflow import MlflowAccess
from model_promotion.approvals.ssh import SshSignatures
from model_promotion.clocks import SystemClock
from model_promotion.connections.address import Address
from model_promotion.connections.databricks import DatabricksConnection
from model_promotion.connections.deadline import Deadline
from model_promotion.connections.lines import Lines
from model_promotion.connections.mlflow import MlflowConnection
from model_promotion.connections.warehouse import Warehouse
from model_promotion.core.alert_policy import AlertPolicy, Route, scheme_of
from model_promotion.core.errors import BadCall
from model_promotion.core.finding import Finding, Weight
from model_promotion.journals.file import FileJournal
from model_promotion.journals.mlflow import MlflowJournal
from model_promotion.ports import Access, Alerts, Channel, Engine, Scores, Statements, Voice
from model_promotion.registries.mlflow import MlflowRegistry, MlflowWriter
from model_promotion.scoring.process import ChildScorer
from model_promotion.serving.load import AioLoader
from model_promotion.settings import Settings
from model_promotion.witness import Witness
from model_promotion.world import World

LEAST_ASIDE_S = 5.0
# Moving, putting back and recording each have their own deadline.
LEASES = 3


@dataclass(frozen=True)
class ShelfCheck:
    """A check that is a module: its file's name, its TOPIC, its WEIGHT, its ask()."""

    name: str
    module: ModuleType

    @property
    def topic(self) -> str:
        """The word in brackets before its answer."""
        return str(self.module.TOPIC)

    @property
    def weight(self) -> Weight:
        """What its failing means."""
        return Weight(self.module.WEIGHT)

    def ask(self, witness: Witness) -> Finding | None:
        """The answer."""
        return cast("Finding | None", self.module.ask(witness))


@dataclass(frozen=True)
class Plugged:
    """What engines work with."""

    scores: Scores
    statements: Statements


def plug_in(settings: Settings, voice: Voice) -> World:
    """The world that these settings describe; nothing is connected yet."""
    clock, address = SystemClock(), settings.address
    deadline = Deadline(settings.timeout_s, clock)
    workspace = DatabricksConnection(address.profile, deadline) if address.is_databricks else None
    lines = Lines(address, MlflowConnection(address, deadline), workspace, deadline, clock)
    told = delivery(settings.routes, settings.policy.alerts) if settings.routes else None
    return _world(settings, lines, told, voice)


def _world(settings: Settings, lines: Lines, told: Alerts | None, voice: Voice) -> World:
    clock = lines.clock
    deadline = Deadline(settings.timeout_s, clock)
    # The record, rights, endpoints and the caller have a deadline of their own, so they take nothing from the registry.
    aside = lines.under(Deadline(max(LEAST_ASIDE_S, settings.timeout_s / 3), clock))
    # A large model takes longer than the registry may.
    longest_s = settings.policy.model_tests.download_timeout_s
    downloads = lines.mlflow.under(Deadline(longest_s, clock, interrupts_wait=False))
    connection = lines.mlflow.under(deadline)
    # What is asked of endpoints over hours has the whole time for each request.
    each = lines.under(Deadline(settings.timeout_s, clock, for_each=True))
    by_name, by_address = backends(settings.address, "name"), backends(settings.address, "address")
    access: Access = DatabricksAccess(aside.workspace, aside.mlflow) if aside.workspace else MlflowAccess(aside.mlflow)
    scorer = ChildScorer()
    return World(
        registry=MlflowRegistry(connection, downloads),
        writer=MlflowWriter(connection, downloads),
        access=access,
        serving=by_name[0].reader(aside) if by_name else None,
        endpoints=by_name[0].writer(each) if by_name else None,
        servers=by_address[0].reader(aside),
        loader=AioLoader(clock),
        journal=MlflowJournal(aside.mlflow, settings.policy.record.experiment),
        spare_journal=FileJournal(settings.spare_records),
        scorer=scorer,
        signatures=SshSignatures(),
        engine=partial(engine, scorer, warehouse(settings, lines.workspace)),
        clock=clock,
        voice=voice,
        checks=checks(settings),
        policy=settings.policy,
        renew=deadline.renew,
        lease_s=LEASES * settings.timeout_s,
        timeout_s=settings.timeout_s,
        again=partial(_world, settings, lines, told),
        alerts=told,
    )


def backends(registry: Address, named_by: str) -> tuple[ModuleType, ...]:
    """Those in serving/ whose endpoints are named so, and go with this registry; the first by its own name is taken."""
    there = (catalog.load("serving", name) for name in catalog.names("serving"))
    return tuple(one for one in there if getattr(one, "NAMED_BY", "") == named_by and one.is_for(registry))


def engine(scorer: ChildScorer, statements: Statements, name: str) -> Engine:
    """The engine of that name; none is imported before data is looked at."""
    from model_promotion.scoring.streams import ChildScores

    return cast("Engine", catalog.load("engines", name).connect(Plugged(ChildScores(scorer), statements)))


def warehouse(settings: Settings, workspace: DatabricksConnection | None) -> Warehouse:
    """The SQL warehouse of the workspace, also where the registry is elsewhere."""
    clock, policy = SystemClock(), settings.policy.evidence
    to = workspace or DatabricksConnection(settings.address.profile, Deadline(settings.timeout_s, clock))
    return Warehouse(to, clock, policy.timeout_s, policy.warehouse, settings.timeout_s)


def delivery(routes: Sequence[Route], policy: AlertPolicy) -> Alerts:
    """Every way on which somebody is told."""
    from model_promotion.alerts._delivery import Delivery  # Few calls have one.

    return Delivery(routes, channel, policy, SystemClock())


def channel(address: str) -> Channel:
    """The channel of an address: the member of alerts/ that has the name of its scheme, else apprise."""
    scheme = scheme_of(address)
    own = scheme if scheme in catalog.names("alerts") and scheme != "memory" else "apprise"
    return cast("Channel", catalog.load("alerts", own).connect(address))


def checks(settings: Settings) -> tuple[ShelfCheck, ...]:
    """Every check on the shelf, and the team's own that the policy names as package.module."""
    own = [name for name in settings.policy.checks if "." in name]
    return tuple(_shelf_check(name) for name in (*catalog.names("checks"), *own))


def _shelf_check(name: str) -> ShelfCheck:
    module = catalog.load("checks", name)
    if lacking := [part for part in ("TOPIC", "WEIGHT", "ask") if not hasattr(module, part)]:
        raise BadCall(
            f"{name} is no check: it has no {', '.join(lacking)}", hint="a check is a module like those in checks/"
        )
    return ShelfCheck(name, module)
