"""What a registry holds, as lines for people and as data: models, their versions, where each stands."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from model_promotion.core.entities import READY, Listed, RegisteredModel, Version
from model_promotion.core.event import Event, Kind
from model_promotion.core.intent import HOLD_TAG, notes
from model_promotion.core.say import count, target
from model_promotion.core.stages import NONE, PRODUCTION, as_target
from model_promotion.core.wanted import USUAL_TAG

WILD = re.compile(r"[*?\[]")
TAGS_THAT_MATTER = (USUAL_TAG[0], "semver", HOLD_TAG, "promotion_origin")
APPROVAL = "approval_"
NAMED = 8


def is_pattern(name: str) -> bool:
    """Whether several models may be meant: `heart-disease-*`."""
    return bool(WILD.search(name))


def meant(pattern: str, names: Collection[str]) -> set[str]:
    """The models that a name or a pattern means; by none every model is meant.

    What is the name of a model means that model alone: `iris[1]` is a name too, and beside it is no pattern.
    """
    if pattern in names:
        return {pattern}
    return {name for name in names if not pattern or fnmatchcase(name, pattern)}


def in_production(model: RegisteredModel, version: Version, where: str) -> bool:
    """Whether this version is behind the alias (or in the stage) that is in production, or in stage Production."""
    return version.number == model.at(where) or as_target(version.stage) in (as_target(PRODUCTION), where)


def lines(listed: Iterable[Listed], where: str) -> Iterator[Event]:
    """A line for each model, and one for each of its versions; `where` is the alias or stage of production."""
    for one in listed:
        if one.not_readable:
            yield Event(Kind.UNKNOWN, one.model.name, f"not readable: {one.not_readable}")
            continue
        going_on = "; a promotion is under way or was cut off" if notes(one.model.tags) else ""
        yield Event(Kind.MODEL, one.model.name, f"{count(len(one.versions), 'version')}{going_on}")
        for version in one.versions:
            kind = Kind.IN_PRODUCTION if in_production(one.model, version, where) else Kind.VERSION
            yield Event(kind, version.label, "; ".join(filter(None, _told(one.model, version))) or "stands nowhere")


def data(listed: Iterable[Listed], where: str) -> list[dict[str, Any]]:
    """The same for machines; every tag is in it."""
    return [
        {
            "name": one.model.name,
            "not_readable": one.not_readable,
            "tags": dict(one.model.tags),
            "versions": [
                {
                    "number": version.number,
                    "in_production": in_production(one.model, version, where),
                    "stage": version.stage,
                    "aliases": aliases_of(one.model, version.number),
                    "status": version.status,
                    "created_at": version.created_at,
                    "run_id": version.run_id,
                    "tags": dict(version.tags),
                }
                for version in one.versions
            ],
        }
        for one in listed
    ]


def not_readable(listed: Sequence[Listed]) -> str:
    """How many models are known by their names only, and by which; nothing when all of them could be read."""
    names = [one.model.name for one in listed if one.not_readable]
    more = f" (and {len(names) - NAMED} more)" if len(names) > NAMED else ""
    some = f"{', '.join(names[:NAMED])}{more}"
    return f"{len(names)} of {len(listed)} models could not be read: {some}" if names else ""


def aliases_of(model: RegisteredModel, number: str) -> list[str]:
    """The aliases that point at a version."""
    return sorted(alias for alias, at in model.aliases.items() if at == number)


def _told(model: RegisteredModel, version: Version) -> tuple[str, ...]:
    stage = target(as_target(version.stage)) if version.stage not in ("", NONE) else ""
    stands = ", ".join([*map(target, aliases_of(model, version.number)), *([stage] if stage else [])])
    status = "" if version.status == READY else f"{version.status}, not READY"
    return stands, status, ", ".join(f"{key}={value}" for key, value in telling(version.tags).items())


def telling(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that matter: ours, semver, best_model, approvals, and whatever is a number."""
    return {key: value for key, value in sorted(tags.items()) if _matters(key, value)}


def _matters(key: str, value: str) -> bool:
    return key in TAGS_THAT_MATTER or key.startswith(APPROVAL) or _is_number(value)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
