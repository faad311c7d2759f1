"""Does the candidate answer the same rows much as the champion does?"""

from __future__ import annotations

from model_promotion.checks._measuring import gathered, unusable
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.scores import NoAnswerError
from model_promotion.witness import Witness

TOPIC = "Prediction drift"
WEIGHT = Weight.ADVISES


def ask(witness: Witness) -> Finding | None:
    """With --eval-data: is the PSI of the classes answered below [drift] prediction_psi? Without it this only tells."""
    most = witness.policy.drift.prediction_psi
    if not witness.evaluation_data or witness.plan.champion is None:
        return None
    try:
        evidence = gathered(witness)
    except NoAnswerError as error:
        return _untold(most, str(error))
    if why := unusable(witness, evidence):
        return _untold(most, why[1])
    from model_promotion.evidence.describing import prediction_drift

    found = prediction_drift(evidence.tables).get("prediction_drift")
    if found is None:
        return _untold(most, "these answers are amounts, or of too many classes")
    return finding(found, evidence.tables.rows, most)


def finding(found: dict[str, float], rows: int, most: float | None) -> Finding:
    """How differently they answer, and whether the policy calls that too much."""
    said = f"both answer the same on {found['agree']:.1%} of {rows:,} rows, PSI of the classes {found['psi']:.3f}"
    facts = {**found, "rows": rows, "prediction_psi": most}
    if most is None:
        return Finding(Verdict.PASSED, said, facts)
    if found["psi"] >= most:
        hint = "look at which answers changed; the threshold is prediction_psi under [drift]"
        return Finding(Verdict.FAILED, f"{said}, which matters from {most:g} on", facts, hint=hint)
    return Finding(Verdict.PASSED, f"{said}, below {most:g}", facts)


def _untold(most: float | None, why: str) -> Finding | None:
    """Where nothing is asked of it, what cannot be told is not worth a line."""
    if most is None:
        return None
    return Finding(Verdict.UNKNOWN, f"whether the answers drifted cannot be told: {why}", {"prediction_psi": most})
