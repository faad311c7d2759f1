"""Stages written where aliases are expected, and what a registry without the one or the other makes of them."""

import pytest

from model_promotion.core.errors import BadCall
from model_promotion.core.stages import (
    Features,
    apart,
    as_target,
    backup_of,
    fitting,
    kept_for,
    stage_name,
    stage_of,
    twin_of,
)

NO_STAGES = Features(stages=False, because="Unity Catalog has no stages")
NO_ALIASES = Features(aliases=False, because="the workspace registry of Databricks has no aliases")


def test_a_stage_and_an_alias_of_the_same_name_are_two_things() -> None:
    assert (stage_of(as_target("Production")), stage_of("Production")) == ("Production", None)


@pytest.mark.parametrize("text", ["production", "PRODUCTION", "Production"])
def test_a_stage_is_known_in_any_case(text: str) -> None:
    assert stage_name(text) == "Production"


def test_what_is_no_stage_is_refused_with_those_that_are() -> None:
    with pytest.raises(BadCall, match="none of None, Staging, Production, Archived"):
        stage_name("prod")


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("champion", "stage:Production"),
        ("production", "stage:Production"),
        ("staging", "stage:Staging"),
        ("stage:Production", "production"),
        ("stage:Staging", "staging"),
        ("blue", None),
    ],
)
def test_what_is_kept_in_step_with_what(name: str, twin: str | None) -> None:
    assert twin_of(name) == twin


@pytest.mark.parametrize(
    ("stage", "aliases", "twin"),
    [
        ("stage:Production", (), "production"),
        ("stage:Production", ("champion", "blue"), "champion"),
        ("stage:Production", ("champion", "production"), "production"),
        ("stage:Staging", ("challenger", "production"), "challenger"),
    ],
)
def test_a_stage_is_kept_in_step_with_the_alias_that_the_model_has(
    stage: str, aliases: tuple[str, ...], twin: str
) -> None:
    assert twin_of(stage, aliases) == twin


@pytest.mark.parametrize(
    ("target", "other", "alone", "in_step"),
    [
        ("champion", "staging", True, True),
        ("champion", "champion", False, False),
        ("champion", "prev_champion", False, False),
        ("champion", "production", True, False),
        ("champion", "stage:Production", True, False),
        ("stage:Production", "champion", True, False),
        ("stage:Production", "production", True, False),
        ("stage:Production", "stage:Staging", True, True),
        ("stage:Production", "prev_stage_production", False, False),
    ],
)
def test_what_leaves_the_target_alone_when_it_moves(target: str, other: str, alone: bool, in_step: bool) -> None:
    assert (apart(target, other, in_step=False), apart(target, other, in_step=True)) == (alone, in_step)


def test_a_stage_has_a_backup_of_its_own() -> None:
    assert backup_of("stage:Production") == "prev_stage_production"
    assert backup_of("production") == "prev_production"


@pytest.mark.parametrize("name", ["champion", "stage:Production", "stage:Staging", "production", "prev_x"])
def test_a_backup_alias_tells_what_it_keeps(name: str) -> None:
    assert kept_for(backup_of(name)) == name
    assert kept_for("champion") is None


@pytest.mark.parametrize(
    ("name", "features", "fits"),
    [
        ("stage:Production", Features(), "stage:Production"),
        ("stage:Production", NO_STAGES, "production"),
        ("champion", Features(), "champion"),
        ("champion", NO_STAGES, "champion"),
        ("champion", NO_ALIASES, "stage:Production"),
        ("staging", NO_ALIASES, "stage:Staging"),
        ("stage:Staging", NO_ALIASES, "stage:Staging"),
    ],
)
def test_the_same_place_in_a_registry_that_lacks_something(name: str, features: Features, fits: str) -> None:
    assert fitting(name, features) == fits


def test_an_alias_that_is_like_no_stage_is_refused_where_there_are_only_stages() -> None:
    with pytest.raises(BadCall, match="has no aliases, so there is no @blue") as refused:
        fitting("blue", NO_ALIASES)
    assert "--to-stage Production" in refused.value.hint


def test_where_there_is_neither_that_is_said() -> None:
    with pytest.raises(BadCall, match="neither aliases nor stages"):
        fitting(
            "champion",
            Features(aliases=False, stages=False, because="Unity Catalog OSS has neither aliases nor stages"),
        )
