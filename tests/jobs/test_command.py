"""A job and the command cannot drift apart: what one can say the other can, with the same meaning and default."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any, get_origin

import pytest

from model_promotion import BadCall, MlflowService, PromotionError, PromotionJob, RollbackJob, WrongValue
from model_promotion.asked import Asked, asked
from model_promotion.core.selector import ByAlias, Latest
from model_promotion.jobs.command import PROGRAM, CommandJob
from model_promotion.options import parser

# A new option goes into PromotionJob, or in here, with the reason why no job has it.
NOT_IN_JOBS = {
    "--model-name": "the field is called model",
    "--plan-out": "outcome.reviewed of a dry run is the plan",
    "--apply": "a mode of its own",
    "--check": "a dry run tells the same and more",
    "--rollback": "RollbackJob",
    "--release": "a mode of its own",
    "--approve": "a mode of its own",
    "--reject": "a mode of its own",
    "--sign-with": "goes with --approve",
    "--recover": "a mode of its own",
    "--history": "a mode of its own",
    "--at": "goes with --history",
    "--verify-audit": "a mode of its own",
    "--manifest": "a mode of its own",
    "--list": "a mode of its own",
    "--cleanup": "a mode of its own",
    "--keep": "goes with --cleanup",
    "--older-than": "goes with --cleanup",
    "--yes": "goes with --cleanup",
    "--auto": "a job is about the version that it names",
    "--tag": "goes with --auto",
    "--metric": "goes with --auto",
    "--demo": "a show for people",
    "-h": "a terminal's",
    "--help": "a terminal's",
    "--json": "a terminal's",
    "--plain": "a terminal's",
    "--verbose": "a terminal's",
    "--args-stdin": "a terminal's",
}
# One value for each field, and what a person would have typed for it.
SAID: dict[str, tuple[Any, tuple[str, ...]]] = {
    "alert": (("OPS", "slack://a/b/c"), ("--alert", "OPS", "--alert", "slack://a/b/c")),
    "alias": ("canary", ("--to", "canary")),
    "approver": ("ada@example.com", ("--approver", "ada@example.com")),
    "compare_metrics": (True, ("--compare-metrics",)),
    "copy_from": ("staging", ("--copy-from", "staging")),
    "engine": ("spark", ("--engine", "spark")),
    "eval_data": ("rows.parquet", ("--eval-data", "rows.parquet")),
    "group": ("user", ("--group", "user")),
    "id": ("row", ("--id", "row")),
    "target": ("sold", ("--target", "sold")),
    "weight": ("w", ("--weight", "w")),
    "current_data": ("now.parquet", ("--current-data", "now.parquet")),
    "reference_data": ("then.parquet", ("--reference-data", "then.parquet")),
    "dry_run": (True, ("--dry-run",)),
    "endpoint": (("churn", "http://h:1"), ("--endpoint", "churn", "--endpoint", "http://h:1")),
    "load_test": ("50,30s", ("--endpoint", "churn", "--load-test", "50,30s")),
    "update_endpoints": (True, ("--update-endpoints",)),
    "canary": ("5,25,50", ("--canary", "5,25,50")),
    "watch": ("30m", ("--watch", "30m")),
    "bake": ("5m", ("--update-endpoints", "--bake", "5m")),
    "else_alias": ("shadow", ("--if-better", "f1", "--else-alias", "shadow")),
    "env_manager": ("uv", ("--env-manager", "uv")),
    "force": (True, ("--force",)),
    "from_stage": ("staging", ("--from-stage", "staging")),
    "if_better": (("f1:0.01", "rmse"), ("--if-better", "f1:0.01", "--if-better", "rmse")),
    "metadata_file": (Path("m.json"), ("--metadata-file", "m.json")),
    "report_file": (Path("r.html"), ("--report-file", "r.html")),
    "policy": (Path("team.toml"), ("--policy", "team.toml")),
    "profile": ("prod", ("--profile", "prod")),
    "reason": ("--it-was-better", ("--reason=--it-was-better",)),
    "registry_uri": ("http://r", ("--registry-uri", "http://r")),
    "run_tests": (True, ("--run-tests",)),
    "tests": (("tests/model", "more.py"), ("--tests", "tests/model", "--tests", "more.py")),
    "junit_xml": (Path("j.xml"), ("--run-tests", "--junit-xml", "j.xml")),
    "source": ("@canary", ("--from", "@canary")),
    "sync_stages": (True, ("--sync-stages",)),
    "timeout": ("2m", ("--timeout", "2m")),
    "to_stage": ("Production", ("--to-stage", "Production")),
    "to_version": (3, ("--rollback", "--to-version", "3")),
    "tracking_uri": ("http://t", ("--tracking-uri", "http://t")),
    "version": (7, ("--version", "7")),
}
FIELDS = [(kind, name) for kind in (PromotionJob, RollbackJob) for name in kind.options()]


def actions() -> list[argparse.Action]:
    return [action for action in parser(PROGRAM)._actions if action.option_strings]  # noqa: SLF001 - no other way


def typed(*words: str) -> Asked:
    return asked(parser(PROGRAM).parse_intermixed_args(["m", *words]), PROGRAM)


def test_every_option_of_the_command_is_a_field_of_a_job_or_says_why_not() -> None:
    fields = {flag for kind in (PromotionJob, RollbackJob) for flag in kind.options().values()}
    flags = {flag for action in actions() for flag in action.option_strings}
    forgotten = flags - fields - set(NOT_IN_JOBS)
    assert not forgotten, f"add to PromotionJob in jobs/promotion.py a field for each of {forgotten}, and to SAID here"
    assert not fields & set(NOT_IN_JOBS)
    assert fields | set(NOT_IN_JOBS) == flags


@pytest.mark.parametrize("kind", [PromotionJob, RollbackJob])
def test_the_defaults_are_those_of_the_command(kind: type[CommandJob]) -> None:
    by_flag = {flag: action for action in actions() for flag in action.option_strings}
    told = {name: by_flag[flag].default for name, flag in kind.options().items()}
    defaults = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    # An alias that was not named is the default, a mode is no flag of its own to the parser.
    defaults |= {"alias": typed().request.target_alias}
    defaults |= {"dry_run": False} if "dry_run" in defaults else {}
    assert {name: kind.model_fields[name].default for name in defaults} == defaults


def test_a_plain_job_asks_what_the_plain_command_asks_but_for_the_latest_version() -> None:
    plain, job = typed(), PromotionJob(model="m").call()
    assert (plain.request.candidate, job.request.candidate) == (ByAlias("staging"), Latest())
    assert job.request == replace(plain.request, candidate=Latest(), candidate_named=True)
    assert job.flags == plain.flags
    assert RollbackJob(model="m").call() == typed("--rollback")


@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=[f"{kind.__name__}.{name}" for kind, name in FIELDS])
def test_each_field_means_what_its_option_means(kind: type[CommandJob], name: str) -> None:
    value, words = SAID[name]
    if kind is RollbackJob:
        words = ("--rollback", *words) if words[0] != "--rollback" else words
    elif name not in ("version", "source", "from_stage"):
        words = ("--version", "latest", *words)
    beside = {
        "else_alias": {"if_better": ("f1",)},
        "load_test": {"endpoint": "churn"},
        "bake": {"update_endpoints": True},
        "junit_xml": {"run_tests": True},
    }.get(name, {})
    assert kind(**{"model": "m", name: value, **beside}).call() == typed(*words)


def test_one_text_alone_is_taken_wherever_several_are_and_no_letter_of_it_is_one() -> None:
    several = [(kind, name) for kind, name in FIELDS if get_origin(kind.model_fields[name].annotation) is tuple]
    assert several
    for kind, name in several:
        one = SAID[name][0][0]
        assert kind(**{"model": "m", name: one}) == kind(**{"model": "m", name: (one,)})
        two = [one, f"other_{one}"]  # Two for one metric contradict each other.
        assert kind(**{"model": "m", name: two}).call() == kind(**{"model": "m", name: (*two,)}).call()


def test_the_choices_of_a_field_are_those_of_its_option() -> None:
    for action in (action for action in actions() if action.choices and action.dest in PromotionJob.model_fields):
        for choice in action.choices or ():
            assert PromotionJob(**{"model": "m", action.dest: choice})
        with pytest.raises(WrongValue):
            PromotionJob(**{"model": "m", action.dest: "another"})


def test_where_the_registry_is_may_be_said_to_the_service_or_to_the_job_and_the_job_wins() -> None:
    service = MlflowService(registry_uri="http://service", tracking_uri="http://t", registry_name="m")
    job = PromotionJob(mlflow_service=service, registry_uri="http://job")
    assert (job.call().flags.registry_uri, job.call().flags.tracking_uri) == ("http://job", "http://t")
    assert job.mlflow_service.address.registry_uri == "http://job"
    assert PromotionJob(mlflow_service=service).mlflow_service is service
    assert PromotionJob(model="n:3", mlflow_service=service).mlflow_service.registry_name == "n"


# values -> the key, and what is said
WRONG = {
    "no model": ({"model": None}, "", "which model"),
    "an empty model": ({"model": ""}, "", "model name '' is not one"),
    "a model that is none": ({"model": "a/b"}, "", "model name 'a/b' is not one"),
    "a reserved target": ({"alias": "latest"}, "alias", "reserved by MLflow"),
    "a target whose backup has no name": ({"alias": "a" * 251}, "", "is too long"),
    "a source that is none": ({"source": "a b"}, "source", "is not a name"),
    "a source that is the target": ({"source": "champion"}, "", "source and target are both @champion"),
    "two candidates": ({"model": "m@canary", "version": 3}, "", "two candidates"),
    "two sources": ({"source": "a", "from_stage": "Staging"}, "", "name two places"),
    "a version that is no number": ({"version": "1.2.0"}, "version", "valid integer"),
    "a version that is a truth": ({"version": True}, "version", "valid integer"),
    "version zero": ({"version": 0}, "version", "versions are counted from 1"),
    "a version below zero": ({"version": -3}, "version", "versions are counted from 1"),
    "a version of minus three in text": ({"version": "-3"}, "version", "valid integer"),
    "a stage that is none": (
        {"to_stage": "Prod"},
        "to_stage",
        "'Prod' is none of Staging, Production (for example Production)",
    ),
    "a duration that is none": ({"timeout": "soon"}, "timeout", "is no number above 0"),
    "no time at all": ({"timeout": 0.0}, "timeout", "is no number above 0"),
    "an unknown environment": ({"env_manager": "conda"}, "env_manager", "'local' or 'uv'"),
    "an unknown field": ({"aliass": "x"}, "aliass", "no such field"),
    "a metric that is a number": ({"if_better": 3}, "if_better", "give one text, or several in a list"),
    "two metrics of which one is none": ({"if_better": ("f1", 3)}, "if_better.1", "valid string"),
    "a word for a truth": ({"force": "yes"}, "force", "valid boolean"),
    "a service's wrong field": ({"mlflow_service": {"uri": "x"}}, "mlflow_service.uri", "no such field"),
}


@pytest.mark.parametrize(("values", "key", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_value_that_makes_no_sense_is_refused_when_the_job_is_made(
    values: dict[str, Any], key: str, said: str
) -> None:
    with pytest.raises(WrongValue) as refused:
        PromotionJob(**{"model": "m", **values})
    assert refused.value.key == key
    assert str(refused.value).startswith(f"{key}: " if key else "")
    assert said in str(refused.value)
    assert refused.value.hint
    assert "--" not in str(refused.value) + refused.value.hint, "who writes a job knows its fields, not the flags"
    assert isinstance(refused.value, PromotionError)


def test_a_version_is_a_number_also_as_the_text_that_mlflow_has() -> None:
    assert PromotionJob(model="m", version="2").call() == PromotionJob(model="m", version=2).call()  # type: ignore[arg-type]
    assert RollbackJob(model="m", to_version="2").call() == RollbackJob(model="m", to_version=2).call()  # type: ignore[arg-type]


def test_a_copy_with_a_wrong_value_is_refused_when_it_is_run() -> None:
    with pytest.raises(BadCall, match="alias"):
        PromotionJob(model="m").model_copy(update={"alias": "a b"}).call()


def test_a_job_never_changes() -> None:
    job = PromotionJob(model="m")
    with pytest.raises(ValueError, match="frozen"):
        job.alias = "other"
    assert job == PromotionJob(model="m")
    assert hash(job) == hash(PromotionJob(model="m"))
