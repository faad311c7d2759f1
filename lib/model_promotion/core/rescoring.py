"""The best of many was chosen by recorded values: what is it worth on rows on which both versions are scored?

On the rows that it was chosen on, the best of k looks better than it is (the winner's curse). On rows that had no part
in the choice it does not: given the choice they are a fresh sample, so bounds from them hold without a correction (Cox
1975, "A note on data-splitting for the evaluation of significance levels", Biometrika 62). Which rows a recorded value
came from nobody can know; one that comes out again to six digits was computed on these very rows.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SIX_DIGITS = 1e-6


@dataclass(frozen=True)
class Picked:
    """What the candidate was chosen by, among how many, and what that is `again` on the evaluation data."""

    metric: str
    score: float
    found_in: str
    compared: int
    again: float | None
    same_rows: bool

    @classmethod
    def of(cls, chosen: Mapping[str, Any], values: Mapping[str, float]) -> "Picked | None":
        """From the evidence of a choice and the candidate's values here; None where it was not the best of several."""
        score, compared = chosen.get("score"), int(chosen.get("compared") or 0)
        if score is None or compared < 2:  # noqa: PLR2004 - one is not chosen among others
            return None
        metric = str(chosen.get("metric", ""))
        same = any(math.isclose(score, value, rel_tol=SIX_DIGITS) for value in values.values())
        again = values.get(metric)
        known = again if again is not None and math.isfinite(again) else None
        return cls(metric, float(score), str(chosen.get("found_in", "")), compared, known, same)

    @property
    def candidates(self) -> int:
        """Of how many candidates these rows saw the best."""
        return self.compared if self.same_rows else 1

    @property
    def sentence(self) -> str:
        """What was recorded, what is measured here, and what that assumes."""
        was = f"chosen by {self.metric} {self.score:.6g} ({self.found_in}), the best of {self.compared} recorded"
        if self.same_rows:
            return f"{was} and computed on these very rows: alpha is divided by {self.compared}"
        here = f"{self.metric} cannot be told" if self.again is None else f"it is {self.again:.6g}"
        return f"{was}; on these rows {here}, taking it that nobody chose by them"
