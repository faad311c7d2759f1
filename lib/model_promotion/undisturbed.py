"""Work that Ctrl-C and SIGTERM must not cut short: putting things back, and writing down what was done."""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

T = TypeVar("T")
INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


def undisturbed(work: Callable[[], T], patience: int = 1) -> tuple[T, bool]:
    """What `work` answers, and whether an interrupt came meanwhile. A kill still kills.

    Raises:
        KeyboardInterrupt: when more interrupts came than `patience`: whoever presses again means it.
    """
    if threading.current_thread() is not threading.main_thread():
        return work(), False  # Python interrupts the main thread only.
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)
        if len(came) > patience:
            raise KeyboardInterrupt

    # Only where an exception would be raised; whoever left SIGTERM to the system wants to be ended by it.
    before = {number: handler for number in INTERRUPTS if callable(handler := signal.getsignal(number))}
    for number in before:
        signal.signal(number, note)
    try:
        return work(), bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
