"""Both engines count the same: each case is counted by the local one and by Spark, and the tables are compared."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from model_promotion.core.dataset import Dataset
from model_promotion.core.errors import BadCall, NotFound
from model_promotion.core.scores import NoAnswerError, Order
from model_promotion.engines.local import LocalEngine
from model_promotion.engines.spark import SparkEngine
from model_promotion.evidence.tables import PairTables, Question
from model_promotion.scoring.process import ChildScorer
from model_promotion.scoring.streams import ChildScores
from tests.spark_here import needs_spark

pytestmark = [needs_spark, pytest.mark.xdist_group("spark")]

ROWS = 3000
FEATURES = ["a", "b"]
MAY_DIFFER = 4
"""Cells: a prediction whose last bit changes with the batch may fall on the other side of an edge."""
CURIOUS = "no secret of ours"


def rows() -> pd.DataFrame:
    made = np.random.default_rng(3)
    frame = pd.DataFrame(made.normal(size=(ROWS, 2)), columns=FEATURES)
    frame["amount"] = frame["a"] - frame["b"] + made.normal(size=ROWS)
    frame["sold"] = np.where(frame["amount"] > 0, "yes", "no")
    frame["grade"] = pd.cut(frame["amount"], [-99, -1, 1, 99], labels=["low", "mid", "top"]).astype(str)
    frame.loc[frame.index % 97 == 0, ["sold", "grade"]] = None
    frame["user"] = made.integers(0, 200, ROWS)
    frame["weight"] = made.random(ROWS)
    frame["region"] = made.choice(["north", "south", None], ROWS)
    frame["paid"] = made.choice([True, False, None], ROWS)
    frame["id"] = [f"r{number}" for number in range(ROWS)]
    odd = made.normal(size=ROWS)
    odd[::11], odd[1::11], odd[2::11] = np.nan, np.inf, -np.inf
    frame["odd"] = odd
    frame["some"] = pd.array([None if number % 7 == 0 else number for number in range(ROWS)], dtype="Int64")
    return frame


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models and data, made once."""
    import mlflow.sklearn

    folder = tmp_path_factory.mktemp("shop")
    train = rows().dropna(subset=["sold"])
    for target, first, second in (
        ("sold", LogisticRegression(), LogisticRegression(C=1e-4)),
        ("grade", LogisticRegression(), LogisticRegression(C=1e-3)),
        ("amount", LinearRegression(), LinearRegression(fit_intercept=False)),
    ):
        for letter, model in zip("ab", (first, second), strict=True):
            fitted = model.fit(train[FEATURES], train[target])
            mlflow.sklearn.save_model(fitted, folder / f"{target}_{letter}", serialization_format="cloudpickle")
    rows().to_parquet(folder / "rows.parquet", row_group_size=999)
    return folder


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[LocalEngine, SparkEngine]]:
    """Both; the session starts here, with a secret in the environment that it must not get."""
    scorer = ChildScorer()
    os.environ["PROMOTE_TEST_TOKEN"] = CURIOUS
    scores = ChildScores(scorer)
    yield LocalEngine(scores), SparkEngine(scores)
    del os.environ["PROMOTE_TEST_TOKEN"]
    scorer.stop()


Engines = tuple[LocalEngine, SparkEngine]


def counted(engines: Engines, shop: Path, dataset: Dataset, **more: Any) -> tuple[PairTables, PairTables]:
    """The tables of both; Spark gets the edges between scores that the local engine has found, unless it finds them."""
    found: list[PairTables] = []
    for engine in engines:
        with engine.open(dataset) as data:
            target = data.target()
            amounts = dataset.target == "amount"
            question = Question(target.task, () if amounts else target.labels, span=16.0, **more)
            question = replace(question, score_edges=found[0].score_edges) if found else question
            first, second = (
                Order(f"v{1 + place}", shop / f"{dataset.target}_{letter}", FEATURES, classes=question.classes or None)
                for place, letter in enumerate("ab")
            )
            orders = (replace(first, probabilities=not amounts), replace(second, probabilities=not amounts))
            found.append(data.score_pair(question, orders))
    return found[0], found[1]


