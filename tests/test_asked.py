"""What the options mean together."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.asked import MODES_WITHOUT_MODEL, Asked, asked
from model_promotion.core.errors import BadCall
from model_promotion.core.exits import ExitCode
from model_promotion.core.heeded import spare
from model_promotion.core.request import Mode
from model_promotion.core.reviewed import Reviewed
from model_promotion.core.selector import ByAlias, ByNumber, BySemver, Latest, Selector
from model_promotion.core.wanted import Wanted
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
    "m --copy-from m": "m cannot be copied from itself",
    "m --copy-from a/b": "model name 'a/b' is not one",
    "m --copy-from n --history": "--history copies nothing",
    "m --copy-from n --rollback": "--rollback copies nothing",
    "--copy-from n": "which model",
    "--manifest nowhere.toml": "manifest nowhere.toml: it cannot be read",
    "m --manifest fleet.toml": "beside it stands m",
    "--manifest fleet.toml --to canary --force": "beside it stands --to --force",
    "--manifest fleet.toml --rollback": "--manifest promotes, and nothing else",
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
    "--cleanup --keep 3": "which model",
    "m --keep 3": "--keep goes with --cleanup",
    "m --list --older-than 9d": "--older-than goes with --cleanup",
    "m --yes": "--yes goes with --cleanup",
    "m --history --alert OPS": "--history tells nobody, so it takes no --alert",
    "--list --alert OPS": "--list tells nobody",
    "--demo --alert OPS": "--demo tells nobody",
    "m --tag a=b": "--tag goes with --auto",
    "m --metric f1": "--metric goes with --auto",
    "m 3 --auto": "--auto finds the candidate, but version 3 was named",
    "m --auto --from canary": "--auto finds the candidate, but @canary was named",
    "m --auto --copy-from n": "--auto finds the candidate among the versions there are, it copies none",
    "m --auto --rollback": "--auto is a promotion, and --rollback is none",
    "--auto --list": "--auto is a promotion, and --list is none",
    "m 3 --list": "--list takes no candidate",
    "m 7 --if-better f1:0.1 --if-better f1": "--if-better f1:0.1 and --if-better f1 are about the same metric",
    "m 7 --if-better f1 --if-better f1": "about the same metric",
    "m --else-alias next": "--else-alias is where --if-better leaves a candidate",
    "m 7 --if-better f1 --to staging": "@staging is the target itself",
    "m 7 --if-better f1 --to-stage Staging": "stage Staging is the target itself",
    "m 7 --if-better f1 --else-alias champion": "@champion is the target itself",
    "m 7 --if-better f1 --else-alias prev_champion": "@prev_champion keeps what stood as @champion before",
    "m 7 --if-better f1 --else-alias prev_stage_production": "keeps what stood as stage Production before",
    "m 7 --to prev_champion": "@prev_champion keeps what stood as @champion before",
    "m --rollback --to prev_champion": "@prev_champion keeps what stood as @champion before",
    "m --load-test 50,30s": "--load-test loads an endpoint, and none was named",
    "m --endpoint a --endpoint a": "--endpoint a was named twice",
    "m --endpoint http://h:1 --endpoint http://h:1/invocations": "--endpoint http://h:1 was named twice",
    "m --list --endpoint a": "--list takes no --endpoint",
    "--watch 9m": "which model",
    "m --watch 9m --force": "--watch takes no --force",
    "m --watch 9m --update-endpoints": "--watch takes no --update-endpoints",
    "m --watch 9m --run-tests": "--watch takes no --run-tests",
    "m --watch 9m --rollback": "--watch follows a promotion or stands alone, it does not go with --rollback",
    "m --watch 9m --dry-run": "--watch without a candidate only watches, which has no --dry-run",
    "m --watch --check": "--watch without a candidate only watches, which has no --check",
    "m --watch 9m --history": "it does not go with --history",
    "m 7 --watch 9m --plan-out p.json": "it does not go with --plan-out",
    "m --watch 9m --plan-out p.json": "it does not go with --plan-out",
    "m --rollback --if-better f1": "--rollback takes no --if-better",
    "--list --force": "--list takes no --force",
    "--list --run-tests": "--list takes no --run-tests",
    "m --list --reason why": "--list takes no --reason",
    "m --cleanup --force": "--cleanup takes no --force",
    "m 2 --approve business --force": "--approve takes no --force",
    "m 2 --approve business --sync-stages": "--approve takes no --sync-stages",
    "m 2 --reject business --compare-metrics": "--reject takes no --compare-metrics",
    "m 2 --approve business --copy-from n": "--approve copies nothing",
    "m 2 --approve business --sign-with key": "--sign-with signs in somebody's name",
    "m 2 --sign-with key --approver ada": "--sign-with signs an approval",
    "--approve business": "which model",
    "--manifest nowhere.toml --approve business": "beside it stands --approve",
    "m --auto --approve business": "--auto is a promotion, and --approve is none",
    "m 2 --approve business --watch 9m": "it does not go with --approve",
    "m --rollback --canary 5": "--rollback takes no --canary",
    "m --rollback --update-endpoints": "--rollback takes no --update-endpoints",
    "m --release --version 2 --canary 5": "--release takes no --canary",
    "m --release --version 2 --eval-data d": "--release takes no --eval-data",
    "--verify-audit --load-test 5,3s --endpoint http://x": "--verify-audit takes no --endpoint",
    "--verify-audit --to canary": "--verify-audit takes no --to",
    "--demo --reason why": "--demo takes no --reason",
    "m --history --canary 5,25": "--history takes no --canary",
    "m --history --eval-data nope.csv --target y": "--history takes no --eval-data",
    "m --history --endpoint foo": "--history takes no --endpoint",
    "m --history --force": "--history takes no --force",
    "m --recover resume --canary 5": "--recover takes no --canary",
    "m --cleanup --compare-metrics": "--cleanup takes no --compare-metrics",
    "m --cleanup --env-manager uv": "--cleanup takes no --env-manager",
    "m --cleanup --sync-stages": "--cleanup takes no --sync-stages",
    "m --cleanup --to canary": "--cleanup takes no --to",
    "m --cleanup --to-stage Production": "--cleanup takes no --to-stage",
    "m --history --metadata-file m.json": "--history takes no --metadata-file",
    "m --history --report-file r.html": "--history takes no --report-file",
    "m --watch 9m --report-file r.html": "--watch takes no --report-file",
    "m --report-file /dev/null/r.html": "--report-file /dev/null/r.html cannot be written: /dev/null is no folder",
    "m --history --run-tests --junit-xml j.xml": "--history takes no --",
    "m --junit-xml j.xml": "--junit-xml is about the model tests",
    "m --run-tests --junit-xml /dev/null/j.xml": "--junit-xml /dev/null/j.xml cannot be written: /dev/null is",
    "m --metadata-file /dev/null/m.json": "--metadata-file /dev/null/m.json cannot be written: /dev/null is no folder",
}
YAML = "promotion:\n- model: m\n  verison: 3\n"
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


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("m --rollback --to canary --reason bad --sync-stages", ()),
        ("m --rollback --eval-data d --target y --endpoint e", ("--eval-data", "--target", "--endpoint")),
        ("m --rollback --run-tests --approver ada", ("--run-tests", "--approver")),
        ("m 2 --run-tests", ()),
    ],
)
def test_a_rollback_passes_over_evidence_that_a_script_always_names_and_says_so(
    line: str, told: tuple[str, ...]
) -> None:
    assert spare(ask(line).request) == told


@pytest.mark.parametrize(
    "line", ["m --release --reason ok --to x", "m --recover abandon --force", "m --history --to x"]
)
def test_what_a_mode_looks_at_goes_with_it(line: str) -> None:
    assert ask(line).request.model == "m"


@pytest.mark.parametrize("line", ["m --list --to canary", "m --list --sync-stages", "m --cleanup --reason disk"])
def test_a_list_is_told_where_production_is_and_a_cleanup_why(line: str) -> None:
    assert ask(line).request.model == "m"


@pytest.mark.parametrize("line", ["--verify-audit", "--demo", "--list", "--auto", "--auto --dry-run"])
def test_some_calls_need_no_model(line: str) -> None:
    assert ask(line).request.model == ""


def test_tests_of_ones_own_ask_for_all_model_tests_and_are_typed_again_in_hints() -> None:
    request = ask("m 7 --tests a --tests b.py").request
    assert (request.run_tests, request.tests) == (True, ("a", "b.py"))
    assert request.gates == ("--run-tests", "--tests", "a", "--tests", "b.py")


def test_a_rollback_of_the_champion_does_not_trip_over_the_source() -> None:
    assert ask("m --rollback --to staging").request.target_alias == "staging"
    assert ask("m --rollback --to-version 3").request.to_version == "3"


@pytest.mark.parametrize(("line", "named"), [("m", False), ("m 7", True), ("m --from x", True), ("m@x", True)])
def test_it_is_known_whether_the_candidate_was_named_or_is_the_default(line: str, named: bool) -> None:
    assert ask(line).request.candidate_named is named


@pytest.mark.parametrize(
    ("line", "mode"),
    [
        ("m --watch", Mode.WATCH),
        ("m --watch 9m --to canary --endpoint a --current-data d", Mode.WATCH),
        ("m 7 --watch 9m", Mode.PROMOTE),
        ("m@staging --watch 9m --canary 5,25", Mode.PROMOTE),
        ("m --from staging --watch 9m", Mode.PROMOTE),
        ("--auto --watch 9m", Mode.PROMOTE),
        ("m 7 --watch 9m --dry-run", Mode.DRY_RUN),
        ("--auto --watch 9m --dry-run", Mode.DRY_RUN),
        ("m 7 --check --watch 9m", Mode.CHECK),
    ],
)
def test_a_watch_is_a_mode_of_its_own_unless_somebody_is_named_to_be_promoted(line: str, mode: Mode) -> None:
    request = ask(line).request
    assert (request.mode, request.watch_s) == (mode, 540.0 if "9m" in line else 1800.0)
    assert request.gates[-2:] == ("--watch", f"{request.watch_s:g}s") or "--current-data" in line


ELSE = {
    "m 7 --if-better f1": "staging",
    "m 7 --if-better f1 --to production": "staging",
    "m 7 --if-better f1 --to-stage Production": "stage:Staging",
    "m 7 --if-better f1 --to-stage Production --else-alias next": "next",
    "m 7 --if-better f1 --else-alias @next": "next",
    "m 7": "",
}


@pytest.mark.parametrize(("line", "other"), ELSE.items())
def test_a_candidate_that_is_not_better_goes_beside_its_target(line: str, other: str) -> None:
    assert ask(line).request.else_alias == other


@pytest.mark.parametrize(
    "options",
    [
        "--if-better f1:0.01 --if-better acc",
        "--if-better f1 --else-alias next",
        "--compare-metrics",
        "--endpoint http://h:1 --endpoint churn --load-test 50,30s",
    ],
)
def test_what_chooses_is_repeated_in_the_commands_that_are_printed(options: str) -> None:
    assert sorted(ask(f"m 7 {options}").request.gates) == sorted(options.split())


def test_a_recovery_is_a_mode_of_its_own() -> None:
    request = ask("m --recover abandon").request
    assert (request.mode, request.recovery) == (Mode.RECOVER, "abandon")


@pytest.mark.parametrize(
    ("line", "mode", "best"),
    [
        ("--auto", Mode.PROMOTE, Wanted()),
        ("heart-* --auto --metric roc_auc --dry-run", Mode.DRY_RUN, Wanted(metric="roc_auc")),
        ("m --auto --tag stage=final --check", Mode.CHECK, Wanted(("stage", "final"))),
        ("--auto --plan-out p.json", Mode.DRY_RUN, Wanted()),
        ("--auto --to staging", Mode.PROMOTE, Wanted()),
    ],
)
def test_the_best_is_looked_for_in_every_mode_that_promotes_or_looks(line: str, mode: Mode, best: Wanted) -> None:
    request = ask(line).request
    assert (request.mode, request.best) == (mode, best)


def test_a_cleanup_knows_what_it_leaves() -> None:
    request = ask("m --cleanup --keep 3 --older-than 365d --yes").request
    assert (request.mode, request.keep, request.older_than_s, request.yes) == (Mode.CLEANUP, 3, 365 * 86400.0, True)


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
        request = ask(" ".join(words)).request
        assert request.model or request.best or request.mode in MODES_WITHOUT_MODEL
    except BadCall as refused:
        assert refused.code is ExitCode.USAGE  # noqa: PT017 - either answer is right


def test_a_misspelt_key_in_a_manifest_is_answered_with_the_near_key(tmp_path: Path) -> None:
    for name, text in {"fleet.toml": '[[promotion]]\nmodel = "m"\nverison = 3\n', "fleet.yaml": YAML}.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(BadCall, match=r"promotion 1 \(m\)") as refused:
            ask(f"--manifest {tmp_path / name}")
        assert refused.value.hint.startswith("did you mean version")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('compare-metrics = "yes"', "compare-metrics: 'yes' is neither true nor false"),
        ("force = 1", "force: '1' is neither true nor false"),
        ("verison = 2", "verison: there is no such key"),
        ('version = "seven"', "version: version 'seven' is neither"),
    ],
)
def test_what_is_wrong_in_a_manifest_is_said_of_its_keys_which_have_no_dashes(
    tmp_path: Path, line: str, said: str
) -> None:
    (tmp_path / "fleet.toml").write_text(f'[[promotion]]\nmodel = "m"\n{line}\n')
    with pytest.raises(BadCall) as refused:
        ask(f"--manifest {tmp_path / 'fleet.toml'}")
    assert f"promotion 1 (m): {said}" in str(refused.value)
    assert "--" not in str(refused.value)


def test_who_is_told_is_said_for_a_whole_fleet_and_beside_a_plan(tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").write_text('[[promotion]]\nmodel = "m"\n', encoding="utf-8")
    write(Reviewed("ada", 0.0, {"model": "m"}, {}, ()), tmp_path / "plan.json")
    for words in (["--manifest", str(tmp_path / "fleet.toml")], ["--apply", str(tmp_path / "plan.json")]):
        made = asked(parser("p").parse_intermixed_args([*words, "--alert", "OPS", "--alert", "slack://T0ken"]), "p")
        assert made.flags.alerts == ("OPS", "slack://T0ken")
        assert "T0ken" not in repr(made)
