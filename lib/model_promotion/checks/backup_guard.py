"""Could the champion be gone back to?"""

from model_promotion.core.entities import READY
from model_promotion.core.errors import NotFound
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.say import count
from model_promotion.witness import Witness

TOPIC = "Backup"
WEIGHT = Weight.ADVISES


def ask(witness: Witness) -> Finding | None:
    """Is the version that a rollback would go to READY, and are its files there? Better asked now than in need."""
    champion = witness.plan.champion
    if champion is None:
        return None
    hint = "a rollback would lead to a version that cannot serve; promote a sound one soon"
    if champion.status != READY:
        return Finding(Verdict.FAILED, f"{champion.label} is {champion.status}, so no way back", hint=hint)
    try:
        files = witness.registry.files(champion)
    except NotFound as error:
        return Finding(Verdict.FAILED, f"no way back to {champion.label}: {error}", hint=hint)
    if not files:
        return Finding(Verdict.FAILED, f"no way back: {champion.label} has no files", hint=hint)
    return Finding(
        Verdict.PASSED, f"{champion.label} can be gone back to: READY, {count(len(files), 'entry', 'entries')}"
    )
