"""Would the champion's callers break on the candidate?"""

from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.signature import breaks
from model_promotion.together import both
from model_promotion.witness import Witness

TOPIC = "Signature"
WEIGHT = Weight.BLOCKS


def ask(witness: Witness) -> Finding:
    """Does the candidate accept everything the champion accepts, and answer with everything it answers?"""
    candidate, champion = witness.plan.candidate, witness.plan.champion
    try:
        new, old = both(lambda: witness.signature(candidate), lambda: witness.signature(champion) if champion else None)
    except ValueError as error:
        return Finding(Verdict.FAILED, f"a signature cannot be read: {error}")
    if champion is None:
        has = "has a signature" if new else "has no signature"
        return Finding(Verdict.PASSED, f"{candidate.label} {has}; there is no champion whose callers could break")
    if new is None:
        hint = "log the model with signature=mlflow.models.infer_signature(inputs, outputs)"
        return Finding(Verdict.UNKNOWN, f"{candidate.label} has no signature", hint=hint)
    if old is None:
        return Finding(Verdict.UNKNOWN, f"{champion.label} has no signature, so what its callers send is not known")
    broken = breaks(old, new)
    if not broken:
        return Finding(Verdict.PASSED, f"{candidate.label} accepts everything {champion.label} accepts")
    return Finding(
        Verdict.FAILED,
        f"callers of {champion.label} would break on {candidate.label}: {'; '.join(broken)}",
        {"breaks": list(broken)},
        hint="train with a compatible signature, or change the callers first and use --force",
    )
