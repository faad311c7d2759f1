"""Every step of a rollout follows from what stands."""

from dataclasses import replace

import pytest

from model_promotion.core.deployment import Deployment, ServedEntity, SetServed, SetTraffic
from model_promotion.core.rollout import Rollout, obstacles, planned

MODEL = "shop.pricing.churn"


def entity(number: str, share: int, model: str = MODEL, **more: object) -> ServedEntity:
    return replace(ServedEntity(f"it-{number}", model, number, share, "ready"), **more)  # type: ignore[arg-type]


def seen(*entities: ServedEntity, **more: object) -> Deployment:
    return replace(Deployment("churn", entities, ready=True, updating=False), **more)  # type: ignore[arg-type]


NEW = Rollout("churn", "it-1", "1", "churn-2", "2", 100)
PLANNED = {
    "beside the champion": (seen(entity("1", 100)), "1", NEW),
    "of a part of the traffic": (seen(entity("1", 60), entity("3", 40)), "1", replace(NEW, share_pct=60)),
    "where it waits at 0 %": (seen(entity("1", 100), entity("2", 0)), "1", replace(NEW, new="it-2", before=0)),
    "where it has some": (seen(entity("1", 90), entity("2", 10)), "1", replace(NEW, new="it-2", before=10)),
    "where it has all": (seen(entity("2", 100), entity("1", 0)), "1", None),
    "where only others serve": (seen(entity("1", 100, "shop.pricing.other")), "1", None),
    "over whatever serves": (seen(entity("1", 100)), None, NEW),
    "a name that is taken": (
        seen(entity("1", 50), entity("9", 50, "x", name="churn-2")),
        "1",
        replace(NEW, new="churn-2-2", share_pct=50),
    ),
}


@pytest.mark.parametrize(("deployment", "was", "expected"), PLANNED.values(), ids=PLANNED.keys())
def test_what_is_to_be_done_follows_from_what_serves(
    deployment: Deployment, was: str | None, expected: Rollout | None
) -> None:
    assert planned(deployment, MODEL, was, "2") == expected


FORTH = {
    "nothing yet": (seen(entity("1", 100)), 25, ["add", 25]),
    "beside": (seen(entity("1", 100), entity("2", 0, name="churn-2")), 25, [25]),
    "on its way": (seen(entity("1", 75), entity("2", 25, name="churn-2")), 50, [50]),
    "there": (seen(entity("1", 50), entity("2", 50, name="churn-2")), 50, []),
}


@pytest.mark.parametrize(("deployment", "rung", "missing"), FORTH.values(), ids=FORTH.keys())
def test_what_is_missing_until_a_rung_is_reached(deployment: Deployment, rung: int, missing: list[object]) -> None:
    steps = NEW.forth(MODEL, deployment, rung)
    assert ["add" if isinstance(step, SetServed) else step.to for step in steps] == missing


def test_back_goes_the_traffic_in_one_go_then_the_version_unless_it_was_there_before() -> None:
    deployment = seen(entity("1", 50), entity("2", 50, name="churn-2"))
    assert [step.to for step in NEW.back(MODEL, deployment)] == [0, None]
    assert [step.to for step in replace(NEW, before=10).back(MODEL, deployment)] == [10]
    assert NEW.back(MODEL, seen(entity("1", 100))) == ()


def test_the_old_version_is_fetched_back_where_it_is_gone_and_goes_only_without_traffic() -> None:
    alone = seen(entity("2", 100, name="churn-2"))
    assert [step.to for step in NEW.back(MODEL, alone)] == ["1", 0, None]
    assert NEW.retired(MODEL, seen(entity("1", 1), entity("2", 99, name="churn-2"))) == ()
    assert [step.to for step in NEW.retired(MODEL, seen(entity("1", 0), entity("2", 100, name="churn-2")))] == [None]


@pytest.mark.parametrize(
    ("share", "rung", "expected"), [(100, 5, 5), (60, 50, 30), (3, 5, 1), (60, 100, 60), (60, 0, 0)]
)
def test_a_rung_is_a_part_of_what_both_get(share: int, rung: int, expected: int) -> None:
    assert replace(NEW, share_pct=share).at(rung) == expected


@pytest.mark.parametrize(
    ("deployment", "why"),
    [
        (seen(updating=True), "being updated"),
        (seen(updating=None), "state is not known"),
        (seen(may_manage=False), "CAN_MANAGE"),
        (seen(*(entity(str(n), 0) for n in range(15))), "15 entities"),
        (seen(ready=False), "not ready"),
        (seen(entity("1", 100, state="failed", message="no space left")), "no space left"),
    ],
)
def test_what_stands_in_the_way_is_named(deployment: Deployment, why: str) -> None:
    (said,) = obstacles(deployment)
    assert why in said


def test_nothing_stands_in_the_way_of_an_endpoint_at_rest() -> None:
    assert obstacles(seen(entity("1", 100))) == ()


def test_every_deed_has_its_undoing() -> None:
    for step in (
        SetServed("churn", "churn-2", MODEL, None, "2", "it-1"),
        SetTraffic("churn", "it-1", "churn-2", 5, 25),
    ):
        assert step.undone().undone() == step
        assert (step.undone().was, step.undone().to) == (step.to, step.was)
