"""A serving backend that nobody here has heard of is one new file in serving/; nothing else is touched."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.program import DOOR, Result, clean_env
from tests.e2e.registry import MODEL
from tests.endpoints import in_files
from tests.endpoints.small import running

BEFORE = [{"name": "till-1", "model": MODEL, "number": "1", "share_pct": 100}]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the program with that file in it."""
    shutil.copytree(DOOR.parent / "lib", tmp_path / "checkout" / "lib")
    shutil.copy(DOOR, tmp_path / "checkout")
    shutil.copy(in_files.__file__, tmp_path / "checkout" / "lib" / "model_promotion" / "serving")
    return tmp_path / "checkout"


def test_a_third_backend_is_asked_and_rolled_out_to(checkout: Path, desk: Path) -> None:
    endpoint = desk / "till.json"
    with running() as server:
        endpoint.write_text(json.dumps({"server": server.at("each"), "entities": BEFORE}))
        words = (MODEL, "2", "--endpoint", "till", "--update-endpoints", "--bake", "0", "--json")
        env = clean_env(desk.parent, **{in_files.FOLDER: str(desk)})
        command = [sys.executable, str(checkout / DOOR.name), *words]
        ran = subprocess.run(command, env=env, cwd=desk, capture_output=True, text=True, check=False)
    done = Result(ran.returncode, ran.stdout, ran.stderr)
    assert done.code == 0, done.all
    assert (done.verdict("endpoint_smoke"), done.verdict("endpoint_rollout")) == ("passed", "passed")
    assert [(one["number"], one["share_pct"]) for one in json.loads(endpoint.read_text())["entities"]] == [("2", 100)]
    assert f"1 of {in_files.EndpointsInFiles.scope} looked at" in done.all
