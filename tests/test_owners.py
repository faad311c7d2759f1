"""Whose work it is: told from a process that has ended, and never guessed."""

import os
import subprocess
import sys

import pytest

from model_promotion.owners import MemoryOwner, ProcessOwner
from tests.e2e.program import DOOR

OURS = ProcessOwner()
NAMING = "from model_promotion.owners import ProcessOwner; print(ProcessOwner().name, flush=True); input()"
NO_PROC = not os.path.exists("/proc/self/stat")  # noqa: PTH110 - one word for a decorator


def a_process() -> tuple[subprocess.Popen[str], str]:
    """A process that says its name and then waits."""
    pipe = subprocess.PIPE
    env = {**os.environ, "PYTHONPATH": str(DOOR.parent / "lib")}
    process = subprocess.Popen([sys.executable, "-c", NAMING], stdin=pipe, stdout=pipe, text=True, env=env)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_this_process_is_not_gone() -> None:
    assert not OURS.is_gone(OURS.name)
    assert OURS.name == ProcessOwner().name


def test_a_process_is_gone_when_it_has_ended_and_not_before() -> None:
    process, name = a_process()
    with process:
        assert name != OURS.name
        assert not OURS.is_gone(name)
        process.kill()
    assert OURS.is_gone(name)


@pytest.mark.skipif(NO_PROC, reason="only /proc tells an ended process whose parent has not noticed")
def test_a_process_that_ended_is_gone_although_its_parent_has_not_noticed() -> None:
    process, name = a_process()
    with process:
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert OURS.is_gone(name)


@pytest.mark.skipif(NO_PROC, reason="only /proc tells when a process started")
def test_a_number_that_is_used_again_is_told_by_when_its_process_started() -> None:
    machine, number, started = OURS.name.split("-")
    assert OURS.is_gone(f"{machine}-{number}-{int(started) - 1}")


def test_whoever_works_on_another_machine_is_never_gone() -> None:
    _, number, started = OURS.name.split("-")
    assert not OURS.is_gone(f"00000000-{number}-{started}")
    assert not OURS.is_gone("00000000-999999999-1")


@pytest.mark.parametrize("rest", ["", "-", "--", "-x-1", "--1-1", "- 1-1", "-1.5-1"])
def test_a_name_that_is_none_is_never_gone(rest: str) -> None:
    machine, _, _ = OURS.name.partition("-")
    assert not OURS.is_gone(machine + rest)
    assert not OURS.is_gone(rest)


@pytest.mark.parametrize("number", ["9" * 9, "9" * 30, "9" * 5000])
def test_a_number_that_no_process_can_have_is_gone(number: str) -> None:
    machine, _, _ = OURS.name.partition("-")
    assert OURS.is_gone(f"{machine}-{number}-1")


def test_the_name_is_short_and_tells_no_person_and_no_machine() -> None:
    assert len(OURS.name) <= 40
    assert os.uname().nodename not in OURS.name


def test_in_tests_those_are_gone_who_are_said_to_be() -> None:
    owner = MemoryOwner(gone=frozenset({"a"}))
    assert (owner.is_gone("a"), owner.is_gone("b")) == (True, False)
