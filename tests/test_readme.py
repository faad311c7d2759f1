"""What README.md tells, held against what the program does."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import model_promotion
from model_promotion import PromotionJob, RollbackJob, catalog
from model_promotion.asked import asked
from model_promotion.core.exits import ExitCode
from model_promotion.core.metadata import Metadata
from model_promotion.core.request import Mode
from model_promotion.core.reviewed import Reviewed, ReviewedFleet, ReviewedUnit
from model_promotion.options import parser
from model_promotion.settings import read_policy
from tests.alerts.receivers import webhook
from tests.e2e.program import DOOR
from tests.shown import Shown

REPO = DOOR.parent
README = (REPO / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"(?ms)^```(?P<language>\w+)\n(?P<text>.*?)^```$")
FROM_DEMO = "../.venv/bin/python ../promote_model.py"
SECTIONS = ("Reviewed plans", "Approvals", "Stages", "Promote if better", "The best of many", "Evidence", "The record")
ENDS_WITH = re.compile(r"# ends with (\d+)")


def blocks(language: str) -> list[str]:
    return [found["text"] for found in FENCE.finditer(README) if found["language"] == language]


def fleet() -> str:
    """The manifest that is shown."""
    (text,) = (text for text in blocks("toml") if "[[promotion]]" in text)
    return text


def section(title: str) -> str:
    _, _, after = README.partition(f"\n## {title}\n")
    assert after, f"README.md has no section {title}"
    return after.partition("\n## ")[0]


def first_column(title: str) -> list[str]:
    """The first cells of a section's table, without its header."""
    rows = [line.split("|")[1].strip() for line in section(title).splitlines() if line.startswith("|")]
    return rows[2:]


def typed() -> Iterator[str]:
    """Every call of the program in a console block."""
    lines = [line for block in blocks("console") for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines)
    calls = (line.removeprefix("$ ") for line in lines)
    return (call for call in calls if "promote_model.py" in call)


def options() -> set[str]:
    return {flag for action in parser("promote_model.py")._actions for flag in action.option_strings}  # noqa: SLF001


def test_the_options_told_are_the_options_there_are() -> None:
    assert set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", "\n".join(first_column("Options")))) == options()


def test_the_modes_told_are_the_modes_there_are() -> None:
    flags = re.findall(r"--[a-z][a-z-]*", "\n".join(first_column("Calls")))
    told = {flag for flag in flags if flag not in ("--plan-out", "--manifest")}  # these are ways to promote
    assert sorted(told) == sorted(f"--{mode.value}" for mode in Mode if mode is not Mode.PROMOTE)


def test_the_exit_codes_told_are_the_exit_codes_there_are() -> None:
    assert first_column("Exit codes") == [str(int(code)) for code in ExitCode]
    _, _, after = parser("promote_model.py").format_help().partition("exit codes:\n")
    assert re.findall(r"(?:^|\s)(\d+) ", after) == [str(int(code)) for code in ExitCode]


def test_the_checks_told_are_the_checks_there_are() -> None:
    assert sorted(cell.strip("`") for cell in first_column("Checks")) == sorted(catalog.names("checks"))


