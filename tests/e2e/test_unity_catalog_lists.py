"""Lists, the best of many and cleanup in Unity Catalog, whose searches leave out aliases and tags."""

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Place
from tests.e2e.test_unity_catalog import STORES
from tests.workspace import USER


def test_a_model_is_listed_with_aliases_and_tags_that_no_search_tells(place: Place) -> None:
    place.workspace.registry.version(place.model, 2).tags["best_model"] = "true"
    (listed,) = place.ask("--list").json["facts"]["models"]
    assert [(one["number"], one["aliases"], one["tags"]) for one in listed["versions"]] == [
        ("3", [], {}),
        ("2", ["staging"], {"best_model": "true"}),
        ("1", ["champion"], {}),
    ]


def test_the_best_of_a_pattern_is_promoted(place: Place) -> None:
    place.workspace.registry.version(place.model, 2).tags["best_model"] = "true"
    place.model = f"{place.model[:-1]}*"
    done = place.ask("--auto")
    assert (done.code, done.json["to"]) == (0, "2"), done.all


def test_old_versions_go_but_for_those_an_endpoint_serves(place: Place) -> None:
    would = place.ask("--cleanup", "--keep", "0", "--older-than", "0.001s")
    assert (would.code, would.json["facts"]["going"]) == (0, ["3"]), would.all
    assert "serves it" in would.json["facts"]["kept"]["1"]
    done = place.ask("--cleanup", "--keep", "0", "--older-than", "0.001s", "--yes")
    assert (done.code, done.json["facts"]["deleted"]) == (0, ["3"]), done.all
    assert place.tags.keys() == {"promotion_head"}


def test_a_version_that_an_endpoint_of_another_model_is_about_to_serve_stays(place: Place) -> None:
    workspace = place.workspace
    shared = workspace.add_endpoint("shared", (beside(place), 1))
    shared.begin({"served_entities": [{"entity_name": place.model, "entity_version": "3"}]}, None)
    would = place.ask("--cleanup", "--keep", "0", "--older-than", "0.001s")
    assert (would.code, would.json["facts"]["going"]) == (0, []), would.all
    assert would.json["facts"]["kept"]["3"] == "shared serves it"
    assert "those that you may not see, or elsewhere, are not known" in would.err


def test_endpoints_that_cannot_be_listed_keep_every_version(place: Place) -> None:
    place.workspace.faults.fail("serving-endpoints", status=503, error_code="TEMPORARILY_UNAVAILABLE")
    ended = place.ask("--cleanup", "--keep", "0", "--older-than", "0.001s", "--yes")
    assert ended.code == 4, ended.all
    place.workspace.faults.clear()
    assert len(place.ask("--list").json["facts"]["models"][0]["versions"]) == 3


# --- what may not be read ---


def beside(place: Place) -> str:
    """Another model, which has the better version."""
    name = f"{place.model}_secret"
    place.workspace.add_model(name)
    place.workspace.add_version(name, metrics={"f1": 0.99}, tags={"best_model": "true"})
    return name


def forbidden(place: Place) -> None:
    place.workspace.registry.model(beside(place)).owner = "boss@example.com"
    place.workspace.grant(f"{place.model}_secret", USER, "BROWSE")


def deleted_in_between(path: str) -> Callable[[Place], None]:
    def arrange(place: Place) -> None:
        beside(place)
        place.workspace.faults.fail(path, asked={"name": f"{place.model}_secret"}, **GONE)

    return arrange


GONE = {"method": "GET", "status": 404, "error_code": "RESOURCE_DOES_NOT_EXIST"}
HIDDEN: dict[str, Callable[[Place], None]] = {
    "it may not be read": forbidden,
    "the model was deleted in between": deleted_in_between("/registered-models/get$"),
    "a version was deleted in between": deleted_in_between("/model-versions/get$"),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_a_model_that_cannot_be_read_is_told_as_unknown_and_the_list_goes_on(place: Place, case: str) -> None:
    model = place.model
    HIDDEN[case](place)
    place.model = f"{model}*"
    listed = place.ask("--list")
    assert listed.code == 1, listed.all
    assert listed.json["warnings"] == [f"1 of 2 models could not be read: {model}_secret"]
    known, unknown = listed.json["facts"]["models"]
    assert (known["name"], len(known["versions"]), known["not_readable"]) == (model, 3, "")
    assert (unknown["name"], unknown["versions"]) == (f"{model}_secret", [])
    assert unknown["not_readable"]


@pytest.mark.parametrize("store", ["legacy", "native"])
def test_the_best_of_those_that_can_be_read_is_promoted_with_a_warning(place: Place, store: str) -> None:
    place.settings.update(STORES[store])
    model = place.model
    forbidden(place)
    place.model = f"{model}*"
    done = place.ask("--auto", "--metric", "f1")
    assert (done.code, done.json["model"], done.json["to"]) == (1, model, "2"), done.all
    assert f"1 of 2 models could not be read: {model}_secret; a better version may be among theirs" in done.all
    assert place.workspace.aliases(f"{model}_secret") == {}


def test_a_model_that_was_named_and_may_not_be_read_is_4(place: Place) -> None:
    forbidden(place)
    place.model += "_secret"
    for args in (["--list"], ["--auto"], ["--cleanup", "--keep", "0", "--older-than", "0.001s", "--yes"]):
        assert place.ask(*args).code == 4


def test_a_version_that_may_not_be_read_keeps_every_version(place: Place) -> None:
    place.workspace.faults.fail(
        "/model-versions/get$", asked={"name": place.model, "version": "3"}, status=403, error_code="PERMISSION_DENIED"
    )
    ended = place.ask("--cleanup", "--keep", "0", "--older-than", "0.001s", "--yes")
    assert ended.code == 4, ended.all
    assert sorted(place.workspace.registry.model(place.model).versions) == [1, 2, 3]
