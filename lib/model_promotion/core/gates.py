"""Which people must have agreed before a version goes to its place: the table [gates] of a policy."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from model_promotion.core.errors import BadCall
from model_promotion.core.strict import STRICT, above_zero

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
DAY_S = 86400.0


@dataclass(frozen=True)
class GatePolicy:
    """`[gates.NAME]`: an approval that a promotion needs.

    `to` are the aliases (or `stage:Production`) that it guards, none means all. An approval holds for `valid_days`.
    With `four_eyes` nobody approves what they trained or promote themselves. `identity` is what must vouch for the
    approver: the registry's own login, an SSH key in the file `allowed_signers`, or any, which takes an unverified name
    too. `approvers` are the only ones who may approve, none means anybody. Without `required` only a rejection refuses.
    `tag` is the approval tag of a Databricks deployment job, which people set there; nothing else is asked then.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    required: bool = True
    to: tuple[str, ...] = ()
    valid_days: float = 30.0
    four_eyes: bool = True
    identity: Literal["login", "ssh", "any"] = "any"
    allowed_signers: str = ""
    approvers: tuple[str, ...] = ()
    tag: str = ""

    def __post_init__(self) -> None:
        """What contradicts itself is refused where it is written.

        Raises:
            ValueError: when something does.
        """
        above_zero(valid_days=self.valid_days)
        if self.identity == "ssh" and not self.allowed_signers:
            raise ValueError('identity = "ssh" needs allowed_signers, the file that names the keys')
        if self.tag and replace(self, tag="") != GatePolicy(self.required, self.to):
            raise ValueError("a gate that reads a tag takes only required and to: a tag names nobody, and has no end")

    def guards(self, places: Iterable[str | None]) -> bool:
        """Whether one of these aliases, or stages, is behind it."""
        return not self.to or bool({*self.to} & {*places})

    @property
    def words(self) -> tuple[str, ...]:
        """What an approver adds to --approve."""
        signed = ("--sign-with", "KEYFILE") if self.allowed_signers else ()
        named = () if self.identity == "login" else ("--approver", "NAME")
        return (*named, *signed, "--reason", "TEXT")

    def until(self, at: float) -> float:
        """When an approval ends that is given at a time, both in seconds since the epoch."""
        return round(at + self.valid_days * DAY_S, 3)


def gate_name(text: str) -> str:
    """The name of a gate: it becomes part of a tag's key, in which Unity Catalog takes no `.`, `-` or `:`.

    Raises:
        BadCall: when it is none.
    """
    if not NAME.fullmatch(text):
        raise BadCall(
            f"gate {text!r} is not a name: lower-case letters, digits and _, at most 40", hint="for example business"
        )
    return text


def approver_name(text: str) -> str:
    """The name of a person, as a line of allowed_signers or a login has it.

    Raises:
        BadCall: when nobody can be called so.
    """
    if not text.strip() or not text.isprintable() or len(text) > 200:  # noqa: PLR2004 - longer than any address
        raise BadCall(f"approver {text[:40]!r} is no name", hint="for example ada@example.com")
    return text


def check_signing(key: Path | None, gate: str, approver: str) -> None:
    """A key signs an approval, in a name that is said.

    Raises:
        BadCall: when there is none to sign, or the name is missing.
    """
    if key and not gate:
        raise BadCall("--sign-with signs an approval", hint="add --approve GATE or --reject GATE")
    if key and not approver:
        raise BadCall("--sign-with signs in somebody's name", hint="add --approver NAME, as allowed_signers has it")
