"""A reference's profile from the promotion that names it to the checks, the audit and the rollback after it."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.e2e.program import call
from tests.e2e.registry import BETTER, MODEL, WORSE

FILE = "reference-profile.json.gz"


def rows(seed: int, shift: float = 0.0, n: int = 2000) -> pd.DataFrame:
    made = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": made.normal(40 + shift, 9, n), "visits": made.normal(3, 1, n)})
    return frame.assign(
        amount=frame["age"] / 100 + made.normal(0, 0.1, n), name=[f"ada {number}" for number in range(n)]
    )


@pytest.fixture
def shop(desk: Path) -> Path:
    """A desk with rows like those that the models were made for, like those again, and others."""
    for name, made in {"then": rows(1), "same": rows(2), "moved": rows(3, shift=9)}.items():
        made.to_parquet(desk / f"{name}.parquet")
    return desk


def asked(shop: Path, *words: str) -> tuple[int, dict[str, Any]]:
    done = call(shop, MODEL, *words, "--json")
    return done.code, done.json


def finding(document: dict[str, Any], check: str = "data_drift") -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in document["findings"] if one["check"] == check)
    return found


def drift(shop: Path, name: str) -> tuple[str, str]:
    found = finding(asked(shop, "--version", str(WORSE), "--check", "--current-data", f"{name}.parquet")[1])
    return found["verdict"], found["sentence"]


def kept(shop: Path) -> Path:
    (found,) = shop.rglob(FILE)
    return found


def test_a_promotion_keeps_its_reference_and_the_next_check_reads_none(shop: Path) -> None:
    code, document = asked(shop, "--version", str(BETTER), "--reference-data", "then.parquet")
    assert (code, finding(document)["facts"]["keeps"]) == (0, ["age", "visits"]), document
    (shop / "then.parquet").unlink()
    verdict, sentence = drift(shop, "same")
    assert (verdict, sentence.startswith("none of 2 columns drifted")) == ("passed", True)
    verdict, sentence = drift(shop, "moved")
    assert (verdict, sentence.startswith("1 of 2 columns drifted: age")) == ("failed", True)
    assert asked(shop, "--rollback")[0] == 0
    assert drift(shop, "same") == ("unknown", "no record keeps a profile with v1")


def test_a_query_is_compared_as_the_rows_that_it_answers(shop: Path) -> None:
    pytest.importorskip("duckdb", reason="pip install '.[duckdb]'")
    (shop / "now.sql").write_text("SELECT * REPLACE (age + 9 AS age) FROM 'same.parquet'")
    words = ("--version", str(BETTER), "--check", "--reference-data", "then.parquet", "--current-data", "now.sql")
    found = finding(asked(shop, *words)[1])
    said = found["sentence"].startswith("1 of 2 columns drifted: age")
    assert (found["verdict"], said) == ("failed", True), found


def test_the_file_holds_nothing_of_a_column_that_the_model_does_not_take(shop: Path) -> None:
    asked(shop, "--version", str(BETTER), "--reference-data", "then.parquet")
    body = json.loads(gzip.decompress(kept(shop).read_bytes()))
    assert (set(body["numbers"]), body["levels"], body["left_out"]) == ({"age", "visits"}, {}, {})
    assert "ada" not in json.dumps({**body, "data": ""})


def edited(path: Path) -> None:
    body = json.loads(gzip.decompress(path.read_bytes()))
    path.write_bytes(gzip.compress(json.dumps({**body, "rows": 1}).encode()))


@pytest.mark.parametrize(("change", "said"), [(edited, "was changed"), (Path.unlink, "is gone")])
def test_a_profile_that_somebody_changed_is_named_by_the_audit_and_not_used(
    shop: Path, change: Callable[[Path], None], said: str
) -> None:
    asked(shop, "--version", str(BETTER), "--reference-data", "then.parquet")
    assert asked(shop, "--verify-audit")[0] == 0
    change(kept(shop))
    code, audit = asked(shop, "--verify-audit")
    assert (code, f"{FILE}, which is kept beside it, {said}" in audit["summary"]) == (2, True), audit
    verdict, sentence = drift(shop, "same")
    assert (verdict, said in sentence) == ("unknown", True)


def logged(shop: Path, frame: pd.DataFrame, name: str, context: str) -> None:
    """The run behind the better version logs these rows, as a training would."""
    import mlflow

    uri = f"sqlite:///{shop / 'mlflow.db'}"
    run_id = mlflow.MlflowClient(uri, uri).get_model_version(MODEL, str(BETTER)).run_id
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    try:
        with mlflow.start_run(run_id):
            mlflow.log_input(mlflow.data.from_pandas(frame, source=str(shop / name)), context=context)
    finally:
        mlflow.set_tracking_uri(before)


EVALUATED = ("--version", str(BETTER), "--check", "--eval-data", "run", "--target", "amount")


def test_the_rows_that_the_run_logged_are_those_that_both_versions_are_compared_on(shop: Path) -> None:
    logged(shop, pd.read_parquet(shop / "then.parquet"), "then.parquet", "training")
    logged(shop, pd.read_parquet(shop / "same.parquet"), "same.parquet", "test")
    _, document = asked(shop, *EVALUATED)
    facts = finding(document, "evaluation")["facts"]
    assert (facts["data"]["uri"], facts["rows"]) == (str(shop / "same.parquet"), 2000)
    assert (facts["of_run"]["context"], facts["of_run"]["digest_found_again"]) == ("test", True)
    policy = shop / "promotion.toml"
    policy.write_text('[evidence]\ndata = "run"\ntarget = "amount"\n')
    by_policy = asked(shop, *EVALUATED[:3])[1]
    assert finding(by_policy, "evaluation")["sentence"] == finding(document, "evaluation")["sentence"]


def test_rows_that_the_run_does_not_tell_are_one_line_and_never_pass(shop: Path) -> None:
    def told() -> str:
        _, document = asked(shop, *EVALUATED)
        found = finding(document, "evaluation")
        assert (found["verdict"], found["hint"]) == ("unknown", "name the data: --eval-data PATH")
        return str(found["sentence"])

    assert told() == f"the run of v{BETTER} logged no dataset"
    logged(shop, rows(4, n=1999), "same.parquet", "eval")
    assert "1,999 rows, and " in told()
    logged(shop, rows(5), "same.parquet", "eval")
    assert f"the run of v{BETTER} logged 2 datasets for eval" in told()
    assert asked(shop, *EVALUATED, "--compare-metrics")[0] == 2


def test_a_file_that_is_called_run_is_named_with_its_directory(shop: Path) -> None:
    (shop / "run").mkdir()
    rows(2).to_parquet(shop / "run" / "rows.parquet")
    _, document = asked(shop, *EVALUATED[:3], "--eval-data", "./run", "--target", "amount")
    facts = finding(document, "evaluation")["facts"]
    assert (facts["rows"], "of_run" in facts) == (2000, False)
