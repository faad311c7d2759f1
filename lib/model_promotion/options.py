"""Every option, defined once: its flag, its default, its help. Values are checked here, before anything is imported."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from model_promotion.catalog import names
from model_promotion.core.alert_policy import alert_address
from model_promotion.core.better import Goal
from model_promotion.core.duration import age, moment, seconds
from model_promotion.core.endpoints import endpoint_named
from model_promotion.core.errors import BadCall
from model_promotion.core.gates import approver_name, gate_name
from model_promotion.core.ladder import rungs
from model_promotion.core.load import LoadTest
from model_promotion.core.near import meant
from model_promotion.core.request import Mode
from model_promotion.core.selector import alias_name, copied_model, version_selector
from model_promotion.core.stages import TARGETS, stage_name
from model_promotion.core.wanted import tag_wanted
from model_promotion.settings import DEFAULT_TIMEOUT_S

T = TypeVar("T")
EXAMPLES = """\
examples:
  promote_model.py catalog.schema.model                  staging -> champion, with every check
  promote_model.py catalog.schema.model --dry-run        the same, but only print what would be written
  promote_model.py churn --version 7 --compare-metrics --run-tests
  promote_model.py prod.ml.churn --copy-from staging.ml.churn
  promote_model.py --manifest fleet.toml                 many models at once
  promote_model.py churn --rollback --reason "precision fell"
  promote_model.py churn --history --at 2026-11-01
  promote_model.py churn --watch 30m                     how does the champion do? rolled back if it does harm
  promote_model.py --list "heart-disease-*"
  promote_model.py --auto --metric roc_auc --dry-run
  promote_model.py --demo                                see it work on real models, in a local folder

exit codes:
  0 done   1 done with warnings   2 refused   3 not found   4 not allowed or not reachable
  64 wrong call   70 a defect of this program   130 interrupted
"""
HELP = "--help lists every option"
COLUMNS = {
    "target": "the truth",
    "id": "what names a row",
    "group": "what rows belong to, as a user: rows of one are no independent evidence",
    "weight": "how much a row counts",
}
NO_TIME = ("0", "0s", "0m")
USUAL_WATCH_S = 1800.0
DEFAULT_DEMO = "promote-model-demo"
ENGINES = tuple(name for name in names("engines") if name != "memory")


class Parser(argparse.ArgumentParser):
    """Raises instead of ending the process: argparse's own exit code 2 would read 'refused'."""

    def error(self, message: str) -> NoReturn:
        """A wrong call; whoever catches it adds the usage line."""
        unknown = message.partition("unrecognized arguments: ")[2].partition("=")[0].split()[:1]
        if unknown and not unknown[0].startswith("-"):
            said = f"{unknown[0]!r} is one word too many: MODEL and VERSION are all that stands without an option"
            raise BadCall(said, hint=f"a text with spaces needs quotes, several models --manifest FILE; {HELP}")
        # The dashes that all of them have make any two words alike.
        like = "".join(meant(word, self.flags, likeness=0.7) for word in unknown)
        raise BadCall(message, hint=f"{like} {HELP}".lstrip())

    @property
    def flags(self) -> list[str]:
        """Every option there is."""
        return [flag for action in self._actions for flag in action.option_strings]


