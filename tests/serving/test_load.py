"""The load generator against a real server: what it sees, and what it would have hidden."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from model_promotion.clocks import SystemClock
from model_promotion.core.load import Destination, Ending, Load, LoadRun, LoadTest
from model_promotion.core.payloads import Payload
from model_promotion.evidence.latencies import loaded
from model_promotion.serving._sending import Sender
from model_promotion.serving.load import AioLoader
from tests.endpoints.small import Small, running

BODY = (Payload(b'{"inputs": [1]}', 1),)


@pytest.fixture
def small() -> Iterator[Small]:
    with running() as server:
        yield server


def run(test: LoadTest, *urls: str, **options: float) -> LoadRun:
    whole = {"warm_up_s": 0.0, **options}
    return AioLoader(SystemClock()).run(Load(tuple(Destination(url, url) for url in urls), BODY, test, **whole))  # type: ignore[arg-type]


def endings(found: LoadRun, target: int = 0) -> Counter[Ending]:
    return Counter(sample.ending for sample in found.samples if sample.target == target)


def test_a_server_that_stands_still_for_a_second_is_seen_to(small: Small) -> None:
    threading.Timer(1.0, small.stop).start()
    threading.Timer(2.0, small.go_on).start()
    (found,) = loaded(run(LoadTest(100, 3), small.at("well")))
    assert found.endings == {Ending.ANSWERED: found.sent}
    # A third of all requests were due while it stood still, and each waited for the rest of that second.
    assert 700 < found.quantiles["p99_ms"].value < 10_000
    assert found.quantiles["p50_ms"].value < 700


def test_what_is_not_an_answer_is_told_by_its_kind(small: Small) -> None:
    kinds = ("busy", "broken", "elsewhere", "mute")
    found = run(LoadTest(50, 1), *map(small.at, kinds))
    assert set(endings(found)) == {Ending.THROTTLED, Ending.ANSWERED}
    assert set(endings(found, 1)) == {Ending.SERVER_ERROR}
    assert set(endings(found, 2)) == {Ending.REDIRECTED}
    assert set(endings(found, 3)) == {Ending.NO_PREDICTIONS}
    # None was sent a second time, and no redirect was followed.
    assert len(small.seen) == len(found.samples)


def test_what_is_not_there_refuses_and_what_goes_away_cuts_off(small: Small) -> None:
    found = run(LoadTest(50, 0.5), "http://127.0.0.1:9/invocations")
    assert set(endings(found)) == {Ending.NO_CONNECTION}
    threading.Timer(1.0, small.kill).start()
    after = endings(run(LoadTest(100, 2), small.at("slow")))
    assert after[Ending.ANSWERED] > 20
    assert after[Ending.NO_CONNECTION] > 20
    assert after[Ending.BROKEN] >= 1
    assert not set(after) - {Ending.ANSWERED, Ending.NO_CONNECTION, Ending.BROKEN}


def test_what_is_not_answered_in_time_ends_in_time(small: Small) -> None:
    small.stop()
    began = time.monotonic()
    found = run(LoadTest(50, 0.5), small.at("well"), timeout_s=0.5)
    assert time.monotonic() - began < 10, "one after the other they would take 12 s and more"
    assert set(endings(found)) == {Ending.TIMED_OUT}
    assert loaded(found)[0].quantiles["p50_ms"].value >= 500


def test_two_targets_are_loaded_in_the_same_run_at_times_of_their_own(small: Small) -> None:
    found = run(LoadTest(100, 1), small.at("well"), small.at("slow"))
    fast, slow = loaded(found)
    assert slow.quantiles["p50_ms"].value >= fast.quantiles["p50_ms"].value + 20
    assert (fast.sent, slow.sent) == (100, 100)
    assert [sample.due_s for sample in found.samples] == sorted(sample.due_s for sample in found.samples)


def test_the_warm_up_is_sent_and_not_counted(small: Small) -> None:
    found = run(LoadTest(50, 1), small.at("well"), warm_up_s=1.0)
    assert (len(small.seen), len(found.samples), loaded(found)[0].sent) == (100, 100, 50)


def test_headers_go_to_their_target_only_and_are_asked_for_once(small: Small) -> None:
    asked = []

    def login() -> dict[str, str]:
        asked.append(1)
        return {"Authorization": "Bearer secret"}

    targets = (Destination("a", small.at("named"), login), Destination("b", small.at("elsewhere")))
    AioLoader(SystemClock()).run(Load(targets, BODY, LoadTest(50, 0.5), warm_up_s=0.0))
    sent = Counter((headers.get("authorization"), headers.get("cookie")) for headers in small.seen)
    assert set(sent) == {("Bearer secret", None), (None, None)}
    assert len(asked) == 1


def test_headers_are_renewed_during_a_run_and_kept_while_there_are_no_others(small: Small) -> None:
    tokens = iter(["first", "second"])

    def login() -> dict[str, str]:
        return {"Authorization": f"Bearer {next(tokens)}"}  # The third time there is none: StopIteration.

    load = Load((Destination("a", small.at("well"), login),), BODY, LoadTest(50, 1.5), warm_up_s=0.0)
    found = asyncio.run(Sender(load, SystemClock(), threading.Event(), renewed_s=0.4).send())
    assert set(endings(found)) == {Ending.ANSWERED}
    sent = [headers["authorization"].split()[1] for headers in small.seen]
    assert list(dict.fromkeys(sent)) == ["first", "second"]


def test_nothing_of_the_environment_goes_along_or_in_between(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert set(endings(run(LoadTest(50, 0.3), small.at("well")))) == {Ending.ANSWERED}
    # Elsewhere the proxy is asked; this one does not answer, and the name is never looked up here.
    found = run(LoadTest(20, 0.3), "http://endpoint.invalid/invocations")
    assert set(endings(found)) == {Ending.NO_CONNECTION}


SENDER = """
import sys
from model_promotion.clocks import SystemClock
from model_promotion.core.load import Destination, Load, LoadTest
from model_promotion.core.payloads import Payload
from model_promotion.evidence.latencies import late_ms
from model_promotion.serving.load import AioLoader
load = Load((Destination("a", sys.argv[1]),), (Payload(b"{}"),), LoadTest(100, 2), warm_up_s=0.0)
print("ready", flush=True)
print(late_ms(AioLoader(SystemClock()).run(load)))
"""


def test_a_sender_that_was_stopped_says_how_late_it_was(small: Small) -> None:
    command = [sys.executable, "-c", SENDER, small.at("well")]
    path = os.pathsep.join(sys.path)
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        while len(small.seen) < 20:
            time.sleep(0.02)
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.0)
        process.send_signal(signal.SIGCONT)
        assert float(process.stdout.readline()) > 300


def test_a_run_that_is_stopped_ends_at_once_and_is_not_whole(small: Small) -> None:
    loader = AioLoader(SystemClock())
    threading.Timer(0.5, loader.stop).start()
    began = time.monotonic()
    found = loader.run(Load((Destination("a", small.at("well")),), BODY, LoadTest(20, 30)))
    assert time.monotonic() - began < 15, "of 30 s"
    assert not found.whole
