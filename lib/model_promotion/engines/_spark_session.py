"""The Spark session: the one that is there, else one of our own on this machine, which learns none of our secrets."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import uuid
import warnings
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from typing import Any

from model_promotion.core.errors import BadCall, PromotionError, Unavailable
from model_promotion.core.installing import extra
from model_promotion.core.trial import one_line
from model_promotion.engines import _spark_java as java

INSTALL = extra("spark")
# Any of these says that a session is given to us: a cluster's, spark-submit's, or a Spark Connect server's.
GIVEN = ("DATABRICKS_RUNTIME_VERSION", "PYSPARK_GATEWAY_PORT", "SPARK_REMOTE")
TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"  # noqa: S105 - the name of one
OURS = {
    "spark.master": "local[*]",
    "spark.app.name": "promote-model",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
    "spark.sql.shuffle.partitions": "8",
}
_ONE_AT_A_TIME = Lock()


def equipped() -> None:
    """Whether there is what a session takes.

    Raises:
        BadCall: when pyspark, or Java where it would run here, is missing.
    """
    if find_spec("pyspark") is None:
        raise BadCall("--engine spark needs pyspark, which is not installed", hint=INSTALL)
    home = os.environ.get("JAVA_HOME")
    if not (_is_given() or shutil.which("java") or (home and Path(home, "bin").is_dir())):
        raise BadCall("--engine spark needs Java, and there is none on this machine", hint=java.NEEDED)


def session() -> Any:  # noqa: ANN401 - pyspark is not typed here
    """The active session; else the one that the environment names; else one of our own, for as long as we live.

    Raises:
        Unavailable: when it cannot be had.
    """
    from pyspark.sql import SparkSession

    # It says on stderr which pandas it prefers; what it cannot do raises.
    warnings.filterwarnings("ignore", category=FutureWarning, module="pyspark")
    with _ONE_AT_A_TIME:
        try:
            return SparkSession.getActiveSession() or _given(SparkSession) or _own(SparkSession)
        except PromotionError:
            raise
        except Exception as error:  # whatever Java, gRPC and pyspark raise
            said = one_line(f"{type(error).__name__}: {error}")
            raise Unavailable(f"there is no Spark session to be had: {said}", hint=java.NEEDED) from error


def context() -> Any:  # noqa: ANN401 - as above
    """What this process itself drives; None where a Spark Connect server somewhere else does."""
    from pyspark import SparkContext

    return SparkContext._active_spark_context  # noqa: SLF001 - no other way to ask from another thread


def is_here() -> bool:
    """Whether the workers run on this machine."""
    ours = context()
    return ours is not None and str(ours.master).startswith("local")


def _given(sessions: Any) -> Any:  # noqa: ANN401 - as above
    return sessions.builder.getOrCreate() if _is_given() or context() is not None else None


def _is_given() -> bool:
    return any(os.environ.get(name) for name in GIVEN) and not _is_local_connect()


def _is_local_connect() -> bool:
    """Whether a Spark Connect server on this machine is asked for, which pyspark starts."""
    return os.environ.get("SPARK_REMOTE", "").startswith("local")


def _own(sessions: Any) -> Any:  # noqa: ANN401 - as above
    """A session on this machine: with a home of its own, quiet, and gone when this process is."""
    folder = mkdtemp(prefix="promote-spark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings = {**OURS, "spark.local.dir": folder, "spark.sql.warehouse.dir": folder}
    # The workers are to run in the Python that runs us, and Spark reads which one that is from our own environment.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    more: dict[str, str] = {}
    if _is_local_connect():
        more = {TOKEN: os.environ.setdefault(TOKEN, str(uuid.uuid4()))}
    with java.started(settings, Path(folder), more):
        made = sessions.builder.getOrCreate()
    if not more:
        made.sparkContext.setLogLevel("OFF")
    atexit.register(made.stop)
    return made
