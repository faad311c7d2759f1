"""Real models in real children. Each child costs two to four seconds, so each is asked for one promise."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import mlflow
import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from model_promotion.core.trial import Trial, TrialResult
from model_promotion.scoring.ending import end_group, marked
from model_promotion.scoring.own_python import holds_secret, python_for
from model_promotion.scoring.process import ChildScorer, Room

ROWS = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0, 5.0]})
SOUND = 'return pd.DataFrame({"score": [0.5] * len(rows)})'
CODE = """
import ctypes, os, random, sys, time
import mlflow
import pandas as pd

class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        rows = model_input
        BODY

mlflow.models.set_model(Model())
"""
MakeModel = Callable[..., Path]
# These tests look at the answer alone; all others start, watch and end a fresh process.
what_it_answers = pytest.mark.usefixtures("warm")


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One saved model; the others are copies of it with another body, so that none runs in this process."""
    folder = tmp_path_factory.mktemp("saved")
    code = folder / "model.py"
    code.write_text(CODE.replace("BODY", SOUND))
    signature = ModelSignature(Schema([ColSpec("double", "a")]), Schema([ColSpec("double", "score")]))
    mlflow.pyfunc.save_model(
        folder / "m",
        python_model=str(code),
        signature=signature,
        input_example=ROWS,
        pip_requirements=[f"mlflow=={mlflow.__version__}"],
    )
    return folder / "m"


@pytest.fixture
def make_model(saved: Path, tmp_path: Path) -> MakeModel:
    def make(*body: str) -> Path:
        folder = tmp_path / "model"
        shutil.copytree(saved, folder)
        (folder / "model.py").write_text(CODE.replace("BODY", ("\n" + " " * 8).join(body)))
        return folder

    return make


def run(model_dir: Path, **more: Any) -> TrialResult:
    return ChildScorer().run(Trial("candidate v7", model_dir, **{"repeats": 3, "timeout_s": 60.0, **more}))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A killed stray is a zombie until init, or whoever stands in for it, collects it.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def dead_soon(pid: int) -> bool:
    until = time.monotonic() + 5
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not alive(pid)


def test_a_scikit_learn_model_answers_its_own_example_and_is_measured(tmp_path: Path) -> None:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(ROWS, [0, 0, 0, 1, 1])
    signature = mlflow.models.infer_signature(ROWS, model.predict(ROWS))
    folder = tmp_path / "m"
    mlflow.sklearn.save_model(
        model, folder, signature=signature, input_example=ROWS, pip_requirements=[], serialization_format="cloudpickle"
    )
    before = sorted(folder.rglob("*"))
    result = run(folder)
    assert (result.error, result.problems, result.rows, result.predictions) == (None, (), 5, 5)
    assert result.columns == ("long",)
    measures = (result.load_s, result.latency_ms, result.cpu_pct, result.peak_mib, result.size_mib)
    assert all(measure is not None and measure > 0 for measure in measures)
    assert sorted(folder.rglob("*")) == before


