"""The embedded engine on real files and real models."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import confusion_matrix, mean_absolute_error

from model_promotion.core.dataset import Dataset
from model_promotion.core.errors import BadCall, Conflict, NotFound
from model_promotion.core.scores import NoAnswerError, Order
from model_promotion.engines.local import LocalEngine
from model_promotion.evidence.tables import PairTables, Question, Task
from model_promotion.scoring.process import ChildScorer
from model_promotion.scoring.streams import ChildScores

pytestmark = pytest.mark.usefixtures("warm")
ROWS = 2500
FEATURES = ["a", "b"]


def rows(seed: int = 3) -> pd.DataFrame:
    made = np.random.default_rng(seed)
    frame = pd.DataFrame(made.normal(size=(ROWS, 2)), columns=FEATURES)
    frame["amount"] = frame["a"] - frame["b"] + made.normal(size=ROWS)
    frame["sold"] = np.where(frame["amount"] > 0, "yes", "no")
    frame["user"] = made.integers(0, 200, ROWS)
    return frame


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models and data, made once."""
    import mlflow.sklearn

    folder = tmp_path_factory.mktemp("shop")
    train = rows(seed=1)
    for name, target, model in (
        ("labels_a", "sold", LogisticRegression()),
        ("labels_b", "sold", LogisticRegression(C=1e-4)),
        ("amounts_a", "amount", LinearRegression()),
        ("amounts_b", "amount", LinearRegression(fit_intercept=False)),
    ):
        fitted = model.fit(train[FEATURES], train[target])
        how = {"serialization_format": "cloudpickle", "pip_requirements": ["scikit-learn"]}
        mlflow.sklearn.save_model(fitted, folder / name, **how)
    rows().to_parquet(folder / "rows.parquet", row_group_size=999)
    rows().to_csv(folder / "rows.csv", index=False)
    parts = folder / "parts"
    parts.mkdir()
    for number, at in enumerate(range(0, ROWS, 800)):
        rows().iloc[at : at + 800].to_parquet(parts / f"{number}.parquet")
    return folder


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    scorer = ChildScorer()
    yield LocalEngine(ChildScores(scorer))
    scorer.stop()


def orders(shop: Path, kind: str, **more: Any) -> tuple[Order, Order]:
    classes = ("no", "yes") if kind == "labels" else None
    first, second = (
        Order(f"v{number}", shop / f"{kind}_{letter}", FEATURES, classes=classes, **more)
        for number, letter in ((1, "a"), (2, "b"))
    )
    return first, second


def tables(engine: LocalEngine, shop: Path, dataset: Dataset, kind: str = "labels") -> PairTables:
    with engine.open(dataset) as data:
        target = data.target()
        question = Question(target.task, target.labels if kind == "labels" else (), span=16.0)
        return data.score_pair(question, orders(shop, kind, probabilities=kind == "labels"))


def test_both_models_are_counted_on_the_same_rows(engine: LocalEngine, shop: Path) -> None:
    import mlflow.pyfunc

    found = tables(engine, shop, Dataset(str(shop / "rows.parquet"), "sold"))
    assert (found.rows, found.unlabelled, found.unanswered) == (ROWS, 0, (0, 0))
    said = [mlflow.pyfunc.load_model(str(shop / f"labels_{one}")).predict(rows()[FEATURES]) for one in "ab"]
    assert (found.cells.sum(axis=2)[:, :2] == confusion_matrix(rows()["sold"], said[0])).all()
    assert (found.cells.sum(axis=1)[:, :2] == confusion_matrix(rows()["sold"], said[1])).all()
    assert found.joint.sum() == ROWS


def test_amounts_are_compared_by_their_errors(engine: LocalEngine, shop: Path) -> None:
    import mlflow.pyfunc

    found = tables(engine, shop, Dataset(str(shop / "rows.parquet"), "amount"), "amounts")
    said = mlflow.pyfunc.load_model(str(shop / "amounts_b")).predict(rows()[FEATURES])
    wanted = mean_absolute_error(rows()["amount"], said)
    assert found.total("absolute_error")[1] / ROWS == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("name", ["rows.csv", "parts"])
def test_a_csv_file_and_a_directory_give_the_same_tables(engine: LocalEngine, shop: Path, name: str) -> None:
    ours = tables(engine, shop, Dataset(str(shop / name), "sold", group="user"))
    theirs = tables(engine, shop, Dataset(str(shop / "rows.parquet"), "sold", group="user"))
    assert np.allclose(ours.bucket_sums, theirs.bucket_sums)
    assert (ours.bucket_rows == theirs.bucket_rows).all()
    assert np.count_nonzero(ours.bucket_rows) <= 200, "a bucket for each of 200 users"


