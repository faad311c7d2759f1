"""Does accuracy fall as labels arrive, whatever it was before? For a warning; nothing is rolled back for it.

ADWIN (Bifet & Gavalda 2007, "Learning from time-changing data with adaptive windowing", SDM) in river's implementation,
which is an optional extra: it asks for a newer numpy than MLflow does, and takes 1.5 s and 100 MiB to import. It needs
no baseline. But its delta is that of one test, and it tests every 32 labels: what benchmarks/health.py measures for a
whole watch is no promise, and grows with the labels. At river's own 0.002 it was 0.5 % of watches with 30,000 labels
and about 4 % with 300,000, at DELTA 1 of 800 with 300,000. PageHinkley, at river's defaults, alarms in half of the
runs in which nothing changes. What acts is `Watched.drop`, which holds for the whole watch and is as soon where the
accuracy was known before.
"""

from collections.abc import Iterable

from model_promotion.core.errors import BadCall
from model_promotion.core.health import Health, Reading
from model_promotion.core.installing import extra

SOURCE = "trend of accuracy"
DELTA = 1e-4


class Trend:
    """Follows the labels of one watch. A watch that is taken up again begins anew.

    Raises:
        BadCall: river is not installed.
    """

    def __init__(self, delta: float = DELTA) -> None:
        try:
            from river.drift import ADWIN
        except ImportError as error:
            raise BadCall(
                "the trend of accuracy is followed by river, which is not installed",
                hint=extra("trend"),
            ) from error
        self._detector, self._n = ADWIN(delta=delta), 0

    def after(self, rights: Iterable[bool]) -> Reading:
        """What the answers that got their labels now add to it; each says whether it was right."""
        fell: tuple[float, float] | None = None
        for right in rights:
            before = float(self._detector.estimation)
            self._detector.update(float(right))
            self._n += 1
            if self._detector.drift_detected and self._detector.estimation < before:
                fell = before, float(self._detector.estimation)
        return _told(self._n, float(self._detector.estimation), fell)


def _told(n: int, now: float, fell: tuple[float, float] | None) -> Reading:
    if not n:
        return Reading(SOURCE, Health.INCONCLUSIVE, "no label has arrived", decides=False)
    facts = {"labels": n, "accuracy": now}
    if fell is None:
        return Reading(SOURCE, Health.PASS, f"{now:.2%} right, no fall in {n:,} labels", facts, decides=False)
    said = f"{fell[0]:.2%} -> {fell[1]:.2%} right, a fall within the last of {n:,} labels"
    return Reading(SOURCE, Health.FAIL, said, facts | {"before": fell[0]}, decides=False)
