"""The door: every way in, and every way a call can end."""

import io
import json
import os
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from model_promotion import wiring
from model_promotion.cli import main
from model_promotion.core.entities import Rights, Version
from model_promotion.core.errors import Conflict, Denied, NotFound, PromotionError, Unavailable
from model_promotion.core.record import Record
from model_promotion.journals.memory import MemoryJournal
from tests.e2e.program import START_S
from tests.worlds import MODEL, Registry, Scene, a_scene, interrupted_before, version

REPO = Path(__file__).parents[1]
LIB = REPO / "lib"
DOOR = REPO / "promote_model.py"
TOKEN = "dapi" + "0123456789abcdef" * 2
ENTRY_POINT = "import sys; sys.argv[0] = '/venv/bin/promote-model'; from model_promotion.cli import door; door()"
WAYS = {
    "python promote_model.py": [str(DOOR)],
    "python -P promote_model.py": ["-P", str(DOOR)],
    "python -m model_promotion": ["-m", "model_promotion"],
    "promote-model": ["-c", ENTRY_POINT],
}
each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())

Ran = subprocess.CompletedProcess[str]
Call = Callable[..., int]


def start(way: list[str], *words: str, at: Path, through: Sequence[str] = (), **more: Any) -> Ran:
    """The program in a process of its own, in another folder, with nothing of ours in its environment."""
    environ = {"PYTHONPATH": f"{LIB}:{at}", "PATH": os.defpath, "HOME": str(at), "PYTHONIOENCODING": "utf-8"}
    command = [*through, sys.executable, *way, *words]
    return subprocess.run(command, cwd=at, env=environ, capture_output=True, text=True, check=False, timeout=60, **more)


