"""Is a metric better for sure, on rows on which both versions were scored? A bound decides, as in every gate."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from model_promotion.core.better import Goal, Part
from model_promotion.core.gate import ALPHA, GateRule, GateVerdict, Judged, Level, Measured, judge


@dataclass(frozen=True)
class Superiority:
    """What was measured of each metric, what keeps it from being worse, and how sure the answer has to be.

    That any of k metrics is better is claimed k times, so each is at alpha / k (Bonferroni); `candidates` as in
    `gate.Comparison`. That none is worse needs no correction (Berger 1982).
    """

    measured: Mapping[str, Measured]
    no_worse: Mapping[str, GateRule]
    alpha: float = ALPHA
    candidates: int = 1

    def asked(self, goals: Sequence[tuple[Goal, float]]) -> tuple[tuple[Judged, Part], ...]:
        """Each goal with the gain that it has to beat: what the gate says, and what that means for the whole."""
        level = Level(self.alpha / (self.candidates * max(1, len(goals))), self.alpha)
        return tuple(self._one(goal.metric, gain, level) for goal, gain in goals)

    def _one(self, metric: str, gain: float, level: Level) -> tuple[Judged, Part]:
        measured, rule = self.measured[metric], self.no_worse[metric]
        better = judge(metric, measured, replace(rule, min_gain=gain), level)
        kept = judge(metric, measured, rule, Level(self.alpha / self.candidates, self.alpha))
        is_better = better.verdict is GateVerdict.PASSED
        is_known = better.estimate.is_finite and not measured.too_few
        worse = not is_better and kept.verdict is not GateVerdict.PASSED
        return better, Part(_told(better, is_better=is_better), is_known, is_better, worse)


def _told(judged: Judged, *, is_better: bool) -> str:
    known, estimate = judged.estimate.facts, judged.estimate
    both = [known[name] for name in ("champion", "candidate") if name in known]
    values = f" {' -> '.join(f'{value:.6g}' for value in both)}" if both and all(map(math.isfinite, both)) else ""
    change = f"{estimate.change:+.4g}, " if math.isfinite(estimate.change) else ""
    said = "surely better" if is_better else "not surely better"
    return f"{judged.metric}{values} on {estimate.n:,} rows ({change}{said}: {judged.reason})"
