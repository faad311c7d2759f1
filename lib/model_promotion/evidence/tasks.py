"""What is predicted: by the policy's word, by what the truth holds, and by what both models say that they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model_promotion.core.errors import BadCall
from model_promotion.core.schema import Scalar, Tensor
from model_promotion.core.signature import Signature
from model_promotion.evidence.tables import Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from model_promotion.evidence.tables import Question, Target

CLASSES, AMOUNTS, UNKNOWN = "classes", "amounts", ""
# The types of a signature's columns, and of its tensors without their width.
KINDS = {
    **dict.fromkeys(("integer", "long", "boolean", "string", "int", "uint", "bool", "str"), CLASSES),
    **dict.fromkeys(("float", "double"), AMOUNTS),
}


def task_of(target: Target, word: str | None, answers: Sequence[str]) -> Task:
    """What is predicted.

    Args:
        target: what the column of the truth holds.
        word: the policy's, which is followed wherever the truth allows it.
        answers: what each model says that it answers, see `answers_of`. Three whole numbers or more are classes where
            one of them answers classes, and amounts where all answer amounts.

    Raises:
        BadCall: when the policy says what cannot be, or nothing can be told.
    """
    if word:
        return _as_named(target, Task(word))
    if target.is_open and CLASSES in answers:
        return Task.MULTICLASS
    if target.is_open and all(one == AMOUNTS for one in answers):
        return Task.REGRESSION
    return target.task


def _as_named(target: Target, task: Task) -> Task:
    count = len(target.labels)
    fits = {
        Task.REGRESSION: target.is_number and count != 1,
        Task.BINARY: count == 2,  # noqa: PLR2004 - two classes
        Task.MULTICLASS: count > 2,  # noqa: PLR2004 - as above
    }
    if not (fits[task] and target.rows):
        holds = f"{count or 'too many'} different {'numbers' if target.is_number else 'labels'}"
        hint = "correct task under [evidence] in promotion.toml"
        raise BadCall(f"the policy calls it {task}, but the target holds {holds}", hint=hint)
    return task


def answers_of(metadata: Mapping[str, Any]) -> str:
    """Whether an MLmodel file promises classes or amounts; empty where it does not say.

    The class of the model, which some flavours write down, says more than the type of its answers. Several numbers a
    row are the probabilities of classes.

    Raises:
        ValueError: when its signature makes no sense.
    """
    for word in _words(metadata.get("flavors")):
        if word.endswith(("Classifier", "Regressor")):
            return CLASSES if word.endswith("Classifier") else AMOUNTS
    signature = Signature.from_mlmodel(metadata.get("signature"))
    outputs = (signature.outputs if signature else None) or ()
    kinds = {_kind(column.type) for column in outputs}
    if len(outputs) > 1:
        return CLASSES if kinds == {AMOUNTS} else UNKNOWN
    return kinds.pop() if kinds else UNKNOWN


def _words(flavours: object) -> Iterator[str]:
    if isinstance(flavours, dict):
        for one in flavours.values():
            yield from _words(one)
    elif isinstance(flavours, str):
        yield flavours


def _kind(wanted: object) -> str:
    if isinstance(wanted, Scalar):
        return KINDS.get(wanted.name, UNKNOWN)
    if not isinstance(wanted, Tensor):
        return UNKNOWN
    kind, columns = KINDS.get(wanted.dtype.rstrip("0123456789"), UNKNOWN), wanted.shape[1:]
    if kind == AMOUNTS and columns not in ((), (1,)):
        return UNKNOWN if -1 in columns else CLASSES
    return kind


def named(question: Question) -> str:
    """The task in a few words."""
    count = f" ({len(question.classes)} classes)" if question.task is Task.MULTICLASS else ""
    return f"{question.task}{count}"
