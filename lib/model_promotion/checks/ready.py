"""Is the candidate registered completely?"""

from model_promotion.core.entities import READY
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.witness import Witness

TOPIC = "Version"
WEIGHT = Weight.BARS


def ask(witness: Witness) -> Finding:
    """Is the candidate's status READY?"""
    candidate = witness.plan.candidate
    facts = {"status": candidate.status, "run_id": candidate.run_id}
    if candidate.status == READY:
        return Finding(Verdict.PASSED, f"{candidate.label} is READY", facts)
    why = f": {candidate.status_message}" if candidate.status_message else ""
    return Finding(
        Verdict.FAILED,
        f"{candidate.label} is {candidate.status or 'in no known state'}, not READY{why}",
        facts,
        hint="wait until its registration has ended, or register it again",
    )
