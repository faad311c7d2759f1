"""Is any part of the data worse off? Each slice is judged, and what was looked at is what is corrected for."""

from collections.abc import Mapping
from dataclasses import dataclass

from model_promotion.core.gate import (
    ALPHA,
    Comparison,
    GateRule,
    GateVerdict,
    Judged,
    Measured,
    judge_all,
    overall,
)


@dataclass(frozen=True)
class Slices:
    """The slices of one metric, and whether any of them got worse.

    `verdict` is FAILED where Holm rejects for any slice. It is never FAILED because a slice is small: that one is
    INCONCLUSIVE, and counted in `inconclusive`.
    """

    verdict: GateVerdict
    judged: tuple[Judged, ...]

    @property
    def failed(self) -> tuple[Judged, ...]:
        """The slices that got worse, the worst first."""
        failed = [one for one in self.judged if one.verdict is GateVerdict.FAILED]
        return tuple(sorted(failed, key=lambda one: one.room))

    @property
    def inconclusive(self) -> tuple[str, ...]:
        """The slices of which nothing can be told."""
        return tuple(one.metric for one in self.judged if one.verdict is GateVerdict.INCONCLUSIVE)


def judge_slices(slices: Mapping[str, Measured], rule: GateRule, alpha: float = ALPHA) -> Slices:
    """Every slice against one rule, with Holm (1979) over all that were looked at.

    The bounds that pass are taken at alpha / slices, so that all of them hold together.

    Raises:
        ValueError: there is no slice.
    """
    if not slices:
        raise ValueError("there is no slice to judge")
    asked = Comparison({name: (measured, rule) for name, measured in slices.items()}, alpha, candidates=len(slices))
    judged = judge_all(asked)
    return Slices(overall(judged), judged)
