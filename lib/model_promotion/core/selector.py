"""Which version is meant: the ways a person can name a candidate."""

import re
from dataclasses import dataclass

from model_promotion.core import say
from model_promotion.core.errors import BadCall
from model_promotion.core.stages import TARGETS, backup_of, stage_of


@dataclass(frozen=True)
class ByAlias:
    """The version behind an alias."""

    alias: str

    def __str__(self) -> str:
        return f"{say.target(self.alias)}"


@dataclass(frozen=True)
class ByNumber:
    """The version with this number."""

    number: str

    def __str__(self) -> str:
        return f"version {self.number}"


@dataclass(frozen=True)
class BySemver:
    """The version whose `semver` tag says this."""

    semver: str

    def __str__(self) -> str:
        return f"semver {self.semver}"


@dataclass(frozen=True)
class Latest:
    """The version with the highest number."""

    def __str__(self) -> str:
        return "latest"


Selector = ByAlias | ByNumber | BySemver | Latest

ALIAS = re.compile(r"[\w\-]{1,255}")
RESERVED_ALIAS = re.compile(r"latest|v\d+", re.IGNORECASE)
NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
SEMVER = re.compile(r"v?(\d+\.\d+(?:\.\d+)?(?:[-+][0-9A-Za-z.\-+]+)?)", re.ASCII)
TOO_LONG = 255


def alias_name(text: str) -> str:
    """The alias as given, if every registry accepts it (source: the rules of MLflow's own SQL store).

    Raises:
        BadCall: with what is wrong and what an alias looks like.
    """
    name = text.removeprefix("@")
    if RESERVED_ALIAS.fullmatch(name):
        raise BadCall(f"alias '{name}' is reserved by MLflow for version numbers", hint="choose another: --to champion")
    if not ALIAS.fullmatch(name):
        raise BadCall(
            f"alias {text!r} is not a name: letters, digits, _ and -, at most 255", hint="for example --to champion"
        )
    return name


def target_alias(text: str) -> str:
    """The alias as given, if the one that keeps the previous version, `prev_<alias>`, is a name too.

    Raises:
        BadCall: with what is wrong and what an alias looks like.
    """
    name = alias_name(text)
    if len(backup_of(name)) > TOO_LONG:
        raise BadCall(
            f"alias '{name[:20]}...' is too long: with prev_ in front it may have {TOO_LONG} characters",
            hint="for example --to champion",
        )
    return name


def target_name(text: str) -> str:
    """An alias, or a stage written `stage:Production`, that versions can be promoted to.

    Raises:
        BadCall: with what is wrong.
    """
    stage = stage_of(text)
    if stage is None:
        return target_alias(text)
    if stage not in TARGETS:
        raise BadCall(f"nothing is promoted to stage {stage}", hint="--to-stage Staging or --to-stage Production")
    return text


def version_selector(text: str) -> Selector:
    """A version as typed: `7`, `latest`, `1.2.0`, or `@alias`.

    Raises:
        BadCall: when it is none of these.
    """
    if text == "latest":
        return Latest()
    if NUMBER.fullmatch(text):
        return ByNumber(text)
    if semver := SEMVER.fullmatch(text):
        return BySemver(semver[1])
    if text.startswith("@"):
        return ByAlias(alias_name(text))
    raise BadCall(
        f"version {text!r} is neither a number, 'latest', nor like 1.2.0",
        hint="for example --version 7; a model name with a space needs quotes",
    )


def model_address(text: str) -> tuple[str, Selector | None]:
    """`MODEL`, `MODEL@alias`, `MODEL:7`, also with `models:/` in front: the name, and the version if one is named.

    Raises:
        BadCall: when the name cannot be a registered model's.
    """
    rest = text.removeprefix("models:/")
    name, mark, which = rest.partition("@")
    if mark:
        selector: Selector | None = ByAlias(alias_name(which))
    else:
        name, mark, which = rest.partition(":")
        if not mark and rest != text:
            name, mark, which = rest.partition("/")
        selector = version_selector(which) if mark else None
    return model_name(name), selector


def copied_model(text: str) -> str:
    """A model alone: which of its versions is copied is said by the options that name a candidate.

    Raises:
        BadCall: when a version is named with it, or it is no model's name.
    """
    name, which = model_address(text)
    if which is None:
        return name
    option = f"--from {which.alias}" if isinstance(which, ByAlias) else f"--version {str(which).split()[-1]}"
    raise BadCall(f"{text!r} is a model and a version of it", hint=f"say them apart: --copy-from {name} {option}")


def model_name(text: str) -> str:
    """The registered model's name as given, if a registry can hold it.

    Raises:
        BadCall: for an empty name, a slash, a colon, or characters that do not print.
    """
    if not text.strip() or len(text) > TOO_LONG or not text.isprintable() or any(mark in text for mark in "/:"):
        raise BadCall(
            f"model name {text!r} is not one: it may not be empty, hold / or :, or exceed {TOO_LONG} characters",
            hint="for example catalog.schema.model",
        )
    return text
