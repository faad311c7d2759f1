"""Is the candidate better than the champion, by the metrics that --if-better names?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from model_promotion.checks._measuring import Evidence, gathered, picked, rule_of, unusable
from model_promotion.core.better import Answer, Goal, gain_of, named, recorded, together
from model_promotion.core.errors import NotFound
from model_promotion.core.event import Table
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.metrics import TABLE_COLUMNS, compare, table_rows
from model_promotion.core.scores import NoAnswerError
from model_promotion.core.surely import Superiority
from model_promotion.evidence.telling import shown, told
from model_promotion.witness import Witness

if TYPE_CHECKING:
    from model_promotion.core.better import Part
    from model_promotion.core.entities import Version
    from model_promotion.core.gate import Judged

TOPIC = "Better"
WEIGHT = Weight.DIVERTS
VERDICTS = {Answer.BETTER: Verdict.PASSED, Answer.NOT_BETTER: Verdict.WARNED, Answer.UNKNOWN: Verdict.UNKNOWN}


def ask(witness: Witness) -> Finding | None:
    """Is it better, if that was asked? Measured on the evaluation data where it can be, else as recorded."""
    if not witness.request.if_better or witness.plan.in_place:
        return None
    if witness.plan.champion is None:
        return Finding(
            Verdict.PASSED, f"nothing stands behind {witness.plan.where} yet, so there is nothing to be better than"
        )
    try:
        evidence = gathered(witness) if witness.evaluation_data else None
    except NoAnswerError as error:
        return _untold(witness, str(error))
    if evidence and (why := unusable(witness, evidence)):
        return _untold(witness, why[1])
    return _Case(witness, witness.plan.champion, evidence).answer()


@dataclass(frozen=True)
class _Case:
    """Who is compared with whom, and what was measured of both, if anything was."""

    witness: Witness
    champion: Version
    evidence: Evidence | None

    def answer(self) -> Finding:
        """Better by bounds where there are some; one line says of each metric what it rests on."""
        goals, candidate = self.witness.request.if_better, self.witness.plan.candidate
        rules = self.witness.policy.metric_rules
        old, new = (_recorded(self.witness, version) for version in (self.champion, candidate))
        here = tuple(goal for goal in goals if self.evidence and goal.metric in self.evidence.every)
        measured = self._measured(here)
        others = recorded(tuple(goal for goal in goals if goal not in here), old, new, rules)
        judgement = together((*(part for _, part in measured), *(self._as_recorded(part) for part in others)))
        changes, gates = compare(old, new, rules), [judged for judged, _ in measured]
        facts = {"answer": judgement.answer, "asked": named(goals), "changes": list(changes)}
        return Finding(
            VERDICTS[judgement.answer],
            f"{_said(judgement.answer, candidate.label, self.champion.label)}: {judgement.because}",
            {**facts, "measured": [told(one) for one in gates]} if gates else facts,
            Table(TABLE_COLUMNS, table_rows(changes)) if others or not gates else shown(gates),
            _hint(self.witness) if judgement.answer is Answer.UNKNOWN else "",
        )

    def _measured(self, goals: tuple[Goal, ...]) -> tuple[tuple[Judged, Part], ...]:
        if not (self.evidence and goals):
            return ()
        every, chosen = self.evidence.every, picked(self.witness, self.evidence)
        margins = {goal.metric: rule_of(self.witness, goal.metric, every[goal.metric]) for goal in goals}
        alpha = self.witness.policy.evidence.alpha
        asked = Superiority(every, margins, alpha, chosen.candidates if chosen else 1)
        rules = self.witness.policy.metric_rules
        return asked.asked([(goal, gain_of(goal, goal.metric, rules)) for goal in goals])

    def _as_recorded(self, part: Part) -> Part:
        """With data at hand it is said that this one was not measured on them."""
        if self.evidence is None:
            return part
        return replace(part, told=f"{part.told}, as recorded: it cannot be measured on these rows")


def _said(answer: Answer, candidate: str, champion: str) -> str:
    return {
        Answer.BETTER: f"{candidate} is better than {champion}",
        Answer.NOT_BETTER: f"{candidate} is not better than {champion}",
        Answer.UNKNOWN: f"whether {candidate} is better than {champion} cannot be told",
    }[answer]


def _untold(witness: Witness, why: str) -> Finding:
    plan = witness.plan
    label = plan.champion.label if plan.champion else ""
    said = f"{_said(Answer.UNKNOWN, plan.candidate.label, label)}: {why}"
    facts = {"answer": Answer.UNKNOWN, "asked": named(witness.request.if_better)}
    return Finding(Verdict.UNKNOWN, said, facts, hint=_hint(witness))


def _hint(witness: Witness) -> str:
    plainly = replace(witness.request, if_better=(), else_alias="")
    instead = plainly.again("--version", witness.plan.candidate.number)
    return f"log it for both, or say in promotion.toml which way is better; without that question: {instead}"


def _recorded(witness: Witness, version: Version) -> dict[str, float]:
    try:
        return dict(witness.metrics(version).values)
    except NotFound:
        return {}
