"""The life of a job: its services are started in order, and stopped in the other one, whatever happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest

from model_promotion import AlertsService, Job, Locals, LoggerService, MlflowService, WrongValue

SEEN: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    SEEN.clear()


class Logger(LoggerService):
    @contextmanager
    def running(self) -> Iterator[None]:
        SEEN.append("logger up")
        yield
        SEEN.append("logger down")


class Alerts(AlertsService):
    """In the style of those who write start() and stop()."""

    def start(self) -> None:
        SEEN.append("alerts up")

    def stop(self) -> None:
        SEEN.append("alerts down")


class Mlflow(MlflowService):
    works: bool = True

    @contextmanager
    def running(self) -> Iterator[None]:
        if not self.works:
            raise ConnectionError("no server")
        SEEN.append("mlflow up")
        yield
        SEEN.append("mlflow down")


class Step(Job):
    KIND: Literal["Step"] = "Step"
    fails: bool = False

    def run(self) -> Locals:
        SEEN.append("run")
        if self.fails:
            raise ZeroDivisionError
        return {}


def step(*, works: bool = True, fails: bool = False) -> Step:
    return Step(logger_service=Logger(), alerts_service=Alerts(), mlflow_service=Mlflow(works=works), fails=fails)


UP = ["logger up", "alerts up", "mlflow up"]
DOWN = ["mlflow down", "alerts down", "logger down"]


def test_services_are_started_in_order_and_stopped_in_reverse() -> None:
    with step() as job:
        job.run()
    assert [*UP, "run", *DOWN] == SEEN


def test_a_job_that_fails_leaves_no_service_running_and_is_not_silenced() -> None:
    with pytest.raises(ZeroDivisionError), step(fails=True) as job:
        job.run()
    assert [*UP, "run"] == SEEN[:4]
    assert {"alerts down"} <= set(SEEN)


def test_a_service_that_cannot_start_stops_those_that_did() -> None:
    with pytest.raises(ConnectionError), step(works=False):
        pytest.fail("never entered")
    assert SEEN == ["logger up", "alerts up", "alerts down", "logger down"]


def test_a_job_can_be_entered_again() -> None:
    job = step()
    for _ in range(2):
        with job:
            job.run()
    assert [*UP, "run", *DOWN] * 2 == SEEN


def test_a_job_without_run_is_none() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Job(KIND="Job")  # type: ignore[abstract]


def test_a_job_of_somebody_else_has_errors_of_our_family_too() -> None:
    with pytest.raises(WrongValue, match="fails: Input should be a valid boolean"):
        Step(fails="no")
