"""Counts between edges: they add up, lose nothing, and tell what changed."""

import numpy as np
import pytest

from model_promotion.evidence.drift import drift, value
from model_promotion.evidence.profiling import (
    Counts,
    Edges,
    changes,
    columns_of,
    count_levels,
    count_numbers,
    edges_of,
    joined,
)

NAN, INF = float("nan"), float("inf")


def test_bins_of_equal_mass_hold_equally_many() -> None:
    values = np.random.default_rng(1).normal(size=10_000)
    counts = count_numbers(values, edges_of(values, bins=10))
    assert counts.bins.tolist() == [0, *[1000] * 10, 0], "nothing lies below or above the reference itself"
    assert (counts.low, counts.high) == (values.min(), values.max())


def test_a_value_on_an_edge_belongs_to_the_bin_that_ends_there() -> None:
    counts = count_numbers(np.array([0.0, 1.0, 1.5, 2.0, 9.0]), np.array([1.0, 2.0]))
    assert counts.bins.tolist() == [2, 2, 1]


@pytest.mark.parametrize("values", [np.zeros(50), np.array([NAN, INF]), np.zeros(0), np.repeat([1.0, 2.0], 50)])
def test_ties_and_values_that_are_none_make_fewer_bins_and_lose_no_row(values: np.ndarray) -> None:
    counts = count_numbers(values, edges_of(values), nulls=3)
    assert counts.rows == len(values) + 3
    assert counts.table.sum() == counts.rows


def test_null_nan_and_infinity_are_told_apart_and_are_in_no_bin() -> None:
    counts = count_numbers(np.array([1.0, NAN, INF, -INF]), np.array([0.0]), nulls=2)
    assert (counts.nulls, counts.nans, counts.infinite, counts.bins.sum()) == (2, 1, 2, 1)
    assert counts.missing == 5


def test_counts_of_parts_are_the_counts_of_the_whole() -> None:
    values = np.random.default_rng(2).lognormal(size=3000)
    edges = edges_of(values)
    parts = [count_numbers(values[at : at + 700], edges) for at in range(0, 3000, 700)]
    whole = count_numbers(values, edges)
    added = parts[0]
    for part in parts[1:]:
        added = joined({"x": added}, {"x": part})["x"]
    assert (added.bins == whole.bins).all()
    assert (added.low, added.high) == (whole.low, whole.high)


def test_a_level_that_the_reference_did_not_hold_is_counted_apart_and_named() -> None:
    counts = count_levels({"a": 5, "z": 2}, ("a", "b"), nulls=1)
    assert (counts.bins.tolist(), counts.new_levels, counts.rows) == ([5, 0, 2], {"z"}, 8)


def profiles(*shifts: float) -> tuple[dict[str, Counts], dict[str, Counts], Edges]:
    """A reference of 5,000 rows, and current data with these shifts, in standard deviations."""
    made = np.random.default_rng(3)
    names = [f"x{place}" for place in range(len(shifts))]
    before = {name: made.normal(size=5000) for name in names}
    edges = Edges({name: edges_of(values) for name, values in before.items()}, {"kind": ("a", "b")})
    now = {name: made.normal(size=5000) + shift for name, shift in zip(names, shifts, strict=True)}
    reference = {name: count_numbers(values, edges.numbers[name]) for name, values in before.items()}
    current = {name: count_numbers(values, edges.numbers[name]) for name, values in now.items()}
    kinds = count_levels({"a": 2500, "b": 2500}, ("a", "b")), count_levels({"a": 2500, "c": 2500}, ("a", "b"))
    return {**reference, "kind": kinds[0]}, {**current, "kind": kinds[1]}, edges


def test_a_column_that_moved_and_one_with_other_levels_have_drifted_and_no_other() -> None:
    reference, current, edges = profiles(0.0, 0.5, 0.02)
    assert drift(columns_of(reference, current, edges)).drifted == ("x1", "kind")


def test_what_is_new_is_said_in_plain_facts() -> None:
    reference, current, _ = profiles(0.0)
    numbers, kinds = changes(reference, {**current, "x0": count_numbers(np.array([99.0]), np.zeros(0) + 1.0, nulls=3)})
    assert (numbers.missing, numbers.beyond) == ((0.0, 0.75), True)
    assert kinds.new_levels == ("c",)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (np.full(5000, 5.0), np.full(5000, 3.0)),
        (np.full(5000, 5.0), np.full(5000, 7.0)),
        (np.repeat([0.0, 1.0], 2500), np.repeat([-999.0, 1.0], 2500)),
        (np.full(5000, 18.0), np.concatenate([np.full(3500, 18.0), np.full(1500, -1.0)])),
    ],
)
def test_values_outside_all_that_the_reference_held_are_drift(before: np.ndarray, now: np.ndarray) -> None:
    edges = Edges({"x": edges_of(before)})
    reference, current = ({"x": count_numbers(values, edges.numbers["x"])} for values in (before, now))
    assert drift(columns_of(reference, current, edges)).drifted == ("x",)


def test_a_reference_without_a_number_is_no_defect() -> None:
    edges = Edges({"x": edges_of(np.full(50, NAN))})
    reference, current = (
        {"x": count_numbers(values, edges.numbers["x"])} for values in (np.full(50, NAN), np.ones(50))
    )
    assert drift(columns_of(reference, current, edges)).drifted == ("x",)


def test_what_lies_far_beyond_the_reference_is_that_far_away() -> None:
    made = np.random.default_rng(2)
    before, now = made.normal(size=5000), made.normal(size=5000)
    now[:50] = 1e6
    edges = Edges({"x": edges_of(before)})
    column = columns_of(*({"x": count_numbers(one, edges.numbers["x"])} for one in (before, now)), edges)["x"]
    assert value("wasserstein", column) > 1000


def test_where_the_reference_held_more_than_its_levels_nobody_knows_what_is_new() -> None:
    sampled = ("a", "b")
    before, now = ({"x": count_levels(found, sampled)} for found in ({"a": 5, "late": 2}, {"a": 5, "late": 3}))
    assert changes(before, now)[0].new_levels == ()
