"""A promotion that reaches the endpoints, in memory: it goes all the way, or everything is as before."""

import pytest

from model_promotion.core.errors import Denied, Unavailable
from model_promotion.core.exits import ExitCode
from model_promotion.serving.memory_endpoints import MemoryEndpoints
from tests.worlds import MODEL, Killed, Scene, a_scene


def a_shop(**shares: int) -> Scene:
    """v1 is champion, and behind endpoint `churn`."""
    return a_scene(endpoints=MemoryEndpoints().serve("churn", MODEL, **(shares or {"v1": 100})))


def serves(scene: Scene) -> dict[str, int]:
    assert scene.endpoints
    return {one.number: one.share_pct for one in scene.endpoints.deployment("churn").entities}


def test_the_endpoint_serves_the_new_version_before_the_alias_moves() -> None:
    scene = a_shop()
    assert scene.endpoints
    scene.endpoints.looks = 3
    outcome = scene.promote("2", update_endpoints=True)
    assert outcome.code is ExitCode.DONE, outcome.summary
    assert (scene.aliases["champion"], serves(scene)) == ("2", {"2": 100})
    assert [step.sentence for step in scene.endpoints.written] == [
        "churn: v2 (churn-2) added at 0 %",
        "churn: traffic of churn-2 0 % -> 100 %, of it-1 the rest",
        "churn: v1 (it-1) removed",
    ]
    assert scene.noted == {}
    assert scene.fits()


def test_what_others_get_of_the_traffic_is_not_touched() -> None:
    scene = a_shop(v1=60, v3=40)
    scene.promote("2", update_endpoints=True)
    assert serves(scene) == {"3": 40, "2": 60}


def test_a_version_that_cannot_be_built_leaves_everything_as_it_was() -> None:
    scene = a_shop()
    assert scene.endpoints
    scene.endpoints.fails = "no space left"
    outcome = scene.promote("2", update_endpoints=True)
    assert outcome.code is ExitCode.REFUSED
    assert "no space left" in outcome.summary
    assert (scene.aliases["champion"], serves(scene), scene.noted) == ("1", {"1": 100}, {})


@pytest.mark.parametrize("after", [True, False])
def test_a_lost_reply_is_settled_by_looking(*, after: bool) -> None:
    scene = a_shop()
    assert scene.endpoints

    def lost(take) -> None:  # noqa: ANN001 - as MemoryEndpoints has it
        if after:
            take()
        raise Unavailable("the reply was lost")

    scene.endpoints.effect = lost
    scene.endpoints.looks = 2
    outcome = scene.promote("2", update_endpoints=True)
    assert (outcome.code is ExitCode.DONE, serves(scene)) == (after, {"2": 100} if after else {"1": 100})
    assert scene.aliases["champion"] == ("2" if after else "1")
    assert scene.noted == {}


def test_an_alias_that_cannot_be_moved_takes_the_endpoint_back() -> None:
    def denied(_) -> None:  # noqa: ANN001 - as Faulty has it
        raise Denied("not allowed")

    scene = a_shop().fail(3, denied)
    outcome = scene.promote("2", update_endpoints=True)
    assert outcome.code is ExitCode.DENIED, outcome.summary
    assert (scene.aliases["champion"], serves(scene), scene.noted) == ("1", {"1": 100}, {})


def test_a_dry_run_changes_no_endpoint() -> None:
    from model_promotion.core.request import Mode

    scene = a_shop()
    assert scene.endpoints
    assert scene.promote("2", update_endpoints=True, mode=Mode.DRY_RUN).code is ExitCode.DONE
    assert scene.endpoints.written == []


MOMENTS = [(number, after) for number in (1, 2, 3) for after in (False, True)]


@pytest.mark.parametrize("how", ["resume", "abandon"])
@pytest.mark.parametrize(("number", "after"), MOMENTS)
def test_whatever_was_cut_off_at_an_endpoint_can_be_finished_or_undone(number: int, how: str, *, after: bool) -> None:
    scene = a_shop()
    assert scene.endpoints
    sent = 0

    def dies(take) -> None:  # noqa: ANN001 - as MemoryEndpoints has it
        nonlocal sent
        sent += 1
        if sent < number or (sent == number and after):
            take()
        if sent >= number:
            scene.writer.dead = True
            raise Killed

    scene.endpoints.effect = dies
    with pytest.raises(Killed):
        scene.promote("2", update_endpoints=True)
    scene.endpoints.effect = lambda take: take()
    scene.heal().clock.sleep(1000)
    outcome = scene.recover(how)
    assert outcome.code in (ExitCode.DONE, ExitCode.WARNED), outcome.summary
    stands = "2" if how == "resume" else "1"
    assert (scene.aliases["champion"], serves(scene), scene.noted) == (stands, {stands: 100}, {})
    assert scene.fits()


def test_a_rollback_puts_the_routes_back_where_the_old_version_is_still_there() -> None:
    scene = a_shop(v1=0, v2=100)
    scene.promote("2")
    outcome = scene.rollback()
    assert outcome.code is ExitCode.DONE, outcome.warnings
    assert (scene.aliases["champion"], serves(scene)) == ("1", {"1": 100, "2": 0})
    assert scene.fits()


def test_a_rollback_says_what_remains_where_it_is_not_and_builds_it_when_asked() -> None:
    scene = a_shop(v2=100)
    scene.promote("2")
    outcome = scene.rollback()
    assert outcome.code is ExitCode.WARNED
    assert (scene.aliases["champion"], serves(scene)) == ("1", {"2": 100})
    assert "--version 1 --update-endpoints" in outcome.warnings[0]
    again = scene.promote("1", update_endpoints=True)
    assert (again.code, serves(scene)) == (ExitCode.DONE, {"1": 100}), again.summary
    assert "v1 already" in again.summary
    assert scene.fits()
    assert scene.promote("1", update_endpoints=True).summary.endswith("nothing to do")
