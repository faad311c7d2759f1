"""Do the endpoints that were named answer?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from model_promotion.checks._endpoints import example, met
from model_promotion.core.answers import predictions_in
from model_promotion.core.errors import PromotionError
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.payloads import payload_of
from model_promotion.core.say import count
from model_promotion.together import together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model_promotion.checks._endpoints import Met
    from model_promotion.witness import Witness

TOPIC = "Endpoint"
WEIGHT = Weight.BLOCKS
WORST_FIRST = (Verdict.FAILED, Verdict.UNKNOWN, Verdict.PASSED)
HINT = "look at the endpoint's own log, then try again"
NOT_THERE = "is it started, and is that its host and port? --endpoint http://HOST:PORT"
Answer = tuple[Verdict, str, "Mapping[str, Any]"]


def ask(witness: Witness) -> Finding | None:
    """With --endpoint: does it answer the candidate's example as it should, a finite prediction for each row?"""
    endpoints = witness.request.endpoints
    if not endpoints:
        return None
    rows = payload_of(example(witness).sent).rows
    answers = together([partial(_answer, witness, one, rows) for one in endpoints])
    verdict = min((verdict for verdict, _, _ in answers), key=WORST_FIRST.index)
    measured = dict(zip(endpoints, (facts for _, _, facts in answers), strict=True))
    facts = {"endpoints": {one: said for one, (said, _, _) in zip(endpoints, answers, strict=True)}, "rows": rows}
    said = "; ".join(sentence for _, sentence, _ in answers)
    silent = any("status" in facts and facts["status"] is None for _, _, facts in answers)
    hint = "" if verdict is Verdict.PASSED else NOT_THERE if silent else HINT
    return Finding(verdict, said, {**facts, "measured": measured}, hint=hint)


def _answer(witness: Witness, endpoint: str, rows: int | None) -> Answer:
    try:
        found = met(witness, endpoint)
    except PromotionError as error:
        return Verdict.UNKNOWN, str(error), {}
    facts = {"took_ms": found.asked.took_ms, "status": found.asked.status, "mlflow": found.look.mlflow}
    facts |= {"answered_by": found.asked.answered_by}
    if found.flaw:
        return Verdict.FAILED, f"{endpoint} {found.flaw}{_asleep(found)}", facts
    answered = f"{count(predictions_in(found.asked), 'prediction')} for {count(rows, 'row')}" if rows else "predictions"
    took, served = f"{found.asked.took_ms:.1f} ms", found.asked.answered_by
    by = f"by its word from {served}" if served else "from which version it does not say"
    return Verdict.PASSED, f"{endpoint} answered {answered} in {took}, {by}", facts


def _asleep(found: Met) -> str:
    same = found.look.said == found.asked.error
    return "" if found.look.alive or same else f" (and to /ping: {found.look.said})"