@pytest.mark.parametrize("call", typed())
def test_every_call_is_one_that_the_program_understands(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = Reviewed("ada", 0.0, {"model": "breast_cancer"}, {}, ())
    (tmp_path / "plan.json").write_text(plan.text, encoding="utf-8")
    (tmp_path / "plans.json").write_text(ReviewedFleet((ReviewedUnit((plan,)),), 8).text, encoding="utf-8")
    (tmp_path / "fleet.toml").write_text(fleet(), encoding="utf-8")
    words = shlex.split(call, comments=True)
    words = words[words.index(next(word for word in words if word.endswith("promote_model.py"))) + 1 :]
    assert asked(parser("promote_model.py").parse_intermixed_args(words), "promote_model.py").request.mode in Mode


def test_every_make_target_told_is_one_there_is() -> None:
    made = set(re.findall(r"(?m)^([a-z-]+):", (REPO / "Makefile").read_text(encoding="utf-8")))
    told = set(
        re.findall(r"\bmake ((?!a |the )[a-z-]+)", "\n".join((*blocks("console"), *re.findall("`([^`]+)`", README))))
    )
    assert told
    assert told <= made


def test_the_policy_is_one_that_the_program_reads(tmp_path: Path) -> None:
    text, *_ = (text for text in blocks("toml") if "[record]" in text)
    path = tmp_path / "promotion.toml"
    path.write_text(text, encoding="utf-8")
    policy = read_policy(path)
    assert policy.required == {"recorded_metrics", "signature"}
    assert set(tomllib.loads(text)) == {
        "metrics",
        "checks",
        "model_tests",
        "evidence",
        "drift",
        "load_test",
        "rollout",
        "watch",
        "alerts",
        "gates",
        "retention",
        "record",
    }


@pytest.fixture
def demo(shown: Shown, tmp_path: Path) -> Path:
    """The folder as `make demo` leaves it."""
    return shutil.copytree(shown.pristine, tmp_path / "promote-model-demo")


def bash(script: str, cwd: Path, shown: Shown, **more: str) -> subprocess.CompletedProcess[str]:
    shell = shutil.which("bash")
    assert shell is not None, "the examples are for a shell"
    env = {**shown.env(cwd.parent), **more}
    return subprocess.run([shell, "-c", script], cwd=cwd, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def program(warm_python: Path) -> str:
    """The words that start it; `make demo` has shown already that a fresh Python does as well."""
    return shlex.join((str(warm_python), "-I", str(DOOR)))


def play(calls: list[str], program: str, shown: Shown, demo: Path) -> None:
    """Each call ends with the code that its comment tells, else with 0."""
    for call in calls:
        expected = ENDS_WITH.search(call)
        ran = bash(call.replace(FROM_DEMO, program), demo, shown)
        assert ran.returncode == (int(expected[1]) if expected else 0), call + ran.stdout + ran.stderr


def test_the_quickstart_runs_from_top_to_bottom(program: str, shown: Shown, demo: Path) -> None:
    first = next(block for block in blocks("console") if FROM_DEMO in block)
    into, *calls = (line.removeprefix("$ ") for line in first.splitlines())
    assert into == f"cd {demo.name}"
    play(calls, program, shown, demo)


@pytest.mark.parametrize("title", SECTIONS)
def test_the_example_of_a_section_runs_from_top_to_bottom(title: str, program: str, shown: Shown, demo: Path) -> None:
    _, _, after = section(title).partition("```console\n")
    play([line.removeprefix("$ ") for line in after.partition("```")[0].splitlines()], program, shown, demo)


def test_the_example_of_alerts_tells_a_webhook(program: str, shown: Shown, demo: Path) -> None:
    _, _, after = section("Alerts").partition("```console\n")
    with webhook() as receiver:
        calls = after.partition("```")[0].replace("json://127.0.0.1:8000/hook", receiver.address).splitlines()
        play([line.removeprefix("$ ") for line in calls], program, shown, demo)
    assert [(one["title"], one["type"]) for one in receiver.told] == [("[info] breast_cancer", "info")]
    assert "why: the scale was mended" in receiver.told[0]["message"]


def test_the_metadata_file_has_the_fields_that_are_told() -> None:
    told = section("Promote if better").partition("`--metadata-file` has")[2].partition(" each of them")[0]
    body = Metadata(
        "r", "m", "1", {}, promoted_to_production=True, alias=None, stage=None, model_type=None, params={}, summary=""
    )
    assert set(re.findall(r"`(\w+)`", told)) == set(json.loads(body.text))


def test_every_example_that_is_linked_is_there() -> None:
    linked = set(re.findall(r"\]\((examples/[\w.-]+)\)", README))
    assert linked
    assert not [path for path in linked if not (REPO / path).is_file()]


def test_every_page_that_is_linked_is_there() -> None:
    pages = set(re.findall(r"\]\((docs/[\w.]+)\)", README))
    assert pages == {f"docs/{path.name}" for path in (REPO / "docs").glob("*.md")}


def test_the_ci_job_ends_as_the_check_does_and_says_why(program: str, shown: Shown, demo: Path, tmp_path: Path) -> None:
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed here")
    (script,) = blocks("bash")
    (tmp_path / "promote_model.py").write_text(f'#!/bin/sh\nexec {program} "$@"\n')
    (tmp_path / "promote_model.py").chmod(0o755)
    ran = bash(script, demo, shown, PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert ran.returncode == ExitCode.REFUSED, ran.stderr
    assert ran.stdout.startswith("Hold: v2 is held")
    document = json.loads((demo / "outcome.json").read_text())
    told = re.findall(r"`(\w+)`", section("In a CI job").partition("The document has")[2].partition(";")[0])
    assert told
    assert set(told) <= set(document)


def test_the_python_example_runs(shown: Shown, demo: Path) -> None:
    _, code, _ = blocks("python")
    ran = bash(shlex.join((sys.executable, "-c", code)), demo, shown, PYTHONPATH=str(REPO))
    assert (ran.returncode, "Traceback" in ran.stderr) == (0, False)
    assert ran.stdout.startswith("True refused by hold")


def test_the_configured_job_runs_and_fails_as_its_file_asks(shown: Shown, demo: Path) -> None:
    (text,), (_, _, code) = blocks("yaml"), blocks("python")
    (demo / "job.yaml").write_text(text, encoding="utf-8")
    ran = bash(shlex.join((sys.executable, "-c", code)), demo, shown, PYTHONPATH=str(REPO / "lib"))
    assert ran.returncode == 1
    assert "Refused: refused by hold" in ran.stderr.splitlines()[-1]


def test_every_field_of_a_job_and_every_name_for_python_is_told() -> None:
    told = set(re.findall(r"\w+", section("From Python")))
    fields = {name for kind in (PromotionJob, RollbackJob) for name in (*kind.model_fields, *kind.options())}
    assert fields <= told
    assert set(model_promotion.__all__) - {"Finding", "Locals", "Verdict"} <= told


def test_every_example_is_told() -> None:
    told = set(re.findall(r"[\w.-]+", README))
    assert {path.name for path in (REPO / "examples").iterdir()} <= told
