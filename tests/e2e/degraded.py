"""A candidate on a real scoring server that begins to do worse on its way up, and callers who ask throughout."""

import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.conftest import QUICK, Place
from tests.e2e.program import Result
from tests.endpoints.degrading import Degrading
from tests.endpoints.scoring import serving
from tests.workspace import Workspace
from tests.workspace.forwarding import Forward
from tests.workspace.quick_tracking import QuickTracking
from tests.workspace.seed import ROW

CALLER, CALLERS_TOKEN = "till@example.com", "till-token"
CALLERS, PAUSE_S = 4, 0.1
OK = 200
BEFORE_IT_DEGRADES = 5
AFTER_S = 0.5
"""Who asks after the rollback is to be answered too."""
# A look of the whole rung has as many requests as a tail takes, and a tolerance of 4 leaves a busy machine its noise.
POLICY = """
[rollout]
timeout_s = 60
alpha = 0.1
look_s = 3
probes_per_s = 45
least_requests = 40
latency_tolerance = 4
"""


@dataclass(frozen=True)
class Servers:
    """Two models and the real servers that answer with them: the champion's, and one that can do worse."""

    champion: Path
    candidate: Degrading
    urls: tuple[str, str]


@contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Both, started side by side."""
    champion, candidate = (Degrading.written(folder / name, bias) for name, bias in (("1", 0.1), ("2", 0.2)))
    with serving(champion.folder, candidate.folder) as (one, two):
        yield Servers(champion.folder, candidate, (one, two))


def opened(workspace: Workspace, servers: Servers, cwd: Path, policy: str = POLICY) -> Place:
    """The endpoint `churn` serves version 1, the champion; version 2 is staged. Behind each is its server."""
    model = f"main.ml.churn_{uuid.uuid4().hex[:8]}"
    workspace.tracking = QuickTracking()  # The record is not what this is about.
    workspace.add_model(model)
    versions = zip((servers.champion, servers.candidate.folder), servers.urls, strict=True)
    for number, (folder, url) in enumerate(versions, start=1):
        workspace.add_version(model, folder, metrics={"f1": 0.8}, run_id="")
        workspace.serve(model, number, Forward(url))
    workspace.set_alias(model, "champion", 1)
    workspace.set_alias(model, "staging", 2)
    workspace.add_token(CALLERS_TOKEN, CALLER)
    workspace.add_endpoint("churn", (model, 1)).rights[CALLER] = "CAN_QUERY"
    workspace.polls_until_ready = 0
    (cwd / "promotion.toml").write_text(policy, encoding="utf-8")
    servers.candidate.turn("well")
    return Place(workspace, model, cwd, dict(QUICK))


def shares(place: Place) -> dict[int, int]:
    """Which version gets which part of the traffic."""
    config = place.workspace.endpoints["churn"].config
    traffic = {one["served_model_name"]: int(one["traffic_percentage"]) for one in config["traffic_config"]["routes"]}
    return {int(one["entity_version"]): traffic.get(one["name"], 0) for one in config["served_entities"]}


@dataclass
class Callers:
    """Who asks the endpoint all the time: what they sent, and which version answered with which status."""

    place: Place
    sent: int = 0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def asking(self) -> Iterator["Callers"]:
        threads = [threading.Thread(target=self._ask) for _ in range(CALLERS)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self.over.set()
            for thread in threads:
                thread.join()

    @property
    def statuses(self) -> Counter[int]:
        """How many answers had which status; 0 is for none."""
        return sum((Counter({status: times}) for (_, status), times in self.answers.items()), Counter())

    @property
    def failed(self) -> dict[str, int]:
        """How many requests failed, by who answered them; `nobody` where there was no answer."""
        return {who: times for (who, status), times in self.answers.items() if status != OK}

    def _ask(self) -> None:
        while not self.over.wait(PAUSE_S):
            answered = self._answer()
            with self.lock:
                self.sent += 1
                self.answers[answered] += 1

    def _answer(self) -> tuple[str, int]:
        connection = HTTPConnection(urlsplit(self.place.workspace.url).netloc, timeout=60)
        headers = {"Authorization": f"Bearer {CALLERS_TOKEN}", "Content-Type": "application/json"}
        try:
            body = json.dumps({"dataframe_records": [ROW]})
            connection.request("POST", "/serving-endpoints/churn/invocations", body, headers)
            reply = connection.getresponse()
            reply.read()
        except (OSError, HTTPException):
            return "nobody", 0
        else:
            return f"v{str(reply.headers['served-model-name']).rpartition('-')[2]}", reply.status
        finally:
            connection.close()


@dataclass
class Degradation:
    """Version 2 begins to do worse once callers have had some good answers of it; how long until none get any more?"""

    place: Place
    candidate: Degrading
    callers: Callers
    back_s: float = float("nan")

    def watch(self, how: str, over: threading.Event) -> None:
        """To be run beside the canary."""
        while self.callers.answers["v2", OK] < BEFORE_IT_DEGRADES and not over.wait(0.02):
            pass
        self.candidate.turn(how)
        begun = time.monotonic()
        while shares(self.place).get(2) and not over.wait(0.02):
            pass
        self.back_s = time.monotonic() - begun


@dataclass(frozen=True)
class Degraded:
    """How the canary ended, what callers saw of it, and the seconds until they saw no more of it."""

    result: Result
    callers: Callers
    back_s: float


def degraded(place: Place, candidate: Degrading, how: str, bake: str = "3s") -> Degraded:
    """A canary whose candidate degrades."""
    with Callers(place).asking() as callers:
        story, over = Degradation(place, candidate, callers), threading.Event()
        beside = threading.Thread(target=story.watch, args=(how, over))
        beside.start()
        try:
            result = place.ask("--canary", "50", "--bake", bake)
        finally:
            over.set()
            beside.join()
        time.sleep(AFTER_S)
    return Degraded(result, callers, story.back_s)
