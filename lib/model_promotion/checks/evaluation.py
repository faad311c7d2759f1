"""Is the candidate no worse than the champion on the same rows?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from model_promotion.checks._measuring import Evidence, facts_of, gathered, picked, rule_of, unusable
from model_promotion.checks._orders import labels
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.gate import Comparison, judge_all
from model_promotion.core.scores import NoAnswerError
from model_promotion.evidence.slices import Slices, judge_slices
from model_promotion.evidence.telling import alone, also, finding, told
from model_promotion.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model_promotion.core.gate import Measured
    from model_promotion.core.rescoring import Picked

TOPIC = "Evidence"
WEIGHT = Weight.BLOCKS


def ask(witness: Witness) -> Finding | None:
    """With --eval-data: is every metric's loss within its margin, for sure? What is not sure is unknown."""
    if not witness.evaluation_data or witness.goals_decide("evaluation"):
        return None
    try:
        return _named(witness, gathered(witness))
    except NoAnswerError as error:
        champion, _ = labels(witness)
        if champion and str(error).startswith(f"{champion}:"):
            return Finding(Verdict.UNKNOWN, f"there is nothing to compare with, {error}")
        return Finding(Verdict.FAILED, str(error), hint="mend the model and register it again")


def _named(witness: Witness, evidence: Evidence) -> Finding:
    from model_promotion.evidence.tasks import named

    found = _judged(witness, evidence)
    return replace(found, sentence=f"{found.sentence}; the target is {named(evidence.question)}")


def _judged(witness: Witness, evidence: Evidence) -> Finding:
    from model_promotion.evidence.describing import described

    tables, facts = evidence.tables, facts_of(witness, evidence)
    if why := unusable(witness, evidence):
        return Finding(*why, facts)
    measured, chosen = evidence.measured, picked(witness, evidence)
    facts |= {"chosen": chosen} if chosen else {}
    if not witness.plan.champion:
        values = {name: one for name, one in evidence.values.items() if name in measured}
        return also(alone(values, tables, {**facts, "values": values}), chosen)
    judged = judge_all(_comparison(witness, measured, chosen))
    slices = _slices(witness, evidence)
    facts |= described(tables)
    facts |= {
        "metrics": [told(one) for one in judged],
        "slices": [told(one) for one in slices.judged] if slices else [],
    }
    return also(finding(judged, tables, facts, slices), chosen)


def _slices(witness: Witness, evidence: Evidence) -> Slices | None:
    """The slices' verdicts, each against the rule of the metric that slices are judged by."""
    from model_promotion.evidence.buckets import Draw
    from model_promotion.evidence.slicing import METRIC, measured

    policy, metric = witness.policy.evidence, METRIC[evidence.question.task]
    found = measured(evidence.tables, evidence.question, Draw(policy.seed, policy.resamples))
    if not found:
        return None
    # A gain that is asked of the whole need not come from every part of it.
    rule = rule_of(witness, metric, evidence.every[metric], must_gain=False)
    return judge_slices(found, rule, policy.alpha)


def _comparison(witness: Witness, measured: Mapping[str, Measured], chosen: Picked | None) -> Comparison:
    rules = {name: (one, rule_of(witness, name, one)) for name, one in measured.items()}
    return Comparison(rules, witness.policy.evidence.alpha, chosen.candidates if chosen else 1)