def test_the_digest_is_of_the_files_as_they_were_given(engine: LocalEngine, shop: Path) -> None:
    import hashlib

    with engine.open(Dataset(str(shop / "rows.csv"))) as data:
        assert data.digest() == f"sha256:{hashlib.sha256((shop / 'rows.csv').read_bytes()).hexdigest()}"
        assert data.rows == ROWS


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        ([0, 1, 1, 0], Task.BINARY, (0, 1)),
        ([0.0, 1.0, None, 1.0], Task.BINARY, (0, 1)),
        (["b", "a", None, "b"], Task.BINARY, ("a", "b")),
        ([True, False, True, True], Task.BINARY, (False, True)),
        ([1, 2, 3, 3], Task.MULTICLASS, (1, 2, 3)),
        ([0.5, 1.5, 2.0, 2.5], Task.REGRESSION, (0.5, 1.5, 2.0, 2.5)),
    ],
)
def test_the_target_tells_the_task(
    engine: LocalEngine, tmp_path: Path, values: list[Any], task: Task, classes: tuple[Any, ...]
) -> None:
    pd.DataFrame({"y": values}).to_parquet(tmp_path / "y.parquet")
    with engine.open(Dataset(str(tmp_path / "y.parquet"), "y")) as data:
        target = data.target()
    assert (target.task, target.labels) == (task, classes)


@pytest.mark.parametrize("value", ["a", 1])
def test_one_class_is_no_comparison(engine: LocalEngine, tmp_path: Path, value: Any) -> None:
    pd.DataFrame({"y": [value] * 5}).to_parquet(tmp_path / "y.parquet")
    with engine.open(Dataset(str(tmp_path / "y.parquet"), "y")) as data, pytest.raises(BadCall, match="every row has"):
        _ = data.target().task


def test_rows_without_a_label_are_left_out_and_counted(engine: LocalEngine, shop: Path, tmp_path: Path) -> None:
    frame = rows()
    frame.loc[:99, "sold"] = None
    frame.to_parquet(tmp_path / "rows.parquet")
    found = tables(engine, shop, Dataset(str(tmp_path / "rows.parquet"), "sold"))
    assert (found.rows, found.unlabelled) == (ROWS - 100, 100)


def test_data_that_is_not_there_or_of_no_kind_is_one_clear_line(engine: LocalEngine, tmp_path: Path) -> None:
    with pytest.raises(BadCall, match="there is no data at"), engine.open(Dataset(str(tmp_path / "none.parquet"))):
        pass
    (tmp_path / "notes.txt").write_text("no rows")
    with pytest.raises(BadCall, match="no Parquet, CSV or JSON file"), engine.open(Dataset(str(tmp_path))):
        pass
    (tmp_path / "a.csv").write_text("a\n1\n")
    rows().to_parquet(tmp_path / "b.parquet")
    with pytest.raises(BadCall, match="CSV and Parquet"), engine.open(Dataset(str(tmp_path))):
        pass


def test_a_csv_that_is_torn_is_named(engine: LocalEngine, tmp_path: Path) -> None:
    (tmp_path / "torn.csv").write_text("a,b\n1,2\n3\n")
    with (
        pytest.raises(BadCall, match=r"torn.csv cannot be read as CSV"),
        engine.open(Dataset(str(tmp_path / "torn.csv"))),
    ):
        pass


def test_weights_that_are_none_are_refused(engine: LocalEngine, shop: Path, tmp_path: Path) -> None:
    rows().assign(w=-1.0).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(BadCall, match="the weights in w must be"):
        tables(engine, shop, Dataset(str(tmp_path / "rows.parquet"), "sold", weight="w"))


def test_a_model_that_cannot_answer_is_named_with_its_own_words(engine: LocalEngine, shop: Path) -> None:
    with engine.open(Dataset(str(shop / "rows.parquet"), "amount")) as data:
        asked = orders(shop, "labels")
        wrong = (asked[0], Order("v9", shop / "nowhere", FEATURES, classes=("no", "yes")))
        with pytest.raises(NoAnswerError, match=r"^v9: cannot answer: .*nowhere"):
            data.score_pair(Question(Task.BINARY, ("no", "yes")), wrong)


def test_a_model_that_takes_too_long_is_ended(engine: LocalEngine, shop: Path) -> None:
    question = Question(Task.BINARY, ("no", "yes"))
    with engine.open(Dataset(str(shop / "rows.parquet"), "sold")) as data:
        asked = orders(shop, "labels", timeout_s=0.2)
        with pytest.raises(NoAnswerError, match=r"v[12]: did not answer within 0\.2 s"):
            data.score_pair(question, asked)


