"""A real comparison: real models in a real registry, scored on real files, through the command."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from tests.e2e import program
from tests.e2e.program import clean_env, inside
from tests.spark_here import needs_spark

REPO = Path(__file__).parents[2]
FEATURES = ["age", "visits"]
SAVED: dict[str, Any] = {"serialization_format": "cloudpickle", "pip_requirements": ["scikit-learn"]}


def rows(n: int, seed: int) -> pd.DataFrame:
    made = np.random.default_rng(seed)
    frame = pd.DataFrame(made.normal(size=(n, 2)), columns=FEATURES)
    chance = 1 / (1 + np.exp(-2 * frame["age"] + frame["visits"]))
    frame["bought"] = np.where(made.random(n) < chance, "yes", "no")
    frame["user"] = made.integers(0, n // 10, n)
    frame["region"] = made.choice(["north", "south"], n, p=[0.2, 0.8])
    return frame


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with a champion (v1), one like it (v2) and a bad one (v3), and rows to compare them on."""
    folder = tmp_path_factory.mktemp("shop")
    uri = f"sqlite:///{folder}/mlflow.db"
    client = mlflow.MlflowClient(uri, uri)
    train = rows(3000, seed=1)
    client.create_registered_model("churn")
    mlflow.set_tracking_uri(uri)
    experiment = client.create_experiment("evidence", artifact_location=str(folder / "artifacts"))
    weak = train.assign(age=train["age"].sample(frac=1, random_state=3).to_numpy())
    for data, strength in ((train, 1.0), (train, 0.003), (weak, 1.0)):
        with mlflow.start_run(experiment_id=experiment):
            model = LogisticRegression(C=strength).fit(data[FEATURES], data["bought"])
            signature = mlflow.models.infer_signature(data[FEATURES], model.predict(data[FEATURES]))
            info = mlflow.sklearn.log_model(model, name="model", signature=signature, **SAVED)
            client.create_model_version("churn", info.model_uri, info.run_id)
    client.set_registered_model_alias("churn", "champion", "1")
    rows(4000, seed=2).to_parquet(folder / "rows.parquet")
    rows(60, seed=2).to_parquet(folder / "few.parquet")
    return folder


def call(shop: Path, *words: str) -> tuple[int, dict[str, Any]]:
    return run(shop, "--check", *words)


