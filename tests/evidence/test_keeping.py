"""A profile that is kept comes back number by number, and nothing else is taken for one."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core.record import MOST_KEPT_BYTES
from model_promotion.evidence import keeping
from model_promotion.evidence.keeping import Reference, packed, unpacked
from model_promotion.evidence.profiling import Counts, Edges, changes, count_levels, count_numbers, edges_of


def a_reference(rows: int = 500) -> Reference:
    made = np.random.default_rng(4)
    ages, times = made.lognormal(size=rows), made.integers(0, 10**15, rows).astype(float)
    ages[:7] = [np.nan, np.inf, -np.inf, 0.1, 1 / 3, 5e-324, -1.5e300]
    edges = Edges(
        {"age": edges_of(ages), "seen": edges_of(times), "none": np.zeros(0)},
        {"city": ("Rome", "naïve 🚀", '"')},
        frozenset({"seen"}),
    )
    profile = {
        "age": count_numbers(ages, edges.numbers["age"]),
        "seen": count_numbers(times, edges.numbers["seen"]),
        "none": count_numbers(np.zeros(0), edges.numbers["none"], nulls=rows),
        "city": count_levels({"Rome": rows - 3, "Oslo": 1}, edges.levels["city"], nulls=2),
    }
    return Reference("then.parquet", "sha256:0", rows, edges, profile, {"payload": "binary value"})


def plain(counts: Counts) -> tuple[Any, ...]:
    return counts.bins.tolist(), counts.nulls, counts.nans, counts.infinite, counts.low, counts.high


def test_a_profile_comes_back_number_by_number() -> None:
    ours = a_reference()
    theirs = unpacked(packed(ours))
    assert (theirs.data, theirs.digest, theirs.rows, theirs.left_out) == (
        "then.parquet", "sha256:0", 500, {"payload": "binary value"},
    )  # fmt: skip
    assert {name: edges.tolist() for name, edges in theirs.edges.numbers.items()} == {
        name: edges.tolist() for name, edges in ours.edges.numbers.items()
    }
    assert (theirs.edges.levels, theirs.edges.times) == (ours.edges.levels, ours.edges.times)
    assert {name: plain(one) for name, one in theirs.profile.items()} == {
        name: plain(one) for name, one in ours.profile.items()
    }


@pytest.mark.parametrize(("others", "new"), [(0, ("Lima",)), (1, ())])
def test_what_was_kept_tells_new_values_where_the_reference_held_no_others(others: int, new: tuple[str, ...]) -> None:
    levels = ("Oslo", "Rome")
    before = {"city": count_levels({"Rome": 9, "Oslo": 9, "Bern": others}, levels)}
    kept = unpacked(packed(Reference("x", "y", 18 + others, Edges({}, {"city": levels}), before))).profile
    now = {"city": count_levels({"Rome": 9, "Lima": 9}, levels)}
    for profile in (before, kept):
        assert [one.new_levels for one in changes(profile, now)] == [new]


def test_the_same_profile_is_the_same_file_whenever_it_is_written() -> None:
    assert packed(a_reference()) == packed(unpacked(packed(a_reference())))


def test_only_the_columns_that_are_named_are_kept() -> None:
    found = unpacked(packed(a_reference().only(frozenset({"age", "payload", "unheard of"}))))
    assert (found.edges.columns, tuple(found.profile), dict(found.left_out), found.edges.times) == (
        ("age",), ("age",), {"payload": "binary value"}, frozenset(),
    )  # fmt: skip
    assert b"Rome" not in gzip.decompress(packed(a_reference().only(frozenset({"age"}))))


def test_what_is_too_large_to_keep_is_not_kept() -> None:
    levels = tuple(f"{number:0900x}" for number in np.random.default_rng(0).integers(0, 2**62, 10_000))
    many = {f"c{number}": levels for number in range(10)}
    profile = {name: count_levels({}, found) for name, found in many.items()}
    with pytest.raises(ValueError, match="and at most 8,388,608 are kept"):
        packed(Reference("x", "y", 0, Edges({}, many), profile))


Body = dict[str, Any]


def _set(*path: str, to: object) -> Callable[[Body], None]:
    def change(body: Body) -> None:
        for key in path[:-1]:
            body = body[key]
        body[path[-1]] = to

    return change


HOSTILE: dict[str, tuple[Callable[[Body], None], str]] = {
    "another format": (_set("format", to="pickle"), "no profile of this program"),
    "a format to come": (_set("version", to=2), "which is not known"),
    "rows as a text": (_set("rows", to="500"), "what it was made of"),
    "rows that are true": (_set("rows", to=True), "what it was made of"),
    "other rows": (_set("rows", to=501), "another number of rows"),
    "no digest": (_set("digest", to=None), "what it was made of"),
    "columns in a list": (_set("numbers", to=[]), "its numbers make no sense"),
    "too many columns": (_set("levels", to={str(n): 0 for n in range(10_001)}), "its levels make no sense"),
    "a column that is none": (_set("numbers", "age", to=7), "a column makes no sense"),
    "a column twice": (_set("levels", "age", to={}), "a column is two"),
    "edges that descend": (_set("numbers", "age", "edges", to=[2.0, 1.0]), "do not ascend"),
    "an edge that is a text": (_set("numbers", "age", "edges", to=["1"]), "is no number"),
    "an edge too large": (_set("numbers", "age", "edges", to=[10**400]), "is no number"),
    "too many edges": (_set("numbers", "age", "edges", to=list(range(1002))), "the edges of age make no sense"),
    "other bins than edges": (_set("numbers", "age", "edges", to=[1.0]), "the counts of a column make no sense"),
    "fewer bins": (_set("numbers", "age", "bins", to=[1]), "other counts than bins"),
    "a negative count": (_set("numbers", "none", "bins", to=[-1]), "no whole number"),
    "a broken count": (_set("numbers", "none", "nulls", to=0.5), "no whole number"),
    "a missing count": (_set("numbers", "none", "nans", to=None), "no whole number"),
    "a range the wrong way": (_set("numbers", "age", "low", to=1e301), "a range makes no sense"),
    "half a range": (_set("numbers", "age", "high", to=None), "a range makes no sense"),
    "a value twice": (_set("levels", "city", "levels", to=["a", "a", "b"]), "there twice"),
    "a value that is no text": (_set("levels", "city", "levels", to=["a", "b", 1]), "is no text"),
    "left out without a word": (_set("left_out", "payload", to=1), "holds no words"),
}


@pytest.mark.parametrize(("change", "said"), HOSTILE.values(), ids=HOSTILE)
def test_what_this_program_did_not_write_is_refused_in_one_sentence(change: Callable[[Body], None], said: str) -> None:
    body = json.loads(gzip.decompress(packed(a_reference())))
    change(body)
    with pytest.raises(ValueError, match=said):
        unpacked(gzip.compress(json.dumps(body).encode()))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04N.",
        gzip.compress(b"[" * 200_000),
        gzip.compress(b"[]"),
        gzip.compress(b"\xff"),
        gzip.compress(b'{"rows": NaN}'),
        gzip.compress(b'{"rows": ' + b"9" * 5000 + b"}"),
        packed(a_reference())[:-9],
        packed(a_reference()) + b"more",
        gzip.compress(bytes(keeping.MOST_UNPACKED_BYTES + 1)),
        bytes(MOST_KEPT_BYTES + 1),
    ],
    ids=["nothing", "pickle", "deep", "list", "no text", "nan", "digits", "cut off", "more", "bomb", "too large"],
)
def test_bytes_that_are_no_profile_are_refused_in_one_sentence(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(it|Exceeds|Expecting)"):
        unpacked(content)


@given(st.binary(max_size=200), st.integers(0, 3000))
def test_a_file_with_other_bytes_in_it_is_refused_or_whole(noise: bytes, at: int) -> None:
    content = packed(a_reference(20))
    try:
        found = unpacked(content[:at] + noise + content[at + len(noise) :])
    except ValueError:
        return
    assert found.rows == 20
