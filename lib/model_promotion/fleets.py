"""A manifest, or the reviewed plans of a fleet -> a Request that holds all of them."""

import argparse
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from model_promotion import asked
from model_promotion.core.errors import BadCall
from model_promotion.core.fleet import Fleet, Unit
from model_promotion.core.manifest import Bundle, Item, manifest
from model_promotion.core.request import Mode, Request
from model_promotion.core.reviewed import Reviewed, ReviewedFleet
from model_promotion.core.selector import model_name
from model_promotion.core.trial import one_line
from model_promotion.options import HELP, Parser, entry_parser, parser

KEYS_HINT = "the keys are the options of a promotion without --: from, to, version, compare-metrics ... (--help)"
UNKNOWN = re.compile(r"unrecognized arguments: --(.+?)(?:=| --|$).*", re.DOTALL)
NO_TRUTH = re.compile(r"argument --([a-z-]+): ignored explicit argument (.+)", re.DOTALL)
FLAG = re.compile(r"--[a-z-]+")
FOR_ALL = ("policy",)
WHERE = ("registry_uri", "tracking_uri", "profile", "timeout_s")
OUTPUT = ("help", "json", "plain", "verbose", "args_stdin", "alert")
# What is about the call itself; all else is about one promotion, and is said where that one is described.
OF_THE_CALL = (*FOR_ALL, *WHERE, *OUTPUT, "mode", "plan_out", "apply", "manifest")
WORDS = ("model", "version_word")
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
    return replace(
        call, mode=Mode.APPLY, model=model_name(str(plan.asked.get("model", ""))), reviewed=plan, in_fleet=True
    )


def _nothing_beside(options: argparse.Namespace, because: str) -> None:
    """What a manifest or a plan says is not said again on the command line."""
    usual = vars(parser("").parse_args([]))
    given = [name for name, value in usual.items() if name not in OF_THE_CALL and getattr(options, name) != value]
    if extra := [_flag(name, options) for name in given]:
        raise BadCall(f"{because}; beside it stands {' '.join(extra)}", hint="leave that out")


def _flag(name: str, options: argparse.Namespace) -> str:
    return str(getattr(options, name)) if name in WORDS else FLAGS.get(name, f"--{name.replace('_', '-')}")


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
    in_yaml = path.suffix in (".yaml", ".yml")
    try:
        text = path.read_bytes().decode()
        if in_yaml:
            from model_promotion import yaml_text

            return yaml_text.read(text)
        return tomllib.loads(text)
    except OSError as error:
        raise BadCall(f"it cannot be read: {error.strerror}", hint="name another: --manifest FILE") from error
    except (ValueError, RecursionError) as error:
        named = "" if in_yaml else "; a file of YAML has a name that ends with .yaml or .yml"
        said = f"it is no {'YAML' if in_yaml else 'TOML'}: {one_line(str(error))}"
        raise BadCall(said, hint=f"mend that line{named}") from error


def _units(bundle: Bundle, options: argparse.Namespace, call: Request) -> tuple[Unit, ...]:
    members = [_member(item, options, call) for item in bundle.items]
    return (Unit(tuple(members), bundle.name),) if bundle.together else tuple(Unit((one,)) for one in members)


def _member(item: Item, options: argparse.Namespace, call: Request) -> Request:
    """The request that these options would make on the command line: there they are read and checked too."""
    named = argparse.Namespace(**_unsaid())
    try:
        _entries().parse_args(item.off, argparse.Namespace())  # Only whether there are such options.
        _entries().parse_args(item.words, named)
        named.model_name = item.model
        if extra := [name for name in FOR_ALL if getattr(named, name)]:
            raise BadCall(f"{extra[0]} holds for all of them", hint=f"leave it out here, and add --{extra[0]}")  # noqa: TRY301
        named.mode = _mode(options)
        one = asked.asked(named, call.program).request
        return replace(one, address_options=call.address_options)
    except BadCall as error:
        raise BadCall(f"{item.where}: {_in_keys(str(error))}", hint=_of_keys(error.hint)) from error


# Made once: the first line has to appear soon, whatever the manifest holds.
@cache
def _entries() -> Parser:
    return entry_parser()


@cache
def _unsaid() -> Mapping[str, Any]:
    return vars(parser("").parse_args([]))


def _in_keys(said: str) -> str:
    """What the parser says of its options: a key has no dashes, and what needs no value is true or false."""
    said = UNKNOWN.sub(r"\1: there is no such key", said)
    said = NO_TRUTH.sub(r"\1: \2 is neither true nor false", said).removeprefix("argument ")
    keys = {flag: flag.removeprefix("--") for flag in _entries().flags}
    return FLAG.sub(lambda found: keys.get(found[0], found[0]), said)


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
