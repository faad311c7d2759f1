"""What stands after rivals, lost replies, outages and kills: the loopback workspace at its worst moments."""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from model_promotion.core.intent import notes
from tests.e2e.conftest import Place
from tests.e2e.program import START_S, start
from tests.torture.conftest import forks  # noqa: F401 - a fixture is found by name
from tests.torture.forks import Forks
from tests.workspace import DROP, Call

ALL_BUT_THE_REGISTRY = r"^(?!/api/2\.[01]/(mlflow/)?unity-catalog/(registered-model|model|securable-tag|subentity-tag))"
WHENS = ("before", "after")


def break_all_but_the_registry(place: Place, status: int) -> None:
    place.workspace.faults.fail(ALL_BUT_THE_REGISTRY, status=status, error_code="TEMPORARILY_UNAVAILABLE")


def writes_since(place: Place, before: Sequence[object]) -> list[Any]:
    return place.workspace.writes()[len(before) :]


def test_a_rollback_with_everything_up_ends_with_0_and_holds_what_it_leaves(place: Place) -> None:
    assert place.ask().code == 0
    back = place.ask("--rollback", "--reason", "precision fell")
    assert (back.code, place.champion) == (0, 1)
    assert list(place.workspace.tags(place.model, 2)) == ["promotion_hold"]
    assert list(place.tags) == ["promotion_head"]


@pytest.mark.parametrize("store", ["false", "true"], ids=["legacy", "native"])
@pytest.mark.parametrize("status", [500, 503, 403])
def test_a_rollback_takes_the_registry_alone(place: Place, store: str, status: int) -> None:
    """Tracking, endpoints, artifacts, grants and the caller's name are down: the alias goes back all the same."""
    place.settings["MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY"] = store
    assert place.ask().code == 0
    before = place.workspace.writes()
    break_all_but_the_registry(place, status)
    back = place.ask("--rollback", "--timeout", "10")
    assert (back.code, place.champion) == (1, 1), back.all
    assert not notes(place.tags)
    taken = [write for write in writes_since(place, before) if write.status == 200]
    assert {write.area for write in taken} == {"registry"}
    records = place.cwd / "promotion-records.jsonl"
    assert str(records) in back.all
    assert records.read_text().count('"kind":"rollback"') == 1
    place.workspace.faults.clear()
    assert place.ask("--verify-audit").code == 0
    assert [row[2] for row in place.ask("--history").json["table"]["rows"]] == ["promote", "rollback"]


def test_a_rollback_does_not_wait_for_ever_for_what_it_does_not_need(place: Place) -> None:
    """Tracking accepts connections and never answers; the registry takes its everyday time."""
    assert place.ask().code == 0
    place.workspace.faults.hang(ALL_BUT_THE_REGISTRY)
    place.workspace.faults.latency = 0.1
    back = place.ask("--rollback", "--timeout", "4")
    assert (back.code, place.champion, list(place.tags)) == (1, 1, ["promotion_head"]), back.all


PATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": ""}


@pytest.mark.parametrize("store", ["false", "true"], ids=["legacy", "native"])
@pytest.mark.parametrize("status", [429, 503])
def test_who_asks_for_patience_is_given_it(place: Place, store: str, status: int) -> None:
    for name in PATIENT:
        place.settings.pop(name, None)
    place.settings["MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY"] = store
    place.workspace.faults.fail("alias", status=status, error_code="REQUEST_LIMIT_EXCEEDED", retry_after=1, times=2)
    begun = time.monotonic()
    done = place.process("--timeout", "30")
    assert (done.code, place.champion, notes(place.tags)) == (0, 2, {}), done.all
    assert time.monotonic() - begun >= 2


@pytest.mark.parametrize("store", ["false", "true"], ids=["legacy", "native"])
@pytest.mark.parametrize("status", [429, 503])
def test_patience_ends_with_the_timeout(place: Place, store: str, status: int) -> None:
    for name in PATIENT:
        place.settings.pop(name, None)
    place.settings["MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY"] = store
    before = place.aliases
    place.workspace.faults.fail("alias", status=status, error_code="REQUEST_LIMIT_EXCEEDED", retry_after=60)
    begun = time.monotonic()
    done = place.process("--timeout", "4")
    assert (done.code, place.aliases) == (4, before), done.all
    assert time.monotonic() - begun < 4 + 5 + START_S  # the timeout, what may be added to it, and the start


def test_a_promotion_whose_record_fell_to_the_local_file_says_so(quiet_place: Place) -> None:
    done = quiet_place.ask()
    assert (done.code, quiet_place.champion) == (1, 2)
    assert "promotion-records.jsonl" in " ".join(done.json["warnings"])


def test_a_promotion_ends_well_although_the_record_finds_no_answer(place: Place) -> None:
    place.workspace.faults.hang("/api/2.0/mlflow/(experiments|runs)")
    place.workspace.faults.latency = 0.1
    done = place.ask("--timeout", "5")
    assert (done.code, place.champion, list(place.tags)) == (1, 2, ["promotion_head"]), done.all


@pytest.mark.parametrize(("k", "when"), [(1, "before"), (1, "after"), (2, "before"), (2, "after"), (3, "after")])
def test_a_rival_who_moves_the_champion_meanwhile_wins(place: Place, k: int, when: Any) -> None:
    """What is left out is the one window that no registry closes: between the last read and the write of the alias."""
    move = lambda _: place.workspace.set_alias(place.model, "champion", 3)  # noqa: E731 - the rival in one line
    place.workspace.faults.on_write(k, move, when=when, area="registry")
    lost = place.ask()
    assert (lost.code, place.champion) == (2, 3), lost.all
    assert "prev_champion" not in place.aliases
    assert place.tags == {}


