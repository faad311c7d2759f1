"""What the options mean together."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.asked import Asked, asked
from model_promotion.core.errors import BadCall
from model_promotion.core.exits import ExitCode
from model_promotion.core.request import Mode
from model_promotion.core.reviewed import Reviewed
from model_promotion.core.selector import ByAlias, ByNumber, BySemver, Latest, Selector
from model_promotion.options import parser
from model_promotion.reports.plan_file import write
from model_promotion.settings import Flags

FORMS: dict[str, tuple[str, Selector]] = {
    "m": ("m", ByAlias("staging")),
    "m 7": ("m", ByNumber("7")),
    "m latest": ("m", Latest()),
    "m 1.2.0": ("m", BySemver("1.2.0")),
    "m@canary": ("m", ByAlias("canary")),
    "m:7": ("m", ByNumber("7")),
    "models:/m/7": ("m", ByNumber("7")),
    "models:/m@canary": ("m", ByAlias("canary")),
    "cat.sch.m": ("cat.sch.m", ByAlias("staging")),
    "m --version 7": ("m", ByNumber("7")),
    "m --from canary": ("m", ByAlias("canary")),
    "m --from canary --version 7": ("m", ByNumber("7")),
    "m 7 --version 7": ("m", ByNumber("7")),
    "m:7 7": ("m", ByNumber("7")),
    "--model-name m": ("m", ByAlias("staging")),
    "--model-name m 7": ("m", ByNumber("7")),
    "--model-name m --version 7": ("m", ByNumber("7")),
    "m --model-name m": ("m", ByAlias("staging")),
    "m 7 --model-name m": ("m", ByNumber("7")),
}
WRONG = {
    "": "which model",
    "--rollback": "which model",
    "m 7 --version 8": "two candidates: version 7 and version 8",
    "m:7 --version 8": "two candidates",
    "m@canary 7": "two candidates",
    "a 7 --model-name b": "two models: a and b",
    "a --model-name b": "version 'a' is neither",
    "m seven": "version 'seven' is neither",
    "a/b": "model name 'a/b' is not one",
    "m@": "alias '' is not a name",
    "m@v7": "alias 'v7' is reserved",
    "m@champion": "source and target are both @champion",
    "m --from canary --to canary": "source and target are both @canary",
    "m --to-version 3": "--to-version goes with --rollback",
    "m --history --to-version 3": "--to-version goes with --rollback",
    "m --at 2026-11-21": "--at goes with --history",
    "m --rollback --to-version latest": "--to-version takes a version number, not latest",
    "m --rollback --version 3": "--rollback takes no candidate, but version 3 was named",
    "m:3 --rollback": "--rollback takes no candidate",
    "m --rollback --from canary": "--rollback takes no candidate",
    "m 3 --history": "--history takes no candidate",
    "m 3 --recover resume": "--recover takes no candidate",
    f"m --to {'a' * 251}": "is too long",
}
WORDS = {word for line in (*FORMS, *WRONG) for word in line.split()}


def ask(line: str) -> Asked:
    return asked(parser("promote").parse_intermixed_args(line.split()), "promote")


@pytest.mark.parametrize(("line", "meant"), FORMS.items())
def test_a_model_and_its_candidate_are_named_in_each_of_these_ways(line: str, meant: tuple[str, Selector]) -> None:
    request = ask(line).request
    assert (request.model, request.candidate) == meant


@pytest.mark.parametrize(("line", "said"), WRONG.items())
def test_what_contradicts_itself_is_a_wrong_call_with_a_hint(line: str, said: str) -> None:
    with pytest.raises(BadCall) as refused:
        ask(line)
    assert said in str(refused.value)
    assert refused.value.hint
    assert refused.value.code is ExitCode.USAGE


@pytest.mark.parametrize("line", ["--verify-audit", "--demo"])
def test_two_modes_need_no_model(line: str) -> None:
    assert ask(line).request.model == ""


def test_a_rollback_of_the_champion_does_not_trip_over_the_source() -> None:
    assert ask("m --rollback --to staging").request.target_alias == "staging"
    assert ask("m --rollback --to-version 3").request.to_version == "3"


@pytest.mark.parametrize(("line", "named"), [("m", False), ("m 7", True), ("m --from x", True), ("m@x", True)])
def test_it_is_known_whether_the_candidate_was_named_or_is_the_default(line: str, named: bool) -> None:
    assert ask(line).request.candidate_named is named


def test_a_recovery_is_a_mode_of_its_own() -> None:
    request = ask("m --recover abandon").request
    assert (request.mode, request.recovery) == (Mode.RECOVER, "abandon")


def test_the_places_go_to_the_settings_and_into_the_commands_that_are_printed() -> None:
    call = ask("m --registry-uri http://r --tracking-uri http://t --profile p --timeout 5s --to canary")
    assert call.flags == Flags("http://r", "http://t", "p", None, 5.0)
    assert call.request.command("--rollback") == (
        "promote m --rollback --to canary --registry-uri http://r --tracking-uri http://t --profile p"
    )


def test_a_printed_command_reads_the_same_policy() -> None:
    assert ask("m --policy ours.toml").request.command("--rollback") == "promote m --rollback --policy ours.toml"


@pytest.mark.parametrize(("words", "fits"), [("", True), ("--to blue", True), ("--to champion", False)])
def test_a_plan_is_applied_where_it_was_made_for_and_naming_another_alias_is_a_wrong_call(
    tmp_path: Path, words: str, fits: bool
) -> None:
    path = tmp_path / "plan.json"
    write(Reviewed("ada", 1.0, {"model": "m", "target_alias": "blue"}, {}, ()), path)
    line = f"--apply {path} {words}"
    if fits:
        assert ask(line).request.mode is Mode.APPLY
        return
    with pytest.raises(BadCall, match="--to champion would change it"):
        ask(line)


@given(st.lists(st.sampled_from(sorted({*WORDS, "/", "@", ":", "--at"}))))
def test_any_order_of_words_is_a_request_or_a_wrong_call(words: list[str]) -> None:
    try:
        assert ask(" ".join(words)).request.model
    except BadCall as refused:
        assert refused.code is ExitCode.USAGE  # noqa: PT017 - either answer is right
