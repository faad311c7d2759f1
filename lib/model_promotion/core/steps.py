"""Deeds as data, each with its undoing. Whoever carries them out reads back what they did."""

from dataclasses import dataclass, replace
from typing import Literal, Self

from model_promotion.core import say
from model_promotion.core.stages import ARCHIVED


@dataclass(frozen=True)
class SetAlias:
    """Point an alias at another version; None stands for no alias at all.

    Where the alias is a stage (see stages.py), `to` comes from stage `enters_from` and `was` leaves to `leaves_to`.
    """

    model: str
    alias: str
    was: str | None
    to: str | None
    enters_from: str = ""
    leaves_to: str = ""

    def undone(self) -> Self:
        """The same move the other way round."""
        return replace(self, was=self.to, to=self.was, enters_from=self.leaves_to, leaves_to=self.enters_from)

    @property
    def returns(self) -> str | None:
        """The version that goes back to a stage of its own, not to the archive: that takes a request more."""
        goes_elsewhere = self.leaves_to not in ("", ARCHIVED)
        return self.was if self.to is not None and goes_elsewhere else None

    @property
    def sentence(self) -> str:
        """What it does, for a person."""
        return f"{say.target(self.alias)}: {say.version(self.was)} -> {say.version(self.to)}"


@dataclass(frozen=True)
class SetTag:
    """Write a tag on the registered model, or on one of its versions; None stands for no tag at all."""

    model: str
    key: str
    was: str | None
    to: str | None
    version: str | None = None

    def undone(self) -> Self:
        """The tag as it was before."""
        return replace(self, was=self.to, to=self.was)

    @property
    def sentence(self) -> str:
        """What it does, for a person."""
        owner = f"v{self.version}" if self.version else self.model
        return f"tag {self.key} on {owner}: " + ("removed" if self.to is None else "set")


Step = SetAlias | SetTag


def what(step: Step) -> str:
    """What the step writes to, for a person."""
    if isinstance(step, SetAlias):
        return say.target(step.alias)
    return f"the tag {step.key}" + (f" of {say.version(step.version)}" if step.version else "")


def said(step: Step, value: str | None) -> str:
    """What stands there, for a person."""
    return say.version(value) if isinstance(step, SetAlias) else (value or "not set")


@dataclass(frozen=True)
class Entry:
    """A deed that was done (or undone), and when: seconds since the epoch."""

    step: Step
    at: float
    deed: Literal["done", "undone", "already so"] = "done"
