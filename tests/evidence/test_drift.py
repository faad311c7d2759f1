"""Drift from counts: the distances are the known ones, and only what is both real and large is called drift."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from model_promotion.evidence import distances
from model_promotion.evidence.calibrate import FULL, MOST_CELLS, calibrated, enough, permuted, portions
from model_promotion.evidence.drift import PRACTICAL, DriftPolicy, drift, value
from model_promotion.evidence.folding import Column, fold, folded

RNG = np.random.default_rng(13)
BEFORE, NOW = RNG.integers(1, 500, 40), RNG.integers(1, 500, 40)
WITH_HOLES = BEFORE * (np.arange(40) % 3 > 0), NOW * (np.arange(40) % 5 > 0)
PLACES = np.sort(RNG.normal(size=40))
pairs = pytest.mark.parametrize(("before", "now"), [(BEFORE, NOW), WITH_HOLES], ids=["full", "with empty bins"])


@pairs
def test_jensen_shannon_wasserstein_and_ks_are_those_of_scipy(before: np.ndarray, now: np.ndarray) -> None:
    assert distances.jensen_shannon(before, now) == pytest.approx(jensenshannon(before, now), abs=1e-9)
    sd = np.repeat(PLACES, before).std()
    expected = stats.wasserstein_distance(PLACES, PLACES, before, now) / sd
    assert distances.wasserstein(before, now, PLACES) == pytest.approx(expected, abs=1e-9)
    rows = np.repeat(PLACES, before), np.repeat(PLACES, now)
    assert distances.ks(before, now) == pytest.approx(stats.ks_2samp(*rows, method="asymp").statistic, abs=1e-9)


@pairs
def test_w_and_p_are_those_of_the_contingency_table(before: np.ndarray, now: np.ndarray) -> None:
    seen = before + now > 0
    expected = stats.chi2_contingency(np.stack([before[seen], now[seen]]), correction=False)
    chi2, p = distances.chi_square(before, now)
    assert (chi2, p) == pytest.approx((expected.statistic, expected.pvalue), abs=1e-9)
    assert distances.cramer_w(before, now) == pytest.approx(np.sqrt(chi2 / (before.sum() + now.sum())), abs=1e-9)
    cramer_v = stats.contingency.association(np.stack([before[seen], now[seen]]), method="cramer")
    assert distances.cramer_w(before, now) == pytest.approx(cramer_v, abs=1e-9)


@pairs
def test_psi_is_the_symmetrised_relative_entropy(before: np.ndarray, now: np.ndarray) -> None:
    expected = stats.entropy(before + 0.5, now + 0.5) + stats.entropy(now + 0.5, before + 0.5)
    assert distances.psi(before, now) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("statistic", PRACTICAL)
def test_the_same_counts_are_at_distance_0_and_many_are_done_at_once(statistic: str) -> None:
    column = Column(np.append(BEFORE, 5), np.append(BEFORE, 5), PLACES)
    assert value(statistic, column) == pytest.approx(0, abs=1e-12)
    many = np.stack([BEFORE, NOW])
    how = getattr(distances, statistic)
    more = (PLACES,) if statistic == "wasserstein" else ()
    assert how(many, many[::-1], *more).shape == (2,)


def test_one_category_is_no_contrast() -> None:
    assert distances.chi_square(np.array([9, 0]), np.array([7, 0])) == (0.0, 1.0)


def test_folding_keeps_the_rows_and_the_order() -> None:
    column = Column(np.append(BEFORE, 7), np.append(NOW, 9), PLACES)
    small = folded(column, 10)
    assert len(small.reference) <= 11
    assert (small.reference.sum(), small.current.sum()) == (column.reference.sum(), column.current.sum())
    assert (small.reference[-1], small.current[-1]) == (7, 9)
    assert np.all(np.diff(small.positions) > 0)
    assert folded(column, 40) is column
    assert np.array_equal(fold(Column(column.reference, column.current), 10), np.arange(41))


# --- chance ---


def test_a_permutation_keeps_both_sizes_and_every_bin() -> None:
    dealt = permuted(BEFORE, NOW, (1, 200))
    assert set(dealt.reference.sum(axis=1)) == {BEFORE.sum()}
    assert set(dealt.current.sum(axis=1)) == {NOW.sum()}
    assert np.array_equal(dealt.reference + dealt.current, np.broadcast_to(BEFORE + NOW, (200, 40)))
    assert np.array_equal(dealt.current, permuted(BEFORE, NOW, (1, 200)).current)
    assert not np.array_equal(dealt.current, permuted(BEFORE, NOW, (2, 200)).current)


def test_a_thousand_million_rows_are_dealt_out_too() -> None:
    dealt = permuted(BEFORE * 10**8, NOW * 10**8, (1, 20))
    assert set(dealt.current.sum(axis=1)) == {NOW.sum() * 10**8}


def test_full_bins_are_dealt_out_as_the_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    before, now = FULL * np.array([2, 3, 4, 2]), FULL * np.array([4, 5, 2, 6])
    before, now = np.append(before, [7, 0]), np.append(now, [2, 0])
    normal = permuted(before, now, (5, 4000))
    monkeypatch.setattr("model_promotion.evidence.calibrate.FULL", np.inf)
    exact = permuted(before, now, (6, 4000))
    assert np.allclose(normal.current.sum(axis=1), now.sum())
    assert np.allclose(normal.reference + normal.current, before + now)
    for statistic in ("psi", "jensen_shannon", "ks", "cramer_w"):
        ours, theirs = (getattr(distances, statistic)(one.reference, one.current) for one in (normal, exact))
        assert stats.ks_2samp(ours, theirs).pvalue > 0.001
        assert np.quantile(ours, 0.999) == pytest.approx(np.quantile(theirs, 0.999), rel=0.1)
    ours, theirs = (np.cov(one.current[:, :-1].T) for one in (normal, exact))
    sd = np.sqrt(np.diag(theirs))
    assert np.abs(ours - theirs).max() < 0.1 * sd.max() ** 2
    assert np.sqrt(np.diag(ours)) == pytest.approx(sd, rel=0.1)


def test_the_p_of_a_permutation_is_never_0_and_rounding_is_no_difference() -> None:
    null = np.array([0.1, 0.2, 0.3, 0.4])
    assert calibrated(9.0, null, 0.05).p == pytest.approx(1 / 5)
    assert calibrated(0.3 + 1e-16, null, 0.05).p == pytest.approx(3 / 5)
    assert [calibrated(value, null, 0.05).is_least for value in (9.0, 0.4)] == [True, False]


@pytest.mark.parametrize("tests", [1, 5, 7, 65, 300])
def test_what_lies_above_its_bound_is_what_its_p_calls_rare_and_nothing_else(tests: int) -> None:
    null = np.random.default_rng(tests).normal(size=enough(tests, 0.05)).round(2)
    found = [(seen, calibrated(seen, null, 0.05, tests)) for seen in np.unique(null)]
    for seen, one in found:
        assert one.is_rare == (one.p * tests <= 0.05 * (1 + 1e-9)) == (one.chance is not None and seen > one.chance)
    assert {one.is_rare for _, one in found} == {True, False}
    assert calibrated(0.0, null[:15], 0.05, tests).chance is None, "fifteen do not reach so far"


def test_there_are_enough_permutations_for_all_tests() -> None:
    assert 1 / (1 + enough(65, 0.05)) <= 0.05 / 65 / 2
    assert enough(1, 0.05) == 499


def test_the_permutation_p_is_that_of_chi_square_where_both_hold() -> None:
    before, now = np.array([200, 300, 500]), np.array([240, 280, 480])
    dealt = permuted(before, now, (3, 20_000))
    found = calibrated(float(distances.cramer_w(before, now)), distances.cramer_w(dealt.reference, dealt.current), 0.05)
    assert found.p == pytest.approx(distances.chi_square(before, now)[1], abs=0.01)


# --- the verdict ---


def normal(rows: tuple[int, int], shift: float = 0.0, missing: tuple[float, float] = (0.05, 0.05)) -> Column:
    edges, counts = np.linspace(-4, 4, 199), []
    for n, moved, share in zip(rows, (0.0, shift), missing, strict=True):
        placed = np.searchsorted(edges, RNG.normal(moved, 1, n - int(n * share)))
        counts.append(np.append(np.bincount(placed, minlength=200), int(n * share)))
    return Column(counts[0], counts[1], np.append(edges, 4 + edges[1] - edges[0]))


CASES = {
    "nothing changed, few rows": (normal((100, 100)), False),
    "nothing changed, many rows": (normal((50_000, 50_000)), False),
    "a shift that harms nobody, and a p of nearly 0": (normal((200_000, 200_000), 0.03), False),
    "a real shift": (normal((5000, 5000), 0.5), True),
    "a large shift in few rows": (normal((100, 100), 1.5), True),
    "values went missing": (normal((5000, 5000), 0.0, (0.05, 0.25)), True),
    "all values went missing": (normal((500, 500), 0.0, (0.0, 1.0)), True),
    "a stored reference is much larger": (normal((100_000, 300), 1.0), True),
    "categories changed": (Column(np.array([500, 400, 100, 0]), np.array([300, 400, 300, 0])), True),
    "a new category": (Column(np.array([500, 500, 0, 0]), np.array([400, 400, 200, 0])), True),
    "the same categories": (Column(np.array([500, 400, 100, 0]), np.array([510, 380, 110, 0])), False),
    "one category, ever": (Column(np.array([500, 0]), np.array([700, 0])), False),
    "a constant": (Column(np.array([500, 0, 0]), np.array([700, 0, 0]), np.array([0.0, 1.0])), False),
    "a constant that moved": (Column(np.array([500, 0, 0]), np.array([0, 700, 0]), np.array([0.0, 1.0])), True),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_drift(case: str) -> None:
    column, drifted = CASES[case]
    assert drift({"x": column}).drifted == (("x",) if drifted else ())


def test_many_columns_are_corrected_for_and_the_drifted_ones_named() -> None:
    columns = {f"c{number}": normal((200, 200)) for number in range(30)} | {"bad": normal((200, 200), 1.0)}
    found = drift(columns)
    assert found.drifted == ("bad",)
    tests = found.facts["tests"]
    assert tests == 31 * 5
    least = [one for one in found.distances if one.is_least]
    assert {one.column for one in least} == {"bad"}
    assert least[0].p_all == pytest.approx(tests / (1 + found.facts["permutations"])) == pytest.approx(0.025)
    assert [one for one in found.distances if one.value < one.threshold and one.p is not None] == []
    by_chance = [one for one in found.distances if one.p is not None and one.column != "bad"]
    assert by_chance  # With 200 rows some lie above their fixed thresholds, which is why those do not decide alone.
    assert not any(one.drifted for one in by_chance)


def test_a_column_with_few_rows_is_named_and_has_not_drifted() -> None:
    found = drift({"x": normal((20, 5000), 3.0)})
    assert (found.drifted, found.too_few, found.distances) == ((), ("x",), ())


def test_a_policy_chooses_the_statistics_and_what_matters() -> None:
    column = normal((5000, 5000), 0.3)
    assert drift({"x": column}, DriftPolicy({"ks": 0.05})).drifted == ("x",)
    assert drift({"x": column}, DriftPolicy({"ks": 0.5})).drifted == ()
    assert {one.statistic for one in drift({"x": column}, DriftPolicy({"ks": 0.5})).distances} == {"ks"}


def test_the_seed_decides() -> None:
    column = normal((200, 200), 0.35)
    first, again = (drift({"x": column}, DriftPolicy(seed=4)) for _ in range(2))
    assert first == again


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="are needed"):
        Column(np.ones(4), np.ones(5))
    with pytest.raises(ValueError, match="are needed"):
        Column(np.ones(4), np.ones(4), np.ones(4))


def test_where_many_permutations_were_as_large_the_rest_changes_no_p() -> None:
    null = np.random.default_rng(3).random(3000)
    few, more = (calibrated(0.8, null[:size], 0.05) for size in (1000, 3000))
    assert few.is_common
    assert few.p == more.p == pytest.approx(0.2, abs=0.06)
    assert not calibrated(2.0, null, 0.05).is_common


def test_what_may_still_be_rare_is_drawn_to_the_end_however_many_were_as_large() -> None:
    null = np.random.default_rng(3).random(10_000)
    found = calibrated(0.98, null, 0.05)
    assert (found.is_common, found.is_rare) == (False, True)
    assert found.p == (1 + np.count_nonzero(null >= 0.98)) / 10_001


@pytest.mark.parametrize(("times", "bins"), [(499, 3), (100_000, 100), (20_000, 10_000)])
def test_all_permutations_are_made_in_portions_that_fit_into_memory(times: int, bins: int) -> None:
    sizes = [*portions(times, bins)]
    assert (sum(sizes), max(sizes) <= max(499, MOST_CELLS // bins)) == (times, True)
