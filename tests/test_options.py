"""The command line by itself: one value for each call, and one clear line for each wrong one."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from model_promotion.core.errors import BadCall
from model_promotion.core.request import Mode
from model_promotion.core.selector import BySemver, Latest
from model_promotion.options import ENGINES, parser

LIB = Path(__file__).parents[1] / "lib"
HEAVY = {"mlflow", "databricks", "tabulate", "tqdm", "pydantic", "numpy", "pandas"}
RUN_AND_LIST_MODULES = """
import sys
from model_promotion.cli import main
code = main(sys.argv[1:])
print()
print(code, *sys.modules)
"""


def read(*words: str) -> Any:
    return parser("promote").parse_intermixed_args(words)


WRONG = {
    "an unknown option": (["m", "--nope"], "unrecognized arguments: --nope"),
    "an abbreviation": (["m", "--dry"], "unrecognized arguments: --dry"),
    "a third word": (["m", "7", "x"], "'x' is one word too many"),
    "two modes": (["m", "--rollback", "--history"], "not allowed with argument"),
    "a mode and a recovery": (["m", "--recover", "resume", "--check"], "not allowed with argument"),
    "a mode and the demo": (["--demo", "--check"], "not allowed with argument"),
    "an unknown recovery": (["m", "--recover", "maybe"], "invalid choice: 'maybe'"),
    "an unknown environment": (["m", "--env-manager", "conda"], "invalid choice: 'conda'"),
    "an alias with a space": (["m", "--to", "a b"], "--to: alias 'a b' is not a name"),
    "a reserved alias": (["m", "--from", "latest"], "--from: alias 'latest' is reserved"),
    "a version that is none": (["m", "--version", "seven"], "--version: version 'seven' is neither"),
    "a way back that is none": (["m", "--rollback", "--to-version", "x"], "--to-version: version 'x' is neither"),
    "a time that is none": (
        ["m", "--history", "--at", "yesterday"],
        "--at: time 'yesterday' is no date or time in ISO 8601",
    ),
    "a stage to promote to that is none": (["m", "--to-stage", "prod"], "'prod' is none of Staging, Production (for"),
    "a stage nothing is promoted to": (
        ["m", "--to-stage", "Archived"],
        "'Archived' is none of Staging, Production (for",
    ),
    "a stage to come from that is none": (["m", "--from-stage", "x"], "'x' is none of None, Staging, Production, Arch"),
    "a duration that is none": (
        ["m", "--timeout", "soon"],
        "--timeout: duration 'soon' is no number above 0 with s, m, h or d",
    ),
    "no time at all": (["m", "--timeout", "0"], "--timeout: duration '0' is no number above 0"),
    "an age without a unit": (
        ["m", "--cleanup", "--older-than", "365"],
        "age '365' is no number above 0 with d (days)",
    ),
    "a number of versions that is none": (["m", "--cleanup", "--keep", "-1"], "'-1' is no number of versions"),
    "a number of versions in words": (["m", "--cleanup", "--keep", "few"], "'few' is no number of versions"),
    "a tag without a value": (["--auto", "--tag", "best_model"], "tag 'best_model' is not written K=V"),
    "an endpoint that is none": (
        ["m", "--endpoint", "ftp://h"],
        "--endpoint: endpoint 'ftp://h' is no address of http",
    ),
    "an endpoint with a password": (["m", "--endpoint", "http://a:b@h"], "has a user name in it"),
    "a load test that is none": (["m", "--load-test", "fast"], "--load-test: load test 'fast' is not written RATE,DUR"),
    "an alert to nowhere": (["m", "--alert", "T0ken x"], "--alert: the address of an alert is neither an address nor"),
    "a gate that is none": (["m", "--approve", "Business"], "--approve: gate 'Business' is not a name"),
    "an approver that is none": (["m", "--approver", ""], "--approver: approver '' is no name"),
    "a yes and a no": (["m", "--approve", "a", "--reject", "a"], "not allowed with argument"),
    "an option without its value": (["m", "--to"], "--to: expected one argument"),
}


@pytest.mark.parametrize(("words", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_word_is_a_wrong_call_that_names_it(words: list[str], said: str) -> None:
    with pytest.raises(BadCall) as refused:
        read(*words)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "--help" in refused.value.hint


@pytest.mark.parametrize(("word", "like"), [("--verison=3", "--version"), ("--dry", "--dry-run")])
def test_a_misspelt_option_is_answered_with_the_near_one(word: str, like: str) -> None:
    with pytest.raises(BadCall) as refused:
        read("m", word)
    assert refused.value.hint.startswith(f"did you mean {like}")


MODES = {
    Mode.PROMOTE: [],
    Mode.DRY_RUN: ["--dry-run"],
    Mode.CHECK: ["--check"],
    Mode.ROLLBACK: ["--rollback"],
    Mode.RELEASE: ["--release"],
    Mode.HISTORY: ["--history"],
    Mode.VERIFY_AUDIT: ["--verify-audit"],
    Mode.LIST: ["--list"],
    Mode.CLEANUP: ["--cleanup", "--keep", "3"],
}


@pytest.mark.parametrize(("mode", "words"), MODES.items())
def test_each_mode_has_its_option_and_promotion_is_the_mode_without_one(mode: Mode, words: list[str]) -> None:
    assert read("m", *words).mode is mode


def test_the_defaults_are_those_of_the_contract() -> None:
    options = read("m")
    assert (options.source, options.target, options.timeout_s, options.env_manager) == (None, None, 60.0, "local")
    assert not any((options.force, options.compare_metrics, options.run_tests, options.json, options.plain))


@pytest.mark.parametrize("words", [["m", "7", "--force"], ["--force", "m", "7"], ["m", "--force", "7"]])
def test_options_may_stand_anywhere(words: list[str]) -> None:
    options = read(*words)
    assert (options.model, options.version_word, options.force) == ("m", "7", True)


def test_values_arrive_as_what_they_mean() -> None:
    options = read("m", "--version", "1.2.0", "--timeout", "2m", "--policy", "team.toml", "--to", "@canary")
    assert (options.version, options.timeout_s) == (BySemver("1.2.0"), 120.0)
    assert (options.policy, options.target) == (Path("team.toml"), "canary")
    assert read("m", "--version", "latest").version == Latest()


def test_help_names_every_option_and_every_exit_code() -> None:
    text = parser("promote").format_help()
    flags = {flag for action in parser("promote")._actions for flag in action.option_strings}  # noqa: SLF001 - no other way
    assert not [flag for flag in flags if flag not in text]
    assert all(f"{code} " in text for code in (0, 1, 2, 3, 4, 64, 70, 130))


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--help"], 0), (["m", "--to", "a b"], 64), (["m@"], 64), ([], 64), (["m", "--profile", "p", "--at", "x"], 64)],
)
def test_help_and_wrong_calls_import_nothing_heavy(words: list[str], code: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", RUN_AND_LIST_MODULES, *words],
        env={"PYTHONPATH": str(LIB)},
        capture_output=True,
        text=True,
        check=True,
    )
    ended, *modules = ran.stdout.splitlines()[-1].split()
    assert int(ended) == code
    assert not HEAVY & set(modules)


def test_the_engines_are_those_on_the_shelf_and_those_of_the_job() -> None:
    from typing import get_args

    from model_promotion.jobs import PromotionJob

    assert ENGINES == get_args(PromotionJob.model_fields["engine"].annotation) == ("local", "spark", "warehouse")
