"""What every job is: values, services round it, and run()."""

import abc
import contextlib
from types import TracebackType
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr

from model_promotion.services import AlertsService, LoggerService, MlflowService
from model_promotion.services.values import Values

Locals = dict[str, Any]


class Job(Values, abc.ABC):
    """A step of a pipeline, chosen by its KIND: `with job: job.run()`, or `job.run()` alone.

    A job of your own derives from this, with a `KIND: Literal["MyJob"] = "MyJob"` and a run().

    Attributes:
        KIND: the name of the class, by which a configuration chooses it.
        logger_service: where its lines go.
        alerts_service: who is told how it ended.
        mlflow_service: which registry it works with.
    """

    KIND: str

    logger_service: LoggerService = Field(default_factory=LoggerService)
    alerts_service: AlertsService = Field(default_factory=AlertsService)
    mlflow_service: MlflowService = Field(default_factory=MlflowService)

    _started: contextlib.ExitStack | None = PrivateAttr(default=None)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            for service in (self.logger_service, self.alerts_service, self.mlflow_service):
                service.start()
                stack.callback(service.stop)
            self._started = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> Literal[False]:
        started, self._started = self._started, None
        if started is not None:
            started.close()
        return False

    @abc.abstractmethod
    def run(self) -> Locals:
        """Do it, and answer what came of it, by name."""
