"""Which old versions does nothing need? A deletion cannot be undone, so whatever may be needed stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from model_promotion.core.duration import as_age
from model_promotion.core.entities import Endpoint, Listed, Version
from model_promotion.core.history import MOVES, verified
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.listing import aliases_of
from model_promotion.core.record import Line
from model_promotion.core.say import target
from model_promotion.core.stages import TARGETS

DAY_S = 86400.0


@dataclass(frozen=True)
class Limits:
    """What stays in any case: the newest `keep` versions, and those that are not older than `older_than_s`."""

    keep: int
    older_than_s: float

    @property
    def told(self) -> str:
        """For a person."""
        return f"the newest {self.keep} stay, and whatever is not older than {as_age(self.older_than_s)}"


@dataclass(frozen=True)
class Needs:
    """Who needs which version beyond the registry itself: the way back of each alias, and the serving endpoints."""

    ways_back: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    endpoints: tuple[Endpoint, ...] = ()

    def of(self, number: str) -> list[str]:
        """Why this version is needed."""
        led = [alias for alias, way in self.ways_back.items() if number in way]
        served = [f"{one.name} serves it" for one in self.endpoints if number in one.serves]
        return [f"a rollback of {target(alias)} may go to it" for alias in led] + served


def ways_back(records: Sequence[Line]) -> dict[str, tuple[str, ...]]:
    """The versions that a rollback of each alias may go to, by its records."""
    aliases = sorted({one.alias for line in records if line.kind in MOVES for one in line.moved})
    return {alias: verified(alias, records) for alias in aliases}


def kept_because(listed: Listed, limits: Limits, needs: Needs, now: float) -> dict[str, str]:
    """Why each version stays, by number; those that nothing keeps are not in it."""
    by_number = sorted(listed.versions, key=lambda version: -int(version.number))
    newest = {version.number for version in by_number[: limits.keep]}
    found = {}
    for version in by_number:
        reasons = [*_stands(listed, version), *needs.of(version.number)]
        reasons += [f"it is among the newest {limits.keep}"] if version.number in newest else []
        reasons += _young(version, limits, now)
        if reasons:
            found[version.number] = "; ".join(reasons)
    return found


def going(listed: Listed, kept: Mapping[str, str]) -> tuple[Version, ...]:
    """The versions that nothing keeps, oldest first."""
    left = (version for version in listed.versions if version.number not in kept)
    return tuple(sorted(left, key=lambda version: int(version.number)))


def _stands(listed: Listed, version: Version) -> list[str]:
    """What in the registry itself points at it; a stage may hold several versions."""
    found = [f"{target(alias)} is on it" for alias in aliases_of(listed.model, version.number)]
    found += [f"it is in stage {version.stage}"] if version.stage in TARGETS else []
    return found + ([f"it is held: {version.tags[HOLD_TAG]}"] if HOLD_TAG in version.tags else [])


def _young(version: Version, limits: Limits, now: float) -> list[str]:
    if not version.created_at:
        return ["its age is not known"]
    age_s = now - version.created_at
    return [] if age_s > limits.older_than_s else [f"it is {max(age_s, 0) / DAY_S:.1f} days old"]
