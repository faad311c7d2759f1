"""What leaves a worker comes back as what it was."""

import numpy as np
import pyarrow as pa
import pytest

from model_promotion.core.errors import BadCall
from model_promotion.core.scores import Answers, NoAnswerError
from model_promotion.engines._spark_tables import (
    BAD_CALL,
    NO_ANSWER,
    counts_of,
    edges_in,
    rows,
    rows_of,
    rows_of_counts,
    tables_of,
    words,
)
from model_promotion.evidence.counting import Batch, count
from model_promotion.evidence.profiling import count_levels, count_numbers
from model_promotion.evidence.tables import PairTables, Question, Task


def added(*batches: pa.RecordBatch) -> pa.Table:
    """As Spark adds them up."""
    frame = pa.Table.from_batches(batches).to_pandas()
    each = frame.groupby(["name", "place", "text"], as_index=False)
    return pa.Table.from_pandas(
        each.agg(whole=("whole", "sum"), real=("real", "sum"), least=("real", "min"), most=("real", "max"))
    )


def tables(seed: int, slices: dict[str, tuple[str, ...]] | None = None) -> PairTables:
    made = np.random.default_rng(seed)
    shares = made.random(50)
    answers = Answers(probabilities=np.column_stack([1 - shares, shares]))
    batch = Batch(
        truth=made.integers(-1, 2, 50),
        champion=answers,
        candidate=Answers(probabilities=answers.probabilities[::-1].copy()),
        units=np.arange(50, dtype=np.uint64),
        levels={"region": made.choice(["north", "south"], 50).astype(object)},
    )
    return count(batch, Question(Task.BINARY, ("no", "yes"), unit="user" if slices else "", slices=slices or {}))


@pytest.mark.parametrize("slices", [None, {"region": ("north", "east")}])
def test_tables_of_two_workers_are_added_up(slices: dict[str, tuple[str, ...]] | None) -> None:
    first, second = tables(1, slices), tables(2, slices)
    wanted, found = first + second, tables_of(added(*rows_of(first), *rows_of(second)))
    for one, other in ((wanted, found), *((wanted.slices[name], found.slices[name]) for name in wanted.slices)):
        assert vars(one).keys() == vars(other).keys()
        for name in ("sums", "rows", "unlabelled", "unanswered"):
            assert getattr(one, name) == getattr(other, name)
        for name in ("cells", "joint", "bucket_rows", "bucket_sums", "bucket_scores", "powers"):
            ours, theirs = getattr(one, name), getattr(other, name)
            assert (ours is None) == (theirs is None), name
            if ours is not None:
                np.testing.assert_allclose(theirs, ours, rtol=1e-12)
                assert theirs.dtype == ours.dtype


def test_a_sum_that_is_none_stays_none() -> None:
    table = added(rows("x", np.array([np.nan, 0.0, np.inf])))
    assert table.column("real").to_pylist()[1] == np.inf
    assert table.num_rows == 2


def test_counted_columns_come_back() -> None:
    edges = np.array([0.0, 1.0])
    profile = {
        "a": count_numbers(np.array([-1, 0.5, np.nan, np.inf, 2]), edges, nulls=3),
        "b": count_levels({"x": 2, "new": 1}, ("x",), nulls=1),
        "c": count_numbers(np.zeros(0), edges),
    }
    empty = {"a": count_numbers(np.zeros(0), edges), "b": count_levels({}, ("x",)), "c": profile["c"]}
    found = counts_of(added(*rows_of_counts(profile), *rows_of_counts(profile)), empty)
    for name, one in profile.items():
        twice = one + one
        assert found[name].bins.tolist() == twice.bins.tolist()
        assert {**vars(found[name]), "bins": 0} == {**vars(twice), "bins": 0}


@pytest.mark.parametrize("read", [tables_of, edges_in])
def test_what_went_wrong_on_a_worker_is_raised_here(read: object) -> None:
    assert callable(read)
    with pytest.raises(NoAnswerError, match=r"^v2: cannot answer"):
        read(added(words(NO_ANSWER, "v2: cannot answer"), *rows_of(tables(1))))
    with pytest.raises(BadCall, match="bad weights") as caught:
        read(added(words(BAD_CALL, '["bad weights", "mend them"]')))
    assert caught.value.hint == "mend them"


def test_tables_of_different_things_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        tables_of(added(words("\x1fsums", '["a"]'), words("\x1fsums", '["b"]')))
    with pytest.raises(ValueError, match="no row"):
        tables_of(pa.Table.from_batches([words("x", "y")[:0]]))
