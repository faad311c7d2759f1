from collections.abc import Iterator
from contextlib import contextmanager

from model_promotion.services import Service


class Counted(Service):
    seen: list[str] = []  # noqa: RUF012 - pydantic copies it for each

    @contextmanager
    def running(self) -> Iterator[None]:
        self.seen.append("up")
        yield
        self.seen.append("down")


def test_starting_twice_is_starting_once_and_stopping_twice_is_stopping_once() -> None:
    service = Counted()
    service.stop()
    for deed in (service.start, service.start, service.stop, service.stop):
        deed()
    assert service.seen == ["up", "down"]


def test_a_service_can_be_started_again() -> None:
    service = Counted()
    for deed in (service.start, service.stop, service.start, service.stop):
        deed()
    assert service.seen == ["up", "down"] * 2
