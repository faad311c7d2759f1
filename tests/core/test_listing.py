import pytest

from model_promotion.core.entities import Listed, RegisteredModel, Version
from model_promotion.core.event import Kind
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.listing import data, is_pattern, lines, meant, not_readable, telling

MODEL = RegisteredModel("rf", {"champion": "2", "prev_champion": "1", "best": "2"}, stages={"Production": "3"})
VERSIONS = (
    Version("rf", "4", status="PENDING_REGISTRATION"),
    Version("rf", "3", stage="Production"),
    Version("rf", "2", tags={"best_model": "true", "roc_auc": "0.9665", "author": "ada"}),
    Version("rf", "1", stage="None"),
)


def test_a_model_is_followed_by_its_versions_and_where_each_stands() -> None:
    told = [(event.kind, event.topic, event.sentence) for event in lines([Listed(MODEL, VERSIONS)], "champion")]
    assert told == [
        (Kind.MODEL, "rf", "4 versions"),
        (Kind.VERSION, "v4", "PENDING_REGISTRATION, not READY"),
        (Kind.IN_PRODUCTION, "v3", "stage Production"),
        (Kind.IN_PRODUCTION, "v2", "@best, @champion; best_model=true, roc_auc=0.9665"),
        (Kind.VERSION, "v1", "@prev_champion"),
    ]


@pytest.mark.parametrize(
    ("where", "numbers"), [("champion", ["3", "2"]), ("stage:Production", ["3"]), ("best", ["3", "2"])]
)
def test_what_is_in_production_is_behind_the_target_or_in_the_stage_of_that_name(
    where: str, numbers: list[str]
) -> None:
    (model,) = data([Listed(MODEL, VERSIONS)], where)
    assert [version["number"] for version in model["versions"] if version["in_production"]] == numbers


def test_what_is_under_way_is_said() -> None:
    busy = RegisteredModel("rf", tags={"promotion_intent_0123456789ab": "{}"})
    assert "a promotion is under way or was cut off" in next(lines([Listed(busy)], "champion")).sentence


def test_the_data_holds_every_tag_and_the_lines_those_that_matter() -> None:
    tags = {
        "author": "ada",
        "f1": "0.5",
        "semver": "1.2.0",
        HOLD_TAG: "rolled back",
        "approval_risk": "yes",
        "b": "nan",
    }
    assert list(telling(tags)) == ["approval_risk", "b", "f1", HOLD_TAG, "semver"]
    (model,) = data([Listed(RegisteredModel("m"), (Version("m", "1", tags=tags),))], "champion")
    assert model["versions"][0]["tags"] == tags


@pytest.mark.parametrize(
    ("pattern", "names", "found"),
    [
        ("heart-disease-*", "heart-disease-rf heart-rf", "heart-disease-rf"),
        ("", "a b", "a b"),
        ("heart-rf", "heart-rf heart-rf2", "heart-rf"),
        ("heart", "heart-rf", ""),
        ("heart*", "Heart", ""),
        ("a[1]", "a1", "a1"),
        ("a[1]", "a1 a[1]", "a[1]"),
        ("churn*", "churn churn* churn2", "churn*"),
        ("main.*.rf", "main.ml.rf main.ml.svm", "main.ml.rf"),
    ],
)
def test_a_name_means_its_model_alone_and_a_pattern_all_that_are_like_it(pattern: str, names: str, found: str) -> None:
    assert meant(pattern, names.split()) == {*found.split()}


@pytest.mark.parametrize(("name", "pattern"), [("m", False), ("", False), ("m-*", True), ("m?", True), ("m[ab]", True)])
def test_a_pattern_is_told_from_a_name(name: str, pattern: bool) -> None:
    assert is_pattern(name) is pattern


def test_of_what_could_not_be_read_it_is_said_why_and_no_number_is_made_up() -> None:
    listed = [Listed(MODEL, VERSIONS[:1]), Listed(RegisteredModel("svm"), not_readable="no EXECUTE on svm")]
    told = [(event.kind, event.topic, event.sentence) for event in lines(listed, "champion")]
    assert told[2:] == [(Kind.UNKNOWN, "svm", "not readable: no EXECUTE on svm")]
    assert [one["not_readable"] for one in data(listed, "champion")] == ["", "no EXECUTE on svm"]


def test_those_that_could_not_be_read_are_counted_and_some_are_named() -> None:
    readable = [Listed(RegisteredModel("rf"))]
    hidden = [Listed(RegisteredModel(f"m{number}"), not_readable="no") for number in range(1, 11)]
    assert not_readable(readable) == ""
    assert not_readable(readable + hidden[:2]) == "2 of 3 models could not be read: m1, m2"
    assert not_readable(hidden).endswith("m7, m8 (and 2 more)")