def test_a_running_promotion_is_not_run_over(place: Place) -> None:
    """A second promotion starts while the first is between its two aliases."""
    seen: list[int] = []
    meet = lambda _: seen.append(place.process().code)  # noqa: E731 - the rival in one line
    place.workspace.faults.on_write(3, meet, area="registry")
    assert (place.ask().code, seen) == (0, [2])
    assert [row[0] for row in place.ask("--history").json["table"]["rows"]] == ["1"]


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_one_lost_reply_changes_nothing_about_the_end(place: Place, k: int, when: Any) -> None:
    place.workspace.faults.on_write(k, lambda _: DROP, when=when, area="registry")
    done = place.ask()
    assert (done.code, place.aliases) == (0, {"champion": 2, "prev_champion": 1, "staging": 2}), done.all
    assert list(place.tags) == ["promotion_head"]
    assert place.ask("--verify-audit").code == 0


def test_replies_that_never_come_are_resolved_by_reading(place: Place) -> None:
    place.workspace.faults.lose_reply("registered-models/alias$", "after", times=None, method="POST")
    assert (place.ask().code, place.champion) == (0, 2)


@pytest.mark.parametrize("alias", ["prev_champion", "champion"])
def test_a_write_that_never_arrives_leaves_everything_as_it_was(place: Place, alias: str) -> None:
    def drop_that_alias(call: Call) -> str | None:
        return DROP if call.json.get("alias") == alias else None

    for k in range(1, 9):
        place.workspace.faults.on_write(k, drop_that_alias, area="registry")
    failed = place.ask()
    assert (failed.code, place.aliases, place.tags) == (4, {"champion": 1, "staging": 2}, {}), failed.all
    assert "everything was put back" in failed.json["summary"]


def test_ctrl_c_between_the_two_aliases_undoes_the_first(place: Place) -> None:
    process: list[subprocess.Popen[str]] = []
    place.workspace.faults.on_write(3, lambda _: process[0].send_signal(2), area="registry")
    process.append(start([place.model], place.env, place.cwd))
    out, _ = process[0].communicate(timeout=60)
    assert (process[0].returncode, place.aliases, place.tags) == (130, {"champion": 1, "staging": 2}, {}), out


@dataclass(frozen=True)
class Killer:
    """Starts a promotion (or what `args` say) and kills it at its k-th registry write, before or after the effect."""

    place: Place
    forks: Forks

    def __call__(self, k: int, when: Any, *args: str) -> None:
        child = self.forks.child([self.place.model, *args], self.place.env, self.place.cwd)

        def kill(_: Call) -> str:
            child.kill()
            return DROP

        self.place.workspace.faults.on_write(k, kill, when=when, area="registry")
        assert child.go().ended().code == -9


@pytest.fixture
def killed_at(place: Place, forks: Forks) -> Killer:  # noqa: F811 - the fixture that was imported
    return Killer(place, forks)


RESUMED = {"champion": 2, "prev_champion": 1, "staging": 2}
ABANDONED = {"champion": 1, "staging": 2}
KILLS: dict[str, tuple[int, str, str, dict[str, int], int]] = {
    "announced, resumed": (1, "after", "resume", RESUMED, 1),
    "backed up, abandoned": (2, "after", "abandon", ABANDONED, 0),
    "moved, resumed": (3, "after", "resume", RESUMED, 1),
    "moved, abandoned": (3, "after", "abandon", ABANDONED, 0),
    "recorded, abandoned too late": (4, "before", "abandon", RESUMED, 1),
    "head moved, resumed": (5, "before", "resume", RESUMED, 1),
}


@pytest.mark.parametrize("case", KILLS)
def test_a_killed_promotion_is_seen_and_recovered(place: Place, killed_at: Killer, case: str) -> None:
    k, when, how, aliases, records = KILLS[case]
    killed_at(k, when)
    assert notes(place.tags)
    assert place.champion in (1, 2)
    refused = place.ask()
    assert refused.code == 2
    assert "--recover" in " ".join(refused.json["hints"])
    recovered = place.ask("--recover", how)
    assert (recovered.code, place.aliases, notes(place.tags)) == (0, aliases, {}), recovered.all
    assert len(place.ask("--history").json["table"]["rows"]) == records
    assert place.ask("--verify-audit").code == 0


def test_killed_before_the_announcement_nothing_has_happened(place: Place, killed_at: Killer) -> None:
    killed_at(1, "before")
    assert (place.aliases, place.tags) == (ABANDONED, {})
    assert place.ask("--recover", "resume").code == 0
    assert place.ask().code == 0


def test_an_announcement_that_is_none_of_ours_is_named_and_removed_on_request(quiet_place: Place) -> None:
    quiet_place.workspace.set_tag(quiet_place.model, "promotion_intent", "somebody's own tag")
    refused = quiet_place.ask()
    assert (refused.code, quiet_place.workspace.writes()) == (2, [])
    assert quiet_place.ask("--recover", "abandon").code == 0
    assert quiet_place.tags == {}


def test_a_killed_rollback_is_finished_by_recover(place: Place, killed_at: Killer) -> None:
    assert place.ask().code == 0
    killed_at(2, "after", "--rollback")
    assert (place.champion, place.ask("--rollback").code) == (1, 2)
    assert place.ask("--recover", "resume").code == 0
    assert list(place.workspace.tags(place.model, 2)) == ["promotion_hold"]
    assert place.ask("--verify-audit").code == 0
