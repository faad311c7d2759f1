"""The demo, played once a run as a process of its own, for every test that looks at what it shows or leaves."""

import fcntl
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.e2e.program import Result, clean_env, start

# Ten model processes in a row: on a busy machine they take four times as long as on an idle one.
WITHIN_S = 280.0


@dataclass(frozen=True)
class Shown:
    """What the demo printed, where it ran, and a copy of its folder that no test writes to."""

    result: Result
    outside: Path

    @property
    def folder(self) -> Path:
        return self.outside / "cwd" / "the show"

    @property
    def pristine(self) -> Path:
        return self.outside / "pristine"

    def env(self, home: Path) -> dict[str, str]:
        """For the calls after it."""
        return clean_env(home)


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """The whole demo, about half a minute: with pytest -n the first process that asks plays it for all of them."""
    ours = tmp_path_factory.getbasetemp()
    outside = (ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours) / "demo"
    outside.mkdir(exist_ok=True)
    kept = outside / "result.json"
    with (outside / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_text(json.dumps(asdict(_played(outside))), encoding="utf-8")
    return Shown(Result(**json.loads(kept.read_text(encoding="utf-8"))), outside)


def _played(outside: Path) -> Result:
    for name in ("home", "tmp", "cwd"):
        (outside / name).mkdir()
    env = clean_env(outside / "home", TMPDIR=str(outside / "tmp"), MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    process = start(["--demo", "the show"], env, outside / "cwd")
    try:
        out, err = process.communicate(timeout=WITHIN_S)
    finally:
        process.kill()
    shutil.copytree(outside / "cwd" / "the show", outside / "pristine")
    return Result(process.returncode, out, err)
