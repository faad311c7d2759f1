"""Lists, the best of many and cleanup in Unity Catalog, whose searches leave out aliases and tags."""

from tests.e2e.conftest import Place


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


def test_endpoints_that_cannot_be_listed_keep_every_version(place: Place) -> None:
    place.workspace.faults.fail("serving-endpoints", status=503, error_code="TEMPORARILY_UNAVAILABLE")
    ended = place.ask("--cleanup", "--keep", "0", "--older-than", "0.001s", "--yes")
    assert ended.code == 4, ended.all
    place.workspace.faults.clear()
    assert len(place.ask("--list").json["facts"]["models"][0]["versions"]) == 3
