import os
import signal
import threading
import time

import pytest

from model_promotion.clocks import MemoryClock, SystemClock
from model_promotion.connections.deadline import Deadline
from model_promotion.core.errors import NotFound, TimedOut, Unavailable
from model_promotion.together import together

EVER = 30.0


def hang() -> None:
    threading.Event().wait(EVER)


def test_an_answer_in_time_is_handed_on() -> None:
    assert Deadline(5, MemoryClock()).call(lambda: 42) == 42


@pytest.mark.parametrize("error", [NotFound("no"), ValueError("x"), TimeoutError("theirs"), KeyboardInterrupt()])
def test_an_error_in_time_is_handed_on_as_it_is(error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        Deadline(5, MemoryClock()).call(fail)
    assert caught.value is error


def test_an_interrupt_waits_for_the_call_that_is_under_way() -> None:
    ended: list[str] = []

    def write() -> None:
        time.sleep(0.2)  # until the main thread waits
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)
        ended.append("landed")

    with pytest.raises(KeyboardInterrupt):
        Deadline(EVER, SystemClock()).call(write)
    assert ended == ["landed"]


def test_an_interrupt_does_not_wait_for_files_that_are_moved() -> None:
    began = time.monotonic()

    def upload() -> None:
        time.sleep(0.2)  # until the main thread waits
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(3)

    with pytest.raises(KeyboardInterrupt):
        Deadline(EVER, SystemClock(), interrupts_wait=False).call(upload)
    assert time.monotonic() - began < 2


def test_a_call_that_never_answers_ends_with_unavailable_and_says_what_to_type() -> None:
    began = time.monotonic()
    with pytest.raises(TimedOut, match=r"no answer within 0\.2 s") as ended:
        Deadline(0.2, SystemClock()).call(hang)
    assert time.monotonic() - began < 2
    assert "--timeout" in ended.value.hint


def test_all_calls_draw_on_one_budget() -> None:
    clock = MemoryClock()
    deadline = Deadline(10, clock)
    deadline.call(lambda: clock.sleep(9.9))
    began = time.monotonic()
    with pytest.raises(Unavailable, match="no answer within 10 s"):
        deadline.call(hang)
    assert time.monotonic() - began < 2


def test_with_the_budget_used_up_nothing_is_even_begun() -> None:
    clock, begun = MemoryClock(), []
    deadline = Deadline(10, clock)
    deadline.call(lambda: clock.sleep(10))
    with pytest.raises(Unavailable, match="the 10 s for the registry are used up") as ended:
        deadline.call(lambda: begun.append("a write"))
    assert (begun, "--timeout" in ended.value.hint) == ([], True)
    assert not isinstance(ended.value, TimedOut)  # What was never sent cannot land later.


def test_time_between_calls_takes_nothing_from_it() -> None:
    clock = MemoryClock()
    deadline = Deadline(1, clock)
    deadline.call(lambda: None)
    clock.sleep(3600)
    assert deadline.call(lambda: time.sleep(0.2) or "answered") == "answered"


def test_calls_at_the_same_time_are_counted_once() -> None:
    clock, all_in = MemoryClock(), threading.Barrier(4)
    deadline = Deadline(10, clock)

    def ask() -> None:
        all_in.wait(5)
        clock.sleep(1)
        all_in.wait(5)

    together([lambda: deadline.call(ask)] * 4)
    assert deadline.call(lambda: time.sleep(0.2) or "answered") == "answered"


def test_after_a_renewal_there_is_time_again() -> None:
    clock = MemoryClock()
    deadline = Deadline(10, clock)
    deadline.call(lambda: clock.sleep(100))
    deadline.renew()
    assert deadline.call(lambda: time.sleep(0.2) or "answered") == "answered"
