"""Is the candidate no worse than the champion on the same rows?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from model_promotion.checks._measuring import Evidence, facts_of, gathered
from model_promotion.checks._orders import labels
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.gate import Comparison, judge_all
from model_promotion.core.margins import gate_rule
from model_promotion.core.metrics import Direction, direction_of
from model_promotion.core.scores import NoAnswerError
from model_promotion.core.thresholds import missed
from model_promotion.evidence.slices import Slices, judge_slices
from model_promotion.evidence.telling import alone, finding, lacking, told, unfit
from model_promotion.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model_promotion.core.gate import GateRule, Measured
    from model_promotion.core.policy import MetricPolicy

TOPIC = "Evidence"
WEIGHT = Weight.BLOCKS


def ask(witness: Witness) -> Finding | None:
    """With --eval-data: is every metric's loss within its margin, for sure? What is not sure is unknown."""
    if not witness.evaluation_data:
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
    from model_promotion.evidence.comparing import OF_TASK
    from model_promotion.evidence.describing import described

    tables, facts = evidence.tables, facts_of(witness, evidence)
    champion, candidate = labels(witness)
    if why := unfit(tables, champion or candidate, candidate):
        return Finding(*why, facts)
    measured, task = evidence.measured, evidence.question.task
    bounded = {name: one for name, one in witness.policy.metrics.items() if one.is_bounded}
    # What is bounded but cannot be told here was recorded somewhere else.
    here = {name: one for name, one in bounded.items() if name in measured or name in OF_TASK[task]}
    values = {name: one for name, one in evidence.values.items() if name in measured or name in here}
    short = missed(values, here)
    if not champion:
        return alone(values, short, tables, {**facts, "values": values})
    judged = judge_all(_comparison(witness, measured))
    slices = _slices(witness, evidence)
    facts |= described(tables)
    facts |= {
        "metrics": [told(one) for one in judged],
        "slices": [told(one) for one in slices.judged] if slices else [],
    }
    return lacking(finding(judged, tables, facts, slices), short)


def _slices(witness: Witness, evidence: Evidence) -> Slices | None:
    """The slices' verdicts, each against the rule of the metric that slices are judged by."""
    from model_promotion.evidence.buckets import Draw
    from model_promotion.evidence.slicing import METRIC, measured

    policy, metric = witness.policy.evidence, METRIC[evidence.question.task]
    found = measured(evidence.tables, evidence.question, Draw(policy.seed, policy.resamples))
    if not found:
        return None
    # A gain that is asked of the whole need not come from every part of it.
    named = witness.policy.metrics.get(metric)
    rule = _rule(metric, evidence.every[metric], replace(named, must_gain=None) if named else None)
    return judge_slices(found, rule, policy.alpha)


def _comparison(witness: Witness, measured: Mapping[str, Measured]) -> Comparison:
    compared = int(witness.request.chosen.get("compared", 1) or 1)
    rules = {name: (one, _rule(name, one, witness.policy.metrics.get(name))) for name, one in measured.items()}
    return Comparison(rules, witness.policy.evidence.alpha, max(1, compared))


def _rule(name: str, measured: Measured, policy: MetricPolicy | None) -> GateRule:
    # A metric of the team's own is a loss, unless the policy says otherwise.
    direction = (policy.direction if policy else None) or direction_of(name) or Direction.LOWER
    return gate_rule(name, direction, policy, measured.facts.get("champion", 0.0))
