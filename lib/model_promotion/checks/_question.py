"""What both models are judged by on the evaluation data: the truth, its classes or its range, the slices."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from model_promotion.checks._orders import features, readable
from model_promotion.core.data_options import NAME_THEM
from model_promotion.core.errors import BadCall
from model_promotion.core.near import has

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from model_promotion.evidence.tables import Question, Target
    from model_promotion.ports import Data
    from model_promotion.witness import Witness


def question_of(witness: Witness, data: Data) -> Question:
    """The question.

    Raises:
        BadCall: when a column that was named is not there, the truth among the inputs, or a name nobody's.
    """
    from model_promotion.evidence.tables import Question, Task
    from model_promotion.evidence.tasks import answers_of, task_of

    dataset, policy, target = witness.evaluation_data, witness.policy.evidence, _target(witness, data)
    answers = []
    for version in filter(None, (witness.plan.candidate, witness.plan.champion)):
        with readable(version):
            answers.append(answers_of(witness.metadata(version)))
    task = task_of(target, policy.task, answers)
    return Question(
        task=task,
        classes=() if task is Task.REGRESSION else _with_last(target.labels, policy.positive),
        centre=(target.low + target.high) / 2 if task is Task.REGRESSION else 0.0,
        span=(target.high - target.low) / 2 if task is Task.REGRESSION else 1.0,
        weighted=bool(dataset.weight),
        # Rows of one id are copies of each other, so they are one unit too.
        unit=dataset.group or dataset.id,
        losses={name: _own(name) for name in policy.metrics if ":" in name},
        slices=_sliced_by(witness, data),
    )


def _target(witness: Witness, data: Data) -> Target:
    dataset = witness.evaluation_data
    for role in dataset.roles:
        if role not in data.columns:
            raise BadCall(f"{dataset.uri} has no column {role}", hint=has(role, data.columns))
    if dataset.target in features(witness, data, witness.plan.candidate):
        raise BadCall(f"the candidate takes {dataset.target}, the truth, as an input", hint=NAME_THEM)
    return data.target()


def _sliced_by(witness: Witness, data: Data) -> Mapping[str, tuple[str, ...]]:
    from model_promotion.evidence.slicing import SLICED, slices_of

    named, roles = witness.policy.evidence.slices, witness.evaluation_data.roles
    there = [name for name, kind in data.kinds.items() if kind in SLICED and name not in roles]
    looked_at = there if named is None else [name for name in there if name in named]
    return slices_of(named, data.levels(looked_at) if looked_at else {})


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
