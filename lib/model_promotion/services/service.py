"""A service: something that is started before a job and stopped after it."""

from contextlib import AbstractContextManager, ExitStack, nullcontext

from pydantic import PrivateAttr

from model_promotion.services.values import Values


class Service(Values):
    """Starting twice is starting once, and what was never started can be stopped; a stopped one can be started again.

    What it hands out works without start() too: a job may be run by itself.
    """

    _started: ExitStack | None = PrivateAttr(default=None)

    def start(self) -> None:
        """Begin."""
        if self._started is None:
            with ExitStack() as stack:
                stack.enter_context(self.running())
                self._started = stack.pop_all()

    def stop(self) -> None:
        """End, and put back what start() changed."""
        started, self._started = self._started, None
        if started is not None:
            started.close()

    def running(self) -> AbstractContextManager[object]:
        """What start() enters and stop() leaves."""
        return nullcontext()
