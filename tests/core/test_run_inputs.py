"""Which of the datasets that a run logged its model is evaluated on, and where it lies, as mlflow 3.17 stores it."""

import json

import pytest

from model_promotion.core.errors import NotFound
from model_promotion.core.run_inputs import LoggedInput, evaluated_on


def an_input(context: str, kind: str = "local", name: str = "rows", **source: object) -> LoggedInput:
    return LoggedInput(name, "5195e9ad", context, kind, json.dumps(source), profile='{"num_rows": 3}')


@pytest.mark.parametrize(
    ("contexts", "chosen"),
    [
        (["training", "eval"], "eval"),
        (["validation", "test", "eval", "evaluation"], "evaluation"),
        (["validation", "testing", "test"], "test"),
        (["", "validation"], "validation"),
    ],
)
def test_the_first_context_that_there_is_decides(contexts: list[str], chosen: str) -> None:
    assert evaluated_on([an_input(context) for context in contexts], "v2").context == chosen


def test_what_cannot_be_chosen_is_one_line_that_lists_what_is_there() -> None:
    with pytest.raises(NotFound, match=r"^the run of v2 logged no dataset$"):
        evaluated_on([], "v2")
    with pytest.raises(NotFound, match=r"but rows \(training, 5195e9ad\)$"):
        evaluated_on([an_input("training")], "v2")
    with pytest.raises(NotFound, match=r"2 datasets for eval: rows \(eval, 5195e9ad\), more \(eval, 5195e9ad\)$"):
        evaluated_on([an_input("eval"), an_input("eval", name="more")], "v2")


@pytest.mark.parametrize(
    ("logged", "uri", "is_table"),
    [
        (an_input("eval", uri="/data/rows.parquet"), "/data/rows.parquet", False),
        (an_input("eval", uri="file:///data/a%20b.csv"), "/data/a b.csv", False),
        (an_input("eval", uri="file:/data/rows.csv"), "/data/rows.csv", False),
        (an_input("eval", uri="rows.csv"), "rows.csv", False),
        (an_input("eval", "delta_table", delta_table_name="main.ml.rows"), "main.ml.rows", True),
        (an_input("eval", "delta_table", path="/data/delta"), "/data/delta", False),
        (an_input("eval", "spark", table_name="ml.rows"), "ml.rows", True),
        (an_input("eval", "uc_volume", path="/Volumes/main/ml/rows.csv"), "/Volumes/main/ml/rows.csv", False),
    ],
)
def test_the_source_says_where_it_lies(logged: LoggedInput, uri: str, is_table: bool) -> None:
    assert (logged.uri, logged.is_table, logged.rows) == (uri, is_table, 3)


@pytest.mark.parametrize(
    "logged",
    [
        an_input("eval", "s3", uri="s3://bucket/rows.parquet"),
        an_input("eval", "code", tags={"mlflow.user": "ada"}),
        an_input("eval", "http", url="https://example.com/rows.csv"),
        an_input("eval", "spark", sql="select 1"),
        an_input("eval", uri="s3://bucket/rows.parquet"),
        an_input("eval", uri="file://elsewhere/rows.parquet"),
        an_input("eval", uri=7),
        LoggedInput("rows", "0", "eval", "local", "not json"),
        LoggedInput("rows", "0", "eval", "local", "[" * 100_000),
    ],
)
def test_a_source_that_nothing_here_can_read_is_named_in_one_line(logged: LoggedInput) -> None:
    with pytest.raises(NotFound, match="cannot be read here") as wrong:
        _ = logged.uri
    assert wrong.value.hint == "name the data: --eval-data PATH"


@pytest.mark.parametrize("uri", ["/data/q.sql", "file:///data/q.SQL", "file:q%2esql", "q.sql/."])
def test_who_writes_to_a_run_has_no_query_run_here(uri: str) -> None:
    with pytest.raises(NotFound, match=r"are a query, .* which only a call runs"):
        _ = an_input("eval", uri=uri).uri
