"""Parsed options -> Request and Flags: what contradicts itself is refused here, untouched by any registry."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path

from model_promotion.core import say
from model_promotion.core.better import Goal
from model_promotion.core.data_options import check_data_options
from model_promotion.core.dataset import Dataset
from model_promotion.core.endpoints import is_address
from model_promotion.core.errors import BadCall
from model_promotion.core.gates import check_signing
from model_promotion.core.heeded import how, unheeded
from model_promotion.core.redaction import redacted
from model_promotion.core.request import ALERTING, LOOKING, Mode, Request
from model_promotion.core.reviewed import Reviewed, ReviewedFleet
from model_promotion.core.selector import (
    ByAlias,
    ByNumber,
    Selector,
    model_address,
    model_name,
    target_alias,
    target_name,
    version_selector,
)
from model_promotion.core.stages import as_target, kept_for, usual_else
from model_promotion.core.wanted import Wanted
from model_promotion.reports import metadata_file, plan_file
from model_promotion.settings import Flags

MODES_WITHOUT_MODEL = frozenset({Mode.VERIFY_AUDIT, Mode.DEMO, Mode.APPLY, Mode.LIST})
TAKE_A_CANDIDATE = frozenset({Mode.PROMOTE, Mode.DRY_RUN, Mode.CHECK, Mode.RELEASE, Mode.APPROVE, Mode.REJECT})
BELONGS_TO = {
    "to_version": Mode.ROLLBACK,
    "at": Mode.HISTORY,
    "keep": Mode.CLEANUP,
    "older_than": Mode.CLEANUP,
    "yes": Mode.CLEANUP,
}
LEAVE_OUT = "leave one of them out"
TO_PROMOTE = "leave it out, or name the candidate to promote it first: --from ALIAS or --version N"


@dataclass(frozen=True)
class Asked:
    """One call, taken apart."""

    request: Request
    flags: Flags


def asked(options: argparse.Namespace, program: str) -> Asked:
    """The request and the places that these options mean.

    Raises:
        BadCall: when they contradict each other.
    """
    mode = _mode(options)
    for name, owner in BELONGS_TO.items():
        if getattr(options, name) is not None and mode is not owner:
            raise BadCall(f"--{name.replace('_', '-')} goes with --{owner.value}", hint=f"add --{owner.value}")
    if mode is Mode.DEMO and options.json:
        raise BadCall("--demo is a show for people, it has no --json document", hint="leave --json out")
    reviewed = plan_file.read(options.apply) if options.apply else None
    flags = _flags(options, mode)
    if options.manifest or isinstance(reviewed, ReviewedFleet):
        return Asked(_several(options, program, reviewed), flags)
    request = _one(options, program, mode, reviewed)
    if mode is Mode.PROMOTE and options.watch is not None and not (request.candidate_named or request.best):
        mode = Mode.WATCH  # Nobody was named to be promoted: a call that only looks must not come to promote.
        request = replace(request, mode=mode)
    _two_ends(request)
    check_data_options(request, None)
    _watched(options, request)
    if extra := unheeded(request, _named_target(options)):
        raise BadCall(f"--{mode.value} takes no {extra[0]}", hint=TO_PROMOTE if mode is Mode.WATCH else "leave it out")
    check_signing(request.sign_with, request.gate, request.approver)
    if request.candidate_named and mode not in TAKE_A_CANDIDATE:
        raise BadCall(f"--{mode.value} takes no candidate, but {request.candidate} was named", hint=_instead(mode))
    if reviewed and (extra := _beside_the_plan(request, _named_target(options))):
        raise BadCall(
            f"a plan is applied as it was made; {' '.join(extra)} would change it",
            hint="leave that out, or make another plan: --plan-out FILE",
        )
    return Asked(request, flags)


def _flags(options: argparse.Namespace, mode: Mode) -> Flags:
    """Where things are, and who is told.

    Raises:
        BadCall: when nobody is told of such a call.
    """
    if options.alert and mode not in ALERTING | LOOKING:
        raise BadCall(f"--{mode.value} tells nobody, so it takes no --alert", hint="leave it out")
    places = (options.registry_uri, options.tracking_uri, options.profile, options.policy, options.timeout_s)
    return Flags(*places, tuple(options.alert))


def _one(options: argparse.Namespace, program: str, mode: Mode, reviewed: Reviewed | None) -> Request:
    """The request for one model, word for word."""
    model, selector = _model(options, mode)
    if reviewed and not model:
        model = model_name(str(reviewed.asked.get("model", "")))
    source, target = _ends(options)
    best = _best(options, mode, selector or (ByAlias(source) if source else None))
    if isinstance(selector, ByAlias) and source:
        raise BadCall(f"two candidates: {selector} and {say.target(source)}", hint=LEAVE_OUT)
    return Request(
        mode=mode,
        model=model,
        candidate=selector or ByAlias(source or usual_else(target)),
        candidate_named=selector is not None or source is not None,
        target_alias=target,
        to_version=_number(options.to_version),
        recovery=options.recover,
        at=options.at,
        reason=options.reason,
        gate=options.approve or options.reject or "",
        approver=options.approver or "",
        sign_with=options.sign_with,
        force=options.force,
        compare_metrics=options.compare_metrics,
        run_tests=options.run_tests or bool(options.tests),
        tests=tuple(options.tests),
        junit_xml=_junit_xml(options, mode),
        env_manager=options.env_manager,
        sync_stages=options.sync_stages,
        best=best,
        keep=options.keep,
        older_than_s=options.older_than,
        yes=bool(options.yes),
        if_better=_goals(options.if_better),
        else_alias=_else(options, target),
        metadata_file=metadata_file.place(options.metadata_file, "--metadata-file") if options.metadata_file else None,
        report_file=metadata_file.place(options.report_file, "--report-file") if options.report_file else None,
        plan_out=options.plan_out,
        reviewed=reviewed,
        copy_from=options.copy_from or "",
        eval_data=_eval_data(options),
        reference_data=options.reference_data or "",
        current_data=options.current_data or "",
        engine=options.engine,
        endpoints=_endpoints(options),
        load_test=options.load_test,
        update_endpoints=options.update_endpoints,
        canary=options.canary or (),
        bake_s=_bake(options),
        watch_s=options.watch,
        program=program,
        address_options=_address_options(options),
    )


def _eval_data(options: argparse.Namespace) -> Dataset:
    """The data to compare on, and what its columns mean."""
    columns = (options.target_column, options.id_column, options.group_column, options.weight_column)
    return Dataset(options.eval_data or "", *(column or "" for column in columns))


def _endpoints(options: argparse.Namespace) -> tuple[str, ...]:
    """The endpoints to try, each of them once.

    Raises:
        BadCall: when there is none to load, or one is named twice.
    """
    named = tuple(options.endpoint)
    if options.load_test and not (named or options.update_endpoints or options.canary):
        raise BadCall("--load-test loads an endpoint, and none was named", hint="add --endpoint NAME|URL")
    if twice := {one for one in named if named.count(one) > 1}:
        raise BadCall(f"--endpoint {redacted(min(twice))} was named twice", hint=LEAVE_OUT)
    return named


def _bake(options: argparse.Namespace) -> float | None:
    """How long a rollout is watched.

    Raises:
        BadCall: when there is none, or one is asked of an address, behind which nothing can be changed.
    """
    rolls_out = options.update_endpoints or options.canary
    if options.bake is not None and not rolls_out:
        raise BadCall("--bake is how long a rollout is watched", hint="add --update-endpoints or --canary 5,25,50")
    if rolls_out and (by_address := [one for one in options.endpoint if is_address(one)]):
        said = f"--endpoint {redacted(by_address[0])} serves what it was started with, nothing can be rolled out to it"
        raise BadCall(said, hint="name an endpoint of the workspace, or leave --update-endpoints and --canary out")
    return options.bake  # type: ignore[no-any-return]


def _watched(options: argparse.Namespace, request: Request) -> None:
    """A watch follows a promotion, or stands alone; a trial of a promotion needs somebody to promote.

    Raises:
        BadCall: when it does neither.
    """
    if options.watch is None:
        return
    mode, tries = request.mode, request.mode in (Mode.DRY_RUN, Mode.CHECK)
    if options.plan_out or not (tries or mode in (Mode.PROMOTE, Mode.WATCH)):
        done = "--plan-out" if options.plan_out else f"--{mode.value}"
        raise BadCall(f"--watch follows a promotion or stands alone, it does not go with {done}", hint=LEAVE_OUT)
    if tries and not (request.candidate_named or request.best):
        raise BadCall(f"--watch without a candidate only watches, which has no --{mode.value}", hint=TO_PROMOTE)


def _junit_xml(options: argparse.Namespace, mode: Mode) -> Path | None:
    """Where the results of the model tests go.

    Raises:
        BadCall: when there will be none, or the file can never be written.
    """
    if options.junit_xml and not (options.run_tests or options.tests or mode is Mode.APPLY):
        raise BadCall("--junit-xml is about the model tests", hint="add --run-tests")
    return metadata_file.place(options.junit_xml, "--junit-xml") if options.junit_xml else None


def _several(options: argparse.Namespace, program: str, reviewed: Reviewed | ReviewedFleet | None) -> Request:
    """The request for a whole fleet."""
    from model_promotion import fleets  # It reads each promotion with this module.

    call = Request(Mode.PROMOTE, program=program, address_options=_address_options(options))
    if isinstance(reviewed, ReviewedFleet) and not options.manifest:
        return fleets.of_plans(options, reviewed, call)
    return fleets.of_manifest(options, call)


def _two_ends(request: Request) -> None:
    """A promotion leads from one place to another.

    Raises:
        BadCall: when both are the same, the other keeps a version, or a copy is asked for where none is promoted.
    """
    if request.mode.promotes or request.mode is Mode.ROLLBACK:
        _no_backup(request.target_alias, "--to")
    if request.copy_from and not request.mode.promotes:
        raise BadCall(f"--{request.mode.value} copies nothing", hint="leave --copy-from out")
    if request.copy_from == request.model != "":
        raise BadCall(f"{request.model} cannot be copied from itself", hint="leave --copy-from out")
    if request.leads_nowhere:
        raise BadCall(f"source and target are both {request.where}", hint="name another with --from or --to")


def _best(options: argparse.Namespace, mode: Mode, named: Selector | None) -> Wanted | None:
    """What --auto looks for; it goes with a promotion, and with what only looks at one."""
    for name in ("tag", "metric"):
        if getattr(options, name) is not None and not options.auto:
            raise BadCall(f"--{name} goes with --auto", hint="add --auto")
    if not options.auto:
        return None
    if not mode.promotes:
        raise BadCall(f"--auto is a promotion, and --{mode.value} is none", hint=LEAVE_OUT)
    if named:
        raise BadCall(f"--auto finds the candidate, but {named} was named", hint=LEAVE_OUT)
    if options.copy_from:
        raise BadCall("--auto finds the candidate among the versions there are, it copies none", hint=LEAVE_OUT)
    return Wanted(options.tag, options.metric or "")


def _ends(options: argparse.Namespace) -> tuple[str | None, str]:
    """Where the candidate stands and where it goes: an alias or a stage each."""
    for stage, alias, option in (
        (options.from_stage, options.source, "--from"),
        (options.to_stage, options.target, "--to"),
    ):
        if stage and alias:
            raise BadCall(f"{option} and {option}-stage name two places", hint=LEAVE_OUT)
    source = as_target(options.from_stage) if options.from_stage else options.source
    return source, target_name(_named_target(options) or Request.target_alias)


def _named_target(options: argparse.Namespace) -> str | None:
    return as_target(options.to_stage) if options.to_stage else options.target


def _else(options: argparse.Namespace, target: str) -> str:
    """Where a candidate goes that is not better; empty when that is not asked."""
    if not options.if_better:
        if options.else_alias is not None:
            raise BadCall("--else-alias is where --if-better leaves a candidate", hint="add --if-better METRIC")
        return ""
    named = usual_else(target) if options.else_alias is None else target_alias(options.else_alias)
    if named == target:
        raise BadCall(f"{say.target(named)} is the target itself", hint="name another: --else-alias ALIAS")
    _no_backup(named, "--else-alias")
    return named


def _goals(goals: Sequence[Goal]) -> tuple[Goal, ...]:
    """The metrics that decide, each of them named once: two gains for one metric would leave it at the smaller."""
    for one, other in permutations(goals, 2):
        if one.means(other.metric):
            said = f"--if-better {one} and --if-better {other} are about the same metric"
            raise BadCall(said, hint=LEAVE_OUT)
    return tuple(goals)


def _no_backup(name: str, option: str) -> None:
    """An alias of ours that keeps an earlier version is the way back: nobody promotes to it.

    Raises:
        BadCall: when it is one.
    """
    if kept := kept_for(name):
        raise BadCall(
            f"{say.target(name)} keeps what stood as {say.target(kept)} before, so nothing else is put there",
            hint=f"name another: {option} ALIAS",
        )


def _beside_the_plan(request: Request, target: str | None) -> tuple[str, ...]:
    """Options that say how to promote, which is the plan's to say."""
    planned = request.reviewed.asked.get("target_alias") if request.reviewed else None
    return how(request, None if target == planned else target)


