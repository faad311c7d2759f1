"""What a check may look at. It can read, not write: there is no writer in reach."""

import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self, TypeVar, cast

from model_promotion.core.dataset import Dataset
from model_promotion.core.entities import RecordedMetrics, Version
from model_promotion.core.plan import Plan
from model_promotion.core.policy import Policy
from model_promotion.core.request import Request
from model_promotion.core.signature import Signature
from model_promotion.ports import Access, Engine, RecordReader, RegistryReader, Scorer, Serving
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
        self.scorer: Scorer = world.scorer
        self.engine: Callable[[str], Engine] = world.engine
        self.journal: RecordReader = world.journal
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
        """The data that both versions are compared on: the call's, else the policy's, else none."""
        return self.request.eval_data.filled(self.policy.evidence.dataset)

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
