"""What each model is sent when it scores the evaluation data: which files, which columns, under which limits."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from model_promotion.core.errors import NotFound
from model_promotion.core.rows import taken
from model_promotion.core.scores import NoAnswerError, Order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model_promotion.core.entities import Version
    from model_promotion.evidence.tables import Question
    from model_promotion.ports import Data
    from model_promotion.witness import Witness


def orders(witness: Witness, data: Data, question: Question) -> tuple[Order, Order]:
    """Champion's and candidate's; without a champion the candidate's stands for both."""
    champion, candidate = labels(witness)
    ours = _order(witness, witness.plan.candidate, candidate, (data, question))
    theirs = witness.plan.champion
    return (_order(witness, theirs, champion, (data, question)) if theirs else ours), ours


def labels(witness: Witness) -> tuple[str, str]:
    """How champion and candidate are told apart: of two models, both may be of one number."""
    champion, candidate = witness.plan.champion, witness.plan.candidate
    theirs, ours = champion.label if champion else "", candidate.label
    return theirs, f"{candidate.model} {ours}" if theirs == ours else ours


def features(witness: Witness, data: Data, version: Version) -> list[str]:
    """The inputs of the signature that the data have; without a signature every column that has no role.

    Raises:
        NotFound: when the data lack one that it takes.
    """
    with readable(version):
        signature = witness.signature(version)
    dataset = witness.evaluation_data
    try:
        return taken(version.label, signature, data.columns, dataset.roles)
    except NotFound as error:
        raise NotFound(f"{dataset.uri} {error}") from error


@contextmanager
def readable(version: Version) -> Iterator[None]:
    """A version whose signature makes no sense cannot be asked.

    Raises:
        NoAnswerError: instead of ValueError.
    """
    try:
        yield
    except ValueError as error:
        raise NoAnswerError(f"{version.label}: its signature makes no sense: {error}") from error


def _order(witness: Witness, version: Version, label: str, asked: tuple[Data, Question]) -> Order:
    from model_promotion.evidence.comparing import NEEDS_PROBABILITIES

    data, question = asked
    policy = witness.policy
    return Order(
        label=label,
        model_dir=witness.files(version),
        columns=features(witness, data, version),
        classes=question.classes or None,
        any_model=policy.evidence.task is not None,
        probabilities=bool(NEEDS_PROBABILITIES & {*policy.evidence.metrics}),
        timeout_s=policy.evidence.timeout_s,
        memory_limit_mib=policy.model_tests.memory_mib,
        env_manager=witness.request.env_manager,
    )