def _instead(mode: Mode) -> str:
    return "--rollback --to-version N goes back to N" if mode is Mode.ROLLBACK else "leave it out"


def _mode(options: argparse.Namespace) -> Mode:
    if options.recover:
        return Mode.RECOVER
    if options.approve or options.reject:
        return Mode.APPROVE if options.approve else Mode.REJECT
    if options.plan_out or options.apply:
        return Mode.DRY_RUN if options.plan_out else Mode.APPLY
    return Mode.DEMO if options.demo else Mode(options.mode)


def _model(options: argparse.Namespace, mode: Mode) -> tuple[str, Selector | None]:
    """The model's name and the version named with it, however it was written."""
    words = [word for word in (options.model, options.model_name) if word is not None]
    if not words:
        if mode in MODES_WITHOUT_MODEL or options.auto:
            return "", None
        raise BadCall("which model? none was named", hint="for example catalog.schema.model")
    if options.model is not None and options.model_name is not None:
        if options.model != options.model_name:
            if options.version_word is not None:
                raise BadCall(f"two models: {options.model} and {options.model_name}", hint="name one of them")
            options.version_word = options.model
        words = [options.model_name]
    name, in_address = model_address(words[0])
    in_word = version_selector(options.version_word) if options.version_word else None
    named: list[Selector] = [one for one in (in_address, in_word, options.version) if one is not None]
    if len(set(named)) > 1:
        raise BadCall(f"two candidates: {' and '.join(map(str, named))}", hint="name one of them")
    return name, named[0] if named else None


def _number(selector: Selector | None) -> str | None:
    if selector is None:
        return None
    if isinstance(selector, ByNumber):
        return selector.number
    raise BadCall(f"--to-version takes a version number, not {selector}", hint="for example --to-version 3")


def _address_options(options: argparse.Namespace) -> tuple[str, ...]:
    """The options that say where the registry is, for commands that are printed."""
    flags = ("--registry-uri", "--tracking-uri", "--profile", "--policy")
    given = {flag: getattr(options, flag.strip("-").replace("-", "_")) for flag in flags}
    return tuple(word for flag, value in given.items() if value for word in (flag, str(value)))
