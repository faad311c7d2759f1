from dataclasses import replace
from pathlib import Path

import pytest

from model_promotion.core.errors import NotFound
from model_promotion.core.request import Mode, Request
from model_promotion.core.selector import ByAlias, ByNumber, BySemver, Latest, Selector
from model_promotion.flows.promote import run
from model_promotion.flows.resolve import make_plan
from tests.worlds import MODEL, a_plan, a_scene, version


def request(candidate: Selector, model: str = MODEL, target: str = "champion") -> Request:
    return Request(Mode.PROMOTE, model, candidate, candidate_named=True, target_alias=target)


@pytest.mark.parametrize(
    ("selector", "number"),
    [
        (ByNumber("3"), "3"),
        (ByAlias("staging"), "2"),
        (Latest(), "10"),
        (BySemver("1.2.0"), "4"),
        (BySemver("2.0"), "9"),
    ],
)
def test_a_candidate_is_found_however_it_is_named(selector: Selector, number: str) -> None:
    tagged = {"4": "1.2.0", "9": "v2.0"}
    versions = [
        version(str(n), tags={"semver": tagged[str(n)]} if str(n) in tagged else {}) for n in (1, 2, 3, 4, 9, 10)
    ]
    plan = make_plan(request(selector), a_scene(*versions).registry)
    assert (plan.candidate.number, plan.was) == (number, "1")


@pytest.mark.parametrize(
    ("selector", "told"),
    [
        (ByNumber("99"), r"version 99 of .* was not found in memory; there is 4, 3, 2, 1"),
        (ByAlias("stagin"), r"has no alias @stagin; it has @champion \(v1\), @staging \(v2\)"),
        (BySemver("1.0.0"), r"no version of .* has the tag semver=1.0.0; there is none with such a tag"),
    ],
)
def test_what_is_missing_is_named_with_what_is_there_and_what_to_type(selector: Selector, told: str) -> None:
    with pytest.raises(NotFound, match=told) as missing:
        make_plan(request(selector), a_scene().registry)
    assert missing.value.hint


@pytest.mark.parametrize(("aliases", "number"), [({}, "4"), ({"champion": "1"}, "4"), ({"staging": "2"}, "2")])
def test_without_a_version_and_without_the_usual_alias_the_latest_is_the_candidate(
    aliases: dict[str, str], number: str
) -> None:
    scene = a_scene(aliases=aliases)
    assert make_plan(Request(Mode.PROMOTE, MODEL), scene.registry).candidate.number == number
    run(Request(Mode.DRY_RUN, MODEL), scene.world)
    said = next(event.sentence for event in scene.voice.events if event.topic == "Plan")
    assert ("no version was named, and @staging is nothing" in said) is ("staging" not in aliases)


@pytest.mark.parametrize("mode", [Mode.PROMOTE, Mode.DRY_RUN, Mode.CHECK, Mode.RELEASE])
def test_the_call_that_is_suggested_instead_promotes_only_where_this_one_would_have(mode: Mode) -> None:
    misspelt = replace(request(ByAlias("stagin")), mode=mode, compare_metrics=True)
    with pytest.raises(NotFound) as missing:
        make_plan(misspelt, a_scene().registry)
    as_strict = "" if mode is Mode.PROMOTE else f" --{mode.value}"
    assert f"{MODEL} --version latest{as_strict} --compare-metrics (or" in missing.value.hint


def test_the_call_that_is_suggested_instead_makes_a_plan_where_this_one_would_have() -> None:
    misspelt = replace(request(ByAlias("stagin")), mode=Mode.DRY_RUN, plan_out=Path("plan.json"))
    with pytest.raises(NotFound, match="no alias @stagin") as missing:
        make_plan(misspelt, a_scene().registry)
    assert "--version latest --plan-out plan.json (or" in missing.value.hint


def test_an_alias_that_was_named_is_never_replaced_by_the_latest() -> None:
    named = Request(Mode.PROMOTE, MODEL, ByAlias("staging"), candidate_named=True)
    with pytest.raises(NotFound, match="no alias @staging"):
        make_plan(named, a_scene(aliases={"champion": "1"}).registry)


def test_a_missing_model_names_where_it_was_looked_for_and_what_is_near() -> None:
    with pytest.raises(NotFound, match=f"not found in memory; did you mean {MODEL}") as missing:
        make_plan(request(ByAlias("staging"), "shop.pricing.chrun"), a_scene().registry)
    assert "--registry-uri" in missing.value.hint


def test_a_model_without_any_version_has_no_latest() -> None:
    scene = a_scene()
    scene.registry.known.clear()
    with pytest.raises(NotFound, match="no version at all"):
        make_plan(request(Latest()), scene.registry)


def test_two_versions_with_one_semver_are_both_named() -> None:
    twins = [version(number, tags={"semver": "1.0.0"}) for number in ("1", "2")]
    with pytest.raises(NotFound, match=r"versions 2, 1 of .* all have") as twice:
        make_plan(request(BySemver("1.0.0")), a_scene(*twins).registry)
    assert twice.value.hint


def test_an_alias_that_points_at_a_deleted_version_is_not_found() -> None:
    scene = a_scene()
    del scene.registry.known[MODEL, "1"]
    with pytest.raises(NotFound, match="version 1"):
        a_plan(scene)


def test_a_target_without_a_version_makes_it_the_first_promotion() -> None:
    plan = make_plan(request(ByAlias("staging"), target="production"), a_scene().registry)
    assert (plan.first, plan.was, plan.backup_alias) == (True, None, "prev_production")
    assert [step.sentence for step in plan.moves] == ["@production: nothing -> v2"]
