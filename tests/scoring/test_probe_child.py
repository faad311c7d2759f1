"""Real saved models that each break one promise, and one that keeps them all; loaded here, so that no child is paid."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from model_promotion.scoring import probe_child

ROWS = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0, 60.0], "city": ["a", "b", "a", "b", "a"]})
CODE = """
import mlflow, numpy as np, pandas as pd
calls = []

class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        rows = model_input
        BODY

mlflow.models.set_model(Model())
"""
SOUND = 'return pd.DataFrame({"score": rows["age"] / 100})'
Probed = Callable[..., dict[str, tuple[str, str]]]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    (folder / "model.py").write_text(CODE.replace("BODY", SOUND))
    inputs = Schema([ColSpec("double", "age", required=False), ColSpec("string", "city")])
    mlflow.pyfunc.save_model(
        folder / "m",
        python_model=str(folder / "model.py"),
        signature=ModelSignature(inputs, Schema([ColSpec("double", "score")])),
        input_example=ROWS,
        pip_requirements=[],
    )
    return folder / "m"


@pytest.fixture
def probed(saved: Path, tmp_path: Path) -> Probed:
    def probe(*body: str, data: Any = ROWS, **more: Any) -> dict[str, tuple[str, str]]:
        folder = tmp_path / "model"
        shutil.copytree(saved, folder)
        (folder / "model.py").write_text(CODE.replace("BODY", ("\n" + " " * 8).join(body)))
        return cases(folder, data, **more)

    return probe


def cases(
    folder: Path, data: Any, expect: tuple[dict[str, Any], ...] = (), left_s: float = 60, **more: Any
) -> dict[str, Any]:
    until = time.monotonic() + left_s
    probe = probe_child.Probe(mlflow.pyfunc.load_model(str(folder)), data, 1e-5, until, {}, **more)
    probe.first = probe_child.probe_answers.columns_of(probe.ask(data))
    found = {name: probe_child.tried(run, until) for name, run in probe.cases([*expect])}
    return {name: (one["kind"], one["said"]) for name, one in found.items()}


def expectation(column: str, answer: str, *values: Any, tolerance: float = 0.0, output: str = "") -> dict[str, Any]:
    return {"column": column, "answer": answer, "values": values, "tolerance": tolerance, "output": output}


def faults(found: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    return {name: told for name, told in found.items() if told[0] != "passed"}


def test_a_sound_scikit_learn_model_passes_everything_but_the_empty_frame_which_it_refuses(tmp_path: Path) -> None:
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    columns = make_column_transformer((StandardScaler(), ["age"]), (OneHotEncoder(handle_unknown="ignore"), ["city"]))
    model = make_pipeline(columns, LogisticRegression()).fit(ROWS, [0, 0, 1, 0, 1])
    mlflow.sklearn.save_model(
        model,
        tmp_path / "m",
        signature=mlflow.models.infer_signature(ROWS, model.predict_proba(ROWS)),
        pip_requirements=[],
        serialization_format="cloudpickle",
        pyfunc_predict_fn="predict_proba",
    )
    found = cases(tmp_path / "m", ROWS, (expectation("age", "up", 20, 40, 60),))
    assert faults(found).keys() <= {"empty", "limits"}, found
    assert found["empty"][0] == "refused"
    assert found["empty"][1].startswith("ValueError: Found array with 0 sample(s)")
    assert {"one_row", "batch", "order", "json", "zero", "negative", "large", "unseen", "many_rows", "repeat"} <= {
        *found
    }
    assert found["expect age up"] == found["many_rows"] == ("passed", "")


def test_a_model_that_keeps_every_promise_has_nothing_said_of_it(probed: Probed) -> None:
    body = (
        'return pd.DataFrame({"score": np.tanh(rows["age"].fillna(0) / 100) if "age" in rows else [0.0] * len(rows)})'
    )
    assert faults(probed(body)) == {}


# what the model does -> which case tells it, as which kind, in which words
BROKEN = {
    "an answer that depends on its neighbours": (
        ['return pd.DataFrame({"score": rows["age"] - rows["age"].mean()})'],
        "batch",
        "flawed",
        "row 1, column 'score': -20 became 0 (and 3 more rows) alone instead of in a batch of 5; tolerance 1e-05",
    ),
    "an answer by position": (
        ['return pd.DataFrame({"score": np.arange(len(rows)) * 1.0})'],
        "order",
        "flawed",
        "row 1, column 'score': 0 became 4 (and 3 more rows) in another order of 5 rows; tolerance 1e-05",
    ),
    "an answer that remembers": (
        ["calls.append(1)", 'return pd.DataFrame({"score": [len(calls) / 1000] * len(rows)})'],
        "repeat",
        "flawed",
        "row 1, column 'score': 0.001 became",
    ),
    "a division by zero": (
        ['return pd.DataFrame({"score": 1 / rows["age"]})'],
        "zero",
        "flawed",
        "answered infinite to age = 0",
    ),
    "a logarithm of what is negative": (
        ['return pd.DataFrame({"score": np.log(rows["age"] + 0.001)})'],
        "negative",
        "flawed",
        "answered NaN to age = -60",
    ),
    "missing values that the signature allows": (
        ["assert rows['age'].notna().all(), 'age is missing'", SOUND],
        "missing",
        "broke",
        "age = NaN: AssertionError: age is missing",
    ),
    "a column that may be left out": ([SOUND], "left_out", "broke", "without age: KeyError: 'age'"),
    "a category that it says it does not know": (
        ["if not rows['city'].isin(['a', 'b', '']).all():", "    raise ValueError('no such city')", SOUND],
        "unseen",
        "refused",
        "city = 'never seen before': ValueError: no such city",
    ),
    "a category that it stumbles over": (
        ['return pd.DataFrame({"score": [{"a": 1.0, "b": 2.0}[city] for city in rows["city"]]})'],
        "unseen",
        "broke",
        "city = 'never seen before': KeyError: 'never seen before'",
    ),
    "a text that must not be empty": (
        ['return pd.DataFrame({"score": [float(ord(city[0])) for city in rows["city"]]})'],
        "empty_text",
        "broke",
        "city = '': IndexError: string index out of range",
    ),
    "rows for none": (
        ['return pd.DataFrame({"score": [0.5] * max(1, len(rows))})'],
        "empty",
        "flawed",
        "answered 1 rows for none",
    ),
    "two rows at least": (
        ['return pd.DataFrame({"score": [0.5] * max(2, len(rows))})'],
        "one_row",
        "flawed",
        "answered 2 rows for 1",
    ),
    "a thousand rows at most": (
        ['return pd.DataFrame({"score": (rows["age"] / 100).head(1500)})'],
        "many_rows",
        "flawed",
        "10000 answers became 1500 in 10000 rows; tolerance 1e-05",
    ),
    "an answer of another type": (
        ["if (rows['age'] == 0).any():", "    return pd.DataFrame({'score': ['none'] * len(rows)})", SOUND],
        "zero",
        "flawed",
        "column 'score' should be double, is string, in an answer to age = 0",
    ),
}


@pytest.mark.parametrize(("body", "case", "kind", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_each_broken_promise_is_told_with_its_row(
    probed: Probed, body: list[str], case: str, kind: str, said: str
) -> None:
    found = probed(*body)
    assert (found[case][0], found[case][1][: len(said)]) == (kind, said), found


def test_whole_numbers_that_json_makes_of_a_column_are_what_the_signature_says_again(probed: Probed) -> None:
    assert probed("assert str(rows['age'].dtype) == 'float64', rows.dtypes", SOUND)["json"] == ("passed", "")


def test_without_a_signature_json_makes_texts_of_dates_and_the_model_that_breaks_on_them_is_told(
    tmp_path: Path,
) -> None:
    body = "return rows['when'].dt.year + 0.5"
    (tmp_path / "model.py").write_text(CODE.replace("BODY", body))
    mlflow.pyfunc.save_model(tmp_path / "m", python_model=str(tmp_path / "model.py"), pip_requirements=[])
    found = cases(tmp_path / "m", pd.DataFrame({"when": pd.to_datetime(["2026-01-01", "2025-01-01"])}))
    assert faults(found).keys() == {"json", "edges"}
    assert found["json"][0] == "broke"
    assert found["json"][1].startswith("AttributeError: Can only use .dt accessor")
    assert found["edges"] == ("skipped", "no signature with named columns says which values are legal")


@pytest.mark.parametrize(
    ("expect", "kind", "said"),
    [
        (expectation("age", "up", 20, 40, 60), "passed", ""),
        (
            expectation("age", "down", 20, 40, 60),
            "flawed",
            "row 1, age 20 -> 40: 0.2 became 0.4 (and 9 more steps of 10); it should go down, tolerance 0",
        ),
        (expectation("age", "down", 20, 40, tolerance=0.3), "passed", ""),
        (expectation("city", "same", "a", "b"), "passed", ""),
        (
            expectation("age", "same", 20, 21),
            "flawed",
            "age 20 -> 21 changed row 1, column 'score': 0.2 became 0.21 (and 4 more rows); it should not, tolerance 0",
        ),
        (expectation("age", "same", 20, 21, tolerance=0.02), "passed", ""),
        (expectation("wealth", "up", 1, 2), "flawed", "there is no column wealth"),
        (
            expectation("age", "up", 1, 2, output="price"),
            "flawed",
            "the answer 'price' is no number, so it goes neither up nor down",
        ),
    ],
)
def test_what_the_policy_expects_is_held_against_the_answers(
    probed: Probed, expect: dict[str, Any], kind: str, said: str
) -> None:
    assert probed(SOUND, expect=(expect,))[f"expect {expect['column']} {expect['answer']}"] == (kind, said)


BY_ITS_BATCH = 'return pd.DataFrame({"score": rows["age"] - rows["age"].mean()})'
NEIGHBOURLY = ("batch", "order", "many_rows")


@pytest.mark.parametrize("data", [ROWS.head(1), ROWS.iloc[[0, 0, 0]]])
def test_of_one_example_row_others_are_made_so_that_a_model_that_looks_at_its_neighbours_is_told(
    probed: Probed, data: pd.DataFrame
) -> None:
    found = probed(BY_ITS_BATCH, data=data)
    assert found["batch"][0] == "flawed"
    assert found["batch"][1].endswith("alone instead of in a batch of 4 of rows made from the example; tolerance 1e-05")


def test_rows_of_the_evaluation_data_come_before_rows_that_are_made_up(probed: Probed, tmp_path: Path) -> None:
    ROWS.assign(bought="yes", age=[20, 30, 40, 50, 60]).to_parquet(tmp_path / "rows.parquet")
    found = probed(BY_ITS_BATCH, data=ROWS.head(1), more_rows=str(tmp_path / "rows.parquet"))
    assert found["batch"][1].startswith("row 1, column 'score': -20 became 0 (and 3 more rows)")
    assert "in a batch of 5 of the evaluation data" in found["batch"][1]


def test_a_sound_model_with_one_example_row_passes_on_rows_that_differ(probed: Probed) -> None:
    found = probed(SOUND, data=ROWS.head(1))
    assert {name: found[name] for name in NEIGHBOURLY} == dict.fromkeys(NEIGHBOURLY, ("passed", ""))


@pytest.mark.parametrize("body", [["assert (rows['age'] <= 20).all()", SOUND], ["rows = rows.head(1)", SOUND]])
def test_where_no_other_row_is_answered_the_cases_that_need_some_are_skipped_never_passed(
    probed: Probed, body: list[str]
) -> None:
    found = probed(*body, data=ROWS.head(1))
    assert {found[name] for name in NEIGHBOURLY} == {probe_child.ALIKE}


def test_a_slow_model_is_asked_fewer_rows_and_says_how_many(probed: Probed) -> None:
    found = probed("import time; time.sleep(len(rows) / 200)", SOUND, left_s=8)
    kind, said = found["many_rows"]
    assert kind == "passed"
    assert 5 <= int(said.split()[0]) < 1000
    assert "instead of 10000" in said


def test_what_there_is_no_time_left_for_is_told_as_skipped(probed: Probed) -> None:
    assert probed(SOUND, left_s=0)["repeat"] == (
        "skipped",
        "no time was left for it: raise timeout_s under [model_tests]",
    )


def test_arrays_are_cut_into_rows_as_tables_are() -> None:
    class Doubling:
        metadata = mlflow.models.Model()

        def predict(self, data: Any) -> Any:
            return data.sum(axis=1) + len(data)

    probe = probe_child.Probe(Doubling(), np.eye(4), 1e-5, time.monotonic() + 9, {})
    probe.first = probe_child.probe_answers.columns_of(probe.ask(np.eye(4)))
    found = {name: run() for name, run in probe.cases([])}
    assert found["batch"][0] == "flawed"
    assert found["order"] == ("passed", "")
    assert found["edges"][0] == "skipped"
