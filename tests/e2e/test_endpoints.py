"""--endpoint and --load-test through the command: a real MLflow scoring server, and small ones that misbehave."""

import re
import shlex
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.program import DOOR, Result, call, clean_env, start
from tests.e2e.registry import METRICS, MODEL, copied
from tests.endpoints.scoring import Served
from tests.endpoints.small import Small, running

README = (DOOR.parent / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"(?m)^\$ (promote_model\.py (?!.*--watch).*--endpoint http.*)$", README)
(WATCH,) = re.findall(r"(?m)^\$ (promote_model\.py .*--watch.*--endpoint .*)$", README)
SERVED = str(len(METRICS) + 1)
# Limits that no busy machine comes near to.
EASY = "[load_test]\np95_ms = 9000\np99_ms = 9000\nmax_late_ms = 10_000\n"
WATCHED = f"{EASY}[watch]\nlook_s = 1\nprobes_per_s = 60\nleast = 30\np95_ms = {{rollback = 9000, warning = 8000}}\n"
STRICT = "[load_test]\np95_ms = 0.01\np99_ms = 0.02\nwarm_up_s = 0\n"


@pytest.fixture(scope="module")
def shop(template: Path, served: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry whose newest version is the one that is served."""
    from mlflow import MlflowClient

    folder = copied(template, tmp_path_factory.mktemp("shop") / "cwd")
    uri = f"sqlite:///{folder}/mlflow.db"
    assert MlflowClient(uri, uri).create_model_version(MODEL, str(served.model)).version == int(SERVED)
    return folder


@pytest.fixture
def counter(shop: Path, tmp_path: Path) -> Path:
    """A working directory with a copy of it."""
    return copied(shop, tmp_path / "cwd")


@pytest.fixture(scope="module")
def small() -> Iterator[Small]:
    with running() as server:
        yield server


def sentence(result: Result, check: str) -> str:
    found: str = next(one["sentence"] for one in result.json["findings"] if one["check"] == check)
    return found


@pytest.mark.parametrize("shown", SHOWN)
def test_the_calls_of_the_readme_run_against_a_real_server(shown: str, counter: Path, served: Served) -> None:
    words = shlex.split(shown.replace("http://127.0.0.1:5001", served.url).replace("churn 2", f"{MODEL} {SERVED}"))[1:]
    (counter / "promotion.toml").write_text(EASY)
    result = call(counter, *words, "--json")
    assert result.code in (0, 1), result.all
    assert result.verdict("endpoint_smoke") == "passed"
    assert "answered 3 predictions for 3 rows" in sentence(result, "endpoint_smoke")
    if "--load-test" in words:
        assert result.verdict("load_test") == "passed", sentence(result, "load_test")


def test_a_real_server_is_watched_by_its_address_and_one_that_fails_is_rolled_back(
    counter: Path, served: Served, small: Small
) -> None:
    (counter / "promotion.toml").write_text(WATCHED)
    assert call(counter, MODEL, SERVED, "--json").code in (0, 1)
    words = shlex.split(WATCH.replace("http://127.0.0.1:5001", served.url).replace("churn", MODEL))[1:]
    well = call(counter, *words, "--watch", "2s", "--json")
    assert well.code == 0, well.all
    back = call(counter, MODEL, "--json", "--watch", "30s", "--endpoint", small.at("broken"))
    assert (back.code, back.json["was"], back.json["to"]) == (2, SERVED, "1"), back.all
    assert "start it with v1" in back.json["summary"]


def test_what_is_too_slow_for_its_budget_refuses_and_moves_nothing(counter: Path, served: Served) -> None:
    (counter / "promotion.toml").write_text(STRICT + "max_late_ms = 10_000\n")
    result = call(counter, MODEL, SERVED, "--json", "--endpoint", served.url, "--load-test", "100,5s")
    assert (result.code, result.verdict("load_test")) == (2, "failed")
    assert "p95 over 0.01 ms, p99 over 0.02 ms, failures within 1 %" in sentence(result, "load_test")
    assert result.json["entries"] == []
    assert result.json["record"] == ""


def test_nobody_there_or_no_answer_refuses_and_is_not_loaded(counter: Path, small: Small) -> None:
    for url in ("http://127.0.0.1:9", small.at("broken")):
        result = call(counter, MODEL, SERVED, "--check", "--json", "--endpoint", url, "--load-test", "20,1s")
        assert (result.code, result.verdict("endpoint_smoke"), result.verdict("load_test")) == (2, "failed", "unknown")
    assert "answered 500: out of memory" in sentence(result, "endpoint_smoke")


def test_ctrl_c_ends_the_load_at_once(counter: Path, small: Small) -> None:
    before, url = len(small.seen), small.at("five")
    process = start(
        (MODEL, "2", "--check", "--endpoint", url, "--load-test", "20,10m"), clean_env(counter.parent), counter
    )
    while len(small.seen) < before + 5:
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in out + err) == (130, False), out + err
    assert time.monotonic() - began < 30, "of 10 minutes"