def own_check(folder: Path, *lines: str) -> None:
    """A team's own check, which runs when it is imported: long before any registry is asked."""
    (folder / "ours").mkdir()
    (folder / "ours" / "check.py").write_text("\n".join(lines))
    (folder / "promotion.toml").write_text('[checks."ours.check"]\nrequired = true\n')


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """One call in this process, against a world in memory."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_STEP_SUMMARY", "MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.delenv(name, raising=False)

    def run(scene: Scene, *words: str) -> int:
        monkeypatch.setattr(wiring, "plug_in", lambda _settings, _voice: scene.world)
        return main([MODEL, *words])

    return run


# --- the ways in ---


@each_way
def test_each_way_in_leads_to_the_same_program(way: list[str], tmp_path: Path) -> None:
    ran = start(way, "churn", "--nope", at=tmp_path)
    assert ran.returncode == 64
    assert "unrecognized arguments: --nope" in ran.stdout
    assert "usage: " in ran.stdout
    assert ran.stderr == ""


@each_way
def test_each_way_in_names_itself_in_the_commands_it_prints(way: list[str], tmp_path: Path) -> None:
    name = {"-m": "python -m model_promotion", "-c": "promote-model"}.get(way[0], "promote_model.py")
    assert f"usage: {name} MODEL" in start(way, at=tmp_path).stdout


@each_way
def test_each_way_in_looks_without_leaving_a_database_behind(way: list[str], tmp_path: Path) -> None:
    ran = start(way, "churn", at=tmp_path)
    assert ran.returncode == 3
    assert "mlflow.db" in ran.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_console_script_is_this_door() -> None:
    scripts = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"promote-model": "model_promotion.cli:door"}


def test_help_goes_to_stdout_and_ends_with_0(tmp_path: Path) -> None:
    ran = start(WAYS["python promote_model.py"], "--help", at=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("usage: ")


# --- the ways out ---


def worse() -> Scene:
    return a_scene(version("1"), version("2", metrics={"f1": 0.1}))


class FullJournal(MemoryJournal):
    def append(self, record: Record) -> str:
        raise Unavailable(f"there is no room for record {record.number}")


def unrecorded() -> Scene:
    return a_scene(journal=FullJournal())


End = tuple[Callable[[], Scene], list[str], int]
ENDS: dict[str, End] = {
    "done": (a_scene, [], 0),
    "already there": (a_scene, ["1"], 0),
    "a plan": (a_scene, ["--dry-run"], 0),
    "forced": (a_scene, ["--force"], 1),
    "worse, and nobody asked": (worse, [], 1),
    "the record fell back": (unrecorded, [], 1),
    "worse, and somebody asked": (worse, ["--compare-metrics"], 2),
    "no such version": (a_scene, ["99"], 3),
    "no such alias": (a_scene, ["--from", "nobody"], 3),
    "not allowed": (lambda: a_scene(rights=Rights(False, True, "no")), [], 4),  # noqa: FBT003
    "interrupted": (lambda: a_scene().fail(2, interrupted_before), [], 130),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_each_end_has_its_code_and_its_document(end: End, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    scene, words, code = end
    assert call(scene(), *words) == code
    assert capsys.readouterr().err == ""
    assert call(scene(), *words, "--json") == code
    document = json.loads(capsys.readouterr().out)
    assert (document["schema_version"], document["exit_code"]) == (1, code)


@pytest.mark.parametrize("kind", [NotFound, Denied, Unavailable, Conflict])
def test_a_broken_world_ends_with_its_own_code_one_line_and_a_hint(
    kind: type[PromotionError], call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(Registry):
        def versions(self, name: str) -> Sequence[Version]:
            raise kind(f"it broke\n{name}", hint=f"log in with {TOKEN}")

    assert call(a_scene(registry=Broken()), "latest", "--json") == kind.code
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "schema_version": 1,
        "exit_code": int(kind.code),
        "error": f"it broke\n{MODEL}",
        "hint": "log in with ***",
    }
    assert len(err.splitlines()) == 4  # the two first lines, the error, the hint


@pytest.mark.parametrize("words", [["--nope"], ["m", "--at", "x"], [], ["m", "--policy", "missing.toml"]])
def test_a_wrong_call_is_a_document_too(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--json"]) == 64
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"schema_version", "exit_code", "error", "hint"}
    assert (document["exit_code"], bool(document["error"]), bool(document["hint"])) == (64, True, True)


def test_a_dead_registry_ends_with_4_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    began = time.monotonic()
    ran = start(WAYS["promote-model"], "churn", "--tracking-uri", f"http://ann:hunter2@127.0.0.1:{port}", at=tmp_path)
    assert time.monotonic() - began < 10 + START_S
    assert ran.returncode == 4
    assert f"cannot reach 127.0.0.1:{port}" in ran.stdout
    assert "hunter2" not in ran.stdout + ran.stderr


def test_a_defect_ends_with_70_and_a_file_that_holds_everything_but_secrets(tmp_path: Path) -> None:
    own_check(tmp_path, f"raise RuntimeError('login with {TOKEN} failed')")
    ran = start(WAYS["promote-model"], "churn", "--json", at=tmp_path)
    document = json.loads(ran.stdout)
    assert ran.returncode == document["exit_code"] == 70
    details = Path(document["hint"].partition("they are in ")[2].partition(";")[0])
    text = details.read_text(encoding="utf-8")
    details.unlink()
    assert "Traceback" in text
    assert "RuntimeError: login with *** failed" in text
    assert "Traceback" not in ran.stdout + ran.stderr
    assert TOKEN not in text + ran.stdout + ran.stderr


def test_a_module_that_is_no_check_is_a_wrong_call(tmp_path: Path) -> None:
    own_check(tmp_path, "TOPIC = 'Ours'")
    ran = start(WAYS["promote-model"], "churn", at=tmp_path)
    assert ran.returncode == 64
    assert "ours.check is no check: it has no WEIGHT, ask" in ran.stdout


def test_a_defect_is_shown_when_no_file_can_be_written(tmp_path: Path) -> None:
    own_check(tmp_path, "import tempfile", "tempfile.tempdir = '/nowhere'", "raise RuntimeError('boom')")
    ran = start(WAYS["promote-model"], "churn", at=tmp_path)
    assert ran.returncode == 70
    assert "Traceback" in ran.stdout
    assert "the details: they are above" in ran.stdout


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_ends_with_130_and_says_what_to_look_at(name: str, tmp_path: Path) -> None:
    own_check(tmp_path, "import os, signal, time", f"os.kill(os.getpid(), signal.{name})", "time.sleep(5)")
    ran = start(WAYS["promote-model"], "churn", at=tmp_path)
    assert ran.returncode == 130
    assert "--history" in ran.stdout
    assert ran.stderr == ""


# --- output that cannot be written ---


@pytest.mark.parametrize("where", [">&-", ">/dev/full", "2>&- >&-", "| true"])
@each_way
def test_an_output_that_takes_nothing_changes_no_exit_code(way: list[str], where: str, tmp_path: Path) -> None:
    script = f'set -o pipefail; "$0" "$@" {where}'
    ran = start(way, "churn", at=tmp_path, through=["/bin/bash", "-c", script])
    assert ran.returncode == 3
    assert "Traceback" not in ran.stderr
    assert "Exception ignored" not in ran.stderr


def test_a_job_summary_that_cannot_be_written_never_passes_in_silence(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    assert call(a_scene(), "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["exit_code"] == 1
    assert "the job summary" in document["warnings"][0]


def test_a_job_summary_is_written_where_github_looks_for_it(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    assert call(a_scene()) == 0
    assert f"### promote {MODEL}: exit code 0" in (tmp_path / "summary.md").read_text(encoding="utf-8")


# --- the door of Claude Code ---

TYPED = {
    "a wrong call": ("churn --nope", 64),
    "nothing": ("", 64),
    "help": ("--help", 0),
    "an open quote": ('churn --reason "it', 64),
    "quotes": ("'a b' --policy 'no such file.toml'", 64),
    "no text": ("\udcff", 64),
    "two lines": ("churn\n--nope", 64),
    "the option itself": ("--args-stdin --nope", 64),
}


@pytest.mark.parametrize(("typed", "code"), TYPED.values(), ids=TYPED.keys())
def test_arguments_from_stdin_end_with_0_and_a_last_line_that_holds_the_code(
    typed: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = io.BytesIO(typed.encode("utf-8", "surrogateescape"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw, encoding="utf-8"))
    assert main(["--args-stdin"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == f"exit code: {code}"
    assert err == ""


def test_arguments_from_stdin_are_never_given_to_a_shell(tmp_path: Path) -> None:
    typed = "churn --reason '$(touch x) `touch x`; touch x' --policy no.toml; touch x"
    ran = start(WAYS["promote-model"], "--args-stdin", at=tmp_path, input=typed)
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "exit code: 64")
    assert list(tmp_path.iterdir()) == []
