"""Do serving endpoints stand in the way?"""

from collections.abc import Sequence

from model_promotion.core.entities import Endpoint
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.witness import Witness

TOPIC = "Endpoints"
WEIGHT = Weight.BLOCKS


def ask(witness: Witness) -> Finding | None:
    """Is every endpoint that serves this model at rest? A moved alias never moves an endpoint, which is said too."""
    if witness.serving is None:
        return None
    model, champion = witness.plan.seen.name, witness.plan.champion
    endpoints = witness.serving.endpoints(model)
    finding = judge(endpoints, witness.serving.scope)
    if champion and finding.verdict is Verdict.PASSED and any(champion.number in one.serves for one in endpoints):
        stay = f"they keep serving {champion.label} until their configuration is changed"
        return Finding(finding.verdict, f"{finding.sentence}; {stay}", finding.facts)
    return finding


def judge(endpoints: Sequence[Endpoint], scope: str) -> Finding:
    """The finding for these endpoints, `scope` saying how far was looked."""
    facts = {"scope": scope, "endpoints": list(endpoints)}
    if not endpoints:
        return Finding(Verdict.PASSED, f"no endpoint of {scope} serves this model", facts)
    told = "; ".join(_told(endpoint) for endpoint in endpoints)
    if busy := [endpoint.name for endpoint in endpoints if endpoint.updating]:
        return Finding(
            Verdict.FAILED, f"{', '.join(busy)} is being updated ({told})", facts, hint="wait for the update to end"
        )
    if down := [endpoint.name for endpoint in endpoints if endpoint.ready is False]:
        return Finding(Verdict.WARNED, f"{', '.join(down)} is not ready ({told})", facts)
    if any(endpoint.ready is None or endpoint.updating is None for endpoint in endpoints):
        return Finding(Verdict.UNKNOWN, f"the state of an endpoint of {scope} is not known ({told})", facts)
    return Finding(Verdict.PASSED, f"{len(endpoints)} of {scope} at rest: {told}", facts)


def _told(endpoint: Endpoint) -> str:
    served = ", ".join(f"v{number} {share} %" for number, share in endpoint.serves.items())
    return f"{endpoint.name} serves {served} [{endpoint.state}]"
