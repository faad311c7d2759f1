"""Whether Spark can be tried on this machine, and what to install where it cannot."""

import importlib.util
import os
import shutil
from collections.abc import Callable
from typing import TypeVar

import pytest

T = TypeVar("T", bound=Callable[..., object])

missing = pytest.mark.skipif(
    not (importlib.util.find_spec("pyspark") and (shutil.which("java") or os.environ.get("JAVA_HOME"))),
    reason="pip install 'promote-model[spark]', and Java 17: apt-get install openjdk-17-jre-headless",
)
one_worker = pytest.mark.xdist_group("spark")
"""A session takes seconds to start and half a GiB: all tests of it run in one of the test processes."""


def needs_spark(test: T) -> T:
    """A test that does."""
    return one_worker(missing(test))
