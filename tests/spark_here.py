"""Whether Spark can be tried on this machine, and what to install where it cannot."""

import importlib.util
import os
import shutil

import pytest

needs_spark = pytest.mark.skipif(
    not (importlib.util.find_spec("pyspark") and (shutil.which("java") or os.environ.get("JAVA_HOME"))),
    reason="pip install '.[spark]', and Java 17: apt-get install openjdk-17-jre-headless",
)
