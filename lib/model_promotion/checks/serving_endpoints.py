"""Do serving endpoints stand in the way?"""

from collections.abc import Sequence

from model_promotion.core.entities import Endpoint
from model_promotion.core.errors import PromotionError
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.signature import breaks
from model_promotion.witness import Witness

TOPIC = "Endpoints"
WEIGHT = Weight.BLOCKS


def ask(witness: Witness) -> Finding | None:
    """Is every endpoint that serves this model at rest? A moved alias never moves an endpoint, which is said too."""
    if witness.serving is None:
        return None
    model, champion = witness.plan.seen.name, witness.plan.champion
    number = champion.number if champion else ""
    found = witness.serving.endpoints(model)
    finding = judge(found, number, witness.serving.scope)
    if finding.verdict is not Verdict.PASSED or not any(number in one.serves for one in found):
        return finding
    if broken := _breaks(witness):
        said = f"{finding.sentence}; its callers would break on {witness.plan.candidate.label}: {'; '.join(broken)}"
        return Finding(Verdict.FAILED, said, finding.facts, hint="change the callers first")
    stay = f"they keep serving v{number} until their configuration is changed"
    return Finding(finding.verdict, f"{finding.sentence}; {stay}", finding.facts)


def _breaks(witness: Witness) -> tuple[str, ...]:
    """Why callers of the champion would break on the candidate, as far as both signatures can be read."""
    if witness.plan.champion is None:
        return ()
    try:
        old, new = witness.signature(witness.plan.champion), witness.signature(witness.plan.candidate)
    except (ValueError, PromotionError):
        return ()  # The signature check says that it could not look.
    return breaks(old, new) if old and new else ()


def judge(found: Sequence[Endpoint], champion: str, scope: str) -> Finding:
    """The finding for the endpoints that serve the champion's number; `scope` says how far was looked."""
    facts = {"scope": scope, "endpoints": list(found)}
    if not found:
        return Finding(Verdict.PASSED, f"no endpoint of {scope} serves this model", facts)
    told = "; ".join(_told(endpoint) for endpoint in found)
    endpoints = [endpoint for endpoint in found if champion in endpoint.serves]
    if busy := [endpoint.name for endpoint in endpoints if endpoint.updating]:
        return Finding(
            Verdict.FAILED, f"{', '.join(busy)} is being updated ({told})", facts, hint="wait for the update to end"
        )
    if down := [endpoint.name for endpoint in endpoints if endpoint.ready is False]:
        return Finding(Verdict.WARNED, f"{', '.join(down)} is not ready ({told})", facts)
    if any(endpoint.ready is None or endpoint.updating is None for endpoint in endpoints):
        return Finding(Verdict.UNKNOWN, f"the state of an endpoint of {scope} is not known ({told})", facts)
    return Finding(Verdict.PASSED, f"{len(found)} of {scope} looked at: {told}", facts)


def _told(endpoint: Endpoint) -> str:
    served = ", ".join(f"v{number} {share} %" for number, share in endpoint.serves.items())
    return f"{endpoint.name} serves {served} [{endpoint.state}]"
