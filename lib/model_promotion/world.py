"""All ports, plugged in: what a flow is handed."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from model_promotion.core.policy import Policy
from model_promotion.owners import ProcessOwner
from model_promotion.ports import (
    Access,
    Alerts,
    Check,
    Clock,
    Endpoints,
    Engine,
    Journal,
    Loader,
    Owner,
    RegistryReader,
    RegistryWriter,
    Scorer,
    Servers,
    Serving,
    Signatures,
    SpareJournal,
    Voice,
)

DEFAULT_OWNER = ProcessOwner()


def _no_deadline() -> None:
    """Nothing to renew."""


@dataclass(frozen=True)
class World:
    """Everything outside, by its Protocol.

    `spare_journal` takes the record when `journal` cannot, and what a cleanup is about to delete; `renew` starts the
    registry's deadline afresh; `lease_s` is how long an announcement counts as being worked on; `timeout_s` is what one
    promotion may ask of the registry's time. `engine` is the one of that name. `again` makes this world once more, with
    the same clients. `models_at_work` is held by whoever runs models: beside others their times would tell nothing.
    """

    registry: RegistryReader
    writer: RegistryWriter
    access: Access
    serving: Serving | None
    servers: Servers
    loader: Loader
    journal: Journal
    spare_journal: SpareJournal
    scorer: Scorer
    signatures: Signatures
    engine: "Callable[[str], Engine]"
    clock: Clock
    voice: Voice
    checks: tuple[Check, ...] = ()
    policy: Policy = Policy()
    owner: Owner = DEFAULT_OWNER
    lease_s: float = 180.0
    renew: Callable[[], None] = _no_deadline
    timeout_s: float = 60.0
    again: "Callable[[Voice], World] | None" = None
    models_at_work: threading.Lock = field(default_factory=threading.Lock)
    endpoints: Endpoints | None = None
    alerts: Alerts | None = None

    def beside(self, voice: Voice) -> "World":
        """The same world for one of several promotions at the same time: its own voice, and its own deadlines."""
        return self.again(voice) if self.again else replace(self, voice=voice)
