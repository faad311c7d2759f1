"""Stages, the older way of MLflow to say where a version stands.

Wherever a name of an alias is expected, a stage can be written as `stage:Production`: no alias holds a colon. Like an
alias it then stands for one version: the highest that is in it. A version that enters it archives the others.
"""

from collections.abc import Collection
from dataclasses import dataclass

from model_promotion.core.errors import BadCall

PREFIX = "stage:"
NONE, STAGING, PRODUCTION, ARCHIVED = "None", "Staging", "Production", "Archived"
STAGES = (NONE, STAGING, PRODUCTION, ARCHIVED)
TARGETS = (STAGING, PRODUCTION)
# Which stage an alias is kept in step with; the other way round it is the one of them that the model has.
TWINS = {"champion": PRODUCTION, "production": PRODUCTION, "challenger": STAGING, "staging": STAGING}


@dataclass(frozen=True)
class Features:
    """What a registry can do: whether it has aliases and stages; where not both, a sentence that says so."""

    aliases: bool = True
    stages: bool = True
    because: str = ""
    at_once: int = 64
    """How many promotions it bears at the same time."""


def as_target(stage: str) -> str:
    """The stage as it is written where a name of an alias is expected."""
    return f"{PREFIX}{stage}"


def stage_of(name: str) -> str | None:
    """The stage that is meant by such a name; None when it is an alias."""
    return name.removeprefix(PREFIX) if name.startswith(PREFIX) else None


def stage_name(text: str, among: tuple[str, ...] = STAGES) -> str:
    """A stage as typed, in whatever case.

    Raises:
        BadCall: with the stages that it could be.
    """
    for stage in among:
        if text.lower() == stage.lower():
            return stage
    raise BadCall(f"stage {text!r} is none of {', '.join(among)}", hint=f"for example {PRODUCTION}")


def aliases_of(stage: str) -> tuple[str, ...]:
    """The aliases that can be kept in step with a stage: first the one of the same name in lower case."""
    return (stage.lower(), *(alias for alias in TWINS if TWINS[alias] == stage and alias != stage.lower()))


def twin_of(name: str, aliases: Collection[str] = ()) -> str | None:
    """What is kept in step with it: the stage of an alias, the alias of a stage; None when there is none.

    Of a stage it is the one that is among the model's `aliases`; if none is, the one of the same name is made.
    """
    stage = stage_of(name)
    if stage is None:
        return as_target(TWINS[name]) if name in TWINS else None
    return next((alias for alias in aliases_of(stage) if alias in aliases), stage.lower())


def apart(target: str, other: str, *, in_step: bool) -> bool:
    """Whether what goes to the other place leaves the target alone: the target, its backup, what is kept in step."""
    ours, theirs = ({name, twin_of(name) if in_step else name} for name in (target, other))
    return theirs.isdisjoint({*ours, backup_of(target)})


def backup_of(name: str) -> str:
    """The alias that keeps the version which stood there before."""
    stage = stage_of(name)
    return f"prev_{name}" if stage is None else f"prev_stage_{stage.lower()}"


def kept_for(name: str) -> str | None:
    """What such an alias keeps the earlier version of; None when it is no backup of ours. See `backup_of`."""
    places = (*map(as_target, TARGETS), name.removeprefix("prev_"))
    return next((place for place in places if backup_of(place) == name), None)


def usual_else(name: str) -> str:
    """Where a candidate goes that is not better than what stands there: the stage beside a stage, else the alias."""
    return as_target(STAGING) if stage_of(name) else "staging"


def fitting(name: str, features: Features) -> str:
    """The same place in a registry that has no stages, or no aliases.

    Raises:
        BadCall: when it has no aliases, and no stage is like this one.
    """
    if not (features.aliases or features.stages):
        raise BadCall(features.because, hint="another registry? --registry-uri URI")
    stage = stage_of(name)
    if stage is not None:
        return name if features.stages else stage.lower()
    if features.aliases:
        return name
    if name not in TWINS:
        known = ", ".join(f"--to-stage {stage}" for stage in TARGETS)
        raise BadCall(f"{features.because}, so there is no @{name}", hint=known)
    return as_target(TWINS[name])
