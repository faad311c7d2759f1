"""What the demo promises to somebody who has just cloned the repository."""

import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from model_promotion.clocks import SystemClock
from model_promotion.console import Console, Style
from model_promotion.core.answers import Asked
from model_promotion.core.errors import BadCall
from model_promotion.core.exits import ExitCode
from model_promotion.core.load import Destination
from model_promotion.core.payloads import payload_of
from model_promotion.demo.server import serving
from model_promotion.demo.show import MARKER, OURS, Scene, cleared, play, show
from model_promotion.serving.load import AioLoader
from tests.e2e.program import clean_env, run
from tests.shown import Shown
from tests.workspace.seed import ROW, write_model

EXPECTED = (
    "[Training] v1 on ",
    "[Training] v3 on ",
    "[Serving] v2 answers at http://127.0.0.1:",
    "promote_model.py breast_cancer --compare-metrics --run-tests --endpoint http://127.0.0.1:",
    "answered 5 predictions for 5 rows",
    "[Metrics] 4 of 4 metrics judged, none worse, 4 better, v1",
    "@champion: v1 -> v2 (v1 kept as @prev_champion)",
    "exit code: 0",
    "promote_model.py breast_cancer --version 3 --compare-metrics --run-tests",
    "is NaN",
    "accuracy, f1, log_loss, roc_auc got worse",
    "@champion stays at v2",
    "exit code: 2",
    "promote_model.py breast_cancer --rollback --reason ",
    "@champion is back at v1",
    "exit code: 0",
    "promote_model.py breast_cancer --history",
    "precision fell on ward 3",
    "@champion of breast_cancer is v1 now",
    "promote_model.py breast_cancer --verify-audit",
    "every record fits: 2 records of 1 model",
    "exit code: 0",
    "cd 'the show'",
)


def console() -> Console:
    return Console(io.StringIO(), Style(emoji=False, colour=False, progress=False))


def ask(url: str) -> Asked:
    return AioLoader(SystemClock()).ask(
        Destination("it", f"{url}/invocations"), payload_of({"dataframe_records": [ROW]})
    )


def test_the_demo_promotes_refuses_and_goes_back_in_this_order(shown: Shown) -> None:
    assert shown.result.code == 0, shown.result.all
    rest = shown.result.out
    for expected in EXPECTED:
        _, found, rest = rest.partition(expected)
        assert found, f"{expected!r} is not among these lines, or too early:\n{shown.result.out}"


def test_its_server_ends_with_it(shown: Shown) -> None:
    (port,) = set(re.findall(r"http://127\.0\.0\.1:(\d+)", shown.result.out))
    assert ask(f"http://127.0.0.1:{port}").status is None


def test_its_server_ends_also_where_the_demo_breaks_off(tmp_path: Path) -> None:
    seen: list[str] = []

    def broken_off() -> None:
        with serving(str(write_model(tmp_path / "model"))) as url:
            seen.append(url)
            assert ask(url).status == 200
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert ask(*seen).status is None


def test_nobody_but_the_program_speaks(shown: Shown) -> None:
    assert shown.result.err == ""
    for chatter in ("INFO", "Warning:", "alembic", "Registered model", "Created version", "View run"):
        assert chatter not in shown.result.out


def test_nothing_is_written_outside_of_the_folder(shown: Shown) -> None:
    assert {path.name for path in shown.folder.parent.iterdir()} == {"the show"}
    assert {path.name for path in shown.pristine.iterdir()} <= set(OURS)
    assert not list((shown.outside / "tmp").iterdir())
    assert not list((shown.outside / "home").iterdir())


def test_the_commands_to_try_next_run_as_they_are_printed(shown: Shown, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash is not None, "the commands are for a shell"
    _, _, after = shown.result.out.partition("[Next]")
    into, unset, *commands = [line.strip() for line in after.splitlines()[1:]]
    assert (into, unset) == ("cd 'the show'", "unset MLFLOW_TRACKING_URI")
    codes = []
    for command in commands:
        script = f"{into} && {unset} && {command}"
        env = shown.env(tmp_path) | {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
        ran = subprocess.run([bash, "-c", script], cwd=shown.folder.parent, env=env, capture_output=True, check=False)
        codes.append(ran.returncode)
    assert codes == [ExitCode.REFUSED, ExitCode.DONE, ExitCode.DONE, ExitCode.DONE]


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("a year of work")
    with pytest.raises(BadCall, match="no demo of ours"):
        show(tmp_path, console())
    assert (tmp_path / "mlflow.db").read_text() == "a year of work"
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


def test_a_file_in_the_way_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a letter")
    with pytest.raises(BadCall, match="no demo of ours"):
        show(tmp_path / "taken", console())
    assert (tmp_path / "taken").read_text() == "a letter"


@pytest.mark.parametrize("parents", ["", "new/deep"])
def test_an_empty_or_new_folder_becomes_a_demo(parents: str, tmp_path: Path) -> None:
    assert (cleared(tmp_path / parents) / MARKER).is_file()


def test_an_earlier_demo_is_removed_and_what_a_person_put_beside_it_stays(tmp_path: Path) -> None:
    for name in OURS:
        (tmp_path / name).write_text("old")
    (tmp_path / "artifacts").unlink()
    (tmp_path / "artifacts" / "1").mkdir(parents=True)
    (tmp_path / "my notes.txt").write_text("mine")
    cleared(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {MARKER, "my notes.txt"}


def test_the_demo_has_no_json_document(tmp_path: Path) -> None:
    ran = run(["--demo", "--json"], clean_env(tmp_path), tmp_path)
    assert (ran.code, ran.json["exit_code"]) == (ExitCode.USAGE, ExitCode.USAGE)
    assert not list(tmp_path.iterdir())


def test_a_scene_with_another_end_than_announced_is_a_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.delenv(name, raising=False)
    scene = Scene("there is no registry here, so no history", ("churn", "--history"))
    assert play([scene], "promote_model.py", console()) == ExitCode.DEFECT
    assert (
        play([Scene("a wrong call", ("--no-such-option",), ExitCode.USAGE)], "promote_model.py", console())
        == ExitCode.DONE
    )
