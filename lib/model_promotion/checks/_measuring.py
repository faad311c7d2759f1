"""What the evaluation data say of both versions: scored, counted and measured once, whichever checks ask."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_promotion.checks._orders import labels, orders
from model_promotion.checks._question import question_of
from model_promotion.core.errors import BadCall
from model_promotion.core.margins import gate_rule
from model_promotion.core.metrics import Direction, direction_of
from model_promotion.core.rescoring import Picked
from model_promotion.evidence.telling import unfit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model_promotion.core.finding import Verdict
    from model_promotion.core.gate import GateRule, Measured
    from model_promotion.evidence.tables import PairTables, Question, Task
    from model_promotion.ports import Data
    from model_promotion.witness import Witness


@dataclass(frozen=True)
class Evidence:
    """Both versions on the same rows: the tables, and by metric what they say; `deciding` names those that decide.

    `of_run` is what the candidate's run said of these rows, where they are those that it logged; `counted_by` says
    which versions of what counted them.
    Without a champion the candidate stands for both, so that its own values are known.
    """

    tables: PairTables
    question: Question
    digest: str
    deciding: tuple[str, ...]
    every: Mapping[str, Measured]
    of_run: Mapping[str, Any]
    counted_by: Mapping[str, str]

    @property
    def measured(self) -> dict[str, Measured]:
        """The metrics that decide.

        Raises:
            BadCall: when the policy names one that cannot be told.
        """
        if lacking := [name for name in self.deciding if name not in self.every]:
            raise BadCall(
                f"{', '.join(lacking)} cannot be told for a {self.question.task} target from these answers",
                hint="correct metrics under [evidence] in promotion.toml",
            )
        return {name: self.every[name] for name in self.deciding}

    @property
    def values(self) -> dict[str, float]:
        """The candidate's own value of every metric that has one."""
        return {name: one.facts["candidate"] for name, one in self.every.items() if "candidate" in one.facts}


def gathered(witness: Witness) -> Evidence:
    """What there is, gathered by whoever asks first.

    Raises:
        NoAnswerError: when a model does not answer.
        PromotionError: when the data cannot be looked at.
    """
    return witness.once(("evidence", "", ""), lambda: _gathered(witness))


def unusable(witness: Witness, evidence: Evidence) -> tuple[Verdict, str] | None:
    """Why nothing can be told from these rows; None when something can."""
    champion, candidate = labels(witness)
    return unfit(evidence.tables, champion or candidate, candidate, evidence.question)


def picked(witness: Witness, evidence: Evidence) -> Picked | None:
    """What --auto chose the candidate by, beside what that is here."""
    return Picked.of(witness.request.chosen, evidence.values)


def rule_of(witness: Witness, name: str, measured: Measured, *, must_gain: bool = True) -> GateRule:
    """What the metric has to show not to be worse; with `must_gain` also the gain that the policy asks for."""
    policy = witness.policy.metrics.get(name)
    if policy and not must_gain:
        policy = replace(policy, must_gain=None)
    # A metric of the team's own is a loss, unless the policy says otherwise.
    direction = (policy.direction if policy else None) or direction_of(name) or Direction.LOWER
    return gate_rule(name, direction, policy, measured.facts.get("champion", 0.0))


def facts_of(witness: Witness, evidence: Evidence) -> dict[str, Any]:
    """Which rows they were, and how they were counted."""
    return {
        "data": witness.evaluation_data,
        "digest": evidence.digest,
        "engine": witness.request.engine,
        "counted_by": dict(evidence.counted_by),
        "rows": evidence.tables.rows,
        "unlabelled": evidence.tables.unlabelled,
        "unanswered": evidence.tables.unanswered,
        "alpha": witness.policy.evidence.alpha,
        **({"of_run": evidence.of_run} if evidence.of_run else {}),
    }


def _gathered(witness: Witness) -> Evidence:
    from model_promotion.evidence.buckets import Draw
    from model_promotion.evidence.comparing import USUAL, Compared

    engine, policy = witness.engine(witness.request.engine), witness.policy.evidence
    with witness.models_at_work, engine.open(witness.evaluation_data) as data:
        of_run = _as_logged(witness, data)
        question = question_of(witness, data)
        tables = data.score_pair(question, orders(witness, data, question))
        digest = data.digest()
    every = {}
    if tables.rows:
        compared = Compared(tables, question, Draw(policy.seed, policy.resamples))
        every = compared.measured(_wanted(witness, question.task))
    usual = tuple(name for name in USUAL[question.task] if name in every)
    return Evidence(tables, question, digest, policy.metrics or usual, every, of_run, engine.capabilities())


def _as_logged(witness: Witness, data: Data) -> dict[str, Any]:
    from model_promotion.evidence.logged import as_logged

    logged = witness.run_input
    if not logged:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        return as_logged(logged, data, Path(folder))


def _wanted(witness: Witness, task: Task) -> tuple[str, ...]:
    """Whatever is asked of a metric, it is resampled once.

    They are those that decide, that are bounded, named by --if-better, chosen by, and the one that slices go by.
    """
    from model_promotion.evidence.comparing import OF_TASK, USUAL
    from model_promotion.evidence.slicing import METRIC

    policy = witness.policy
    asked = [name for name, one in policy.metrics.items() if one.is_bounded]
    asked += [goal.metric for goal in witness.request.if_better]
    asked += [str(witness.request.chosen.get("metric", ""))]
    told = [name for name in asked if name in OF_TASK[task]]
    return tuple(dict.fromkeys((*(policy.evidence.metrics or USUAL[task]), *told, METRIC[task])))