def test_stopping_ends_the_model_that_runs_with_its_children_and_begins_no_other(
    make_model: MakeModel, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    body = ["pid = os.fork()", f"open({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n')", "time.sleep(60)"]
    scorer, results = ChildScorer(), list[TrialResult]()
    trial = Trial("candidate v7", make_model(*body), repeats=3, timeout_s=60)
    thread = threading.Thread(target=lambda: results.append(scorer.run(trial)))
    thread.start()
    until = time.monotonic() + 30
    while (not pids.exists() or len(pids.read_text().split()) < 2) and time.monotonic() < until:
        time.sleep(0.05)
    scorer.stop()
    thread.join(5)
    assert [result.error is not None for result in results] == [True]
    assert all(dead_soon(int(pid)) for pid in pids.read_text().split())
    assert scorer.run(trial).error == "was not begun: stopped"


@what_it_answers
def test_every_fault_of_one_answer_is_told(make_model: MakeModel) -> None:
    body = 'return pd.DataFrame({"score": [0.5, 0.5, float("nan"), random.random()]})'
    assert run(make_model(body)).problems == (
        "answered 4 rows for 5",
        "prediction 3 of column 'score' is NaN",
        "two calls on the same rows gave different answers",
    )


@what_it_answers
def test_a_text_where_a_number_was_promised_is_a_problem(make_model: MakeModel) -> None:
    result = run(make_model('return pd.DataFrame({"score": ["high"] * len(rows)})'))
    assert result.problems == ("column 'score' should be double, is string",)


@what_it_answers
def test_an_answer_that_is_no_data_is_a_problem_and_no_crash(make_model: MakeModel) -> None:
    result = run(make_model("return (row for row in rows)"))
    assert result.error is None
    assert result.problems == ("answered generator, which holds no predictions",)


def test_a_model_that_leaves_without_a_word_is_told_by_its_exit_code(make_model: MakeModel) -> None:
    assert run(make_model("os._exit(139)")).error == "ended with exit code 139"


def test_a_model_that_leaves_politely_without_an_answer_has_not_passed(make_model: MakeModel) -> None:
    assert run(make_model("os._exit(0)")).error == "ended without an answer"


def test_a_segmentation_fault_is_named_with_the_models_last_words(make_model: MakeModel) -> None:
    error = run(make_model('print("loading kernel 3", file=sys.stderr, flush=True)', "ctypes.string_at(0)")).error
    assert error == "was killed by SIGSEGV: loading kernel 3"


@what_it_answers
def test_sys_exit_in_a_model_is_its_error_and_not_our_exit(make_model: MakeModel) -> None:
    assert run(make_model("sys.exit(3)")).error == "cannot answer: SystemExit: 3"


def test_a_model_that_hangs_is_stopped_with_all_it_started(make_model: MakeModel, tmp_path: Path) -> None:
    body = ("pid = os.fork()", f'pid and open("{tmp_path}/pid", "w").write(str(pid))', "time.sleep(300)")
    began = time.monotonic()
    assert run(make_model(*body), timeout_s=15).error == "did not answer within 15 s"
    assert time.monotonic() - began < 30
    assert dead_soon(int((tmp_path / "pid").read_text()))


@what_it_answers
def test_json_that_a_model_prints_is_not_taken_for_the_answer(make_model: MakeModel) -> None:
    forged = '{"error": null, "rows": 5, "predictions": 5, "columns": [], "problems": [], "peak_mib": 1}'
    result = run(make_model(f"print({forged!r}, flush=True)", f"sys.stderr.write({forged!r})", "raise ValueError(7)"))
    assert result.error == "cannot answer: ValueError: 7"
    assert result.predictions == 0


def test_a_model_finds_none_of_our_secrets_and_not_our_home(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "do-not-tell-4711"
    names = "DATABRICKS_TOKEN DATABRICKS_HOST AWS_SECRET_ACCESS_KEY AZURE_CLIENT_SECRET GOOGLE_API_KEY MY_PASSWORD"
    for name in [*names.split(), "MLFLOW_TRACKING_TOKEN", "UV_INDEX_URL", "PIP_INDEX_URL", "HTTPS_PROXY", "PYTHONPATH"]:
        monkeypatch.setenv(name, f"https://user:{secret}@example.invalid/")
    body = (
        f'seen = [name for name, value in os.environ.items() if "{secret}" in value]',
        f'raise ValueError(str((seen, os.path.expanduser("~") == "{Path.home()}", sys.stdin.read())))',
    )
    assert run(make_model(*body)).error == "cannot answer: ValueError: ([], False, '')"


@what_it_answers
def test_a_model_that_cannot_be_unpickled_says_so_in_its_own_words(tmp_path: Path) -> None:
    source = (
        "import mlflow\n"
        "class Model(mlflow.pyfunc.PythonModel):\n"
        "    def __setstate__(self, state): raise RuntimeError('weights of another age\\nline two')\n"
        "    def __getstate__(self): return {'a': 1}\n"
        "    def predict(self, context, model_input, params=None): return [1]\n"
    )
    space = {"__name__": "__main__"}  # so that it is pickled with its code, as from a notebook
    exec(source, space)  # noqa: S102 - the model is a few lines above
    model = space["Model"]
    assert callable(model)
    assert b"another age" in cloudpickle.dumps(model())
    mlflow.pyfunc.save_model(tmp_path / "m", python_model=model(), pip_requirements=[])
    result = run(tmp_path / "m")
    assert result.error == "cannot be loaded: RuntimeError: weights of another age line two"
    assert result.load_s is None


@what_it_answers
def test_without_an_example_made_up_rows_are_asked_and_cast_to_the_signature(make_model: MakeModel) -> None:
    folder = make_model("assert str(rows.a.dtype) == 'float64', rows.dtypes", SOUND)
    recorded = folder / "MLmodel"
    text = recorded.read_text()
    start, end = text.index("saved_input_example_info"), text.index("signature:")
    recorded.write_text(text[:start] + text[end:])
    result = run(folder, rows={"columns": ["a"], "data": [[1], [2], [3]]})
    assert (result.error, result.problems, result.rows, result.predictions) == (None, (), 3, 3)


@what_it_answers
def test_another_versions_example_can_be_asked(make_model: MakeModel, saved: Path, tmp_path: Path) -> None:
    champion = tmp_path / "champion"
    shutil.copytree(saved, champion)
    (champion / "input_example.json").write_text('{"columns": ["a"], "data": [[1.0], [2.0]]}')
    assert run(make_model(SOUND), rows_from=champion).rows == 2


def test_daemons_of_a_model_are_dead_afterwards_even_outside_the_group(make_model: MakeModel, tmp_path: Path) -> None:
    body = (
        "for name in ('near', 'far'):",
        "    pid = os.fork()",
        "    if pid == 0:",
        "        name == 'far' and os.setsid()",
        "        time.sleep(300)",
        f"    open('{tmp_path}/' + name, 'w').write(str(pid))",
        SOUND,
    )
    began = time.monotonic()
    assert run(make_model(*body), repeats=1).error is None
    assert time.monotonic() - began < 30
    assert dead_soon(int((tmp_path / "near").read_text()))
    assert dead_soon(int((tmp_path / "far").read_text()))


def test_a_thread_left_running_does_not_turn_an_answer_into_a_timeout(make_model: MakeModel) -> None:
    body = ("import threading", "threading.Thread(target=time.sleep, args=(300,)).start()", SOUND)
    assert run(make_model(*body), repeats=1, timeout_s=20).error is None


def test_the_group_is_ended_without_the_help_of_a_mark(tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", f"sleep 60 & echo $! > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; sleep 60"]
    process = subprocess.Popen(command, start_new_session=True)
    while not (tmp_path / "pid").exists():
        time.sleep(0.02)
    end_group(process)
    assert process.returncode == -signal.SIGKILL
    assert dead_soon(int((tmp_path / "pid").read_text()))


def test_a_flood_on_stderr_neither_blocks_nor_fills_the_memory(make_model: MakeModel) -> None:
    body = ("os.write(2, b'x' * 50_000_000)", "os.write(2, b'\\nthe end\\n')", "os.abort()")
    assert run(make_model(*body)).error == "was killed by SIGABRT: the end"


def test_a_memory_limit_stops_a_model_and_not_this_machine(make_model: MakeModel) -> None:
    error = run(make_model("self.hoard = bytearray(64 * 1024 ** 3)", SOUND), memory_limit_mib=8000).error
    assert error == "cannot answer: MemoryError"


def press_ctrl_c_once_there_is(shown: Path) -> None:
    until = time.monotonic() + 30
    while not shown.exists() and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_ends_the_model_too(make_model: MakeModel, tmp_path: Path) -> None:
    shown = tmp_path / "pid"
    folder = make_model(
        f"open('{shown}.new', 'w').write(str(os.getpid()))",
        f"os.rename('{shown}.new', '{shown}')",
        "while True: time.sleep(9)",
    )
    presser = threading.Thread(target=press_ctrl_c_once_there_is, args=(shown,))
    presser.start()
    with pytest.raises(KeyboardInterrupt):
        run(folder)
    presser.join()
    assert dead_soon(int(shown.read_text()))


def test_the_mark_of_a_trial_finds_its_processes_and_no_others(tmp_path: Path) -> None:
    mark = f"TMPDIR={tmp_path}"
    sleeper = subprocess.Popen(["sleep", "60"], env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)})  # noqa: S607
    try:
        assert list(marked(mark.encode())) == [sleeper.pid]
        assert list(marked(mark[:-1].encode())) == []
    finally:
        sleeper.kill()
        sleeper.wait()


def test_only_what_is_on_the_list_reaches_a_model(tmp_path: Path) -> None:
    wanted = {"PATH": "/bin", "LC_ALL": "C", "OMP_NUM_THREADS": "1", "LD_LIBRARY_PATH": "/x"}
    environ = {**wanted, "PATHS": "x", "MY_LANG": "x", "LC_": "x", "HOME": "/root", "UV_INDEX_URL": "x"}
    room = Room.at(tmp_path, environ, set())
    ours = {"HOME", "TMPDIR", "TMP", "TEMP", "MLFLOW_TRACKING_URI", "MLFLOW_DISABLE_TELEMETRY", "MLFLOW_LOGGING_LEVEL"}
    assert {name: value for name, value in room.environ.items() if name not in ours} == wanted
    assert room.environ["HOME"].startswith(str(tmp_path))


def test_a_python_version_in_a_model_is_digits_or_nothing(tmp_path: Path) -> None:
    for text, wanted in [("python: 3.9.1\n", "3.9.1"), ("python: '3.10'\n", "3.10")]:
        (tmp_path / "python_env.yaml").write_text(text)
        assert python_for(tmp_path) == wanted
    near = f"python: 3.{sys.version_info.minor}.99\n"
    for text in ["python: --help\n", "python: 3.9; rm\n", "", near]:
        (tmp_path / "python_env.yaml").write_text(text)
        assert python_for(tmp_path) == sys.executable


def test_a_password_for_the_package_index_is_recognised() -> None:
    assert holds_secret({"UV_INDEX_URL": "https://me:pw@example.invalid/simple"})
    assert holds_secret({"UV_INDEX_OURS_PASSWORD": "pw"})
    assert not holds_secret({"UV_INDEX_URL": "https://example.invalid/simple", "UV_OFFLINE": "1"})


def environ_for_uv() -> dict[str, str]:
    """An environment in which uv reaches an index: ours, or ours with what pip is configured with on this machine."""
    uv = shutil.which("uv", path=Path(sys.executable).parent) or shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed here")
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    pairs = [line.replace("'", "").partition("=") for line in listed.stdout.splitlines()]
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}
    of_pip = {names[key.rpartition(".")[2]]: value for key, _, value in pairs if key.rpartition(".")[2] in names}
    ask = [uv, "pip", "install", "--dry-run", "--python", sys.executable, "--reinstall-package", "tabulate", "tabulate"]
    for environ in (dict(os.environ), {**os.environ, **of_pip}):
        if subprocess.run(ask, env=environ, capture_output=True, check=False, timeout=60).returncode == 0:
            return environ
    pytest.skip("uv reaches no package index here, neither by its own settings nor by pip's")


