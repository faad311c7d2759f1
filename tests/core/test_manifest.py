"""What a manifest says, and what it is told when it makes no sense."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core.errors import BadCall
from model_promotion.core.manifest import manifest

WHOLE = """
workers = 4

[[promotion]]
model = "main.ml.churn"
version = 7
compare-metrics = true
force = false

[[promotion]]
model = "main.ml.fraud"
from = "canary"
reason = "-x"

[[group]]
name = "pricing"
together = true
promotions = [{ model = "main.ml.price" }, { model = "main.ml.discount", version = "1.2.0" }]

[[group]]
name = "rest"

[[group.promotions]]
model = "main.ml.rest"
"""
WRONG: dict[str, tuple[Any, str]] = {
    "nothing": ({}, "there is no promotion in it"),
    "no table": ([], "the file is no table"),
    "an empty file": (None, "the file is no table"),
    "an unknown key": ({"promotions": []}, "the file, promotions: there is no such key"),
    "no list": ({"promotion": {"model": "a"}}, "promotion is no list"),
    "no model": ({"promotion": [{"version": 7}]}, "promotion 1 has no model"),
    "a model that is none": ({"promotion": [{"model": 7}]}, "promotion 1, model: 7 is no model's name"),
    "a number with a point": ({"promotion": [{"model": "a", "version": 1.2}]}, "promotion 1, version: 1.2 is no text"),
    "a table in a table": ({"promotion": [{"model": "a", "to": {}}]}, "promotion 1, to: {} is no text"),
    "a list in a list": (
        {"promotion": [{"model": "a", "reason": [["x"] * 9] * 9}]},
        "reason: [[...], [...], [...], ...] is",
    ),
    "an entry that is a word": ({"promotion": ["a"]}, "promotion 1 is no table"),
    "a key that is no text": ({"promotion": [{1: "a"}]}, "promotion 1 is no table"),
    "no workers": ({"workers": 0}, "workers: 0 is no number from 1 to 64"),
    "too many workers": ({"workers": 65}, "workers: 65 is no number"),
    "workers that are true": ({"workers": True}, "workers: True is no number"),
    "a group without a name": ({"group": [{"promotions": []}]}, "group 1, name: None is no name"),
    "a group without promotions": ({"group": [{"name": "g"}]}, "group g has no promotions"),
    "a group with a mistake": ({"group": [{"name": "g", "togehter": True}]}, "group 1, togehter: there is no such key"),
    "together that is a word": ({"group": [{"name": "g", "together": "yes"}]}, "group g, together: 'yes' is neither"),
    "a mistake in a group": (
        {"group": [{"name": "g", "promotions": [{"model": "a"}, {}]}]},
        "group g, promotion 2 has no model",
    ),
}


def test_each_promotion_becomes_the_words_of_a_command_line() -> None:
    found = manifest(tomllib.loads(WHOLE))
    assert found.workers == 4
    words = [item.words for bundle in found.bundles for item in bundle.items]
    assert words == [
        ("--version=7", "--compare-metrics"),
        ("--from=canary", "--reason=-x"),
        (),
        ("--version=1.2.0",),
        (),
    ]
    models = [item.model for bundle in found.bundles for item in bundle.items]
    assert models == [f"main.ml.{name}" for name in ("churn", "fraud", "price", "discount", "rest")]
    assert found.bundles[0].items[0].off == ("--force",)
    assert [(bundle.name, bundle.together) for bundle in found.bundles] == [
        ("", False),
        ("pricing", True),
        ("rest", False),
    ]
    assert found.bundles[1].items[1].where == "group pricing, promotion 2 (main.ml.discount)"


@pytest.mark.parametrize(("content", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_makes_no_sense_is_named_with_its_place(content: object, said: str) -> None:
    with pytest.raises(BadCall) as refused:
        manifest(content)
    assert said in str(refused.value)


def test_the_nearest_key_is_told() -> None:
    with pytest.raises(BadCall) as refused:
        manifest({"worker": 3})
    assert refused.value.hint == "did you mean workers?"


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(VALUES, VALUES)
def test_no_content_at_all_is_more_than_a_wrong_call(some: object, other: object) -> None:
    for content in (some, {"promotion": some}, {"group": [{"name": "g", "promotions": some, "together": other}]}):
        try:
            assert manifest(content).bundles
        except BadCall:
            continue
