"""The Spark session: the one that is there, else one of our own on this machine, which learns none of our secrets."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from typing import Any

from model_promotion.core.environment import harmless
from model_promotion.core.errors import BadCall, Unavailable
from model_promotion.core.trial import one_line

INSTALL = "pip install 'promote-model[spark]'"
JAVA = "Spark 4 needs Java 17 or newer: install it (apt-get install openjdk-17-jre-headless), or set JAVA_HOME"
OF_SPARK = ("SPARK_HOME", "SPARK_CONF_DIR", "HADOOP_HOME", "HADOOP_CONF_DIR")
# Any of these says that a session is given to us: a cluster's, spark-submit's, or a Spark Connect server's.
GIVEN = ("DATABRICKS_RUNTIME_VERSION", "PYSPARK_GATEWAY_PORT", "SPARK_REMOTE")
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


def session() -> Any:  # noqa: ANN401 - pyspark is not typed here
    """The active session; else the one that the environment names; else one of our own, for as long as we live.

    Raises:
        BadCall: when pyspark or Java is missing.
        Unavailable: when the session cannot be had.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise BadCall(f"--engine spark needs pyspark: {one_line(str(error))}", hint=INSTALL) from error
    # It says on stderr which pandas it prefers; what it cannot do raises.
    warnings.filterwarnings("ignore", category=FutureWarning, module="pyspark")
    with _ONE_AT_A_TIME:
        try:
            return SparkSession.getActiveSession() or _given(SparkSession) or _own(SparkSession)
        except BadCall:
            raise
        except Exception as error:  # whatever Java, gRPC and pyspark raise
            said = one_line(f"{type(error).__name__}: {error}")
            raise Unavailable(f"there is no Spark session to be had: {said}", hint=JAVA) from error


def _given(sessions: Any) -> Any:  # noqa: ANN401 - as above
    from pyspark import SparkContext

    there = any(os.environ.get(name) for name in GIVEN) or SparkContext._active_spark_context is not None  # noqa: SLF001 - there is no other way to ask from another thread
    return sessions.builder.getOrCreate() if there else None


def _own(sessions: Any) -> Any:  # noqa: ANN401 - as above
    """A session on this machine: with a home of its own, quiet, and gone when this process is."""
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway

    java = os.environ.get("JAVA_HOME")
    if not (shutil.which("java") or (java and Path(java, "bin").is_dir())):
        raise BadCall("--engine spark needs Java, and there is none on this machine", hint=JAVA)
    folder = mkdtemp(prefix="promote-spark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # Spark reads this from our own environment: the workers are to run in the Python that runs us.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    conf = SparkConf(loadDefaults=False)
    for name, value in {**OURS, "spark.local.dir": folder, "spark.sql.warehouse.dir": folder}.items():
        conf.set(name, value)
    context = SparkContext(conf=conf, gateway=launch_gateway(conf, _Clean(_environment(folder), folder)))
    context.setLogLevel("OFF")
    made = sessions(context)
    atexit.register(context.stop)
    return made


def _environment(folder: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in OF_SPARK if name in os.environ}
    places = {"HOME": folder, "TMPDIR": folder, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    return {**harmless(os.environ), **kept, **places}


class _Clean(dict[str, Any]):
    """How Java is started. pyspark hands it our whole environment: of that only what pyspark itself has added stays."""

    def __init__(self, environ: dict[str, str], folder: str) -> None:
        super().__init__(cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._environ = environ

    def __setitem__(self, name: str, value: Any) -> None:  # noqa: ANN401 - any argument of Popen
        if name == "env":
            added = {key: said for key, said in value.items() if os.environ.get(key) != said}
            value = {**self._environ, **added}
        super().__setitem__(name, value)
