"""Java that does not start is told in one line, and ended."""

import os
import time
from pathlib import Path

import pytest

from model_promotion.core.errors import BadCall, Unavailable
from model_promotion.engines import _spark_java
from model_promotion.engines._spark_session import GIVEN, equipped
from tests.spark_here import needs_spark

pytestmark = needs_spark


def test_without_java_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JAVA_HOME", *GIVEN):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadCall, match="needs Java, and there is none") as caught:
        equipped()
    assert "apt-get install openjdk-17" in caught.value.hint
    for name in GIVEN:
        monkeypatch.setenv(name, "sc://elsewhere")
        equipped()
        monkeypatch.delenv(name)


def java(folder: Path, script: str) -> str:
    """A JAVA_HOME whose java does this."""
    (folder / "bin").mkdir()
    (folder / "bin" / "java").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bin" / "java").chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo $$ > pid; exec sleep 600", "Spark's Java did not start within 3 s"),
        ("echo 'Unrecognized option: -X' >&2; exit 1", "Spark's Java ended with 1: Unrecognized option: -X"),
    ],
)
def test_java_that_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str) -> None:
    monkeypatch.setenv("JAVA_HOME", java(tmp_path, script))
    monkeypatch.setattr(_spark_java, "STARTS_WITHIN_S", 3)
    monkeypatch.setattr(_spark_java, "ENDS_WITHIN_S", 0.1)
    with pytest.raises(Unavailable) as caught, _spark_java.started({}, tmp_path, {}):
        pass
    assert str(caught.value) == said
    assert "Java 17" in caught.value.hint
    assert "PYSPARK_GATEWAY_PORT" not in os.environ
    if (tmp_path / "pid").exists():
        process = Path("/proc", (tmp_path / "pid").read_text().strip(), "stat")
        for _ in range(100):
            if not process.exists() or ") Z " in process.read_text():
                return
            time.sleep(0.1)
        pytest.fail("it still runs")
