"""Several promotions in one call: what belongs together, and what comes of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from model_promotion.core.exits import ExitCode
from model_promotion.core.request import Request

# The worse the earlier: an interrupt tells most about what is left to do, then our own defects, then the world's.
FROM_THE_WORST = (
    ExitCode.INTERRUPTED,
    ExitCode.DEFECT,
    ExitCode.USAGE,
    ExitCode.DENIED,
    ExitCode.NOT_FOUND,
    ExitCode.REFUSED,
    ExitCode.WARNED,
    ExitCode.DONE,
)
DEFAULT_WORKERS = 8


@dataclass(frozen=True)
class Unit:
    """Promotions that all hold or none does; `name` is empty for one that stands by itself."""

    members: tuple[Request, ...]
    name: str = ""


@dataclass(frozen=True)
class Fleet:
    """Units, of which at most `workers` promotions are worked on at the same time; `file` is where they were read."""

    units: tuple[Unit, ...]
    workers: int = DEFAULT_WORKERS
    file: str = ""

    @property
    def members(self) -> tuple[Request, ...]:
        """Every promotion, in order."""
        return tuple(member for unit in self.units for member in unit.members)

    def each(self, change: Callable[[Request], Request]) -> "Fleet":
        """The same fleet with every promotion changed."""
        units = (replace(unit, members=tuple(change(member) for member in unit.members)) for unit in self.units)
        return replace(self, units=tuple(units))


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The code that a call ends with whose promotions ended with these."""
    return min(codes, key=FROM_THE_WORST.index, default=ExitCode.DONE)
