"""What a check may look at. It can read, not write: there is no writer in reach."""

import tempfile
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar, cast

from model_promotion.core.dataset import Dataset
from model_promotion.core.deployment import Deployment
from model_promotion.core.entities import RecordedMetrics, Version
from model_promotion.core.plan import Plan
from model_promotion.core.policy import Policy
from model_promotion.core.record import Line
from model_promotion.core.request import Request
from model_promotion.core.rollout import Rollout, planned
from model_promotion.core.run_inputs import RUN, LoggedInput, logged_by
from model_promotion.core.signature import Signature
from model_promotion.ports import (
    Access,
    Engine,
    Loader,
    RecordReader,
    RegistryReader,
    Scorer,
    Servers,
    Serving,
    Signatures,
)
from model_promotion.together import together
from model_promotion.world import World

T = TypeVar("T")


class Witness:
    """The plan, the policy and the readers; what several checks ask for is read once.

    What was downloaded is gone when the asking ends: `with Witness(...) as witness`.
    """

    def __init__(self, plan: Plan, request: Request, world: World) -> None:
        self.plan = plan
        self.request = request
        self.policy: Policy = world.policy
        self.registry: RegistryReader = world.registry
        self.access: Access = world.access
        self.serving: Serving | None = world.serving
        self.servers: Servers = world.servers
        self.loader: Loader = world.loader
        self.scorer: Scorer = world.scorer
        self.engine: Callable[[str], Engine] = world.engine
        self.signatures: Signatures = world.signatures
        self.now: Callable[[], float] = world.clock.now
        self.journal: RecordReader = world.journal
        self.journals: tuple[RecordReader, ...] = (world.spare_journal, world.journal)
        self._answers: dict[tuple[str, str, str], Future[Any]] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._lock = threading.Lock()
        self.models_at_work = world.models_at_work

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder:
            self._folder.cleanup()

    def goals_decide(self, check: str) -> bool:
        """Whether the metrics that --if-better names decide alone, as this check of others was not asked for too."""
        asked = self.request.compare_metrics or check in self.policy.required
        return bool(self.plan.champion and self.request.if_better and not asked)

    @property
    def evaluation_data(self) -> Dataset:
        """The data that both versions are compared on: the call's, else the policy's, else none; as an engine reads it.

        Raises:
            PromotionError: when they are those of the candidate's run, and it tells of none that can be read.
        """
        asked, logged = self.data_asked_for, self.run_input
        return replace(asked, uri=logged.uri) if logged else asked

    @property
    def data_asked_for(self) -> Dataset:
        """The same as it was named."""
        return self.request.eval_data.filled(self.policy.evidence.dataset)

    @property
    def run_input(self) -> LoggedInput | None:
        """What the candidate's run logged to be evaluated on, where that was asked for.

        Raises:
            PromotionError: when it logged none, or several, or cannot be read.
        """
        candidate = self.plan.candidate
        if self.data_asked_for.uri != RUN:
            return None
        run = self.once(("run", candidate.model, candidate.number), lambda: self.registry.run(candidate))
        return logged_by(run, candidate.label, self.request.engine)

    @property
    def deployments(self) -> tuple[Deployment, ...]:
        """The endpoints that the candidate may be rolled out to: those named, else all that name the model.

        Raises:
            PromotionError: when one of them cannot be read.
        """
        if not self.request.rolls_out or self.serving is None:
            return ()
        return self.once(("deployments", self.plan.seen.name, ""), self._deployments)

    def _deployments(self) -> tuple[Deployment, ...]:
        serving = self.serving
        assert serving is not None  # noqa: S101 - asked above; tells the type checker
        names = self.request.endpoints or [one.name for one in serving.endpoints(self.plan.seen.name)]
        return tuple(together([partial(serving.deployment, name) for name in names]))

    @property
    def _replaced(self) -> str | None:
        """The version that the candidate takes the place of: the champion, unless it is that itself already."""
        return None if self.plan.in_place else self.plan.was

    @property
    def rollouts(self) -> tuple[Rollout, ...]:
        """What is to be done to these endpoints; nothing where they serve the candidate already."""
        if self.plan.first:
            return ()
        model, to = self.plan.seen.name, self.plan.candidate.number
        found = (planned(seen, model, self._replaced, to) for seen in self.deployments)
        return tuple(rollout for rollout in found if rollout)

    def metadata(self, version: Version) -> dict[str, Any]:
        """The MLmodel file of a version."""
        return self.once(("metadata", version.model, version.number), lambda: self.registry.metadata(version))

    def signature(self, version: Version) -> Signature | None:
        """The signature of a version, None when it has none; ValueError when it makes no sense."""
        return Signature.from_mlmodel(self.metadata(version).get("signature"))

    def metrics(self, version: Version) -> RecordedMetrics:
        """The recorded metrics of a version."""
        return self.once(("metrics", version.model, version.number), lambda: self.registry.metrics(version))

    def files(self, version: Version) -> Path:
        """All files of a version, in a folder that is there until the asking ends."""
        return self.once(("files", version.model, version.number), lambda: self._downloaded(version))

    def _downloaded(self, version: Version) -> Path:
        with self._lock:
            self._folder = self._folder or tempfile.TemporaryDirectory("", "promote-model-", ignore_cleanup_errors=True)
        return self.registry.download(version, Path(tempfile.mkdtemp(dir=self._folder.name)))

    def once(self, key: tuple[str, str, str], read: Callable[[], T]) -> T:
        """What was read under this key, by whoever asked first: others wait for that, and get the same error."""
        with self._lock:
            mine = key not in self._answers
            answer = self._answers.setdefault(key, Future())
        if mine:
            try:
                answer.set_result(read())
            except Exception as error:  # noqa: BLE001 - whoever asks gets the same error
                answer.set_exception(error)
        return cast("T", answer.result())


def beside(line: Line, name: str, journals: Iterable[RecordReader]) -> bytes | None:
    """A file that is kept beside a record, whichever journal has it.

    Raises:
        PromotionError: when one cannot be read.
    """
    found = (journal.beside(line, name) for journal in journals)
    return next((content for content in found if content is not None), None)
