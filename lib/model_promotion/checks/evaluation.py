"""Is the candidate no worse than the champion on the same rows?"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_promotion.core.errors import BadCall, NotFound
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.gate import Comparison, judge_all
from model_promotion.core.margins import gate_rule
from model_promotion.core.metrics import Direction, direction_of
from model_promotion.core.scores import NoAnswerError, Order
from model_promotion.core.thresholds import missed
from model_promotion.evidence.slices import Slices, judge_slices
from model_promotion.evidence.telling import alone, finding, lacking, told, unfit
from model_promotion.witness import Witness

if TYPE_CHECKING:
    from model_promotion.core.dataset import Dataset
    from model_promotion.core.entities import Version
    from model_promotion.core.gate import GateRule, Measured
    from model_promotion.evidence.tables import PairTables, Question, Target
    from model_promotion.ports import Data

TOPIC = "Evidence"
WEIGHT = Weight.BLOCKS
NAME_THEM = "name the column of the truth: --target COLUMN, or target under [evidence] in promotion.toml"


def ask(witness: Witness) -> Finding | None:
    """With --eval-data: is every metric's loss within its margin, for sure? What is not sure is unknown."""
    dataset = witness.evaluation_data
    if not dataset:
        return None
    engine = witness.engine(witness.request.engine)
    with witness.models_at_work, engine.open(dataset) as data, tempfile.TemporaryDirectory() as folder:
        case = _Case(witness, dataset, data, Path(folder))
        try:
            return case.answer()
        except NoAnswerError as error:
            champion = witness.plan.champion
            if champion and str(error).startswith(f"{champion.label}:"):
                return Finding(Verdict.UNKNOWN, f"there is nothing to compare with, {error}")
            return Finding(Verdict.FAILED, str(error), hint="mend the model and register it again")


