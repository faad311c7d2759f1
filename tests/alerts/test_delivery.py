"""What goes out goes once, is tried again within bounds, and holds nobody up."""

import threading
from dataclasses import replace

import pytest

from model_promotion.alerts._delivery import Delivery
from model_promotion.alerts.memory import MemoryChannel
from model_promotion.clocks import MemoryClock
from model_promotion.core.alert import Alert, Sent
from model_promotion.core.alert_policy import AlertPolicy, Route, Severity
from model_promotion.core.errors import BadCall
from model_promotion.ports import Channel

ALL = frozenset(Severity)
WARNING = Alert(Severity.WARNING, "refused", model="churn")


def a_delivery(*channels: Channel, clock: MemoryClock | None = None, **policy: float) -> Delivery:
    by_address = {f"memory://{number}": one for number, one in enumerate(channels)}
    routes = [Route(f"way {number}", address, ALL) for number, address in enumerate(by_address)]
    return Delivery(routes, by_address.__getitem__, AlertPolicy(**policy), clock or MemoryClock())  # type: ignore[arg-type]


def told(delivery: Delivery, *alerts: Alert) -> list[tuple[str, int]]:
    for alert in alerts:
        delivery.tell(alert)
    return [(one.state, one.attempts) for one in delivery.settled()]


def test_who_refuses_twice_is_asked_a_third_time() -> None:
    channel = MemoryChannel(refuses=2)
    assert told(a_delivery(channel), WARNING) == [("sent", 3)]
    assert channel.alerts == [WARNING]


def test_it_is_tried_so_often_and_no_more() -> None:
    channel = MemoryChannel(refuses=9)
    delivery = a_delivery(channel, attempts=2)
    delivery.tell(WARNING)
    (one,) = delivery.settled()
    assert (one.failed, one.attempts, channel.asked) == (True, 2, 2)
    assert one.why == "nobody answers"


def test_no_try_begins_after_the_time() -> None:
    assert told(a_delivery(MemoryChannel(refuses=99), attempts=50, timeout_s=4), WARNING) == [("failed", 4)]


def test_the_same_goes_out_once_in_a_while_and_again_after_it() -> None:
    channel, clock = MemoryChannel(), MemoryClock()
    delivery = a_delivery(channel, clock=clock)
    assert told(delivery, WARNING, WARNING) == [("sent", 1), ("repeated", 0)]
    assert told(delivery, replace(WARNING, said="refused again")) == [("sent", 1)]
    clock.sleep(601)
    assert told(delivery, WARNING) == [("sent", 1)]
    assert len(channel.alerts) == 3


def test_what_did_not_arrive_is_no_repetition() -> None:
    delivery = a_delivery(MemoryChannel(refuses=1), attempts=1)
    assert told(delivery, WARNING) == [("failed", 1)]
    assert told(delivery, WARNING) == [("sent", 1)]


def test_so_many_go_out_in_a_while_but_for_critical_ones() -> None:
    channel, clock = MemoryChannel(), MemoryClock()
    delivery = a_delivery(channel, clock=clock, most=2)
    many = [replace(WARNING, said=f"{number}") for number in range(4)]
    assert [state for state, _ in told(delivery, *many)] == ["sent", "sent", "held back", "held back"]
    assert told(delivery, replace(WARNING, severity=Severity.CRITICAL)) == [("sent", 1)]
    clock.sleep(601)
    assert told(delivery, many[3]) == [("sent", 1)]


def test_they_arrive_in_the_order_in_which_they_were_told() -> None:
    channel = MemoryChannel()
    many = [replace(WARNING, said=f"{number}", severity=Severity.CRITICAL) for number in range(20)]
    told(a_delivery(channel), *many)
    assert channel.alerts == many


def test_each_severity_goes_its_own_ways() -> None:
    day, night = MemoryChannel(), MemoryChannel()
    routes = [Route("day", "d", frozenset({Severity.INFO})), Route("night", "n", frozenset({Severity.CRITICAL}))]
    delivery = Delivery(routes, {"d": day, "n": night}.__getitem__, AlertPolicy(), MemoryClock())
    assert not delivery.wanted(WARNING)
    told(delivery, WARNING, replace(WARNING, severity=Severity.INFO))
    assert (len(day.alerts), night.alerts) == (1, [])


class Stuck:
    """Answers when it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def send(self, _: Alert) -> str:
        self.go.wait(30)
        return ""


def test_who_does_not_answer_holds_up_nobody_and_is_given_up_in_time() -> None:
    stuck, quick = Stuck(), MemoryChannel()
    delivery = a_delivery(stuck, quick, timeout_s=0.2)
    delivery.tell(WARNING)
    first, second = delivery.settled()
    stuck.go.set()
    assert (first.failed, second.failed, len(quick.alerts)) == (True, False, 1)
    assert first.why == "no answer within 0.2 s; it may still arrive"


class StuckOnce(MemoryChannel):
    """Does not answer to the first that it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def send(self, alert: Alert) -> str:
        if not self.asked:
            self.asked += 1
            self.go.wait(30)
        return super().send(alert)


def test_one_that_hangs_does_not_keep_the_next_from_being_tried() -> None:
    channel = StuckOnce()
    delivery = a_delivery(channel, timeout_s=2)
    delivery.tell(WARNING)
    delivery.tell(replace(WARNING, severity=Severity.CRITICAL))
    first, second = delivery.settled()
    channel.go.set()
    assert (first.failed, second.failed) == (True, False)


class Broken:
    """A service of somebody else's."""

    def send(self, _: Alert) -> str:
        raise RuntimeError("slack://T0ken is down")


def test_a_service_that_breaks_is_a_failure_that_tells_no_secret() -> None:
    delivery = a_delivery(Broken(), attempts=1)
    delivery.tell(WARNING)
    (one,) = delivery.settled()
    assert one == Sent("way 0", Severity.WARNING, "[warning] churn", "failed", 1, "RuntimeError while it was sent")


def test_what_cannot_be_used_is_known_before_anything_is_sent() -> None:
    def connect(_: str) -> Channel:
        raise BadCall("no such service", hint="name another")

    routes = [Route("a", "x://y", ALL), Route("B", "", ALL, problem="the environment variable B is not set")]
    delivery = Delivery(routes, connect, AlertPolicy(), MemoryClock())
    assert [one.problem for one in delivery.unusable()] == [
        "no such service; name another",
        "the environment variable B is not set",
    ]
    assert told(delivery, WARNING) == [("failed", 0), ("failed", 0)]


@pytest.mark.parametrize("text", ["", "a b", "1x", "://x", "http:/x", "a://b c"])
def test_what_is_no_address_is_never_repeated(text: str) -> None:
    from model_promotion.core.alert_policy import alert_address

    with pytest.raises(BadCall) as refused:
        alert_address(text)
    assert str(refused.value) == "the address of an alert is neither an address nor the name of a variable"
