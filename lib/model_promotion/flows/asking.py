"""All checks are asked at the same time, and answer in their order."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from model_promotion.core.decision import Demands
from model_promotion.core.errors import PromotionError
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.request import Request
from model_promotion.ports import Check
from model_promotion.witness import Witness
from model_promotion.world import World


def ask_all(witness: Witness, world: World) -> tuple[Finding, ...]:
    """Every check's answer; one that could not look says so."""
    findings = []
    with ThreadPoolExecutor(len(world.checks) + 1, thread_name_prefix="check") as pool:
        answers = [pool.submit(_ask, check, witness) for check in world.checks]
        for answer in answers:
            with world.voice.during("asking the checks"):
                finding = answer.result()
            if finding:
                world.voice.tell(finding.event)
                findings.append(finding)
    return tuple(findings)


def demands(request: Request, world: World) -> Demands:
    """What the flags and the policy require of the checks."""
    flagged = {"recorded_metrics": request.compare_metrics, "model_tests": request.run_tests}
    required = world.policy.required | {name for name, asked in flagged.items() if asked}
    return Demands(required, request.force)


def _ask(check: Check, witness: Witness) -> Finding | None:
    try:
        finding = check.ask(witness)
    except PromotionError as error:
        finding = Finding(Verdict.UNKNOWN, str(error), hint=error.hint)
    return finding and replace(finding, check=check.name, topic=check.topic, weight=check.weight)
