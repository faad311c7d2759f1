"""What a rollout leaves in the record: what was tried, what was seen, how it ended; and what a resumption may spend."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from model_promotion.core.answers import Asked
from model_promotion.core.errors import Conflict
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import Intent
from model_promotion.core.ladder import part
from model_promotion.core.load import Destination
from model_promotion.core.payloads import Payload
from model_promotion.core.policy import Policy, RolloutPolicy
from model_promotion.core.record import Record
from model_promotion.core.request import Mode
from model_promotion.serving.memory import MemoryLoader
from tests.flows.rollouts.test_canary import QUICK, RUNGS, Behaviour, a_shop, serves
from tests.flows.rollouts.test_disturbed import killed_at_the_endpoint
from tests.worlds import MODEL, Killed, Scene, lost_reply


def records(scene: Scene) -> list[Record]:
    return sorted([*scene.journal.records, *scene.spare.records], key=lambda one: one.number)


@pytest.mark.parametrize("again", [False, True], ids=["at once", "resumed"])
def test_a_canary_that_failed_is_recorded(*, again: bool) -> None:
    worse = Behaviour(errors=0.5)
    scene = killed_at_the_endpoint(a_shop(), 3) if again else a_shop(worse)
    scene.loader = a_shop(worse).loader
    outcome = scene.recover("resume") if again else scene.promote("2", canary=RUNGS)
    assert outcome.code is ExitCode.REFUSED, outcome.summary
    (record,) = records(scene)
    assert (record.kind, record.alias, record.was, record.to) == ("rollback", "champion", "1", "1")
    rung = 25 if again else 5
    assert f"canary at {rung} %: error rate" in record.why
    assert record.evidence["canary"]["worst"]["verdict"] == "fail"
    assert record.evidence["canary"]["worst"]["readings"][0]["facts"]["candidate_errors"] > 0
    assert [one.step.to for one in record.evidence["routes_back"]] == [0, None], "traffic first, then the entity"
    assert scene.call(Mode.VERIFY_AUDIT).code is ExitCode.DONE
    table = scene.call(Mode.HISTORY).table
    assert table is not None
    assert table.rows[0][2:6] == ("rollback", "@champion", "v1", "v1")
    assert "canary at" in table.rows[0][-1]


def test_what_was_only_tried_is_nothing_to_go_back_to() -> None:
    scene = a_shop()
    scene.promote("3", force=True)
    scene.loader = a_shop(Behaviour(errors=0.5)).loader
    scene.endpoints.serve("churn", MODEL, v3=100)  # type: ignore[union-attr]
    assert scene.promote("2", canary=RUNGS).code is ExitCode.REFUSED
    scene.loader = MemoryLoader()
    back = scene.rollback()
    assert (back.to, scene.aliases["champion"]) == ("1", "1"), back.summary


def test_the_end_of_the_bake_is_recorded_with_what_became_of_the_old_version() -> None:
    scene = a_shop()
    assert scene.promote("2", canary=RUNGS).code is ExitCode.DONE
    promoted, baked = records(scene)
    assert (baked.kind, baked.alias, baked.was, baked.to, baked.why) == ("bake", "champion", "2", "2", "v1 was let go")
    assert baked.evidence["of"] == promoted.id
    assert 100 not in promoted.evidence["canary"]["verdicts"]
    assert baked.evidence["canary"]["verdicts"][100]
    assert baked.evidence["rollout"][-1].step.sentence == "churn: v1 (it-1) removed"
    assert scene.rollback().to == "1", "the end of a bake moves nothing"
    assert scene.fits()


def test_a_bake_that_nobody_could_judge_is_recorded_too() -> None:
    scene = a_shop()
    scene.policy = Policy(rollout=RolloutPolicy(bake_s=120, look_s=20, probes_per_s=0.1))
    outcome = scene.promote("2", update_endpoints=True)
    assert outcome.code is ExitCode.WARNED
    assert "nobody can tell" in records(scene)[-1].why
    assert (records(scene)[-1].kind, scene.noted) == ("bake", {})


def test_a_bake_in_which_nothing_could_be_compared_is_no_good_one() -> None:
    scene = a_shop()
    append = scene.journal.append

    def taken_away(record: Record) -> str:
        assert scene.endpoints
        config = scene.endpoints.raw["churn"]["config"]
        del config["served_entities"][0], config["traffic_config"]["routes"][0]
        scene.journal.append = append  # type: ignore[method-assign]
        return append(record)

    scene.journal.append = taken_away  # type: ignore[method-assign]
    outcome = scene.promote("2", canary=RUNGS)
    assert (outcome.code, serves(scene), scene.noted) == (ExitCode.WARNED, {"2": 100}, {}), outcome.summary
    assert "the old version is gone from churn already" in outcome.warnings[0]
    assert "nobody can tell" in records(scene)[-1].why


def test_a_bake_that_fails_says_what_was_seen_where_it_says_that_it_went_back() -> None:
    scene = a_shop(Behaviour(since_s=3 * 120 + 60, errors=0.5))
    scene.promote("2", canary=RUNGS)
    back = records(scene)[-1]
    assert (back.kind, back.was, back.to) == ("rollback", "2", "1")
    assert back.evidence["canary"]["worst"]["rung"] == 100


def ends(scene: Scene) -> int:
    """How many writes a rollout needs."""
    scene.promote("2", canary=RUNGS)
    return len(scene.writer.sent)


def dying(*, after: bool) -> Callable[[Callable[[], None]], None]:
    def dies(write: Callable[[], None]) -> None:
        if after:
            write()
        raise Killed

    return dies


@pytest.mark.parametrize("worse", [0.0, 0.5], ids=["well", "worse"])
@pytest.mark.parametrize("after", [True, False])
def test_killed_at_any_write_there_is_one_history(worse: float, *, after: bool) -> None:
    behaviour = Behaviour(since_s=3 * 120 + 60, errors=worse)
    for at in range(1, ends(a_shop(behaviour)) + 1):
        scene = a_shop(behaviour)
        scene.fail(at, dying(after=after))
        with pytest.raises(Killed):
            scene.promote("2", canary=RUNGS)
        scene.heal().clock.sleep(1000)
        ended = scene.recover("resume")
        assert ended.code <= ExitCode.REFUSED, (at, ended.summary)
        assert scene.noted == {}, (at, ended.summary)
        assert scene.fits(), at
        assert [one.kind for one in records(scene)].count("bake") <= 1, at
        assert serves(scene)[scene.aliases["champion"]] == 100, at


@pytest.mark.parametrize("after", [True, False])
def test_killed_at_any_write_and_rolled_back_there_is_one_history(*, after: bool) -> None:
    refused = 0
    for at in range(2, ends(a_shop()) + 1):
        scene = a_shop()
        scene.fail(at, dying(after=after))
        with pytest.raises(Killed):
            scene.promote("2", canary=RUNGS)
        try:
            back = scene.heal().rollback()
        except Conflict:  # That of the promotion itself is recorded, and its head does not say so.
            refused += 1
            continue
        assert back.code <= ExitCode.WARNED, (at, back.summary)
        assert (scene.aliases["champion"], scene.noted, scene.fits()) == ("1", {}, True), at
    assert refused <= 1


def test_a_lost_reply_to_any_write_of_the_end_leaves_one_history() -> None:
    for at in range(1, ends(a_shop()) + 1):
        scene = a_shop()
        outcome = scene.fail(at, lost_reply).promote("2", canary=RUNGS)
        assert outcome.code is ExitCode.DONE, (at, outcome.summary, outcome.warnings)
        assert (scene.noted, scene.fits()) == ({}, True), at


def spent(scene: Scene) -> float:
    """What the canary whose looks were kept last could spend on errors."""
    looks = records(scene)[-1].evidence["canary"]
    return float(looks["last"]["readings"][0]["facts"]["alpha"])


def test_each_resumption_has_a_part_of_alpha_of_its_own() -> None:
    scene = killed_at_the_endpoint(a_shop(), 2)
    note = next(Intent.parse(*one) for one in scene.noted.items())
    assert note.resumed == 0
    few = replace(QUICK, rollout=replace(QUICK.rollout, probes_per_s=0.1))
    scene.policy = few
    assert scene.recover("resume").code is ExitCode.REFUSED, "nobody can tell"
    assert next(Intent.parse(*one) for one in scene.noted.items()).resumed == 1
    scene.policy = QUICK
    assert scene.recover("resume").code <= ExitCode.WARNED
    straight = a_shop()
    straight.promote("2", canary=RUNGS)
    assert spent(scene) / spent(straight) == pytest.approx(part(2) / part(0))


def test_however_often_it_is_resumed_all_parts_together_are_no_more_than_alpha() -> None:
    parts = [part(resumed) for resumed in range(10_000)]
    assert parts[:3] == [1 / 2, 1 / 6, 1 / 12]
    assert 0.999 < sum(parts) < 1


class Slow(MemoryLoader):
    """Every single answer takes a while; the note's lease at that time is kept."""

    def __init__(self, scene: Scene, took_s: float) -> None:
        super().__init__()
        self.scene, self.took_s = scene, took_s
        self.left: list[float] = []

    def ask(self, where: Destination, payload: Payload) -> Asked:
        self.scene.clock.sleep(self.took_s)
        self.left.extend(self._left())
        return super().ask(where, payload)

    def _left(self) -> Iterator[float]:
        for one in self.scene.noted.items():
            yield Intent.parse(*one).until - self.scene.clock.now()


def test_a_version_that_takes_long_to_be_asked_does_not_outlast_the_lease() -> None:
    scene = a_shop()
    scene.loader = slow = Slow(scene, took_s=20.0)
    outcome = scene.promote("2", update_endpoints=True, bake_s=0)
    assert outcome.code is ExitCode.DONE, outcome.summary
    assert len(slow.left) * slow.took_s > 4 * scene.world.lease_s
    assert min(slow.left) > 0