def run(shop: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """A call in this process; what is done in processes of their own are the models."""
    done = inside(asked(shop, *words), clean_env(shop.parent), shop)
    return done.code, done.json


def whole(shop: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """A call as a process of its own."""
    done = program.run(asked(shop, *words), clean_env(shop.parent), shop)
    return done.code, done.json


def asked(shop: Path, *words: str) -> list[str]:
    return ["churn", "--registry-uri", f"sqlite:///{shop}/mlflow.db", "--json", *words]


def evidence(document: dict[str, Any], check: str = "evaluation") -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in document["findings"] if one["check"] == check)
    return found


def on(shop: Path, name: str = "rows.parquet") -> tuple[str, ...]:
    return ("--eval-data", str(shop / name), "--target", "bought")


def test_a_candidate_that_is_as_good_passes_with_everything_that_repeats_the_computation(shop: Path) -> None:
    code, document = call(shop, "2", *on(shop), "--compare-metrics")
    found = evidence(document)
    assert (code, found["verdict"]) == (0, "passed"), found
    facts = found["facts"]
    assert (facts["rows"], facts["engine"], facts["digest"][:7]) == (4000, "local", "sha256:")
    accuracy, f1 = facts["metrics"]
    assert {"n", "margin", "method", "discordant", "champion", "candidate", "low", "high"} <= accuracy.keys()
    assert {"seed", "resamples"} <= f1.keys()


def test_a_worse_candidate_is_refused_even_without_a_flag(shop: Path) -> None:
    code, document = call(shop, "3", *on(shop))
    assert (code, evidence(document)["verdict"]) == (2, "failed")
    assert "accuracy, f1 got worse, on 4,000 rows" in evidence(document)["sentence"]


def test_too_few_rows_are_inconclusive_and_say_how_many_it_would_take(shop: Path) -> None:
    code, document = call(shop, "2", *on(shop, "few.parquet"))
    assert (code, evidence(document)["verdict"]) == (1, "unknown")
    assert "rows" in evidence(document)["sentence"]
    assert call(shop, "2", *on(shop, "few.parquet"), "--compare-metrics")[0] == 2


def test_a_policy_bounds_the_candidates_own_values_and_the_first_one_too(shop: Path, tmp_path: Path) -> None:
    policy = tmp_path / "promotion.toml"
    policy.write_text("[metrics.accuracy]\nminimum = 0.99\n")
    for target in ("champion", "canary"):
        code, document = call(shop, "2", *on(shop), "--to", target, "--policy", str(policy))
        found = evidence(document, "thresholds")
        assert (code, found["verdict"], "at least 0.99 is required" in found["sentence"]) == (2, "failed", True), found
    policy.write_text("[metrics.accuracy]\nminimum = 0.5\n")
    code, document = call(shop, "2", *on(shop), "--to", "canary", "--policy", str(policy))
    assert (code, evidence(document, "thresholds")["verdict"]) == (0, "passed")
    assert "there is no champion to compare with; on 4,000 rows: accuracy 0." in evidence(document)["sentence"]


def test_each_region_is_judged_as_well(shop: Path) -> None:
    _, document = call(shop, "2", *on(shop))
    assert "none of 2 slices surely worse" in evidence(document)["sentence"]
    code, document = call(shop, "3", *on(shop))
    assert code == 2
    assert evidence(document)["sentence"].startswith("got worse for region=north, region=south (2 of 2 slices)")
    assert {one["metric"] for one in evidence(document)["facts"]["slices"]} == {"region=north", "region=south"}


@pytest.fixture(scope="module")
def other_words(shop: Path) -> Path:
    """A version (v4) that learnt 1 and 0 where the data say yes and no."""
    uri = f"sqlite:///{shop}/mlflow.db"
    mlflow.set_tracking_uri(uri)
    client, train = mlflow.MlflowClient(uri, uri), rows(3000, seed=1)
    with mlflow.start_run(experiment_id=client.get_experiment_by_name("evidence").experiment_id):
        model = LogisticRegression().fit(train[FEATURES], train["bought"] == "yes")
        signature = mlflow.models.infer_signature(train[FEATURES], model.predict(train[FEATURES]))
        info = mlflow.sklearn.log_model(model, name="model", signature=signature, **SAVED)
        client.create_model_version("churn", info.model_uri, info.run_id)
    client.set_registered_model_alias("churn", "numeric", "4")
    return shop


def test_a_candidate_that_answers_other_labels_fails_and_such_a_champion_is_nothing_to_compare_with(
    other_words: Path,
) -> None:
    code, document = call(other_words, "4", *on(other_words))
    assert (code, evidence(document)["verdict"]) == (2, "failed")
    assert "100% of v4's answers are none of the classes in the data" in evidence(document)["sentence"]
    _, document = call(other_words, "2", *on(other_words), "--to", "numeric")  # its callers would break on it as well
    assert evidence(document)["verdict"] == "unknown", document
    assert evidence(document)["sentence"].startswith("there is nothing to compare with, 100% of v4's answers")


def test_rows_of_one_user_are_no_independent_evidence(shop: Path) -> None:
    _, document = call(shop, "2", *on(shop), "--group", "user")
    accuracy = evidence(document)["facts"]["metrics"][0]
    assert accuracy["method"] == "bucket bootstrap and jackknife"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--eval-data", "nowhere.parquet", "--target", "bought"), "there is no data at nowhere.parquet"),
        (("--eval-data", "rows.parquet"), "which column of rows.parquet is the truth?"),
        (("--eval-data", "rows.parquet", "--target", "sold"), "rows.parquet has no column sold"),
    ],
)
def test_data_that_cannot_be_used_are_told_in_one_line_and_never_pass(
    shop: Path, words: tuple[str, ...], said: str
) -> None:
    wrong = inside(asked(shop, "2", *words), clean_env(shop.parent), shop)
    assert wrong.code == 64, wrong.all
    assert said in wrong.all


def drifted(shop: Path, **changed: Any) -> tuple[str, ...]:
    rows(4000, seed=5).assign(**changed).drop(columns=["user", "region"]).to_parquet(shop / "now.parquet")
    rows(4000, seed=6).drop(columns=["user", "region"]).to_parquet(shop / "then.parquet")
    return ("--reference-data", str(shop / "then.parquet"), "--current-data", str(shop / "now.parquet"))


def of(document: dict[str, Any], check: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in document["findings"] if one["check"] == check)
    return found


def test_data_that_look_like_the_reference_pass_and_data_that_moved_are_warned_of(shop: Path) -> None:
    _, same = call(shop, "2", *drifted(shop))
    assert of(same, "data_drift")["verdict"] == "passed"
    code, moved = call(shop, "2", *drifted(shop, age=lambda frame: frame["age"] + 0.5))
    assert code == 1
    assert of(moved, "data_drift")["sentence"].startswith("1 of 2 columns drifted: age")


