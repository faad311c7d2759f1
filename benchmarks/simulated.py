"""What simulations of the canary and of the watch share: how often, how long, and a line of what came of it."""

import zlib
from dataclasses import dataclass

import numpy as np
from scipy import stats

ALPHA, LOOKS = 0.01, 600
UNLIKELY = 1e-3


@dataclass(frozen=True)
class Row:
    """A line of a table; `wrong` is a rate that must not lie above alpha, among so many runs."""

    cells: tuple[str, ...]
    wrong: float = 0.0
    runs: int = 1
    alpha: float = ALPHA

    @property
    def holds(self) -> bool:
        """Whether it does not, within Monte-Carlo error."""
        return bool(stats.binom.sf(round(self.wrong * self.runs) - 1, self.runs, self.alpha) >= UNLIKELY)


def generator(name: str) -> np.random.Generator:
    """Its numbers depend on the name only."""
    return np.random.default_rng(zlib.crc32(name.encode()))