def test_every_column_that_can_be_counted_is_counted_whole(engine: LocalEngine, shop: Path) -> None:
    with engine.open(Dataset(str(shop / "parts"))) as data:
        edges = data.fit_edges()
        profile = data.profile(edges)
        assert set(edges.columns) == {"a", "b", "amount", "sold", "user"}
        assert {name: counts.rows for name, counts in profile.items()} == dict.fromkeys(edges.columns, ROWS)
        assert profile["sold"].bins.tolist() == [*rows()["sold"].value_counts().sort_index(), 0]
        assert data.kinds == {"a": "number", "b": "number", "amount": "number", "sold": "text", "user": "number"}


def test_data_without_a_column_of_the_reference_is_named(engine: LocalEngine, shop: Path, tmp_path: Path) -> None:
    rows().drop(columns="user").to_parquet(tmp_path / "rows.parquet")
    with engine.open(Dataset(str(shop / "rows.parquet"))) as before:
        edges = before.fit_edges()
    with engine.open(Dataset(str(tmp_path / "rows.parquet"))) as now, pytest.raises(NotFound, match="no column user"):
        now.profile(edges)


def test_a_column_that_became_text_is_named_and_no_defect(engine: LocalEngine, shop: Path, tmp_path: Path) -> None:
    rows().assign(user="ada").to_parquet(tmp_path / "rows.parquet")
    with engine.open(Dataset(str(shop / "rows.parquet"))) as before:
        edges = before.fit_edges()
    with (
        engine.open(Dataset(str(tmp_path / "rows.parquet"))) as now,
        pytest.raises(Conflict, match=r"user of .* texts"),
    ):
        now.profile(edges)


def test_texts_booleans_and_nulls_are_counted_as_what_they_are(engine: LocalEngine, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"city": ["Bern", None, "Rome", "Bern"], "paid": [True, False, None, True], "n": [1, None, 3, 3]}
    )
    frame.to_parquet(tmp_path / "rows.parquet")
    with engine.open(Dataset(str(tmp_path / "rows.parquet"))) as data:
        profile = data.profile(data.fit_edges())
    assert {name: (counts.rows, counts.missing) for name, counts in profile.items()} == dict.fromkeys(
        ("city", "paid", "n"), (4, 1)
    )
    assert profile["city"].bins.tolist() == [2, 1, 0]


TIMES = {
    "days": pa.date32(),
    "seconds": pa.timestamp("s"),
    "nanoseconds": pa.timestamp("ns"),
    "zoned": pa.timestamp("us", "Europe/Rome"),
}


def test_dates_and_times_are_counted_as_microseconds_whatever_their_unit(engine: LocalEngine, tmp_path: Path) -> None:
    days = [None, *range(20_000, 20_100)]
    microseconds = pa.array([day and day * 86_400_000_000 for day in days], pa.timestamp("us"))
    table = pa.table({name: microseconds.cast(kind) for name, kind in TIMES.items()})
    pq.write_table(table, tmp_path / "rows.parquet")
    with engine.open(Dataset(str(tmp_path / "rows.parquet"))) as data:
        edges = data.fit_edges()
        profile = data.profile(edges)
    assert (edges.times, set(data.kinds.values())) == (frozenset(TIMES), {"time"})
    assert {(one.rows, one.nulls, one.low, one.high) for one in profile.values()} == {
        (101, 1, 20_000 * 86_400e6, 20_099 * 86_400e6)
    }
    assert len({tuple(one.bins) for one in profile.values()}) == 1


def test_a_number_where_the_reference_has_a_time_is_named(engine: LocalEngine, tmp_path: Path) -> None:
    pq.write_table(pa.table({"seen": pa.array([1, 2, 3], pa.timestamp("s"))}), tmp_path / "then.parquet")
    pq.write_table(pa.table({"seen": [1, 2, 3]}), tmp_path / "now.parquet")
    with engine.open(Dataset(str(tmp_path / "then.parquet"))) as then:
        edges = then.fit_edges()
    said = r"seen of .*now.parquet holds numbers, and times in the reference"
    with engine.open(Dataset(str(tmp_path / "now.parquet"))) as now, pytest.raises(Conflict, match=said):
        now.profile(edges)