def test_a_policy_lets_drift_refuse(shop: Path, tmp_path: Path) -> None:
    policy = tmp_path / "promotion.toml"
    policy.write_text("[checks.data_drift]\nrequired = true\n")
    moved = drifted(shop, age=lambda frame: frame["age"] + 0.5)
    assert call(shop, "2", *moved, "--policy", str(policy))[0] == 2
    policy.write_text("[checks.data_drift]\nrequired = true\n[drift]\n" + "".join(f"{one} = 9\n" for one in DISTANCES))
    assert of(call(shop, "2", *moved, "--policy", str(policy))[1], "data_drift")["verdict"] == "passed"


DISTANCES = ("psi", "jensen_shannon", "wasserstein", "ks", "cramer_w")


def test_data_that_the_candidate_cannot_take_are_refused(shop: Path) -> None:
    code, document = call(shop, "2", *drifted(shop, age="old"))
    assert code == 2
    assert "age of" in of(document, "data_schema")["sentence"]
    assert "holds texts, the signature asks for double" in of(document, "data_schema")["sentence"]


def test_a_plan_holds_on_the_rows_that_it_was_made_on_and_on_no_others(shop: Path, tmp_path: Path) -> None:
    data, plan = tmp_path / "rows.parquet", str(tmp_path / "plan.json")
    rows(4000, seed=2).to_parquet(data)
    planned = ("2", "--to", "canary", "--plan-out", plan, "--eval-data", str(data), "--target", "bought")
    assert run(shop, *planned)[0] == 0
    rows(4000, seed=9).to_parquet(data)
    code, stale = run(shop, "--apply", plan)
    assert (code, "the plan is stale: check evaluation was" in str(stale)) == (2, True), stale
    rows(4000, seed=2).to_parquet(data)
    assert run(shop, "--apply", plan)[0] == 0


@needs_spark
def test_spark_compares_and_finds_drift_as_the_local_engine_does(shop: Path) -> None:
    moved = drifted(shop, age=lambda frame: frame["age"] + 0.5)
    found = [
        whole(shop, "--dry-run", "--version", "2", *on(shop), *moved, "--engine", engine)
        for engine in ("local", "spark")
    ]
    (_, local), (code, spark) = found
    assert code == 1
    assert evidence(spark)["verdict"] == evidence(local)["verdict"] == "passed"
    assert evidence(spark)["sentence"] == evidence(local)["sentence"]
    assert of(spark, "data_drift")["sentence"] == of(local, "data_drift")["sentence"]
    assert evidence(spark)["facts"]["engine"] == "spark"


def test_without_pyspark_one_line_says_what_to_install(shop: Path) -> None:
    hidden = "import runpy, sys; sys.modules['pyspark'] = None; del sys.argv[0]"
    words = ["churn", "2", "--check", "--registry-uri", f"sqlite:///{shop}/mlflow.db", *on(shop), "--engine", "spark"]
    command = [
        sys.executable,
        "-c",
        f"{hidden}; runpy.run_path(sys.argv[0], None, '__main__')",
        str(REPO / "promote_model.py"),
        *words,
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=shop, check=False)
    assert done.returncode == 64
    assert "--engine spark needs pyspark" in done.stdout + done.stderr
    assert "pip install '.[spark]'" in done.stdout + done.stderr


@pytest.mark.parametrize("mode", [["--check"], []])
@pytest.mark.parametrize("named", [["--reference-data"], ["--eval-data"], ["--current-data"]])
def test_data_that_is_not_there_is_a_wrong_call_also_about_the_champion(
    shop: Path, mode: list[str], named: list[str]
) -> None:
    words = ["--target", "bought"] if named == ["--eval-data"] else []
    code, document = run(shop, "1", *mode, *named, "nope.csv", *words)
    assert (code, "there is no data at nope.csv" in str(document)) == (64, True), document


def test_a_check_asks_for_the_drift_of_what_stands_there_already_too(shop: Path) -> None:
    moved = rows(4000, seed=2)
    moved.assign(age=moved["age"] + 2).to_parquet(shop / "moved.parquet")
    named = ("--reference-data", "rows.parquet", "--current-data")
    for now, ends, verdict in (("rows.parquet", (0, 1), "passed"), ("moved.parquet", (1, 1), "failed")):
        code, document = run(shop, "1", "--check", *named, now)
        assert code in ends, document["summary"]
        assert evidence(document, "data_drift")["verdict"] == verdict
        assert "@champion is v1 already, nothing was written" in document["summary"]


def test_a_promotion_that_finds_nothing_to_do_looks_at_no_data(shop: Path) -> None:
    code, document = run(shop, "1", "--reference-data", "rows.parquet", "--current-data", "rows.parquet")
    assert (code, document["findings"]) == (0, [])