@dataclass(frozen=True)
class _Case:
    """One comparison: who, on what, by which metrics."""

    witness: Witness
    dataset: Dataset
    data: Data
    folder: Path

    def answer(self) -> Finding:
        """Score, count, judge. Without a champion the candidate stands for both, so that its own values are known."""
        from model_promotion.evidence.tasks import named

        question = self._question(self._target())
        found = self._judged(question)
        return replace(found, sentence=f"{found.sentence}; the target is {named(question)}")

    def _judged(self, question: Question) -> Finding:
        from model_promotion.evidence.comparing import OF_TASK
        from model_promotion.evidence.describing import described

        candidate = self.witness.plan.candidate
        champion = self.witness.plan.champion or candidate
        tables = self.data.score_pair(question, self._orders(champion, question))
        if why := unfit(tables, champion.label, candidate.label):
            return Finding(*why, self._facts(tables))
        measured = self._measured(tables, question)
        bounded = {name: one for name, one in self.witness.policy.metrics.items() if one.is_bounded}
        # What is bounded but cannot be told here was recorded somewhere else.
        here = {name: one for name, one in bounded.items() if name in measured or name in OF_TASK[question.task]}
        others = self._compared(tables, question, tuple(here.keys() - measured.keys()))
        values = {name: one.facts["candidate"] for name, one in (measured | others).items() if "candidate" in one.facts}
        short = missed(values, here)
        if champion is candidate:
            return alone(values, short, tables, {**self._facts(tables), "values": values})
        judged = judge_all(self._comparison(measured))
        slices = self._slices(tables, question)
        facts = {
            **self._facts(tables),
            **described(tables),
            "metrics": [told(one) for one in judged],
            "slices": [told(one) for one in slices.judged] if slices else [],
        }
        return lacking(finding(judged, tables, facts, slices), short)

    def _target(self) -> Target:
        for role in self.dataset.roles:
            if role not in self.data.columns:
                raise BadCall(f"{self.dataset.uri} has no column {role}", hint=f"it has {', '.join(self.data.columns)}")
        leaking = self.dataset.target in self._features(self.witness.plan.candidate)
        if leaking:
            raise BadCall(f"the candidate takes {self.dataset.target}, the truth, as an input", hint=NAME_THEM)
        if not self.dataset.target:
            raise BadCall(f"which column of {self.dataset.uri} is the truth?", hint=NAME_THEM)
        return self.data.target()

    def _question(self, target: Target) -> Question:
        from model_promotion.evidence.tables import Question, Task
        from model_promotion.evidence.tasks import answers_of, task_of

        models = (self.witness.plan.candidate, self.witness.plan.champion)
        answers = [answers_of(self.witness.metadata(one)) for one in models if one]
        task = task_of(target, self.witness.policy.evidence.task, answers)
        return Question(
            task=task,
            classes=() if task is Task.REGRESSION else _with_last(target.labels, self.witness.policy.evidence.positive),
            centre=(target.low + target.high) / 2 if task is Task.REGRESSION else 0.0,
            span=(target.high - target.low) / 2 if task is Task.REGRESSION else 1.0,
            weighted=bool(self.dataset.weight),
            # Rows of one id are copies of each other, so they are one unit too.
            grouped=bool(self.dataset.group or self.dataset.id),
            losses=self._losses,
            slices=self._sliced_by,
        )

    @property
    def _sliced_by(self) -> Mapping[str, tuple[str, ...]]:
        from model_promotion.evidence.slicing import slices_of

        named = self.witness.policy.evidence.slices
        if named == ():
            return {}
        levels = self.data.fit_edges().levels
        return slices_of(named, {name: found for name, found in levels.items() if name not in self.dataset.roles})

    def _slices(self, tables: PairTables, question: Question) -> Slices | None:
        """The slices' verdicts, each against the rule of the metric that slices are judged by."""
        from model_promotion.evidence.buckets import Draw
        from model_promotion.evidence.slicing import METRIC, measured

        policy = self.witness.policy.evidence
        found = measured(tables, question, Draw(policy.seed, policy.resamples))
        if not found:
            return None
        whole = self._measured(tables, question, (METRIC[question.task],))
        return judge_slices(found, self._rule(METRIC[question.task], *whole.values()), policy.alpha)

    @property
    def _losses(self) -> Mapping[str, Callable[[Any, Any], Any]]:
        return {name: _own(name) for name in self.witness.policy.evidence.metrics if ":" in name}

    def _orders(self, champion: Version, question: Question) -> tuple[Order, Order]:
        from model_promotion.evidence.comparing import NEEDS_PROBABILITIES

        policy, asked = self.witness.policy, self.witness.request

        def order(version: Version, role: str) -> Order:
            return Order(
                label=version.label,
                model_dir=self.witness.registry.download(version, self.folder / role),
                columns=self._features(version),
                classes=question.classes or None,
                any_model=policy.evidence.task is not None,
                probabilities=bool(NEEDS_PROBABILITIES & {*policy.evidence.metrics}),
                timeout_s=policy.evidence.timeout_s,
                memory_limit_mib=policy.model_tests.memory_mib,
                env_manager=asked.env_manager,
            )

        candidate = order(self.witness.plan.candidate, "candidate")
        return (order(champion, "champion") if self.witness.plan.champion else candidate), candidate

    def _features(self, version: Version) -> list[str]:
        """The inputs of the signature that the data have; without a signature every column that has no role."""
        signature = self.witness.signature(version)
        inputs = [column for column in (signature.inputs or ()) if column.name is not None] if signature else []
        missing = [str(one.name) for one in inputs if one.required and one.name not in self.data.columns]
        if missing:
            raise NotFound(f"{self.dataset.uri} lacks what {version.label} takes: {', '.join(missing)}")
        named = [str(one.name) for one in inputs if one.name in self.data.columns]
        return named or [name for name in self.data.columns if name not in self.dataset.roles]

    def _compared(self, tables: PairTables, question: Question, names: tuple[str, ...]) -> dict[str, Measured]:
        from model_promotion.evidence.buckets import Draw
        from model_promotion.evidence.comparing import Compared

        policy = self.witness.policy.evidence
        return Compared(tables, question, Draw(policy.seed, policy.resamples)).measured(names)

    def _measured(self, tables: PairTables, question: Question, names: tuple[str, ...] = ()) -> dict[str, Measured]:
        from model_promotion.evidence.comparing import USUAL

        policy = self.witness.policy.evidence
        found = self._compared(tables, question, names or policy.metrics or USUAL[question.task])
        if lacking := [name for name in names or policy.metrics if name not in found]:
            raise BadCall(
                f"{', '.join(lacking)} cannot be told for a {question.task} target from these answers",
                hint="correct metrics under [evidence] in promotion.toml",
            )
        return found

    def _comparison(self, measured: Mapping[str, Measured]) -> Comparison:
        compared = int(self.witness.request.chosen.get("compared", 1) or 1)
        rules = {name: (one, self._rule(name, one)) for name, one in measured.items()}
        return Comparison(rules, self.witness.policy.evidence.alpha, max(1, compared))

    def _rule(self, name: str, measured: Measured) -> GateRule:
        policy = self.witness.policy.metrics.get(name)
        # A metric of the team's own is a loss, unless the policy says otherwise.
        direction = (policy.direction if policy else None) or direction_of(name) or Direction.LOWER
        return gate_rule(name, direction, policy, measured.facts.get("champion", 0.0))

    def _facts(self, tables: PairTables) -> dict[str, Any]:
        return {
            "data": self.dataset,
            "digest": self.data.digest(),
            "engine": self.witness.request.engine,
            "rows": tables.rows,
            "unlabelled": tables.unlabelled,
            "unanswered": tables.unanswered,
            "alpha": self.witness.policy.evidence.alpha,
        }


def _own(name: str) -> Callable[[Any, Any], Any]:
    """The function behind package.module:function."""
    module, _, function = name.partition(":")
    try:
        return getattr(importlib.import_module(module), function)  # type: ignore[no-any-return]
    except (ImportError, AttributeError, ValueError) as error:
        raise BadCall(f"the metric {name} cannot be imported: {error}", hint="it is package.module:function") from error


def _with_last(labels: tuple[Any, ...], positive: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a label
    if positive is None or len(labels) != 2:  # noqa: PLR2004 - of two classes one is the positive
        return labels
    if positive not in labels:
        raise BadCall(
            f"the positive class {positive!r} is not in the data", hint=f"it holds {', '.join(map(str, labels))}"
        )
    return (*(label for label in labels if label != positive), positive)
