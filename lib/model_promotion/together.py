"""Reads that do not depend on each other, at the same time."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
MOST_AT_ONCE = 16


A = TypeVar("A")
B = TypeVar("B")


def both(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """Two answers of different kinds."""
    with ThreadPoolExecutor(1, thread_name_prefix="read") as pool:
        beside = pool.submit(second)
        return first(), beside.result()


def together(reads: Iterable[Callable[[], T]]) -> list[T]:
    """The answers in order; the first error among them is raised once all have ended."""
    with ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="read") as pool:
        return [future.result() for future in [pool.submit(read) for read in reads]]
