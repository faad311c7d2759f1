"""The embedded registry: real scikit-learn models in an sqlite file, found in the working directory."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import DOOR, Result, clean_env, inside, run
from tests.e2e.registry import BETTER, GOOD, MODEL, NAN, UNREADABLE, WORSE, copied

HOSTILE = "\x1b[2J\x1b[31mok\nchampion: v9\r\u202e"


@dataclass
class Desk:
    """A working directory with a registry of its own."""

    cwd: Path
    env: dict[str, str]

    @property
    def database(self) -> Path:
        return self.cwd / "mlflow.db"

    def call(self, *args: str, model: str = MODEL) -> Result:
        return inside([model, *args], self.env, self.cwd)

    def ask(self, *args: str) -> dict[str, Any]:
        return self.call(*args, "--json").json

    @property
    def aliases(self) -> dict[str, int]:
        with sqlite3.connect(self.database) as db:
            return dict(db.execute("select alias, version from registered_model_aliases where name = ?", [MODEL]))

    def sql(self, statement: str, *values: object) -> None:
        """What a stranger did to the registry."""
        with sqlite3.connect(self.database) as db:
            db.execute(statement, values)


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    return Desk(copied(template, tmp_path / "cwd"), clean_env(tmp_path))


def test_the_main_story_promotes_refuses_and_goes_back(desk: Desk) -> None:
    assert (desk.call("--compare-metrics").code, desk.aliases["champion"]) == (0, BETTER)
    assert (desk.call("--version", str(WORSE), "--compare-metrics").code, desk.aliases["champion"]) == (2, BETTER)
    assert (desk.call("--rollback", "--reason", "slow").code, desk.aliases["champion"]) == (0, GOOD)
    assert [row[2] for row in desk.ask("--history")["table"]["rows"]] == ["promote", "rollback"]
    assert desk.ask("--verify-audit")["facts"]["records"] == {MODEL: 2}


def test_the_program_does_the_same_as_a_whole_process(desk: Desk) -> None:
    done = run([MODEL, "--json"], desk.env, desk.cwd)
    assert (done.code, desk.aliases["champion"], done.json["exit_code"]) == (0, BETTER, 0)


def test_an_edited_record_is_found(desk: Desk) -> None:
    assert [desk.call(*args).code for args in ([], ["--rollback"])] == [0, 0]
    first = min(desk.cwd.rglob("outcome.json"), key=lambda path: path.stat().st_mtime)
    first.write_text(first.read_text().replace('"why":""', '"why":"I was told to"'))
    broken = desk.call("--verify-audit")
    assert broken.code == 2
    assert f"record #1 of {MODEL} does not fit" in broken.all


def test_an_unknown_model_is_3_and_the_near_name_and_the_file_are_named(desk: Desk) -> None:
    ended = desk.call(model="chrun")
    assert (ended.code, f"did you mean {MODEL}?" in ended.all, str(desk.database) in ended.all) == (3, True, True)


@pytest.mark.parametrize("mode", ["--check", "--rollback", "--history", "--verify-audit", "--recover=abandon"])
def test_no_registry_is_3_and_none_is_created(tmp_path: Path, mode: str) -> None:
    ended = inside([MODEL, mode], clean_env(tmp_path), tmp_path)
    assert (ended.code, str(tmp_path / "mlflow.db") in ended.all) == (3, True), ended.all
    assert "MLFLOW_TRACKING_URI" in ended.all
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "said"), [(NAN, "prediction 1 is NaN"), (UNREADABLE, "cannot be loaded: UnpicklingError")]
)
def test_a_broken_model_is_refused_by_its_own_error(desk: Desk, number: int, said: str) -> None:
    desk.sql("delete from registered_model_aliases where alias = 'champion'")
    refused = desk.call("--version", str(number), "--run-tests")
    assert (refused.code, said in refused.all, "champion" in desk.aliases) == (2, True, False), refused.all
    assert "Traceback" not in refused.all


def test_a_sound_model_passes_its_tests_beside_the_champion(desk: Desk) -> None:
    done = desk.call("--run-tests")
    assert (done.code, desk.aliases["champion"]) == (0, BETTER), done.all
    assert "median latency" in done.out


def test_an_alias_that_an_older_script_kept_is_understood(desk: Desk) -> None:
    desk.sql("insert into registered_model_aliases (name, alias, version) values (?, 'prev_champion', ?)", MODEL, WORSE)
    back = desk.call("--rollback")
    assert (back.code, desk.aliases["champion"]) == (0, WORSE), back.all
    assert "kept as @prev_champion" in back.all


def test_hostile_text_in_the_registry_is_printed_harmlessly(desk: Desk) -> None:
    insert = "insert into model_version_tags (name, version, key, value) values (?, ?, 'promotion_hold', ?)"
    desk.sql(insert, MODEL, BETTER, HOSTILE)
    desk.sql("insert into registered_model_aliases (name, alias, version) values (?, ?, 1)", MODEL, HOSTILE)
    desk.sql("insert into registered_model_tags (name, key, value) values (?, 'promotion_head', ?)", MODEL, HOSTILE)
    summary = desk.cwd / "summary.md"
    desk.env["GITHUB_STEP_SUMMARY"] = str(summary)
    for args in ([], ["--from", "nosuch"], ["--force", "--reason", HOSTILE], ["--history"], ["--rollback"]):
        ended = desk.call(*args)
        assert ended.code in (0, 1, 2, 3), ended.all
        assert not {"\x1b", "\r", "\u202e"} & set(ended.all)
        assert not [line for line in ended.all.splitlines() if line.startswith("champion: v9")]
    assert not {"\x1b", "\r"} & set(summary.read_text())


def test_a_hostile_model_name_is_a_wrong_call(desk: Desk) -> None:
    ended = desk.call(model=HOSTILE)
    assert (ended.code, "\x1b" in ended.all) == (64, False)


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="as root: apt-get install util-linux")
def test_a_read_only_database_is_4(desk: Desk) -> None:
    desk.database.chmod(0o444)
    # Root writes everywhere, unless that one right of its is taken away.
    plainly = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] if os.geteuid() == 0 else []
    command = [*plainly, sys.executable, str(DOOR), MODEL]
    ended = subprocess.run(command, env=desk.env, cwd=desk.cwd, capture_output=True, text=True, check=False)
    assert (ended.returncode, "not writable" in ended.stdout) == (4, True), ended.stdout


def test_a_database_that_refuses_writes_is_4_and_stays_as_it_was(desk: Desk) -> None:
    """What a read-only file system does, also to root: sqlite says so at the first write."""
    for event in ("insert", "update", "delete"):
        raising = "begin select raise(abort, 'attempt to write a readonly database'); end"
        desk.sql(f"create trigger no_{event} before {event} on registered_model_tags {raising}")
    ended = desk.call()
    assert (ended.code, desk.aliases) == (4, {"champion": GOOD, "staging": BETTER}), ended.all
    assert "readonly database" in ended.all


def test_a_file_that_is_no_database_is_4(desk: Desk) -> None:
    desk.database.write_text("this is no database, it only has its name\n" * 40)
    ended = desk.call()
    assert (ended.code, "Traceback" in ended.all) == (4, False), ended.all


@pytest.mark.parametrize("setting", [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1", "NO_COLOR": "1"}])
def test_a_terminal_that_cannot_print_emoji_gets_the_same_lines_in_ascii(desk: Desk, setting: dict[str, str]) -> None:
    done = run([MODEL], {**desk.env, **setting}, desk.cwd)
    assert (done.code, done.all.isascii()) == (0, True), done.all
    assert "ok [champion] @champion: v1 -> v2, read back" in done.out


def test_json_is_one_document_and_the_lines_go_to_stderr(desk: Desk) -> None:
    done = desk.call("--json")
    assert done.json["schema_version"] == 1
    assert "[Plan]" in done.err
    failed = desk.call("--json", "--version", "77")
    assert (failed.json["exit_code"], failed.code) == (3, 3)


def test_the_job_summary_tells_the_findings(desk: Desk) -> None:
    summary = desk.cwd / "summary.md"
    desk.env["GITHUB_STEP_SUMMARY"] = str(summary)
    desk.call()
    text = summary.read_text()
    assert "exit code 0" in text
    assert "| ✅ | Signature |" in text


def test_a_policy_in_the_working_directory_is_used_and_named_in_the_record(desk: Desk) -> None:
    (desk.cwd / "promotion.toml").write_text(
        "[metrics.f1]\ntolerance = 0.5\n[metrics.rmse]\ndirection = 'higher'\n[record]\nexperiment = 'ours'\n"
    )
    looked = desk.call("--check", "--compare-metrics")
    assert (looked.code, "rmse got worse" in looked.all, "policy: promotion.toml" in looked.all) == (2, True, True)
    assert desk.call("--force").code == 1
    stored = json.loads(next(desk.cwd.rglob("outcome.json")).read_text())
    assert len(stored["evidence"]["policy"]) == 64


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[checks.signature]\nrequired = 'perhaps'\n", ["line 2", "checks.signature.required"]),
        ("[checks.signatur]\nrequired = true\n", ["line 1", "signatur"]),
        ("[metrics.f1]\n\ntolerence = 1\n", ["line 3", "tolerence"]),
        ("[metrics.f1\n", ["line 1"]),
        ("[model_tests]\ntimeout_s = 'soon'\n", ["line 2", "model_tests.timeout_s"]),
        ("[metrics.f1]\ntolerance = nan\n", ["line 2", "tolerance"]),
    ],
)
def test_a_broken_policy_is_64_with_file_line_and_key(desk: Desk, text: str, words: list[str]) -> None:
    (desk.cwd / "promotion.toml").write_text(text)
    ended = desk.call()
    assert (ended.code, desk.aliases["champion"]) == (64, GOOD)
    assert not [word for word in ("promotion.toml", *words) if word not in ended.all], ended.all


@pytest.mark.parametrize(
    "args",
    [
        ["--rollback", "--check"],
        ["--nonsense"],
        ["--to", "v7"],
        ["--to", "a.b"],
        ["--version", "x"],
        ["--to-version", "3"],
        ["--from", "champion"],
        ["--timeout", "soon"],
        ["--history", "--at", "yesterday-ish"],
    ],
)
def test_a_wrong_call_is_64_with_the_usage_and_touches_nothing(tmp_path: Path, args: list[str]) -> None:
    ended = inside([MODEL, *args], clean_env(tmp_path), tmp_path)
    assert (ended.code, "usage: " in ended.all, list(tmp_path.iterdir())) == (64, True, []), ended.all
