"""Is the candidate better than the champion, by the metrics that --if-better names?"""

from dataclasses import replace

from model_promotion.core.better import Answer, judge, named
from model_promotion.core.entities import Version
from model_promotion.core.errors import NotFound
from model_promotion.core.event import Table
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.metrics import TABLE_COLUMNS, compare, table_rows
from model_promotion.witness import Witness

TOPIC = "Better"
WEIGHT = Weight.DIVERTS
VERDICTS = {Answer.BETTER: Verdict.PASSED, Answer.NOT_BETTER: Verdict.WARNED, Answer.UNKNOWN: Verdict.UNKNOWN}


def ask(witness: Witness) -> Finding | None:
    """Is it better, if that was asked? What nobody can tell is unknown, and never better."""
    goals, candidate, champion = witness.request.if_better, witness.plan.candidate, witness.plan.champion
    if not goals or witness.plan.in_place:
        return None
    if champion is None:
        return Finding(
            Verdict.PASSED, f"nothing stands behind {witness.plan.where} yet, so there is nothing to be better than"
        )
    old, new = (_recorded(witness, version) for version in (champion, candidate))
    rules = witness.policy.metric_rules
    judgement = judge(goals, old, new, rules)
    changes = compare(old, new, rules)
    said = {
        Answer.BETTER: f"{candidate.label} is better than {champion.label}",
        Answer.NOT_BETTER: f"{candidate.label} is not better than {champion.label}",
        Answer.UNKNOWN: f"whether {candidate.label} is better than {champion.label} cannot be told",
    }[judgement.answer]
    return Finding(
        VERDICTS[judgement.answer],
        f"{said}: {judgement.because}",
        {"answer": judgement.answer, "asked": named(goals), "changes": list(changes)},
        Table(TABLE_COLUMNS, table_rows(changes)),
        _hint(witness) if judgement.answer is Answer.UNKNOWN else "",
    )


def _hint(witness: Witness) -> str:
    plainly = replace(witness.request, if_better=(), else_alias="")
    instead = plainly.again("--version", witness.plan.candidate.number)
    return f"log it for both, or say in promotion.toml which way is better; without that question: {instead}"


def _recorded(witness: Witness, version: Version) -> dict[str, float]:
    try:
        return dict(witness.metrics(version).values)
    except NotFound:
        return {}
