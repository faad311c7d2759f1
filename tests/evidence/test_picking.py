"""Which columns are told of: every one is in exactly one place."""

import pytest

from model_promotion.evidence.picking import Picked, Wanted, picked


def names(text: str) -> tuple[str, ...]:
    return tuple(text)


@pytest.mark.parametrize(
    ("reference", "current", "must", "may", "found"),
    [
        ("abx", "aby", "ab", "", Picked(names("ab"), others=names("xy"))),
        ("ab", "a", "ab", "", Picked(names("a"), gone=names("b"))),
        ("a", "ab", "ab", "", Picked(names("a"), unknown=names("b"))),
        ("a", "a", "ab", "", Picked(names("a"), gone=names("b"))),
        ("a", "a", "a", "b", Picked(names("a"))),
        ("ab", "a", "a", "b", Picked(names("a"), gone=names("b"))),
        ("a", "ab", "a", "b", Picked(names("a"), unknown=names("b"))),
        ("x", "y", "", "", Picked((), others=names("xy"))),
    ],
    ids=[
        "others are told",
        "not in the current data",
        "not in the reference",
        "in neither, and needed",
        "in neither, and not needed",
        "was there, and need not be",
        "is new, and need not be",
        "nothing is wanted",
    ],
)
def test_every_column_is_in_one_place(reference: str, current: str, must: str, may: str, found: Picked) -> None:
    assert picked(names(reference), names(current), Wanted(frozenset(must), frozenset(may))) == found
