"""A group that was cut off goes one way, whoever types for its models."""

import pytest

from model_promotion.core.errors import Conflict
from model_promotion.core.exits import ExitCode
from tests.flows.test_fleet import a_fleet, call, champions
from tests.worlds import Killed, Scene, killed_before


def cut_off(at: int = 7) -> Scene:
    """Killed at this write: three announcements, then three writes for each of three models."""
    scene = a_fleet("a", "b", "c").fail(at, killed_before)
    with pytest.raises(Killed):
        call(scene, "abc")
    return scene.heal()


@pytest.mark.parametrize(("first", "second"), [("abandon", "resume"), ("resume", "abandon")])
def test_a_group_that_was_cut_off_is_recovered_one_way_only(first: str, second: str) -> None:
    scene = cut_off()
    assert "the same for each model of its group: a, b, c" in str(call(scene, "b").hints)
    done = scene.recover(first, model="a")
    assert [hint for hint in done.hints if "the same for its group" in hint] == [
        f"the same for its group: promote_model.py {name} --recover {first}" for name in "bc"
    ]
    before = scene.state()
    with pytest.raises(Conflict, match="of the group of b, a ") as split:
        scene.recover(second, model="b")
    assert (split.value.code, scene.state()) == (ExitCode.REFUSED, before)
    assert f"b --recover {first}; " in split.value.hint
    assert scene.recover(second, model="b", force=True).code is ExitCode.DONE


def test_what_was_never_announced_keeps_the_others_from_being_finished_without_it() -> None:
    scene = cut_off(at=3)
    with pytest.raises(Conflict, match="c was put back, or never begun; resume would split it"):
        scene.recover("resume", model="a")
    assert [scene.recover("abandon", model=name).code for name in "ab"] == [ExitCode.DONE] * 2
    assert set(champions(scene).values()) == {"1"}


def test_a_model_that_cannot_be_read_does_not_keep_the_others_from_being_recovered() -> None:
    scene = cut_off()
    del scene.registry.models["c"]
    assert scene.recover("resume", model="a").code is ExitCode.DONE
    assert scene.recover("resume", model="b").code is ExitCode.DONE