def parser(program: str) -> Parser:
    """The command line of the contract, as far as it is built."""
    made = Parser(
        prog=program.rpartition("/")[2].rpartition(" ")[2].strip("'") if program.endswith((".py", ".py'")) else program,
        usage="%(prog)s MODEL [VERSION] [options]",
        add_help=False,
        description="Move a model version from one alias to the next, safely: check, back up, promote, verify, record.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("model", nargs="?", metavar="MODEL", help="catalog.schema.model, MODEL@alias or MODEL:7")
    made.add_argument("version_word", nargs="?", metavar="VERSION", help="the candidate: 7, 1.2.0 or latest")
    _modes(made.add_argument_group("modes (promotion when none is named)"))
    _several(made.add_argument_group("many versions"))
    what = made.add_argument_group("what to promote")
    what.add_argument("--model-name", metavar="MODEL", help="another way to write MODEL")
    _candidate(what)
    _strictness(made.add_argument_group("what must hold"))
    _places(made.add_argument_group("where"))
    _output(made.add_argument_group("output"))
    return made


def entry_parser() -> Parser:
    """The options that one promotion of a manifest can have; what is not among them is refused by name."""
    made = Parser(add_help=False, allow_abbrev=False)
    _candidate(made)
    _strictness(made)
    return made


def _modes(group: Any) -> None:  # noqa: ANN401 - argparse's group type is private
    one = group.add_mutually_exclusive_group()
    one.add_argument("--dry-run", dest="mode", action="store_const", const=Mode.DRY_RUN, help="print the plan only")
    one.add_argument("--plan-out", type=Path, metavar="FILE", help="as --dry-run, and keep the plan for a review")
    one.add_argument("--apply", type=Path, metavar="FILE", help="do what a reviewed plan says, if it still holds")
    one.add_argument("--check", dest="mode", action="store_const", const=Mode.CHECK, help="ask every check, no plan")
    one.add_argument(
        "--rollback", dest="mode", action="store_const", const=Mode.ROLLBACK, help="back to the last verified version"
    )
    one.add_argument(
        "--release", dest="mode", action="store_const", const=Mode.RELEASE, help="lift the hold a rollback left"
    )
    one.add_argument("--approve", type=_gate, metavar="GATE", help="say yes at a gate of the policy, for that version")
    one.add_argument("--reject", type=_gate, metavar="GATE", help="say no there")
    one.add_argument("--recover", choices=("resume", "abandon"), help="finish or undo a promotion that was cut off")
    one.add_argument(
        "--history", dest="mode", action="store_const", const=Mode.HISTORY, help="who was behind an alias, when, why"
    )
    one.add_argument(
        "--verify-audit", dest="mode", action="store_const", const=Mode.VERIFY_AUDIT, help="re-compute the record chain"
    )
    one.add_argument(
        "--list", dest="mode", action="store_const", const=Mode.LIST, help="models and versions; MODEL may be a pattern"
    )
    one.add_argument(
        "--cleanup", dest="mode", action="store_const", const=Mode.CLEANUP, help="old versions that nothing needs"
    )
    one.add_argument(
        "--demo", nargs="?", const=DEFAULT_DEMO, type=Path, metavar="DIR", help=f"a show, in a folder [{DEFAULT_DEMO}]"
    )
    group.add_argument(
        "--watch",
        nargs="?",
        const=USUAL_WATCH_S,
        type=_seconds,
        metavar="DURATION",
        help="how does what --to serves do? harm is rolled back; with a candidate: after its promotion; "
        "truth to hold its answers against: labels under [watch] in the policy [30m]",
    )
    group.add_argument("--manifest", type=Path, metavar="FILE", help="many models at once, as a TOML or YAML file says")
    group.set_defaults(mode=Mode.PROMOTE)


def _several(group: Any) -> None:  # noqa: ANN401 - as above
    group.add_argument("--auto", action="store_true", help="the candidate is the best version of all, or of a pattern")
    group.add_argument("--tag", type=_tag, metavar="K=V", help="with --auto: what the best has [best_model=true]")
    group.add_argument("--metric", metavar="NAME", help="with --auto: what ranks them")
    group.add_argument("--keep", type=_count, metavar="N", help="with --cleanup: the newest N stay")
    group.add_argument("--older-than", type=_age, metavar="D", help="with --cleanup: only what is older, as 365d")
    group.add_argument("--sign-with", type=Path, metavar="KEYFILE", help="with --approve: the approver's SSH key")
    group.add_argument("--yes", action="store_true", default=None, help="with --cleanup: delete, instead of listing")


def _candidate(group: Any) -> None:  # noqa: ANN401 - as above
    group.add_argument("--from", dest="source", type=_alias, metavar="ALIAS", help="the candidate's alias [staging]")
    group.add_argument("--to", dest="target", type=_alias, metavar="ALIAS", help="[champion]")
    group.add_argument("--from-stage", type=_stage, metavar="STAGE", help="the candidate's stage")
    group.add_argument(
        "--to-stage", type=_target_stage, metavar="STAGE", help="Staging or Production; where there are stages"
    )
    group.add_argument("--sync-stages", action="store_true", help="keep stage and alias in step")
    group.add_argument("--copy-from", type=_model, metavar="MODEL", help="copy the candidate from that model first")
    group.add_argument("--version", type=_version, metavar="N", help="the candidate's number, semver tag, or latest")
    group.add_argument("--to-version", type=_version, metavar="N", help="with --rollback: the version to go back to")
    group.add_argument("--at", type=_moment, metavar="WHEN", help="with --history: who it was at that time (ISO 8601)")
    group.add_argument("--reason", default="", metavar="TEXT", help="why; kept in the record")
    group.add_argument(
        "--approver", type=_approver, metavar="WHO", help="with --approve: who says so; else kept in the record"
    )
    group.add_argument(
        "--if-better",
        action="append",
        default=[],
        type=_goal,
        metavar="METRIC[:GAIN]",
        help="promote only if it is better, else set --else-alias; repeatable",
    )
    group.add_argument("--else-alias", type=_alias, metavar="ALIAS", help="with --if-better [staging]")


def _strictness(group: Any) -> None:  # noqa: ANN401 - as above
    group.add_argument("--compare-metrics", action="store_true", help="refuse when a recorded metric got worse")
    group.add_argument("--run-tests", action="store_true", help="load and run the model, in a process of its own")
    group.add_argument(
        "--tests",
        action="append",
        default=[],
        metavar="PATH",
        help="--run-tests, and your own pytest files; repeatable",
    )
    group.add_argument("--junit-xml", type=Path, metavar="PATH", help="with --run-tests: what each test found")
    group.add_argument(
        "--env-manager", choices=("local", "uv"), default="local", help="the environment --run-tests uses [local]"
    )
    group.add_argument(
        "--eval-data",
        metavar="PATH|TABLE",
        help="compare candidate and champion on these rows; run: what its run logged",
    )
    for role, meaning in COLUMNS.items():
        group.add_argument(f"--{role}", dest=f"{role}_column", metavar="COLUMN", help=f"of --eval-data: {meaning}")
    group.add_argument("--reference-data", metavar="PATH|TABLE", help="what the data looked like; its profile is kept")
    group.add_argument("--current-data", metavar="PATH|TABLE", help="drifted from that, or from the kept profile?")
    group.add_argument("--engine", choices=ENGINES, default="local", help="what counts the rows [local]")
    group.add_argument(
        "--endpoint",
        action="append",
        default=[],
        type=_endpoint,
        metavar="NAME|URL",
        help="does it answer the candidate's example? the only one to update; repeatable",
    )
    group.add_argument(
        "--load-test", type=_load_test, metavar="RATE,DURATION", help="and fast enough, as 50,30s: 50 requests a second"
    )
    group.add_argument(
        "--update-endpoints", action="store_true", help="endpoints that serve the champion serve the candidate then"
    )
    group.add_argument("--canary", type=_rungs, metavar="5,25,50", help="the same in steps of traffic, percent")
    group.add_argument("--bake", type=_bake, metavar="DURATION", help="how long each step is watched [10m]")
    group.add_argument("--force", action="store_true", help="go past checks that refuse; recorded, ends with 1")
    group.add_argument("--policy", type=Path, metavar="FILE", help="[promotion.toml if it is there]")


def _places(group: Any) -> None:  # noqa: ANN401 - as above
    group.add_argument("--registry-uri", metavar="URI", help="for example databricks-uc [MLFLOW_REGISTRY_URI]")
    group.add_argument("--tracking-uri", metavar="URI", help="[MLFLOW_TRACKING_URI, else it follows the registry]")
    group.add_argument("--profile", metavar="NAME", help="a profile of ~/.databrickscfg")
    group.add_argument(
        "--timeout",
        dest="timeout_s",
        type=_seconds,
        default=DEFAULT_TIMEOUT_S,
        metavar="DURATION",
        help="for the registry [60s]",
    )


def _output(group: Any) -> None:  # noqa: ANN401 - as above
    group.add_argument("-h", "--help", action="store_true", help="print this and end")
    group.add_argument("--json", action="store_true", help="one JSON document on stdout, progress on stderr")
    group.add_argument(
        "--alert",
        action="append",
        default=[],
        type=_alert,
        metavar="URL",
        help="who is told how it ended: an apprise address, or the environment variable that holds it; repeatable",
    )
    group.add_argument("--metadata-file", type=Path, metavar="PATH", help="what was promoted or not, as JSON")
    group.add_argument("--report-file", type=Path, metavar="PATH", help="what was decided and why, as a page of HTML")
    group.add_argument("--plain", action="store_true", help="ASCII only, no colour")
    group.add_argument("--verbose", action="store_true", help="details of errors")
    group.add_argument("--args-stdin", action="store_true", help="read the arguments from standard input, end with 0")


def _stage(text: str) -> str:
    return _or_argument_error(stage_name, text)


def _target_stage(text: str) -> str:
    return _or_argument_error(partial(stage_name, among=TARGETS), text)


def _goal(text: str) -> Goal:
    return _or_argument_error(Goal.parse, text)


def _endpoint(text: str) -> str:
    return _or_argument_error(endpoint_named, text)


def _rungs(text: str) -> tuple[int, ...]:
    return _or_argument_error(rungs, text)


def _bake(text: str) -> float:
    return 0.0 if text in NO_TIME else _seconds(text)


def _load_test(text: str) -> LoadTest:
    return _or_argument_error(LoadTest.parse, text)


def _gate(text: str) -> str:
    return _or_argument_error(gate_name, text)


def _approver(text: str) -> str:
    return _or_argument_error(approver_name, text)


def _model(text: str) -> str:
    return _or_argument_error(copied_model, text)


def _alert(text: str) -> str:
    return _or_argument_error(alert_address, text)


def _alias(text: str) -> str:
    return _or_argument_error(alias_name, text)


def _version(text: str) -> Any:  # noqa: ANN401 - one of the selectors
    return _or_argument_error(version_selector, text)


def _seconds(text: str) -> float:
    return _or_argument_error(seconds, text)


def _age(text: str) -> float:
    return _or_argument_error(age, text)


def _tag(text: str) -> tuple[str, str]:
    return _or_argument_error(tag_wanted, text)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of versions")
    return int(text)


def _moment(text: str) -> float:
    return _or_argument_error(moment, text)


def _or_argument_error(read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except BadCall as error:
        raise argparse.ArgumentTypeError(f"{error} ({error.hint})") from error
