import os
import signal
import threading

import pytest

from model_promotion.undisturbed import undisturbed


def test_work_that_is_interrupted_ends_first_and_the_interrupt_is_told() -> None:
    def work() -> int:
        os.kill(os.getpid(), signal.SIGINT)
        return sum(range(10_000))

    assert undisturbed(work) == (49_995_000, True)


def test_work_that_nobody_interrupts_says_so() -> None:
    assert undisturbed(lambda: 7) == (7, False)


@pytest.mark.parametrize("fails", [False, True])
def test_afterwards_an_interrupt_is_one_again(*, fails: bool) -> None:
    before = signal.getsignal(signal.SIGINT)
    if fails:
        with pytest.raises(ZeroDivisionError):
            undisturbed(lambda: 1 // 0)
    else:
        undisturbed(lambda: undisturbed(lambda: 1))
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("patience", [0, 1, 2])
def test_one_interrupt_more_than_the_patience_ends_it_at_once(patience: int) -> None:
    before, done = signal.getsignal(signal.SIGINT), []

    def work() -> None:
        for number in range(5):
            done.append(number)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        undisturbed(work, patience)
    assert done == list(range(patience + 1))
    assert signal.getsignal(signal.SIGINT) is before


def test_it_may_run_in_any_thread() -> None:
    answers: list[tuple[int, bool]] = []
    thread = threading.Thread(target=lambda: answers.append(undisturbed(lambda: 7)))
    thread.start()
    thread.join()
    assert answers == [(7, False)]