def test_with_uv_a_model_runs_in_its_own_environment_without_the_index_settings(make_model: MakeModel) -> None:
    environ = {**environ_for_uv(), "UV_PROMOTION_TEST": "1", "UV_PYTHON": "/nowhere"}
    folder = make_model(
        "assert 'promote-trial-' in sys.prefix, sys.prefix", "assert not [n for n in os.environ if 'UV_' in n]", SOUND
    )
    result = ChildScorer(environ).run(Trial("candidate v7", folder, repeats=1, env_manager="uv"))
    assert (result.error, result.problems, result.predictions) == (None, (), 5)


def test_an_environment_that_cannot_be_built_is_told_and_not_raised(make_model: MakeModel) -> None:
    folder = make_model(SOUND)
    (folder / "requirements.txt").write_text("tabulate==0.0.0.dev1\n")
    error = ChildScorer().run(Trial("candidate v7", folder, env_manager="uv")).error
    assert error is not None
    assert error.startswith("its environment cannot be built: ")
    (folder / "requirements.txt").unlink()
    error = ChildScorer().run(Trial("candidate v7", folder, env_manager="uv")).error
    assert error == "no requirements.txt was saved, so its environment cannot be built again"


def a_uv_that_notes_its_arguments(folder: Path) -> Path:
    uv = folder / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(f'#!/bin/sh\necho "$@" >> {folder}/asked\necho "no {{}} at $UV_INDEX_URL" >&2\n[ "$1" = venv ]\n')
    uv.chmod(0o755)
    return uv.parent


def test_a_password_for_the_index_is_not_shown_to_build_scripts_nor_printed(
    make_model: MakeModel, tmp_path: Path
) -> None:
    environ = {
        "PATH": f"{a_uv_that_notes_its_arguments(tmp_path)}:/usr/bin:/bin",
        "UV_INDEX_URL": "https://me:pw@x.invalid/",
    }
    error = ChildScorer(environ).run(Trial("candidate v7", make_model(SOUND), env_manager="uv")).error
    assert error == "its environment cannot be built: no {} at https://***@x.invalid/"
    venv, install = (tmp_path / "asked").read_text().splitlines()
    assert "--no-build" in install
    assert f"--python {sys.executable}" in venv


def test_without_uv_the_way_to_it_is_told(
    make_model: MakeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    trial = Trial("candidate v7", make_model(SOUND), env_manager="uv")
    assert ChildScorer({"PATH": str(tmp_path)}).run(trial).error == "uv is not installed: pip install uv"
