"""Does the candidate itself keep the minimum and maximum of the policy?"""

from __future__ import annotations

from model_promotion.checks._measuring import gathered, unusable
from model_promotion.core.errors import NotFound
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.say import count
from model_promotion.core.scores import NoAnswerError
from model_promotion.core.thresholds import held
from model_promotion.witness import Witness

TOPIC = "Thresholds"
WEIGHT = Weight.BLOCKS


def ask(witness: Witness) -> Finding | None:
    """Is every bounded value within its bounds: as measured here, else as recorded? What is neither is unknown."""
    bounded = {name: one for name, one in witness.policy.metrics.items() if one.is_bounded}
    if not bounded:
        return None
    evidence = None
    try:
        evidence = gathered(witness) if witness.evaluation_data else None
    except NoAnswerError as error:
        return Finding(Verdict.UNKNOWN, f"nothing could be measured, {error}")
    if evidence and (why := unusable(witness, evidence)):
        return Finding(Verdict.UNKNOWN, f"nothing could be measured, {why[1]}")
    measured = evidence.values if evidence else {}
    values = {**_recorded(witness), **measured}
    found = held(values, bounded)
    told = {name: {"value": values.get(name), "measured": name in measured} for name in bounded}
    if found.missed:
        hint = "train a better one; the bounds are minimum and maximum under [metrics.NAME]"
        return Finding(Verdict.FAILED, "; ".join((*found.missed, *_unknown(witness, found.unknown))), told, hint=hint)
    if found.unknown:
        hint = "log it with the model, or measure it with --eval-data; the bounds are under [metrics.NAME]"
        return Finding(Verdict.UNKNOWN, "; ".join(_unknown(witness, found.unknown)), told, hint=hint)
    names = ", ".join(f"{name} {values[name]:.4g}" for name in bounded)
    return Finding(Verdict.PASSED, f"{count(len(bounded), 'metric')} within the bounds of the policy: {names}", told)


def _unknown(witness: Witness, said: tuple[str, ...]) -> tuple[str, ...]:
    """What nobody knows, and where it was looked for."""
    if not said:
        return ()
    measured = "these rows do not tell it" if witness.evaluation_data else "nothing was measured without --eval-data"
    return (*said, f"no number is recorded for it with {witness.plan.candidate.label}, and {measured}")


def _recorded(witness: Witness) -> dict[str, float]:
    try:
        return dict(witness.metrics(witness.plan.candidate).values)
    except NotFound:
        return {}