def test_what_cannot_be_counted_has_no_edges_and_a_word_for_it(engine: LocalEngine, tmp_path: Path) -> None:
    table = pa.table(
        {"n": [1.0], "bytes": [b"x"], "list": [[1]], "struct": [{"a": 1}], "hour": pa.array([1], "time32[s]")}
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    with engine.open(Dataset(str(tmp_path / "rows.parquet"))) as data:
        assert data.fit_edges().columns == ("n",)
        assert data.kinds == {
            "n": "number", "bytes": "binary value", "list": "nested value", "struct": "nested value",
            "hour": "other value",
        }  # fmt: skip


def test_the_first_rows_are_written_with_all_their_columns(engine: LocalEngine, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": range(250_000), "b": ["x", "y"] * 125_000})
    frame.to_parquet(tmp_path / "rows.parquet")
    frame.head(3).to_csv(tmp_path / "few.csv", index=False)
    for name, asked, there in (("rows.parquet", 1000, 1000), ("rows.parquet", 150_000, 150_000), ("few.csv", 1000, 3)):
        with engine.open(Dataset(str(tmp_path / name))) as data:
            data.write_head(asked, tmp_path / "head")
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "head"), frame.head(there))


def units(engine: LocalEngine, shop: Path, folder: Path, frame: pd.DataFrame) -> int:
    """Into how many buckets the units of `user` fall."""
    frame.to_parquet(folder / "rows.parquet", row_group_size=500)
    found = tables(engine, shop, Dataset(str(folder / "rows.parquet"), "sold", group="user"))
    return int(np.count_nonzero(found.bucket_rows))


def test_one_null_does_not_make_two_units_of_each_user(engine: LocalEngine, shop: Path, tmp_path: Path) -> None:
    frame = rows().assign(user=np.arange(ROWS) % 20)
    assert units(engine, shop, tmp_path, frame) == 20
    frame["user"] = frame["user"].astype("Int64")
    frame.loc[ROWS - 1, "user"] = None
    assert units(engine, shop, tmp_path, frame) == 21, "what has no user is a unit of its own"


@pytest.mark.parametrize("change", [lambda text: f"{text}not a parquet file", lambda _: ""])
def test_a_file_that_is_not_what_its_name_says_is_told_in_one_line(
    engine: LocalEngine, tmp_path: Path, change: Any
) -> None:
    (tmp_path / "bad.parquet").write_text(change("PAR1"))
    with (
        pytest.raises(BadCall, match=r"bad\.parquet cannot be used: "),
        engine.open(Dataset(str(tmp_path / "bad.parquet"))),
    ):
        pass


def test_a_target_that_is_no_label_is_told_in_one_line(engine: LocalEngine, tmp_path: Path) -> None:
    pd.DataFrame({"y": pd.to_datetime(["2026-01-01"] * 5)}).to_parquet(tmp_path / "y.parquet")
    with (
        engine.open(Dataset(str(tmp_path / "y.parquet"), "y")) as data,
        pytest.raises(BadCall, match="the target y holds"),
    ):
        data.target()


def test_an_empty_label_in_a_csv_is_no_label(engine: LocalEngine, tmp_path: Path) -> None:
    (tmp_path / "y.csv").write_text("x,y\n" + "1,yes\n2,\n3,no\n" * 5)
    with engine.open(Dataset(str(tmp_path / "y.csv"), "y")) as data:
        target = data.target()
    assert (target.labels, target.rows) == (("no", "yes"), 10)


def test_files_of_other_programs_beside_the_data_are_left_alone(engine: LocalEngine, tmp_path: Path) -> None:
    for place in ("rows.parquet", "_temporary/rows.parquet", ".hidden/rows.parquet"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        rows().to_parquet(tmp_path / place)
    with engine.open(Dataset(str(tmp_path))) as data:
        assert data.rows == ROWS
    (tmp_path / "_delta_log").mkdir()
    with pytest.raises(BadCall, match="is a Delta table"), engine.open(Dataset(str(tmp_path))):
        pass


def test_levels_are_those_of_all_rows_the_most_frequent_first_and_null_is_one(tmp_path: Path) -> None:
    late = ["west"] + [None] * 3
    columns = {
        "region": ["north"] * 300_000 + ["east"] * 9 + ["south"] * 9 + late,
        "number": [1, 2, 2] + [None] * 300_019,
        "street": [f"s{place % 60:02}" for place in range(300_022)],
        "known": [True, None] * 150_011,
    }
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    pq.write_table(table, tmp_path / "rows.parquet", row_group_size=100_000)
    with LocalEngine(ChildScores(ChildScorer())).open(Dataset(str(tmp_path / "rows.parquet"))) as data:
        levels = data.levels(["region", "number", "street", "known"])
    assert levels["region"] == ("north", "east", "south", "(null)", "west")
    assert levels["number"] == ("(null)", "2", "1"), "as rows are sliced by them"
    assert levels["street"] == tuple(f"s{place:02}" for place in range(51)), "one more than can be sliced by"
    assert levels["known"] == ("(null)", "true")