def differing(ours: Any, theirs: Any) -> int:
    return int((np.asarray(ours) != np.asarray(theirs)).sum())


def assert_same(ours: PairTables, theirs: PairTables, *, units: bool = True) -> None:
    """Whole numbers equal up to MAY_DIFFER cells, real ones to 1e-9; without units each has buckets of its own."""
    assert ours.sums == theirs.sums
    assert (ours.rows, ours.unlabelled, ours.unanswered) == (theirs.rows, theirs.unlabelled, theirs.unanswered)
    whole = ("cells", "joint", "bucket_rows") if units else ("cells", "joint")
    cells = sum(
        differing(getattr(ours, name), getattr(theirs, name)) for name in whole if getattr(ours, name) is not None
    )
    print(f"{cells} cells differ")  # noqa: T201 - the number that was asked for
    assert cells <= MAY_DIFFER
    sums = [one.bucket_sums if units else one.bucket_sums.sum(axis=0) for one in (ours, theirs)]
    np.testing.assert_allclose(sums[1], sums[0], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(theirs.powers, ours.powers, rtol=1e-9, atol=1e-9)
    assert (ours.bucket_scores is None) == (theirs.bucket_scores is None)
    if ours.bucket_scores is not None:
        np.testing.assert_allclose(theirs.bucket_scores, ours.bucket_scores, rtol=1e-9, atol=1e-9)
    assert ours.slices.keys() == theirs.slices.keys()
    for name, one in ours.slices.items():
        assert_same(one, theirs.slices[name], units=units)


@pytest.mark.parametrize(
    ("roles", "more"),
    [
        ({"target": "sold"}, {"slices": {"region": ("(null)", "north", "south"), "paid": ("true",)}}),
        ({"target": "sold", "group": "user", "weight": "weight"}, {"grouped": True, "weighted": True}),
        ({"target": "grade", "id": "id"}, {"grouped": True}),
        ({"target": "amount", "group": "some"}, {"grouped": True}),
    ],
    ids=["binary with slices", "grouped and weighted", "many classes", "amounts"],
)
def test_both_engines_make_the_same_tables(
    engines: Engines, shop: Path, roles: dict[str, str], more: dict[str, Any]
) -> None:
    dataset = Dataset(str(shop / "rows.parquet"), **roles)
    ours, theirs = counted(engines, shop, dataset, **more)
    assert ours.rows > 2900
    assert_same(ours, theirs, units=bool(dataset.group or dataset.id))


def test_both_find_the_same_edges_between_scores_in_the_same_rows(engines: Engines, shop: Path) -> None:
    found = []
    for engine in engines:
        with engine.open(Dataset(str(shop / "rows.parquet"), "sold")) as data:
            target = data.target()
            one = Order("v1", shop / "sold_a", FEATURES, classes=target.labels, probabilities=True)
            found.append(data.score_pair(Question(target.task, target.labels), (one, one)))
    for ours, theirs in zip(found[0].score_edges, found[1].score_edges, strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-9)


def test_both_count_the_same_between_the_same_edges(engines: Engines, shop: Path) -> None:
    dataset = Dataset(str(shop / "rows.parquet"), "sold")
    with engines[0].open(dataset) as ours, engines[1].open(dataset) as theirs:
        edges, others = ours.fit_edges(), theirs.fit_edges()
        assert edges.levels == others.levels
        assert all((edges.numbers[name] == others.numbers[name]).all() for name in edges.numbers)
        levels = {**edges.levels, "region": ("north",)}
        first, second = (data.profile(replace(edges, levels=levels)) for data in (ours, theirs))
        assert (ours.rows, ours.columns, ours.kinds) == (theirs.rows, theirs.columns, theirs.kinds)
    for name, one in first.items():
        assert one.bins.tolist() == second[name].bins.tolist(), name
        assert {**vars(one), "bins": 0} == {**vars(second[name]), "bins": 0}, name
    assert (first["odd"].nans, first["odd"].infinite, first["some"].nulls) != (0, 0, 0)
    assert first["region"].new_levels == {"south"}


@pytest.mark.parametrize("target", ["sold", "amount", "some", "paid", "odd", "user"])
def test_both_say_the_same_of_the_target(engines: Engines, shop: Path, target: str) -> None:
    said = []
    for engine in engines:
        with engine.open(Dataset(str(shop / "rows.parquet"), target)) as data:
            try:
                said.append(repr(data.target()))
            except BadCall as error:
                said.append(str(error))
    assert said[0] == said[1]


def test_the_digest_is_of_the_rows_whatever_their_order(engines: Engines, shop: Path, tmp_path: Path) -> None:
    rows().sample(frac=1, random_state=1).to_parquet(tmp_path / "other.parquet")
    rows().assign(a=lambda frame: frame["a"] + 1e-9).to_parquet(tmp_path / "changed.parquet")
    digests = []
    for path in (shop / "rows.parquet", tmp_path / "other.parquet", tmp_path / "changed.parquet"):
        with engines[1].open(Dataset(str(path))) as data:
            digests.append(data.digest())
    assert digests[0] == digests[1] != digests[2]
    assert digests[0].startswith(f"sum-of-xxhash64:{ROWS}-")


def test_the_first_rows_and_the_levels_of_a_column(engines: Engines, shop: Path, tmp_path: Path) -> None:
    with engines[1].open(Dataset(str(shop / "rows.parquet"))) as data:
        data.write_head(5, tmp_path / "head.parquet")
        levels = data.levels(("paid", "user"))
    assert len(pd.read_parquet(tmp_path / "head.parquet")) == 5
    assert sorted(levels["paid"]) == ["(null)", "false", "true"]
    assert len(levels["user"]) == 51


def test_a_model_that_raises_is_named_as_locally(engines: Engines, shop: Path) -> None:
    for engine in engines:
        with engine.open(Dataset(str(shop / "rows.parquet"), "amount")) as data:
            target = data.target()
            sound, wrong = (Order(f"v{1 + place}", shop / "amount_a", FEATURES[: 2 - place]) for place in (0, 1))
            with pytest.raises(NoAnswerError, match=r"^v2: cannot answer: "):
                data.score_pair(Question(target.task), (sound, wrong))


def test_weights_that_are_none_are_refused_as_locally(engines: Engines, shop: Path, tmp_path: Path) -> None:
    rows().assign(weight=-1.0).to_parquet(tmp_path / "rows.parquet")
    with engines[1].open(Dataset(str(tmp_path / "rows.parquet"), "amount", weight="weight")) as data:
        one = Order("v1", shop / "amount_a", FEATURES)
        with pytest.raises(BadCall, match="the weights in weight must be finite"):
            data.score_pair(Question(data.target().task, weighted=True), (one, one))


@pytest.mark.parametrize(
    ("uri", "error"),
    [("nowhere.parquet", NotFound), ("shop.nowhere", NotFound), ("/nowhere/rows.parquet", NotFound)],
)
def test_what_is_not_there_is_not_found(engines: Engines, uri: str, error: type[Exception]) -> None:
    with pytest.raises(error, match="nowhere"), engines[1].open(Dataset(uri)):
        pass


def test_a_table_is_opened_by_its_name(engines: Engines, shop: Path) -> None:
    from model_promotion.engines._spark_session import session

    session().sql("CREATE DATABASE IF NOT EXISTS shop")
    session().read.parquet(str(shop / "rows.parquet")).write.mode("overwrite").saveAsTable("shop.sales")
    with engines[1].open(Dataset("shop.sales")) as data:
        assert data.rows == ROWS


@pytest.mark.usefixtures("engines")
def test_neither_java_nor_a_worker_learns_our_secrets() -> None:
    from model_promotion.engines._spark_session import session

    def environ(batches: Any) -> Any:
        import os

        import pyarrow as pa

        for _ in batches:
            yield pa.record_batch([pa.array(list(os.environ))], ["name"])

    names = {row[0] for row in session().range(1).mapInArrow(environ, "name string").collect()}
    assert "PROMOTE_TEST_TOKEN" in os.environ
    assert "PATH" in names
    assert "PROMOTE_TEST_TOKEN" not in names
    java = session().sparkContext._gateway.proc.pid  # noqa: SLF001 - to look at its environment
    assert CURIOUS.encode() not in Path(f"/proc/{java}/environ").read_bytes()
