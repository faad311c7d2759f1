import pytest

from model_promotion.core.entities import Version
from model_promotion.core.errors import Denied, NotFound
from model_promotion.core.event import Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.request import Mode
from tests.worlds import MODEL, Scene, a_scene


def a_shop() -> Scene:
    """Three models; of the first, version 2 is champion."""
    scene = a_scene(aliases={"champion": "2"})
    for name in ("heart-rf", "heart-svm"):
        scene.registry.add(Version(name, "1"))
    return scene.heal()


@pytest.mark.parametrize(
    ("asked", "found"),
    [("", ["heart-rf", "heart-svm", MODEL]), ("heart-*", ["heart-rf", "heart-svm"]), ("heart-rf", ["heart-rf"])],
)
def test_all_models_or_those_that_are_meant_are_listed_as_lines_and_as_data(asked: str, found: list[str]) -> None:
    scene = a_shop()
    outcome = scene.call(Mode.LIST, model=asked)
    assert (outcome.code, scene.writer.sent) == (ExitCode.DONE, [])
    assert [model["name"] for model in outcome.facts["models"]] == found
    assert [event.topic for event in outcome.listing if event.kind is Kind.MODEL] == found


def test_who_asks_for_another_alias_sees_what_is_behind_that() -> None:
    listing = a_shop().call(Mode.LIST, model=MODEL, target_alias="champion").listing
    assert [event.topic for event in listing if event.kind is Kind.IN_PRODUCTION] == ["v2"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("kidney-*", "no registered model is like kidney-\\* in memory"),
        ("heart-rff", "heart-rff was not found in memory; did you mean heart-rf"),
    ],
)
def test_what_is_not_there_is_not_found_with_what_to_do(asked: str, told: str) -> None:
    with pytest.raises(NotFound, match=told) as nothing:
        a_shop().call(Mode.LIST, model=asked)
    assert "--registry-uri" in nothing.value.hint


def test_an_empty_registry_says_to_train_first_or_to_look_elsewhere() -> None:
    with pytest.raises(NotFound, match="there is no registered model in memory") as nothing:
        Scene().call(Mode.LIST, model="")
    assert nothing.value.hint.startswith("train and register one first; or is it another registry?")


def test_a_model_that_may_not_be_read_is_shown_as_such_and_the_list_goes_on() -> None:
    scene = a_shop()
    scene.registry.hidden["heart-rf"] = "no EXECUTE on heart-rf"
    outcome = scene.call(Mode.LIST, model="heart-*")
    assert (outcome.code, outcome.warnings) == (
        ExitCode.WARNED,
        ("1 of 2 models could not be read: heart-rf",),
    )
    assert outcome.summary == "2 models with 1 version that could be read in memory"
    assert [(event.kind, event.topic) for event in outcome.listing] == [
        (Kind.UNKNOWN, "heart-rf"),
        (Kind.MODEL, "heart-svm"),
        (Kind.VERSION, "v1"),
    ]


def test_a_model_that_was_named_and_may_not_be_read_is_denied() -> None:
    scene = a_shop()
    scene.registry.hidden["heart-rf"] = "no EXECUTE on heart-rf"
    with pytest.raises(Denied, match="no EXECUTE"):
        scene.call(Mode.LIST, model="heart-rf")


def test_the_best_is_offered_where_somebody_could_be_promoted_as_the_best() -> None:
    scene = a_shop()
    assert scene.call(Mode.LIST, model="heart-*").hints == ()
    scene.registry.known["heart-rf", "1"] = Version("heart-rf", "1", tags={"best_model": "true"})
    offered = scene.call(Mode.LIST, model="heart-*")
    assert offered.hints == ("promote the best of them: promote_model.py 'heart-*' --auto --dry-run",)
    scene.registry.add(Version("heart-rf", "1", tags={"best_model": "true"}), "champion")
    assert scene.call(Mode.LIST, model="heart-*").hints == ()


def test_one_model_is_no_models() -> None:
    outcome = a_shop().call(Mode.LIST, model="heart-rf")
    assert outcome.summary == "1 model with 1 version in memory"
    assert next(event.sentence for event in outcome.listing) == "1 version"
