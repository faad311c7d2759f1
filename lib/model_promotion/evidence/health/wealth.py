"""How much a bettor against "nothing is wrong" has won so far, however often somebody looks.

Each look brings factors whose expectation, while nothing is wrong, is at most 1. Their product, and any fixed mixture
of such products, then exceeds 1 / alpha at some time with a chance of at most alpha (Ville 1939; Ramdas, Gruenwald,
Vovk & Shafer 2023, "Game-theoretic statistics and safe anytime-valid inference", Statistical Science 38).

What has long been well would have to be lost again before something that breaks late is seen. So the stake is spread
over the looks: half is bet from the first look on, the rest in equal parts from each planned look on (the mixture over
starts of Shin, Ramdas & Rinaldo 2024, "E-detectors", New England Journal of Statistics in Data Science 2). A late
break costs a factor of twice the planned looks, and the promise stays that of the whole watch. After the last planned
look nothing is left to bet anew.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

BETS = {1.05: 0.02, 1.1: 0.03, 1.25: 0.05, 1.5: 0.2, 2.5: 0.35, 6.0: 0.25, 30.0: 0.1}
"""By how much each bet raises the odds of an error, and which part of the stake it gets.

Most lies on rises worth seeing soon. The small ones make bounds narrow where there is much to go by: a bet on a rise of
half is lost on one of a fifth, however many answers there are.
"""
ODDS = np.array([*BETS])
_PARTS = np.log([*BETS.values()])


@dataclass(frozen=True)
class Wealth:
    """What each bet has grown to (as logarithms), after so many of the planned looks, and the most the whole ever was.

    The fields are plain numbers, so that it can be kept as JSON and taken up by whoever looks next.

    Raises:
        ValueError: no look is planned.
    """

    planned: int = 1
    looks: int = 0
    logs: tuple[float, ...] = ()
    most: float = 0.0

    def __post_init__(self) -> None:
        if self.planned < 1:
            raise ValueError(f"at least one look is planned, not {self.planned}")

    def after(self, factors: np.ndarray) -> "Wealth":
        """One look later.

        Args:
            factors: the logarithms of the factors that this look brings, one for each bet.
        """
        grown = bet(np.array(self.logs) if self.logs else None, factors, (self.looks, self.planned))
        later = Wealth(self.planned, self.looks + 1, tuple(map(float, grown)), self.most)
        return replace(later, most=max(self.most, later.now))

    @property
    def now(self) -> float:
        """The logarithm of what it all is worth now; 0 before the first look."""
        return float(total(np.array(self.logs), self.looks, self.planned)) if self.logs else 0.0

    def is_won(self, alpha: float) -> bool:
        """Whether it ever was 1 / alpha: nothing that were well would come to that with more than that chance."""
        return self.most >= -math.log(alpha)

    @classmethod
    def resumed(cls, kept: Mapping[str, Any]) -> "Wealth":
        """From what `jsonable` made of it."""
        return cls(int(kept["planned"]), int(kept["looks"]), tuple(map(float, kept["logs"])), float(kept["most"]))


def bet(logs: np.ndarray | None, factors: np.ndarray, look: tuple[int, int]) -> np.ndarray:
    """What the bets (last axis) have grown to after one more look: (those before it, those planned)."""
    before, planned = look
    stake = _stake(before, planned)
    if logs is None:
        return math.log(stake) + factors
    return (np.logaddexp(logs, math.log(stake)) if stake else logs) + factors


def total(logs: np.ndarray, looks: int = 1, planned: int = 1) -> np.ndarray:
    """The logarithm of all the wealth after so many looks: of the bets (last axis), and of what is not bet yet."""
    won = np.logaddexp.reduce(logs + _PARTS, axis=-1)
    kept = max(planned - looks, 0) / (2 * planned)
    return np.logaddexp(won, math.log(kept)) if kept else np.asarray(won)


def _stake(before: int, planned: int) -> float:
    if before >= planned:
        return 0.0
    return 1 / (2 * planned) + (0 if before else 1 / 2)
