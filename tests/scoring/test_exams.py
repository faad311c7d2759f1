"""Real exams in real children: two a call, so each call is asked for several promises."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from model_promotion.core.exam import Case, Exam, Kind, Suite
from model_promotion.core.trial import Trial
from model_promotion.scoring import suite_child
from model_promotion.scoring.process import ChildScorer

ROWS = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0, 5.0]})
CODE = """
import ctypes, os, time
import mlflow
import pandas as pd

class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        rows = model_input
        BODY

mlflow.models.set_model(Model())
"""
SOUND = 'return pd.DataFrame({"score": rows["a"] / 10})'
SUITE = """
import os
import pytest

def test_candidate(candidate, eval_data):
    assert len(eval_data) == 5
    assert candidate.predict(eval_data)["score"].tolist() == [0.1, 0.2, 0.3, 0.4, 0.5]
    eval_data.drop(columns="a", inplace=True)

def test_the_rows_are_fresh(eval_data):
    assert list(eval_data.columns) == ["a"]

def test_champion(candidate, champion, eval_data):
    assert champion.metadata.signature == candidate.metadata.signature
    theirs = champion.predict(eval_data)["score"]
    assert (theirs == os.getpid()).sum() == 0
    assert theirs.nunique() == 1

def test_secrets():
    assert not [name for name, value in os.environ.items() if "do-not-tell" in value]

def test_wrong(candidate):
    assert 1 + 1 == 3, "sums"

def test_error(nonsense): pass

@pytest.mark.skip(reason="another day")
def test_skipped(): pass

@pytest.mark.xfail
def test_known(): assert False
"""
Make = Callable[..., Path]
# The first two tests start fresh processes, as test_process.py does; the others look at the cases alone.
what_came_of_it = pytest.mark.usefixtures("warm")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    (folder / "model.py").write_text(CODE.replace("BODY", SOUND))
    mlflow.pyfunc.save_model(
        folder / "m",
        python_model=str(folder / "model.py"),
        signature=ModelSignature(Schema([ColSpec("double", "a")]), Schema([ColSpec("double", "score")])),
        input_example=ROWS,
        pip_requirements=[],
    )
    return folder / "m"


@pytest.fixture
def make(saved: Path, tmp_path: Path) -> Make:
    def made(*body: str, name: str = "model") -> Path:
        shutil.copytree(saved, tmp_path / name)
        (tmp_path / name / "model.py").write_text(CODE.replace("BODY", ("\n" + " " * 8).join(body)))
        return tmp_path / name

    return made


def examined(model_dir: Path, suite: Suite | None = None, timeout_s: float = 60, **more: Any) -> dict[str, Case]:
    trial = Trial("v7", model_dir, rows_from=model_dir, timeout_s=timeout_s, memory_limit_mib=32768)
    return {case.name: case for case in ChildScorer().examine(Exam(trial, suite=suite, **more))}


def test_the_models_own_cases_and_the_teams_tests_come_back_one_by_one(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABRICKS_TOKEN", "do-not-tell-4711")
    tests = tmp_path / "team"
    tests.mkdir()
    (tests / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (tests / "test_a.py").write_text(SUITE)
    ROWS.to_parquet(tmp_path / "rows.parquet")
    champion = make('return pd.DataFrame({"score": [float(os.getpid())] * len(rows)})', name="champion")
    suite = Suite((tests,), champion, tmp_path / "rows.parquet")
    found = examined(make(SOUND), suite, skip=frozenset({"many_rows"}))
    ours = [case for case in found.values() if case.group == "model"]
    assert {case.kind for case in ours} == {Kind.PASSED}
    assert "batch" in found
    assert "many_rows" not in found
    theirs = {case.name.removeprefix("test_a.py::test_"): case for case in found.values() if case.group == "tests"}
    assert {name: case.kind.value for name, case in theirs.items()} == {
        "candidate": "passed",
        "the_rows_are_fresh": "passed",
        "champion": "passed",
        "secrets": "passed",
        "wrong": "flawed",
        "error": "broke",
        "skipped": "skipped",
        "known": "passed",
    }, theirs
    assert theirs["wrong"].said == "test_a.py:23: AssertionError: sums assert (1 + 1) == 3"
    assert "fixture 'nonsense' not found" in theirs["error"].said
    assert theirs["skipped"].said == "another day"
    assert sorted(path.name for path in tests.iterdir()) == ["pytest.ini", "test_a.py"]


def test_a_model_that_takes_the_process_with_it_is_told_with_the_case_it_was_at(make: Make) -> None:
    found = examined(make("if not len(rows): ctypes.string_at(0)", SOUND))
    assert found["empty"].kind is Kind.BROKE
    assert found["empty"].said.startswith("was killed by SIGSEGV")
    assert list(found)[-1] == "empty"


@what_came_of_it
def test_a_model_that_does_not_come_back_is_told_with_the_case_it_was_at(make: Make) -> None:
    found = examined(make("if len(rows) == 1: time.sleep(300)", SOUND), timeout_s=10)
    assert [case.line for case in found.values()] == ["one_row: did not answer within 10 s"]


@what_came_of_it
def test_tests_that_cannot_be_found_or_read_never_pass(make: Make, tmp_path: Path) -> None:
    (tmp_path / "test_none.py").write_text("x = 1\n")
    (tmp_path / "test_syntax.py").write_text("def test_a(:\n")
    model = make(SOUND)
    skip = {"skip": frozenset(("one_row", "batch", "order", "json", "empty", "many_rows"))}
    none = examined(model, Suite((tmp_path / "test_none.py",)), **skip)["tests"]
    assert (none.kind, none.said) == (Kind.BROKE, "pytest found no test")
    broken = examined(model, Suite((tmp_path / "test_syntax.py",)), **skip)
    assert [case.kind for case in broken.values() if case.group == "tests"] == [Kind.BROKE] * 2
    assert any("SyntaxError" in case.said for case in broken.values())


@what_came_of_it
def test_without_a_champion_its_tests_are_skipped_and_a_champion_that_dies_fails_its_test(
    make: Make, tmp_path: Path
) -> None:
    (tmp_path / "test_a.py").write_text("def test_champion(champion): champion.predict(None)\n")
    skip = {"skip": frozenset(("one_row", "batch", "order", "json", "empty", "many_rows"))}
    model = make(SOUND)
    (alone,) = [
        case for case in examined(model, Suite((tmp_path / "test_a.py",)), **skip).values() if case.group == "tests"
    ]
    assert (alone.kind, alone.said) == (Kind.SKIPPED, "there is no champion")
    dead = make("os._exit(7)", name="champion")
    suite = Suite((tmp_path / "test_a.py",), dead)
    (case,) = [case for case in examined(model, suite, **skip).values() if case.group == "tests"]
    assert case.kind is Kind.FLAWED
    assert "the champion ended with exit code 7" in case.said or "the champion cannot answer" in case.said


def test_without_pytest_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytest", None)
    lines: list[dict[str, Any]] = []
    suite_child.run({"memory_limit_mib": None}, lines.append)
    assert [line["kind"] for line in lines] == ["broke"]
    assert lines[0]["said"].endswith("install it there: pip install pytest")


def test_a_model_whose_files_are_dangerous_is_not_loaded(make: Make) -> None:
    model = make(SOUND)
    (model / "evil.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    (case,) = examined(model).values()
    assert (case.name, case.kind) == ("load", Kind.BROKE)
    assert "its files call" in case.said
