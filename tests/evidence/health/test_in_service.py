"""What is known of one entity, look by look: what is sure over all of them, and how it is in the newest."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core.load import Ending, Sample
from model_promotion.core.watch_rules import Beyond, Measure, WatchPolicy
from model_promotion.evidence.health.in_service import Arrived, Rate, Row, Served, Sureness
from model_promotion.evidence.health.rates import Counts

POLICY = WatchPolicy()
SURE = Sureness(0.01, 30, 100)


def samples(took_ms: Sequence[float], ending: Ending = Ending.ANSWERED) -> list[Sample]:
    return [Sample(0, float(at), 0.0, took / 1000, ending) for at, took in enumerate(took_ms)]


def measures(known: Served) -> list[Measure]:
    return [measure for measure, _ in known.measures(POLICY)]


def test_values_are_of_the_newest_looks_that_are_enough_and_what_is_sure_of_all() -> None:
    known = Served.none(POLICY, SURE)
    for _ in range(10):
        known = known.after(samples([900.0] * 60))
    errors, latency = measures(known)
    assert (errors.value, errors.n, errors.beyond) == (0.0, 120, Beyond())
    assert (latency.value, latency.n, latency.beyond) == (900.0, 120, Beyond(500.0, 500.0, 500.0))
    for _ in range(3):
        known = known.after(samples([20.0] * 60))
    assert (measures(known)[1].value, measures(known)[1].beyond.twice) == (20.0, 500.0)


def test_what_was_not_answered_in_time_is_slow_and_what_was_answered_with_an_error_is_not_fast() -> None:
    known = Served.none(POLICY, SURE)
    known = known.after(samples([10_000.0] * 50, Ending.TIMED_OUT) + samples([1.0] * 50, Ending.SERVER_ERROR))
    errors, latency = measures(known)
    assert (errors.value, errors.n) == (1.0, 100)
    assert (latency.value, latency.n) == (10_000.0, 50)


def test_before_anything_is_asked_nothing_is_known() -> None:
    for measure in measures(Served.none(POLICY, SURE)):
        assert (math.isnan(measure.value), measure.n) == (True, 0)
    empty = Served.none(POLICY, SURE).after([])
    assert measures(empty)[1].n == 0


def test_all_measures_of_all_entities_share_one_alpha() -> None:
    assert Sureness.shared(POLICY, 30, 1).alpha == pytest.approx(POLICY.alpha / 5)
    assert Sureness.shared(POLICY, 30, 5).alpha == pytest.approx(POLICY.alpha / 17)
    assert Sureness.shared(POLICY, 30, 0).alpha == pytest.approx(POLICY.alpha / 2)


def test_a_drop_is_counted_from_where_accuracy_was() -> None:
    wrong = Rate.wrong(POLICY.accuracy_drop, 0.1, SURE)
    for _ in range(30):
        wrong = wrong.after(Counts(15, 50))
    found = wrong.drop(0.1)
    assert (found.value, found.beyond.twice, found.n) == (pytest.approx(0.2), 0.10, 1500)


def test_labels_that_come_at_once_are_one_look_and_a_rollback_takes_another() -> None:
    wrong = Rate.wrong(POLICY.accuracy_drop, 0.1, SURE).after(Counts(80, 160))
    assert (wrong.drop(0.1).beyond.surely, wrong.drop(0.1).beyond.twice) == (0.10, 0.0)
    assert wrong.after(Counts()) == wrong
    found = wrong.after(Counts(60, 160)).drop(0.1)
    assert (found.beyond.twice, found.n, found.value) == (0.10, 320, pytest.approx(140 / 320 - 0.1))


ROWS: list[Row] = [("a", "1", "1"), ("b", "0", "1"), ("c", "1", None)]


def test_each_answer_counts_once_by_its_id_however_the_file_is_written() -> None:
    arrived = Arrived([], by_id=True)
    assert arrived.after(ROWS) == [True, False]
    assert arrived.after([*ROWS[::-1], ("c", "1", "1"), ("d", "0", "nan"), ("e", None, "1"), (None, "1", "1")]) == [
        True
    ]
    assert arrived.after([]) == []
    assert arrived.after(ROWS) == []


def test_what_was_there_before_the_watch_is_somebody_elses() -> None:
    arrived = Arrived(ROWS, by_id=True)
    assert arrived.after([*ROWS[:2], ("c", "1", "1"), ("d", "1", "1")]) == [True]


def test_without_ids_new_rows_are_those_at_the_end() -> None:
    arrived = Arrived(ROWS[:1], by_id=False)
    assert arrived.after(ROWS[:2]) == [False]
    assert arrived.after([*ROWS[:2], (None, "1", "1")]) == [True]
    with pytest.raises(ValueError, match="3 rows have become 1"):
        arrived.after(ROWS[:1])
    assert arrived.after(ROWS[:2]) == [False]


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.booleans()), max_size=60), st.data())
def test_in_whatever_pieces_rows_come_each_id_counts_once(
    rows: list[tuple[int, bool, bool]], data: st.DataObject
) -> None:
    named: list[Row] = [(str(one), str(answer), str(truth)) for one, answer, truth in rows]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(named)), max_size=4)))
    arrived = Arrived([], by_id=True)
    found = [right for cut in (*cuts, len(named)) for right in arrived.after(named[:cut])]
    assert len(found) == len({one for one, _, _ in rows})


def test_the_watch_over_600_looks_of_a_version_that_keeps_its_limits_is_seldom_wrong() -> None:
    rng, wrong = np.random.default_rng(7), 0
    for _ in range(40):
        rate = Rate.of(POLICY.error_rate, Sureness.shared(POLICY, 600, 1))
        for bad in rng.binomial(20, 0.02, 600):
            rate = rate.after(Counts(int(bad), 20))
        wrong += rate.measure().beyond.surely > 0
    assert wrong <= 1
