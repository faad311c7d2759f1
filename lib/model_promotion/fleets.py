"""A manifest, or the reviewed plans of a fleet -> a Request that holds all of them."""

import argparse
import tomllib
from dataclasses import replace
from pathlib import Path

from model_promotion import asked
from model_promotion.core.errors import BadCall
from model_promotion.core.fleet import Fleet, Unit
from model_promotion.core.manifest import Bundle, Item, manifest
from model_promotion.core.request import Mode, Request
from model_promotion.core.reviewed import Reviewed, ReviewedFleet
from model_promotion.core.selector import model_name
from model_promotion.options import HELP, entry_parser, parser

KEYS_HINT = "the keys are the options of a promotion without --: from, to, version, compare-metrics ... (--help)"
FOR_ALL = ("policy",)
FLAGS = {"source": "--from", "target": "--to"}


def of_manifest(options: argparse.Namespace, call: Request) -> Request:
    """The request for what a manifest says; `call` has what all requests of this call share.

    Raises:
        BadCall: with the file, the place in it, the key, and what to type.
    """
    path, mode = Path(options.manifest), _mode(options)
    _nothing_beside(options, "the manifest says what is promoted, and how")
    try:
        found = manifest(_content(path))
        units = tuple(unit for bundle in found.bundles for unit in _units(bundle, options, call))
        fleet = Fleet(units, found.workers, str(path))
        _each_model_once(fleet)
    except BadCall as error:
        raise BadCall(f"manifest {path}: {error}", hint=error.hint or KEYS_HINT) from error
    return replace(call, mode=mode, fleet=fleet, plan_out=options.plan_out, verbose=options.verbose)


def of_plans(options: argparse.Namespace, reviewed: ReviewedFleet, call: Request) -> Request:
    """The request that applies the plans of a fleet.

    Raises:
        BadCall: when something is asked beside them.
    """
    _nothing_beside(options, "plans are applied as they were made")
    units = tuple(Unit(tuple(_of_plan(plan, call) for plan in unit.plans), unit.name) for unit in reviewed.units)
    fleet = Fleet(units, reviewed.workers, str(options.apply))
    return replace(call, mode=Mode.APPLY, fleet=fleet, verbose=options.verbose)


def _of_plan(plan: Reviewed, call: Request) -> Request:
    return replace(call, mode=Mode.APPLY, model=model_name(str(plan.asked.get("model", ""))), reviewed=plan)


def _nothing_beside(options: argparse.Namespace, because: str) -> None:
    """What a manifest or a plan says is not said again on the command line."""
    usual = vars(entry_parser().parse_args([]))
    given = [name for name, value in usual.items() if name not in FOR_ALL and getattr(options, name) != value]
    words = [options.model] if options.model else []
    if extra := [*words, *(FLAGS.get(name, f"--{name.replace('_', '-')}") for name in given)]:
        raise BadCall(f"{because}; beside it stands {' '.join(extra)}", hint="leave that out")


def _mode(options: argparse.Namespace) -> Mode:
    if options.apply or options.recover or options.demo or options.mode not in (Mode.PROMOTE, Mode.DRY_RUN, Mode.CHECK):
        raise BadCall(
            "--manifest promotes, and nothing else", hint="with it goes --dry-run, --check or --plan-out FILE"
        )
    return Mode.DRY_RUN if options.plan_out else Mode(options.mode)


def _content(path: Path) -> object:
    """The file as plain values.

    Raises:
        BadCall: when it cannot be read.
    """
    try:
        text = path.read_bytes().decode()
        if path.suffix in (".yaml", ".yml"):
            import yaml

            try:
                return yaml.safe_load(text)
            except yaml.YAMLError as error:
                raise BadCall(f"it is no YAML: {' '.join(str(error).split())}", hint="mend that line") from error
        return tomllib.loads(text)
    except OSError as error:
        raise BadCall(f"it cannot be read: {error.strerror}", hint="name another: --manifest FILE") from error
    except (ValueError, RecursionError) as error:
        hint = "mend that line; a file of YAML has a name that ends with .yaml or .yml"
        raise BadCall(f"it is no TOML: {error}", hint=hint) from error


def _units(bundle: Bundle, options: argparse.Namespace, call: Request) -> tuple[Unit, ...]:
    members = [_member(item, options, call) for item in bundle.items]
    return (Unit(tuple(members), bundle.name),) if bundle.together else tuple(Unit((one,)) for one in members)


def _member(item: Item, options: argparse.Namespace, call: Request) -> Request:
    """The request that these options would make on the command line: there they are read and checked too."""
    named = parser("").parse_args([])
    try:
        entry_parser().parse_args(item.words, named)
        if extra := [name for name in FOR_ALL if getattr(named, name)]:
            raise BadCall(f"{extra[0]} holds for all of them", hint=f"leave it out here, and add --{extra[0]}")  # noqa: TRY301
        named.mode = _mode(options)
        one = asked.asked(named, call.program).request
        return replace(one, address_options=call.address_options)
    except BadCall as error:
        raise BadCall(f"{item.where}: {error}", hint=_of_keys(error.hint)) from error


def _of_keys(hint: str) -> str:
    """What the parser says of options, said of keys."""
    like, help_, _ = hint.partition(HELP)
    return like.replace("--", "") + KEYS_HINT if help_ else hint


def _each_model_once(fleet: Fleet) -> None:
    seen: set[str] = set()
    for member in fleet.members:
        if member.model in seen:
            raise BadCall(
                f"{member.model} is named twice, and of one model only one promotion can run", hint="two calls"
            )
        seen.add(member.model)
