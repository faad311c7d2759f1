"""Models at work, outside this process."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from model_promotion.core.exam import Case, Exam
from model_promotion.core.scores import Answers, Order
from model_promotion.core.trial import Trial, TrialResult


class Scorer(Protocol):
    """Runs a model outside this process."""

    def run(self, trial: Trial) -> TrialResult:
        """What the model did; whatever goes wrong in it is in the result."""
        ...

    def examine(self, exam: Exam) -> Sequence[Case]:
        """What came of every case that the model was tried on, and of the team's own tests."""
        ...

    def stop(self) -> None:
        """End every run that is under way."""
        ...


class Scores(Protocol):
    """Models that score many rows outside this process."""

    def scoring(self, order: Order) -> AbstractContextManager[Iterable[Answers]]:
        """One model at work; its answers come in the order of the rows, as it gives them. Raises NoAnswerError."""
        ...

    def abroad(self, order: Order) -> "Abroad":
        """One model, to be asked on other machines. Raises NoAnswerError where it must not be loaded."""
        ...


class Abroad(Protocol):
    """A model that other machines can ask, in a process of its own there; it can be pickled."""

    def answering(self, model_dir: Path) -> AbstractContextManager["Asking"]:
        """The model at work, whose files are in that folder now."""
        ...


class Asking(Protocol):
    """A model that is asked batch by batch."""

    def give(self, rows: Any) -> None:  # noqa: ANN401 - an Arrow batch
        """The next rows."""
        ...

    def take(self) -> Answers:
        """The answers to them. Raises NoAnswerError."""
        ...

    def finish(self) -> None:
        """There are no more. Raises NoAnswerError."""
        ...
